"""What those who watch the server are told of it. Nobody is asked for it, and nobody waits."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence, Sized

from roomchat.chat.registry import Registry
from roomchat.figures import HubFigures
from roomchat.net.connection import Connection
from roomchat.net.loop import Loop
from roomchat.net.trouble import Trouble
from roomchat.order import Order
from roomchat.site.health import trouble
from roomchat.site.metrics import Snapshot
from roomchat.version import __version__


class Monitoring:
    """Any thread may call its methods: they look at numbers that others write.

    Args:
        hub, registry, unstored: of the hub's thread.
        io: the I/O threads; some may come later.
        inbox: what waits for the hub.
        passwords: how many were checked, by the result.
        order: of the hub's inputs.
    """

    def __init__(
        self,
        hub: HubFigures,
        registry: Registry,
        unstored: Trouble,
        io: Sequence[Loop],
        inbox: Sized,
        passwords: Counter[str],
        order: Order,
    ) -> None:
        self._hub = hub
        self._registry = registry
        self._unstored = unstored
        self._io = io
        self._inbox = inbox
        self._passwords = passwords
        self._order = order
        self._started = time.time()
        self.stopping = False  # the server ends

    def trouble(self) -> str:
        """Why the server takes no messages; "": it does."""
        awake = self._hub.awake
        silent = time.monotonic() - awake if awake else 0.0
        return trouble(stopping=self.stopping, unstored=self._unstored.lasts, silent=silent)

    def snapshot(self) -> Snapshot:
        """All figures, but for those of HTTP."""
        hub, registry = self._hub, self._registry
        connections = [one for thread in self._io for one in list(thread.connections)]
        io = [thread.connections.figures for thread in self._io]
        return {
            "roomchat_build_info": {__version__: 1},
            "roomchat_start_time_seconds": self._started,
            "roomchat_connections": Counter(map(_spoken, connections)),
            "roomchat_clients": len(registry.clients),
            "roomchat_accounts": registry.accounts,
            "roomchat_rooms": len(registry.rooms_to_clients),
            "roomchat_messages_total": hub.messages,
            "roomchat_deliveries_total": hub.deliveries,
            "roomchat_batch_commands": hub.batches,
            "roomchat_commit_seconds": hub.commits,
            "roomchat_inbox_commands": len(self._inbox),
            "roomchat_outbox_bytes": sum(one.unsent for one in connections),
            "roomchat_folds_total": sum(one.folds for one in io),
            "roomchat_folded_bytes_total": sum(one.folded_bytes for one in io),
            "roomchat_log_bytes": hub.log_bytes,
            "roomchat_log_writable": not self._unstored.lasts,
            "roomchat_tls_handshakes_started_total": sum(one.handshakes_begun for one in io),
            "roomchat_tls_handshakes_total": sum(one.handshakes for one in io),
            "roomchat_refused_total": sum((one.refused for one in io), hub.refused.copy()),
            "roomchat_passwords_checked_total": self._passwords.copy(),
            **self._order.figures(),
        }


def _spoken(connection: Connection) -> str:
    if connection.introduced:
        return connection.wire.dialect
    return "unknown" if connection.conversation is None else "http"
