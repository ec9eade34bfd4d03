"""What a batch leaves behind of accounts, as rows of the log."""

from __future__ import annotations

import sqlite3

from roomchat.store.api import AccountRow, Changes

# Where there is something of a client, by its UID. Not in what was said: that keeps its author.
TABLES = (
    "clients",
    "sessions",
    "counters",
    "seats",
    "guests",
    "accounts",
    "looks",
    "visits",
    "reads",
    "blocks",
    "members",
)


def write_accounts(connection: sqlite3.Connection, now: int, changes: Changes) -> None:
    """Inside a transaction. There are few of them, so a statement each."""
    for account in changes.accounts:  # of all first: one may have taken the name that another had
        connection.execute("DELETE FROM looks WHERE uid = ?", (account.uid,))
    for account in changes.accounts:
        _write_account(connection, now, account)
    for visit in changes.visits:
        connection.execute("INSERT OR REPLACE INTO visits VALUES (?, ?, ?, ?)", visit)
    for ended in changes.ended:
        for table in ("sessions", "counters", "visits"):
            connection.execute(f"DELETE FROM {table} WHERE uid = ? AND device = ?", ended)
    for token_hash, invite in changes.invites:
        connection.execute("DELETE FROM invites WHERE token_hash = ?", (token_hash,))
        if invite is not None:
            connection.execute("INSERT INTO invites VALUES (?, ?, ?)", (token_hash, invite.uses, invite.ends))
    for uid in changes.forgotten:
        for table in TABLES:
            connection.execute(f"DELETE FROM {table} WHERE uid = ?", (uid,))


def _write_account(connection: sqlite3.Connection, now: int, row: AccountRow) -> None:
    account = row.account
    if row.password_hash is None:
        connection.execute(
            "UPDATE accounts SET key = ?, changed = ?, next_device = ? WHERE uid = ?",
            (row.key, account.changed, account.next_device, row.uid),
        )
    else:
        connection.execute(
            "INSERT INTO accounts VALUES (:uid, :key, :hash, :changed, :next, :now) ON CONFLICT (uid) DO UPDATE "
            "SET key = :key, password_hash = :hash, changed = :changed, next_device = :next",
            {"uid": row.uid, "key": row.key, "hash": row.password_hash, "changed": account.changed,
             "next": account.next_device, "now": now},
        )  # fmt: skip
    for look in row.looks:
        connection.execute("INSERT INTO looks VALUES (?, ?)", (look, row.uid))
