"""A server that shows messages before they are stored, on a disk that now and then takes nothing."""

from __future__ import annotations

import itertools

from roomchat import server
from roomchat.cli import main
from roomchat.net.delivery import deliver
from roomchat.store.log import Log

store = server.Server._store
append = Log.append
batches = itertools.count(1)


def deliver_and_store(self, effects, wall):
    deliver(effects.deliveries)
    effects.deliveries = []
    return store(self, effects, wall)


def append_mostly(self, now, segments, *rest):
    if segments and next(batches) % 10 == 0:
        raise server.LogError("the disk takes nothing")
    append(self, now, segments, *rest)


server.Server._store = deliver_and_store
Log.append = append_mostly
main()
