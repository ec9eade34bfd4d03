"""Why a client can't reach a server, or does not want to."""

from __future__ import annotations

from typing import ClassVar

from roomchat.errors.base import RoomchatError


class ConnectError(RoomchatError):
    """The client can't reach a server, or lost it; the sentence says what to do."""


class NoTls(ConnectError):
    """The program that answers does not speak TLS."""

    def __init__(self, *, address: object, why: object, met: bool = False) -> None:
        """``met``: whether it did before; then nobody is shown a way without."""
        plain = str(address).replace("tls://", "tcp://").replace("wss://", "ws://")
        plain = plain if "://" in plain else f"tcp://{plain}"
        super().__init__(
            f"The program at {address} does not speak TLS ({why}), as the server there did before. Somebody may "
            "sit in between, so nothing was sent."
            if met
            else f"The program at {address} does not speak TLS ({why}). If you trust the network on the way, "
            f"{plain} connects in clear text."
        )


class Distrusted(ConnectError):
    """The server is not who it should be, as far as can be told. Nothing was sent to it."""

    sentence: ClassVar[str]

    def __init__(self, **details: object) -> None:
        super().__init__(self.sentence.format(**details))


class UnknownServer(Distrusted):
    """It is met for the first time, and no authority vouches for it."""

    code = "unknown_server"
    sentence = (
        "{address} is not known yet. Its key has the fingerprint {fingerprint}. If that is the one that "
        "`roomchat serve` prints there, run: roomchat trust {address}"
    )

    def __init__(self, *, address: object, fingerprint: str) -> None:
        super().__init__(address=address, fingerprint=fingerprint)
        self.address = address
        self.fingerprint = fingerprint


class ChangedKey(Distrusted):
    """It has another key than before."""

    sentence = (
        "The key of {address} is not the one that it had: it was {old}, and is {new}. Somebody may sit in "
        "between, so nothing was sent. If you know why the server has a new key, run: roomchat trust {address}"
    )

    def __init__(self, *, address: object, old: str, new: str) -> None:
        super().__init__(address=address, old=old, new=new)
        self.fingerprint = new


class OtherKey(ChangedKey):
    """It has another key than the one that was given with its address, which was perhaps never its own."""

    sentence = (
        "The key of {address} is not the one that was given: that is {old}, and it shows {new}. If both should be "
        "of the same server, somebody may sit in between. Nothing was sent."
    )


class Unverified(Distrusted):
    """An authority vouched for it, and does not any more."""

    sentence = (
        "The certificate of {address} can't be verified any more ({why}), so nothing was sent. If you know why "
        "it has another certificate, run: roomchat trust {address}"
    )


class InClear(Distrusted):
    """It was met encrypted, and is now to be talked to in clear text."""

    sentence = (
        "{address} was met encrypted before, so it is not talked to in clear text, in which anybody on the way "
        "could read what proves who you are. If that is right all the same, run first: roomchat trust --forget "
        "{address}"
    )


class ReadTimeout(ConnectError):
    """The server sent nothing within the waiting time."""
