"""What an admin asks, answered: by the hub, from the log, or from both."""

from __future__ import annotations

import queue
from collections.abc import Callable
from hashlib import sha256
from typing import Any, TypeVar

import msgspec

from roomchat.chat.inputs import Administer, Link
from roomchat.errors import BadCommand, BadJson, LineTooLong, LogError, LogUnreadable, Refused, RoomchatError
from roomchat.invites import new_token
from roomchat.net.connections import ToHub
from roomchat.net.passwords import Passwords
from roomchat.net.readers import Readers
from roomchat.protocol.admin_answers import (
    AccountRow,
    AccountsAnswer,
    AdminAnswer,
    AuditAnswer,
    AuditRow,
    Failure,
    InviteAnswer,
)
from roomchat.protocol.administration import (
    LIST_PAGE,
    MAX_LINE,
    AddAccount,
    Commands,
    HubCommands,
    ListAccounts,
    ListAudit,
    ListPresent,
    MakeAccount,
    MakeInvite,
    OfferInvite,
    PutPassword,
    SetPassword,
)
from roomchat.store.api import LogReader, StoredAccount, StoredChange
from roomchat.times import rfc3339

T = TypeVar("T")

MAX_UID = 2**53 - 1

_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(Commands)
_encoder = msgspec.json.Encoder()


class Stopping(RoomchatError):
    """The server ends; nothing is answered any more."""


class Administration:
    """Answers one command after the other: only the admin socket's thread calls ``respond``, and waits in it. Any
    may call ``answered`` and ``stop``.

    Args:
        submit: gives inputs to the hub.
        readers: of the log.
        passwords: the threads that make hashes.
        where: the host and port at which the server is found, and the fingerprint of its key, if an invite is to
            carry that.
    """

    def __init__(
        self,
        submit: Callable[[list[ToHub]], None],
        readers: Readers,
        passwords: Passwords,
        where: Callable[[], tuple[str, int, str]],
    ) -> None:
        self._submit = submit
        self._readers = readers
        self._passwords = passwords
        self._where = where
        self._number: Link = 0  # of the last question; they go down from -1
        self._answers: queue.SimpleQueue[tuple[Link, Any] | None] = queue.SimpleQueue()

    def count_from(self, first: int) -> None:
        """The numbers of questions are below the negative of that; before the first one."""
        self._number = -first

    def respond(self, who: str, line: bytes) -> bytes:
        """The answer to a line, with its line feed."""
        try:
            answer = self._answer(who, _decoded(line))
        except Refused as refusal:
            answer = Failure(code=refusal.code, message=str(refusal))
        except Stopping as refusal:
            answer = Failure(code="stopping", message=str(refusal))
        return _encoder.encode(answer) + b"\n"

    def answered(self, number: Link, answer: object) -> None:
        """The answer to a question is here."""
        self._answers.put((number, answer))

    def stop(self) -> None:
        """Let nobody wait any more."""
        self._answers.put(None)

    # ------------------------------------------------------------ the commands

    def _answer(self, who: str, command: Commands) -> AdminAnswer:
        match command:
            case ListAccounts():
                return self._list_accounts(who, command.after)
            case ListAudit():
                return self._list_audit(command.before)
            case AddAccount():
                made = self._hash(command.password)
                return self._from_hub(who, MakeAccount(name=command.name, password_hash=made))
            case SetPassword():
                made = self._hash(command.password)
                put = PutPassword(uid=command.uid, name=command.name, password_hash=made, logout=command.logout)
                return self._from_hub(who, put)
            case MakeInvite():
                return self._make_invite(who, command)
            case _:
                return self._from_hub(who, command)

    def _list_accounts(self, who: str, after: int) -> AdminAnswer:
        """Those in the log, and those who are here: there are some that the log does not keep."""
        stored = self._from_log(lambda reader: reader.accounts(after, LIST_PAGE + 1))
        upto = stored[LIST_PAGE - 1].uid if len(stored) > LIST_PAGE else MAX_UID
        present = self._from_hub(who, ListPresent(after=after, upto=upto))
        if not isinstance(present, AccountsAnswer):
            return present
        if present.next is not None:
            upto = present.next
        rows = {one.uid: _account(one) for one in stored if one.uid <= upto}
        for one in present.accounts:
            rows[one.uid] = one
        return AccountsAnswer(accounts=[rows[uid] for uid in sorted(rows)], next=upto if upto < MAX_UID else None)

    def _list_audit(self, before: int | None) -> AdminAnswer:
        found = self._from_log(lambda reader: reader.audit(before or MAX_UID, LIST_PAGE + 1))
        rows = [_change(one) for one in found[:LIST_PAGE]]
        return AuditAnswer(changes=rows, next=rows[-1].number if len(found) > LIST_PAGE else None)

    def _make_invite(self, who: str, command: MakeInvite) -> AdminAnswer:
        token = new_token()
        offer = OfferInvite(token_hash=sha256(token.encode()).digest(), uses=command.uses, seconds=command.seconds)
        answer = self._from_hub(who, offer)
        if not isinstance(answer, InviteAnswer):
            return answer
        host, port, fingerprint = self._where()
        return InviteAnswer(invite=answer.invite, token=token, host=host, port=port, fingerprint=fingerprint)

    # ------------------------------------------------------------ asking

    def _hash(self, password: str) -> str:
        """What is kept of a password. Raises Refused."""
        self._number -= 1
        number = self._number
        self._passwords.hash(password, lambda made: self.answered(number, made))
        made = self._wait()
        if isinstance(made, Refused):
            raise made
        return str(made)

    def _from_hub(self, who: str, command: HubCommands) -> AdminAnswer:
        self._number -= 1
        self._submit([(self._number, Administer(who, command))])
        answer: AdminAnswer = self._wait()
        return answer

    def _from_log(self, look: Callable[[LogReader], T]) -> T:
        """Raises LogUnreadable."""
        self._number -= 1
        number = self._number

        def job(reader: LogReader) -> None:
            try:
                self.answered(number, look(reader))
            except LogError as error:
                self.answered(number, error)

        self._readers.submit(job)
        found = self._wait()
        if isinstance(found, LogError):
            raise LogUnreadable
        result: T = found
        return result

    def _wait(self) -> Any:
        """For the answer to the question that was asked last. Raises Stopping."""
        while (item := self._answers.get()) is not None:
            number, answer = item
            if number == self._number:
                return answer
        self.stop()  # for the next one who waits
        raise Stopping("The server is stopping.")


def _decoded(line: bytes) -> Commands:
    """Raises Refused."""
    if len(line) > MAX_LINE:
        raise LineTooLong(limit=MAX_LINE)
    try:
        command: Commands = _decoder.decode(line)
    except msgspec.ValidationError as error:
        raise BadCommand(why=str(error)[:200]) from None
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise BadJson from None
    return command


def _account(stored: StoredAccount) -> AccountRow:
    seen = rfc3339(stored.seen) if stored.seen is not None else None
    return AccountRow(stored.uid, stored.name, "offline", stored.devices, last_seen=seen, account=stored.account)


def _change(stored: StoredChange) -> AuditRow:
    return AuditRow(stored.number, rfc3339(stored.time), stored.who, msgspec.json.decode(stored.what))
