"""``roomchat trust``."""

from __future__ import annotations

import sys

import click

from roomchat.cli.addresses import ServerAddress
from roomchat.cli.output import write_stdout
from roomchat.cli.trusting import Fingerprint
from roomchat.client.address import Address, parse_address
from roomchat.client.connection import CONNECT_TIMEOUT
from roomchat.client.known_servers import AUTHORITY, KnownServers, users_folder
from roomchat.client.session_files import forget_keys
from roomchat.client.trust import shown_by
from roomchat.errors import ConnectError, StateError
from roomchat.harmless import harmless


@click.command()
@click.argument("address", metavar="HOST[:PORT]", type=ServerAddress())
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option("--fingerprint", type=Fingerprint(), metavar="FINGERPRINT", help="Trust this key, and no other.")
@click.option("--forget", is_flag=True, help="Do not know the server any more.")
def trust(address: str, yes: bool, fingerprint: str | None, forget: bool) -> None:
    """Show the key of the server at HOST, and trust it from now on.

    This is for servers with a certificate of their own: `roomchat serve` there prints the fingerprint, and whoever
    runs it can tell it to you. A server whose certificate an authority vouches for needs no word of yours.
    """
    where, known = parse_address(address), KnownServers(users_folder())

    try:
        if forget:
            is_forgotten = known.forget(where) | forget_keys(users_folder(), where)
            _say(f"{where} is forgotten." if is_forgotten else f"{where} was not known.")
        else:
            _trust(where, known, yes, fingerprint)
    except (ConnectError, StateError) as error:
        raise click.ClickException(harmless(str(error))) from None


def _is_trusted() -> bool:
    if not sys.stdin.isatty():
        raise click.ClickException("There is nobody to ask; give --fingerprint, or --yes.")
    return click.confirm("Trust it?")


def _say(text: str) -> None:
    write_stdout([f"{harmless(text)}\n".encode()], at_once=True)


def _trust(where: Address, known: KnownServers, yes: bool, named: str | None) -> None:
    before = known.get(where)
    shown, vouched = shown_by(where, CONNECT_TIMEOUT)
    _say(f"The key of {where}: {shown}")
    if named is not None and named != shown:
        raise click.ClickException(f"That is not {named}; nothing has changed.")
    key = AUTHORITY if vouched and named is None else shown
    if before == key:
        _say("It is trusted already: an authority vouches for it." if vouched else "It is trusted already.")
        return
    if vouched:
        _say("An authority that this machine trusts vouches for it.")
    if before not in (None, AUTHORITY):
        _say(f"It was known by another key: {before}")
    if not (yes or named is not None or _is_trusted()):
        raise click.ClickException("Nothing has changed.")
    known.put(where, key)
    _say("It is trusted from now on.")
