"""Refusals that have to do with accounts, passwords and devices."""

from __future__ import annotations

from roomchat.errors.base import Refused


class NameOwned(Refused):
    code = "name_owned"
    sentence = "{name} is an account's name, or looks like one; log in with its password, or choose another name."


class WrongPassword(Refused):
    code = "wrong_password"
    sentence = "The name or the password is wrong."


class BadPassword(Refused):
    code = "bad_password"
    sentence = "This can't be a password: {why}."


class TooManyTries(Refused):
    code = "too_many_tries"
    sentence = "There were too many wrong passwords; try again in {seconds} seconds."


class TooManyAccounts(TooManyTries):
    sentence = "Very many accounts were made from your address; try again in {seconds} seconds."


class Busy(Refused):
    code = "busy"
    sentence = "The server has too many passwords to check just now; try again in a moment."


class PasswordInClear(Refused):
    code = "tls_required"
    sentence = (
        "A password is taken over an encrypted connection only. Come with roomchat join tls://HOST:PORT, and "
        "choose another password, for this one was sent in clear text."
    )
    closes = True


class HasAccount(Refused):
    code = "has_account"
    sentence = "You have an account already."


class NoAccount(Refused):
    code = "no_account"
    sentence = "You have no account here; register first."


class AccountNeeded(Refused):
    code = "account_needed"
    sentence = (
        "This server lets in people with an account only. Log in (roomchat join --login) or make one (--register)."
    )


class AccountsClosed(Refused):
    code = "accounts_closed"
    sentence = "This server makes no new accounts; ask the person who runs it."


class InviteNeeded(Refused):
    code = "invite_needed"
    sentence = "An account here needs an invite, and this one is unknown, used up, or too old."


class NoSuchDevice(Refused):
    code = "no_such_device"
    sentence = "You have no device {device}."


class SessionEnded(Refused):
    code = "logged_out"
    sentence = "This device was logged out."
    closes = True
