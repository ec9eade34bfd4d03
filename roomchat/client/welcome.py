"""What an error means to a client that wants to be let in."""

from __future__ import annotations

from roomchat.client.address import Address
from roomchat.client.login import Login
from roomchat.client.session import Session
from roomchat.errors import (
    AccountNeeded,
    AccountsClosed,
    BadName,
    BadPassword,
    ConnectError,
    Denied,
    InviteNeeded,
    NameOwned,
    NameTaken,
    NoAccount,
    Replaced,
    SessionEnded,
    ShutOut,
    TlsRequired,
    UnknownToken,
    UnsupportedProtocol,
    WrongPassword,
)  # fmt: skip
from roomchat.protocol import Error

# No use in trying again.
_FINAL = {
    kind.code
    for kind in (
        AccountNeeded, AccountsClosed, BadName, BadPassword, InviteNeeded, NameOwned, NameTaken, Replaced,
        SessionEnded, ShutOut, TlsRequired, UnsupportedProtocol, WrongPassword,
    )
}  # fmt: skip
_LAST = {Replaced.code, SessionEnded.code, ShutOut.code}  # that come when one is in


def check_welcome(event: Error, address: Address, session: Session, *, ready: bool, first: bool) -> None:
    """Whether the server lets us in, or does not want us any more. Before the first welcome that is the end; later
    only what another try can't mend.

    Args:
        ready: whether it has welcomed us on this connection.
        first: whether this is the first one.
    Raises:
        Denied: it is the end.
        ConnectError: another try may do.
    """
    if event.code == UnknownToken.code and session.token is None and not ready:
        raise ConnectError(f"The program at {address} is not a roomchat server.")
    if (ready and event.code not in _LAST) or session.has_answer(event):
        return  # it is about something that was asked, or the session has an answer to it
    if event.code == UnknownToken.code:  # of an account
        raise Denied(SessionEnded.code, "This device was logged out; log in again.")
    if first or event.code in _FINAL:
        raise Denied(event.code, event.message)
    raise ConnectError(event.message)


def check_login(login: Login) -> None:
    """Raise Denied if the session has ended by its own wish, or if we are a guest where we wanted to log in."""
    if login.is_account_gone:  # nobody need be asked for its password
        raise Denied(NoAccount.code, "Your account has ended.")
    if login.over:
        raise Denied(SessionEnded.code, "This device is logged out.")
    if login.unheard:
        raise Denied(NoAccount.code, "This server knows no accounts yet, so nobody can log in there.")
