"""The server's figures in the form that Prometheus reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import TYPE_CHECKING

from roomchat.figures import Histogram

if TYPE_CHECKING:
    from prometheus_client.core import Metric

# All that is told, and what it means. What ends in `_total` only grows, until the server starts again.
HELP = {
    "roomchat_build_info": "The version that runs.",
    "roomchat_start_time_seconds": "When the server started, in seconds since 1970.",
    "roomchat_connections": "Connections, by what they speak; `http`: no WebSocket yet, `unknown`: nothing yet.",
    "roomchat_clients": "People who have a place: they are here, or waited for.",
    "roomchat_accounts": "Accounts that there are.",
    "roomchat_rooms": "Rooms with somebody in them, those of two included.",
    "roomchat_messages_total": "Messages and other entries that were stored, whispers included.",
    "roomchat_deliveries_total": "Copies of these that were handed to connections.",
    "roomchat_batch_commands": "Commands that were carried out at once.",
    "roomchat_commit_seconds": "How long the disk took to store what such a batch left behind.",
    "roomchat_inbox_commands": "Commands that wait for the thread that owns the chat.",
    "roomchat_outbox_bytes": "Bytes of memory that wait for peers to take them.",
    "roomchat_folds_total": "How often what waited for a slow reader was dropped, to be read from the log later.",
    "roomchat_folded_bytes_total": "Bytes of memory that this gave back.",
    "roomchat_log_bytes": "Size of the database's files.",
    "roomchat_log_writable": "1, or 0 while the disk takes nothing.",
    "roomchat_tls_handshakes_started_total": "TLS handshakes that began.",
    "roomchat_tls_handshakes_total": "TLS handshakes that were agreed on.",
    "roomchat_refused_total": "Commands and connections that were refused, by the code of the refusal.",
    "roomchat_passwords_checked_total": "Passwords that were checked or made, by what came of it.",
    "roomchat_http_requests_total": "HTTP requests that were answered, by the status.",
    # Only where several servers share one chat.
    "roomchat_cluster_position": "How far in the stream that servers share this one has come.",
    "roomchat_cluster_behind": "How far each of them was behind that when it last said so.",
    "roomchat_cluster_waiting_seconds": "How long the first of what waits to be in the stream has waited.",
    "roomchat_cluster_reachable": "1, or 0 while the stream can't be read.",
}

# What the values of those are called that have several.
LABELS = {
    "roomchat_cluster_behind": "server",
    "roomchat_build_info": "version",
    "roomchat_connections": "wire",
    "roomchat_refused_total": "code",
    "roomchat_passwords_checked_total": "result",
    "roomchat_http_requests_total": "status",
}

# By the names above: one value, or several by their labels, or how many were in which range.
Snapshot = Mapping[str, float | Mapping[str, float] | Histogram]

MISSING = "Metrics need one more package on the server: pip install 'roomchat[metrics]'."


def exposition(snapshot: Snapshot) -> tuple[str, bytes]:
    """The content type and the text of a snapshot, and what the package knows of this process.

    Raises:
        ImportError: ``prometheus_client`` is not installed.
    """
    from prometheus_client import CONTENT_TYPE_LATEST, generate_latest  # only here: it takes 15 ms, once

    return CONTENT_TYPE_LATEST, generate_latest(_Collected(snapshot))


class _Collected:
    """A snapshot, as the package asks for it."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def collect(self) -> Iterator[Metric]:
        from prometheus_client import PROCESS_COLLECTOR

        for name, value in self._snapshot.items():
            yield _family(name, value)
        yield from PROCESS_COLLECTOR.collect()


def _family(name: str, value: float | Mapping[str, float] | Histogram) -> Metric:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

    if isinstance(value, Histogram):
        bounds = [*map(str, map(float, value.bounds)), "+Inf"]
        upto = accumulate(list(value.counts))  # each bucket has those of the ones below, too
        return HistogramMetricFamily(name, HELP[name], [*zip(bounds, upto, strict=True)], value.sum)
    labels = [LABELS[name]] if name in LABELS else []
    kind = CounterMetricFamily if name.endswith("_total") else GaugeMetricFamily
    family = kind(name, HELP[name], labels=labels)
    for label, one in sorted(value.items()) if isinstance(value, Mapping) else [("", value)]:
        family.add_metric([label] if labels else [], one)
    return family
