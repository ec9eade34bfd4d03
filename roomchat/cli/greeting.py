"""What ``roomchat serve`` says at its start: how one comes in, from here and from other machines."""

from __future__ import annotations

import socket

from roomchat.client.address import Address
from roomchat.net.addresses import addresses_of_host
from roomchat.net.identity import Identity
from roomchat.settings import Settings
from roomchat.version import __version__

_EVERYWHERE = {"0.0.0.0", "::"}
_LET_IN = {
    "local": "Others come encrypted; clear text is taken from this machine only (--plaintext).",
    "all": "Clear text is taken from everywhere: whoever listens on the way of such a connection reads it.",
    "none": "Everyone comes encrypted; clear text is not taken (--plaintext).",
}


def greeting(address: Address, settings: Settings, identity: Identity) -> str:
    """Lines to print.

    Args:
        address: that the server listens on.
        settings: its own.
        identity: by what others know it.
    """
    everywhere = address.host in _EVERYWHERE
    local = everywhere or address.host in {"127.0.0.1", "::1"}
    lines = [f"roomchat {__version__} listens on {address}."]
    if local:
        lines.append(f"Join from this machine with: roomchat join{_from_here(address, settings)}")
    else:
        lines.append(f"Join with: {_join(address.host, address.port)}")
    if "websocket" in settings.wires:
        lines.append(
            f"In a browser: {_page(Address('localhost' if local else address.host, address.port), settings)}"
        )
    if "plain" in settings.wires and (settings.plaintext == "all" or (local and settings.plaintext == "local")):
        lines.append(
            f"Without roomchat, in plain text: nc {'localhost' if local else address.host} {address.port}"
        )
    if everywhere:
        lines += _from_elsewhere(address, identity.names, browsers="websocket" in settings.wires)
    if local and not everywhere:
        lines.append("Only this machine can connect; --host 0.0.0.0 lets others in.")
    encrypted = everywhere or not local or settings.plaintext == "none"
    whom = "people are asked" if encrypted else "tls:// asks"
    lines.append(f"The fingerprint of its key, about which {whom} the first time:\n  {identity.fingerprint}")
    if encrypted:
        lines.append(_LET_IN[settings.plaintext])
    if settings.db == ":memory:":
        lines.append("Nothing is kept: messages are gone when the server stops.")
    elif settings.cluster:
        lines += [
            f"Every message is on most NATS servers' disks before anyone sees it; our own log is {settings.db}.",
            f"Other servers share the chat {settings.cluster_name!r}: roomchat admin cluster --db {settings.db}",
        ]
    elif settings.sync == "full":
        lines.append(f"Every message is on disk before anyone sees it, in {settings.db}.")
    else:
        lines.append(f"Messages survive a crash of the server; a power cut may take the last ones: {settings.db}.")
    lines.append("Press Ctrl-C to stop the server.")
    return "\n".join(lines)


def _from_here(address: Address, settings: Settings) -> str:
    if settings.plaintext == "none":
        return f" tls://localhost:{address.port}"
    if address.port == Settings.port:
        return ""
    return f" localhost:{address.port}" if address.host in _EVERYWHERE else f" {address}"


def _page(address: Address, settings: Settings) -> str:
    """Where the page is."""
    return f"{'http' if settings.takes_clear(address.host == 'localhost') else 'https'}://{address}/"


def _from_elsewhere(address: Address, certified: list[str], *, browsers: bool) -> list[str]:
    """What is typed on another machine: with a name that an authority vouches for, if there is one."""
    name = socket.gethostname()
    numbers = [one for one in addresses_of_host() if ":" not in one or address.host == "::"]
    if certified:
        first, *_ = certified
    else:
        first = numbers[0] if numbers else name
    lines = [f"From another machine: {_join(first, address.port)}"]
    if not certified and first != name and not name.startswith("localhost"):
        lines.append(f"  or, where its name is known: {_join(name, address.port)}")
    if browsers:
        lines.append(f"  or, in a browser: https://{Address(first, address.port)}/")
    return lines


def _join(host: str, port: int) -> str:
    return f"roomchat join {host if port == Settings.port else Address(host, port)}"
