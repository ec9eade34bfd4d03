"""A server that shows messages before they are stored, on a disk that now and then takes nothing."""

from __future__ import annotations

import itertools

from roomchat.cli import main
from roomchat.errors import LogError
from roomchat.hub_thread import HubThread
from roomchat.net.delivery import deliver
from roomchat.protocol import Welcome
from roomchat.store.log import Log

apply = HubThread._apply
append_all = Log.append_all
turns = itertools.count(1)
welcomes = [False]  # whether somebody is welcomed in this batch


def apply_and_deliver(self, inputs):
    done = apply(self, inputs)
    (effects,) = (one.effects for one in done)
    welcomes[0] = any(isinstance(getattr(one, "event", None), Welcome) for one in effects.deliveries)
    deliver(effects.deliveries, self._routes)
    effects.deliveries = []
    return done


def append_mostly(self, batches):
    if not welcomes[0] and next(turns) % 10 == 0:  # a second welcome would end the server itself
        raise LogError("the disk takes nothing")
    append_all(self, batches)


HubThread._apply = apply_and_deliver
Log.append_all = append_mostly
main()
