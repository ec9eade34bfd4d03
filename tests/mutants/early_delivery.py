"""A server that shows messages before they are stored, on a disk that now and then takes nothing."""

from __future__ import annotations

import itertools

from roomchat.cli import main
from roomchat.errors import LogError
from roomchat.hub_thread import HubThread
from roomchat.net.delivery import deliver
from roomchat.store.log import Log

store = HubThread._store
append = Log.append
batches = itertools.count(1)


def deliver_and_store(self, effects, time):
    deliver(effects.deliveries, self._routes)
    effects.deliveries = []
    return store(self, effects, time)


def append_mostly(self, now, segments, *rest):
    if segments and next(batches) % 10 == 0:
        raise LogError("the disk takes nothing")
    append(self, now, segments, *rest)


HubThread._store = deliver_and_store
Log.append = append_mostly
main()
