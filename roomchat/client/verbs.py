"""What a client can do in the chat, each in words of its own; all else is a command for ``request``."""

from __future__ import annotations

from abc import abstractmethod

from roomchat.client.address import Address
from roomchat.client.given import check, checked
from roomchat.client.known import Known
from roomchat.client.reconnecting import ReconnectingConnection
from roomchat.errors import BadCommand, ConnectError, Denied, NotInRoom
from roomchat.protocol import (
    Block,
    Blocked,
    Command,
    Delete,
    Dial,
    Event,
    Join,
    Joined,
    Kind,
    Leave,
    Read,
    Say,
    Unblock,
    Unblocked,
    Whisper,
)


class Verbs(Known):
    """The part of ``roomchat.Client`` that goes and speaks. Any thread may call it."""

    _address: Address
    _connection: ReconnectingConnection

    @abstractmethod
    def request(self, command: Command) -> Event:
        """Ask for something and wait for the answer."""

    @abstractmethod
    def _check_open(self) -> None:
        """Raise ConnectError unless it can be used."""

    def join(
        self, room: str, history: int | None = None, *, after: int | None = None, private: bool = False,
        invitation: str | None = None,
    ) -> Joined:  # fmt: skip
        """Go into a room, and get its last ``history`` messages.

        Args:
            room: its name.
            history: how many.
            after: all behind that seq instead, however many, if it is not in the room yet.
            private: into a private room of this client's own, which it has given that name.
            invitation: the token of an ``Invitation`` into that private room.
        Raises:
            Denied, ConnectError
        """
        check(str, room=room, invitation=invitation)
        check(int, history=history, after=after)
        answer = self._joined(
            Join(room=room, history=history, after=after, private=private, invitation=invitation)
        )  # fmt: skip
        if after is not None:
            with self._changed:
                # Were the connection lost before the first one came, the session would ask for the last few only.
                self._session.cursors.setdefault(answer.room, min(after, answer.last_seq))
        return answer

    def dial(self, uid: int) -> Joined:
        """Go into the room where a client is, or into a new one with it. Raises Denied, ConnectError."""
        return self._joined(Dial(uid=uid))

    def leave(self, room: str | None = None) -> None:
        """Leave a room, or the current one, when all that was said there is back. Raises Denied, ConnectError."""
        self.request(Leave(room=room))

    def say(self, text: str, room: str | None = None, *, kind: Kind = "message") -> int:
        """Say something in a room, or in the current one. Returns at once; it is kept until it comes back.

        Args:
            kind: ``action`` for what the client does, in words that go behind its name: ``waves``.

        Returns:
            Its number: the ``n`` of the ``Message`` (or ``Action``) that will come back, or of the ``Error`` that
            refuses it.
        Raises:
            Denied: there is no current room, or the text is more than the server takes.
            StateError: it can't be kept.
        """
        self._check_open()
        check(str, text=text, room=room, kind=kind)
        room = room or self._session.room
        if room is None:
            raise Denied(NotInRoom.code, "You are not in a room; join one, or dial someone.")
        return self._connection.say(Say(text=text, room=room, kind=kind))

    def whisper(self, uid: int, text: str, *, kind: Kind = "message") -> int:
        """Say something to one client only; else as ``say``."""
        self._check_open()
        check(int, uid=uid)
        check(str, text=text, kind=kind)
        checked(Whisper(uid=uid, text="", kind=kind))
        return self._connection.say(Whisper(uid=uid, text=text, kind=kind))

    def read(self, room: str, seq: int) -> None:
        """Tell the server, and so the person's other devices, that a room was read up to that seq.

        Returns at once. Without a connection it is told when there is one again. To call it every few seconds, for
        the newest entry that was seen, is enough; what is not above ``reads`` is not told.
        Raises ConnectError before ``open``.
        """
        self._check_open()
        check(str, room=room)
        check(int, seq=seq)
        checked(Read(room=room, seq=seq))
        with self._changed:
            told = self._session.read(room, seq)
        if told is not None:
            self._connection.send(told)  # or the session does, when there is a connection again

    def delete(self, seq: int, room: str | None = None) -> None:
        """Delete what this client said in a room, or in the current one, by its ``seq``: for everyone, for good.

        Raises Denied (``not_yours``, ``no_such_message``; ``bad_command``: the server is too old), ConnectError.
        """
        check(int, seq=seq)
        check(str, room=room)
        if "delete" not in self.features:
            raise Denied(BadCommand.code, "This server is older, and can't delete messages.")
        self.request(Delete(seq=seq, room=room or self._session.room))

    def block(self, uid: int) -> None:
        """Hear nothing more from a client: it can't whisper to this person or dial it, and is not told why.

        The program must not show what it says in rooms (``blocked``). Where the server is too old to keep it, the
        state does. Raises Denied, ConnectError.
        """
        self._block(Block(uid=uid), Blocked(uid=uid))

    def unblock(self, uid: int) -> None:
        """Hear from a client again. Raises as ``block``."""
        self._block(Unblock(uid=uid), Unblocked(uid=uid))

    def _block(self, command: Block | Unblock, event: Blocked | Unblocked) -> None:
        self._check_open()
        checked(command)
        if "block" in self.features:
            self.request(command)
        else:
            self._connection.take_here(event)

    def _joined(self, command: Join | Dial) -> Joined:
        answer = self.request(command)
        if not isinstance(answer, Joined):
            raise ConnectError(f"The program at {self._address} is not a roomchat server.")
        return answer
