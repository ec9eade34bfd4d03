"""What a person does about their account: passwords are asked for, and shown and kept nowhere."""

from __future__ import annotations

from collections.abc import Callable

from roomchat.client.client import Client
from roomchat.errors import BadPassword, Denied
from roomchat.harmless import harmless
from roomchat.invites import read_invite
from roomchat.protocol import Device
from roomchat.terminal.typed.local import EndAccount, ListDevices, LogOut, NewPassword, OfAccount, RegisterHere
from roomchat.terminal.typed.slash import TypingError
from roomchat.terminal.windows.display import Display
from roomchat.times import local

REGISTERED = (
    "You have an account: the name {name} is yours, whether you are here or not. On another machine: "
    "roomchat join --name {name} --login"
)
UNCHANGED = "Nothing was changed."


class OwnAccount:
    """Belongs to the thread that sends.

    Args:
        ask: asks a question; what is typed then is not shown. None: there is nobody to answer.
    """

    def __init__(self, display: Display, ask: Callable[[str], str | None]) -> None:
        self._display = display
        self._ask = ask

    def run(self, client: Client, what: OfAccount) -> None:
        """Carry it out. Raises Denied, which has been shown, ConnectError, TypingError."""
        match what:
            case RegisterHere():
                self._register(client, what.invite)
            case NewPassword():
                self._change_password(client)
            case ListDevices():
                self._display.show("\n".join(map(device_line, client.devices())))
            case LogOut():
                ended = client.logout(what.device, others=what.others)
                if what.others or what.device is not None:
                    numbers = ", ".join(map(str, ended))
                    self._display.show(f"Logged out: {numbers}." if ended else "You are logged in nowhere else.")
            case EndAccount():
                self._end(client)

    def _register(self, client: Client, code: str | None) -> None:
        try:
            invite = read_invite(code)[0] if code else None
        except ValueError as error:
            raise TypingError(str(error)) from None
        if client.account:
            raise TypingError("You have an account here already.")
        password = self._new_password("A password for your account: ")
        while password is not None:
            try:
                client.register(password, invite=invite)
            except Denied as denied:
                password = self._another(denied)
            else:
                self._display.show(REGISTERED.format(name=harmless(client.name)))
                return

    def _change_password(self, client: Client) -> None:
        _check_account(client)
        old = self._ask("Your password: ")
        new = self._new_password("Your new password: ") if old else None
        if not old:
            self._display.show(UNCHANGED)
            return
        while new is not None:
            try:
                client.change_password(old, new)
            except Denied as denied:
                new = self._another(denied)
            else:
                told = "Your password is changed. Other devices stay logged in; /logout others ends that."
                self._display.show(told)
                return

    def _end(self, client: Client) -> None:
        _check_account(client)
        password = self._ask("Your password, to end your account for good (or Enter to keep it): ")
        if password:
            client.unregister(password)
        else:
            self._display.show(UNCHANGED)

    def _another(self, denied: Denied) -> str | None:
        """A password in place of one that was refused; that was shown. None: there is none."""
        if denied.code != BadPassword.code:
            raise denied
        return self._new_password("Another password (Enter: none): ")

    def _new_password(self, question: str) -> str | None:
        """Asks until it is typed twice alike: whoever does not look would else type it for the whole room. None:
        there is none."""
        while password := self._ask(question):
            again = self._ask("The same again: ")
            if again == password:
                return password
            if not again:
                break
            self._display.show("These were two different passwords.", "trouble")
            question = "Once more, from the beginning (Enter: none): "
        self._display.show(UNCHANGED)
        return None


def _check_account(client: Client) -> None:
    """Nobody is asked for a password that he can't have. Raises TypingError."""
    if not client.account:
        raise TypingError("You have no account here. To make one, type /register.")


def device_line(device: Device) -> str:
    """A device as it stands in the list."""
    if device.this:
        state = "this one"
    elif device.here:
        state = "here"
    else:
        state = f"last here {local(device.seen)}" if device.seen else "not seen since it was logged in"
    where = f", from {harmless(device.address)}" if device.address else ""
    return f"{device.device}: {state}{where}"
