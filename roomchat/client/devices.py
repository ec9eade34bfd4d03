"""What a client can do about its account: have one, its password, its devices, its end."""

from __future__ import annotations

from roomchat.client.given import check, checked
from roomchat.client.verbs import Verbs
from roomchat.errors import ConnectError
from roomchat.protocol import (
    ChangePassword,
    Command,
    Device,
    Devices,
    DevicesPage,
    Event,
    LoggedOut,
    Logout,
    PasswordChanged,
    Register,
    Registered,
    Unregister,
    Unregistered,
)  # fmt: skip


class OwnAccount(Verbs):
    """The part of ``roomchat.Client`` for accounts. Any thread may call it. All raise Denied and ConnectError."""

    @property
    def account(self) -> bool:
        """Whether we have one on this server; a guest has only this session."""
        return bool(self._session.account)

    def register(self, password: str, *, invite: str | None = None) -> None:
        """Have an account from now on, with the UID, name and rooms that we have.

        Denied: ``bad_password``, ``has_account``, ``name_owned``, ``accounts_closed``, ``invite_needed``...
        """
        check(str, password=password, invite=invite)
        self._ask_for(Register(password=password, invite=invite), Registered)

    def change_password(self, old: str, new: str) -> None:
        """Another password. Denied: ``wrong_password``, ``bad_password``, ``too_many_tries``, ``no_account``."""
        check(str, old=old, new=new)
        self._ask_for(ChangePassword(old=old, new=new), PasswordChanged)

    def devices(self) -> list[Device]:
        """Where we are logged in. Denied: ``no_account``."""
        answer = self._ask_for(Devices(), DevicesPage)
        assert isinstance(answer, DevicesPage)
        return answer.devices

    def logout(self, device: int | None = None, *, others: bool = False) -> list[int]:
        """End this session for good, or that of another device, or of all others; returns which have ended.

        With this one the client ends, too. Denied: ``no_account``, ``no_such_device``.
        """
        check(int, device=device)
        answer = self._ask_for(Logout(device=device, others=others), LoggedOut)
        assert isinstance(answer, LoggedOut)
        return answer.devices

    def unregister(self, password: str) -> None:
        """End the account, on all devices: its name is free, and nobody gets its UID. Then the client has ended.

        Denied: ``wrong_password``, ``too_many_tries``, ``no_account``.
        """
        check(str, password=password)
        self._ask_for(Unregister(password=password), Unregistered)

    def _ask_for(self, command: Command, kind: type[Event]) -> Event:
        answer = self.request(checked(command))
        if not isinstance(answer, kind):
            raise ConnectError(f"The program at {self._address} is not a roomchat server.")
        return answer
