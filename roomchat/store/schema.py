"""The tables of the log, and how an older log becomes a newer one."""

from __future__ import annotations

import secrets
import sqlite3
from pathlib import Path

from roomchat.errors import StartError

APPLICATION_ID = 0x526F6F6D  # "Room": tells our databases from those of other programs

# Step i makes version i+1 from version i. A step that was released is never changed: what comes later is another.
MIGRATIONS = [
    """
    -- epoch: a random name of this log. next_room: the number of the next room made by dialling.
    CREATE TABLE meta (key TEXT PRIMARY KEY, value NOT NULL);

    -- AUTOINCREMENT: a UID is never used again, not even when its row is gone.
    CREATE TABLE clients (
        uid INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL,
        token_hash BLOB NOT NULL
    );
    CREATE UNIQUE INDEX clients_by_token ON clients (token_hash);

    -- Apart from clients, because a busy client's row changes with every batch.
    CREATE TABLE counters (uid INTEGER PRIMARY KEY, last_n INTEGER NOT NULL);

    -- removed_seq: the newest message that retention has removed.
    CREATE TABLE rooms (
        id INTEGER PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        removed_seq INTEGER NOT NULL DEFAULT 0
    );

    -- A row is what one batch said in one room: messages as native lines, the very bytes that are sent.
    -- A plain rowid table, appended to at its end, with an index: a table ordered by (room, last_seq) was
    -- measured five times slower to append to.
    CREATE TABLE segments (
        id INTEGER PRIMARY KEY,
        room INTEGER NOT NULL,
        first_seq INTEGER NOT NULL,
        last_seq INTEGER NOT NULL,
        time INTEGER NOT NULL,  -- milliseconds since 1970, UTC
        lines BLOB NOT NULL
    );
    CREATE INDEX segments_by_room ON segments (room, last_seq);
    """,
    """
    -- By room within partitions of 16,384 segments, so that appending changes the same few pages: partitions.py.
    DROP INDEX segments_by_room;
    CREATE INDEX segments_by_room ON segments (id >> 14, room, last_seq);
    """,
    """
    -- Who has a seat and can come back to it; key: the name as names are compared.
    CREATE TABLE seats (uid INTEGER PRIMARY KEY, key TEXT NOT NULL);
    """,
    """
    -- Those of clients who never said anything; seen: when they were last known to be here, as in segments.
    CREATE TABLE guests (uid INTEGER PRIMARY KEY, seen INTEGER NOT NULL);
    CREATE INDEX guests_by_seen ON guests (seen);
    -- Not every message has counted. Lines of JSON are an array once there are commas between them.
    WITH
        texts AS (SELECT rtrim(CAST(lines AS TEXT), char(10)) AS lines FROM segments),
        pages AS (SELECT '[' || replace(lines, char(10), ',') || ']' AS page FROM texts),
        messages AS (
            SELECT value FROM pages, json_each(CASE WHEN json_valid(page) THEN page ELSE '[]' END)
            WHERE type = 'object'
        ),
        silent AS (
            SELECT uid FROM clients EXCEPT
            SELECT uid FROM counters EXCEPT
            SELECT json_extract(value, '$.uid') FROM messages
        )
    INSERT INTO guests SELECT uid, max(
        CAST(strftime('%s', 'now') AS INTEGER) * 1000,
        coalesce((SELECT time FROM segments ORDER BY id DESC LIMIT 1), 0)
    ) FROM silent;
    """,
    """
    -- A client can have several sessions; device: a session's number among them, from 1.
    CREATE TABLE sessions (
        uid INTEGER NOT NULL,
        device INTEGER NOT NULL,
        token_hash BLOB NOT NULL,
        PRIMARY KEY (uid, device)
    ) WITHOUT ROWID;
    INSERT INTO sessions SELECT uid, 1, token_hash FROM clients;
    CREATE UNIQUE INDEX sessions_by_token ON sessions (token_hash);

    -- Apart from sessions, because a busy one's row changes with every batch: a batch from a thousand of a
    -- hundred thousand sessions was measured three times slower to store with the tokens among the numbers.
    ALTER TABLE counters RENAME TO old_counters;
    CREATE TABLE counters (
        uid INTEGER NOT NULL,
        device INTEGER NOT NULL,
        last_n INTEGER NOT NULL,
        PRIMARY KEY (uid, device)
    ) WITHOUT ROWID;
    INSERT INTO counters SELECT uid, 1, last_n FROM old_counters;
    DROP TABLE old_counters;

    -- next_uid: above all UIDs that were ever given away, those of clients that are in no table any more, too.
    INSERT INTO meta SELECT 'next_uid', coalesce(max(seq), 0) + 1 FROM sqlite_sequence WHERE name = 'clients';
    ALTER TABLE clients RENAME TO old_clients;
    CREATE TABLE clients (uid INTEGER PRIMARY KEY, name TEXT NOT NULL);
    INSERT INTO clients SELECT uid, name FROM old_clients;
    DROP TABLE old_clients;
    """,
    """
    -- Read markers: a person has read a room up to that seq. room: its key.
    CREATE TABLE reads (
        uid INTEGER NOT NULL,
        room TEXT NOT NULL,
        seq INTEGER NOT NULL,
        PRIMARY KEY (uid, room)
    ) WITHOUT ROWID;
    """,
    """
    -- What admins have changed; what: the command in JSON.
    CREATE TABLE audit (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        time INTEGER NOT NULL,  -- milliseconds since 1970, UTC
        who TEXT NOT NULL,
        what TEXT NOT NULL
    );
    """,
    """
    -- Clients with a password. key: the name as names are compared; password_hash: as argon2 writes it;
    -- changed: how often it got one; next_device: the number of its next session; created: as in segments.time.
    CREATE TABLE accounts (
        uid INTEGER PRIMARY KEY,
        key TEXT NOT NULL,
        password_hash TEXT NOT NULL,
        changed INTEGER NOT NULL,
        next_device INTEGER NOT NULL,
        created INTEGER NOT NULL
    );
    CREATE INDEX accounts_by_key ON accounts (key);
    -- What the names of accounts look like: no two have a look in common.
    CREATE TABLE looks (look TEXT PRIMARY KEY, uid INTEGER NOT NULL) WITHOUT ROWID;
    CREATE INDEX looks_by_uid ON looks (uid);
    -- When, and from where, the sessions of accounts were last here.
    CREATE TABLE visits (
        uid INTEGER NOT NULL,
        device INTEGER NOT NULL,
        seen INTEGER NOT NULL,
        address TEXT NOT NULL,
        PRIMARY KEY (uid, device)
    ) WITHOUT ROWID;
    -- Leave to register, by the SHA-256 of its token; ends: milliseconds since 1970.
    CREATE TABLE invites (token_hash BLOB PRIMARY KEY, uses INTEGER NOT NULL, ends INTEGER NOT NULL) WITHOUT ROWID;
    """,
    """
    -- What is laid down for rooms that have messages, as JSON; room: the key of one.
    CREATE TABLE rules (room TEXT PRIMARY KEY, rules BLOB NOT NULL);
    """,
    """
    -- Whom each client has blocked, by UID.
    CREATE TABLE blocks (uid INTEGER NOT NULL, whom INTEGER NOT NULL, PRIMARY KEY (uid, whom)) WITHOUT ROWID;
    """,
    """
    -- Bans of the server. who: a UID, or as text a place for newcomers; until: as in segments, NULL for good.
    CREATE TABLE server_bans (who NOT NULL PRIMARY KEY, until INTEGER, reason TEXT NOT NULL);
    """,
    """
    -- The rooms that accounts stay in while they are away; room: its key. One without messages has no other row.
    CREATE TABLE members (
        uid INTEGER NOT NULL,
        room TEXT NOT NULL,
        name TEXT NOT NULL,
        PRIMARY KEY (uid, room)
    ) WITHOUT ROWID;
    """,
    """
    -- Of a server that shares its chat with others: all that it knew at some position of the stream that they have
    -- in common. stream: when that was made; marks: what had been accepted of each server. In meta: position,
    -- up to where the log has what follows from the stream.
    CREATE TABLE snapshots (
        position INTEGER PRIMARY KEY,
        stream TEXT NOT NULL,
        marks BLOB NOT NULL,
        state BLOB NOT NULL
    );
    """,
]


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Make the tables in a new file, or bring an older log up to date.

    Raises:
        StartError: the file belongs to another program or to a newer roomchat.
        sqlite3.Error
    """
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application_id != APPLICATION_ID and (application_id or version or tables):
        raise StartError(f"{path} is a database of another program; name another file with --db.")
    if version > len(MIGRATIONS):
        raise StartError(
            f"{path} was written by a newer roomchat (its version is {version}, this one knows "
            f"{len(MIGRATIONS)}); update roomchat, or name another file with --db."
        )
    if version < len(MIGRATIONS):  # in one transaction: what fails, or is killed, has changed nothing
        steps = "".join(MIGRATIONS[version:])
        connection.executescript(
            f"BEGIN IMMEDIATE; {steps}"
            f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {len(MIGRATIONS)}; COMMIT"
        )
    connection.execute("INSERT OR IGNORE INTO meta VALUES ('epoch', ?)", (secrets.token_hex(8),))
    connection.execute("INSERT OR IGNORE INTO meta VALUES ('next_room', 1)")
