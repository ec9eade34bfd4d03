"""What a person does about their account: passwords are asked for, and shown and kept nowhere."""

from __future__ import annotations

from collections.abc import Callable

from roomchat.client.client import Client
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
        password = self._new_password("A password for your account: ")
        if password is not None:
            client.register(password, invite=invite)
            self._display.show(REGISTERED.format(name=harmless(client.name)))

    def _change_password(self, client: Client) -> None:
        old = self._ask("Your password: ")
        new = self._new_password("Your new password: ") if old else None
        if not old:
            self._display.show(UNCHANGED)
        elif new is not None:
            client.change_password(old, new)
            self._display.show("Your password is changed. Other devices stay logged in; /logout others ends that.")

    def _end(self, client: Client) -> None:
        password = self._ask("Your password, to end your account for good (or Enter to keep it): ")
        if password:
            client.unregister(password)
        else:
            self._display.show(UNCHANGED)

    def _new_password(self, question: str) -> str | None:
        """None: there is none."""
        password = self._ask(question)
        if not password:
            self._display.show(UNCHANGED)
            return None
        if self._ask("The same again: ") != password:
            self._display.show(f"These were two different passwords. {UNCHANGED}", "trouble")
            return None
        return password


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
