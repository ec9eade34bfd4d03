"""The core of the chat: a batch of inputs in, effects out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from roomchat.chat import accounts, administration, commands, membership, sessions
from roomchat.chat.batch import Batch, Handler
from roomchat.chat.deadlines import Deadlines, due
from roomchat.chat.effects import Effects, LookUp
from roomchat.chat.inputs import (
    Administer,
    Arrived,
    Beat,
    Connected,
    Disconnected,
    Found,
    Input,
    Inputs,
    Introduction,
    Key,
    Link,
    LoggedIn,
    Offer,
    Place,
    Refresh,
    Shutdown,
    Verdict,
)
from roomchat.chat.keeping import Missing
from roomchat.chat.names import normal_room
from roomchat.chat.registry import Registry
from roomchat.chat.servers import Life, Servers, differences, slot_of, with_shared
from roomchat.chat.sessions import Seat
from roomchat.chat.state import Peer, Session
from roomchat.chat.welcome import Welcoming
from roomchat.dialect import Answer, Malformed
from roomchat.errors import NotRegistered, Refused
from roomchat.protocol import Bye, Command, Goodbye, Stats, StatsPage
from roomchat.protocol.admin_answers import ClusterAnswer, ServerRow, StatsAnswer
from roomchat.protocol.administration import ServerStats, ShowCluster
from roomchat.settings import Settings
from roomchat.version import __version__

_Waiting = tuple[dict[Link, list[Input]], dict[bytes, Session], dict[Link, dict[Key, Found]]]


class Hub:
    """Applies what connections ask to the state of the chat. Only the hub's thread calls it.

    It reads nothing but its inputs: no clock, no disk, no socket, nothing random. What it needs of the log it asks
    for with a ``LookUp`` among the effects; until the answer comes, as ``Found``, the connection's commands wait.

    Each ``apply`` is followed by ``commit`` when its effects are stored, or by ``rollback`` when they could not
    be; then the same items are applied again with ``storing=False``.
    """

    def __init__(
        self,
        registry: Registry,
        settings: Settings,
        *,
        epoch: str,
        seats: Iterable[Seat] = (),
        now: float,
    ) -> None:
        self.registry = registry
        self._use(settings)
        self._deadlines = Deadlines()
        self._welcoming = Welcoming(epoch)
        sessions.restore(registry, self._deadlines, seats, now + settings.resume_window)
        registry.begin()
        self._started = now
        self._last_used = now  # when a connection last existed
        self._held: dict[Link, list[Input]] = {}  # what waits for a look-up, by connection, in order
        self._gone: dict[bytes, Session] = {}  # see Batch.gone
        self._ended: dict[bytes, tuple[Session, int]] = {}  # of these: in which batch
        self._since: dict[Link, int] = {}  # of those that are held: in which batch their look-up began
        self._deleted: set[Place] = set()  # see Batch.deleted
        self._batches = 0  # that were committed
        self._answers: dict[Link, dict[Key, Found]] = {}  # to look-ups before, of those that are held
        self._before: _Waiting = ({}, {}, {})  # held, gone and answers, for a rollback
        self._applied: Effects = Effects()  # by the last batch, not committed yet
        self._inputs = 0  # in that batch
        self._now = now  # its time
        self._stats = {"messages": 0, "deliveries": 0, "batches": 0, "largest_batch": 0}
        self._handlers: dict[type, Handler] = {
            **commands.TABLE,
            **accounts.TABLE,
            Introduction: sessions.hello_again,
            LoggedIn: sessions.hello_again,
            Bye: sessions.bye,
            Stats: self._tell_stats,
        }
        self._admin_handlers: Mapping[type, administration.Handler] = {
            **administration.TABLE,
            ServerStats: self._admin_stats,
            ShowCluster: self._admin_cluster,
        }

    @property
    def servers(self) -> Servers:
        """That share this chat."""
        return self._welcoming.servers

    def apply(self, inputs: Inputs) -> Effects:
        """Carry out what came, in order, then what is due by now."""
        held = self._held
        self._before = ({link: [*waiting] for link, waiting in held.items()}, {**self._gone}, {**self._answers})
        batch = Batch(
            self.registry, self._deadlines, self._settings, inputs, self._gone, self._deleted, self._lobby
        )
        peers, handlers, items = self.registry.peers, self._handlers, inputs.items
        if inputs.origin is not None:
            self.servers.time = inputs.time
            if not self.servers.hear(inputs.origin, items):
                items = ()
        self._inputs = len(items)
        for link, command in self._in_turn(batch, items) if held else items:
            if held and link in held:
                held[link].append(command)
                continue
            batch.link = link
            batch.re = getattr(command, "id", None)
            peer = peers.get(link)
            try:
                # Nearly always a command of someone who is known, so that has a short way of its own.
                if peer is not None and (session := peer.session) and (handler := handlers.get(type(command))):
                    handler(batch, session, command)
                else:
                    self._carry_out(batch, link, peer, command)
            except Refused as refusal:
                batch.refuse(refusal, getattr(command, "n", None))
            except Missing as missing:
                held[link] = [command]
                batch.effects.lookups.append(LookUp(link, missing.key))
        self._meet_deadlines(batch)
        self._now = inputs.now
        self._applied = batch.effects
        return batch.effects

    def commit(self) -> None:
        """The effects of the last batch are stored: its changes stay."""
        self.registry.begin()
        self._batches += 1
        if self._gone or self._since or self._applied.lookups:
            self._forget_gone()
        if self._applied.deletions or self._deleted:
            self._deleted |= self._applied.deletions.keys()
            if not self._held:  # what is looked up from now on is as the log has it
                self._deleted.clear()
        self._deadlines.drop_due(self._now)
        for link in self._applied.closed:  # so that a connection that is gone is not kept in memory
            self._deadlines.introduced(link)
        if self._inputs:
            stats, segments = self._stats, self._applied.segments
            stats["batches"] += 1
            stats["largest_batch"] = max(stats["largest_batch"], self._inputs)
            stats["messages"] += sum(len(segment.entries) for segment in segments if segment.room.is_open)
            stats["deliveries"] += sum(
                len(segment.entries) * len(segment.audience) for segment in segments if segment.room.is_open
            )  # fmt: skip

    def _forget_gone(self) -> None:
        """A session that has ended is of interest to look-ups only that began before: they may not see that."""
        since, gone, ended = self._since, self._gone, self._ended
        for link in [link for link in since if link not in self._held]:
            del since[link]
        for look_up in self._applied.lookups:
            since.setdefault(look_up.link, self._batches)  # it may be the second of one command
        oldest = min(since.values(), default=self._batches)
        for key, session in [*gone.items()]:
            if key not in ended or ended[key][0] is not session:
                ended[key] = (session, self._batches)
            if ended[key][1] <= oldest:
                if self.registry.clients.get(session.client.uid) is not session.client:
                    session.client.sessions = ()  # or they would hold each other until the garbage collector comes
                del gone[key], ended[key]

    def rollback(self) -> None:
        """The effects of the last batch could not be stored: all is as before it."""
        self.registry.rollback()
        self._held, self._gone, self._answers = self._before

    def deadline(self) -> float | None:
        """When ``apply`` must be called at the latest, even with nothing to apply; None while nothing is due."""
        deadline = self._deadlines.next()
        if self._settings.idle_exit and not self.registry.peers and not self._applied.stop:
            idle = self._last_used + self._settings.idle_exit
            deadline = idle if deadline is None else min(deadline, idle)
        return deadline

    def _in_turn(self, batch: Batch, items: Iterable[tuple[Link, Input]]) -> Iterator[tuple[Link, Input]]:
        """Where an answer came: what has waited for it. All else as it is."""
        for link, command in items:
            if isinstance(command, Found):
                answers = {**self._answers.pop(link, {}), command.key: command}
                batch.found.update(answers)
                for waiting in self._held.pop(link, ()):
                    yield link, waiting
                if link in self._held:  # it needs yet another
                    self._answers[link] = answers
                batch.found.clear()
            else:
                yield link, command

    def _carry_out(self, batch: Batch, link: Link, peer: Peer | None, command: Input) -> None:
        """What has no handler: of a connection that has not said hello yet, or about a connection."""
        if isinstance(command, Connected):
            sessions.connected(batch, link, command)
            return
        if peer is None:
            if isinstance(command, Shutdown | Arrived | Beat):
                self._inputs -= 1
                self._hear_server(batch, command)
            elif isinstance(command, Administer):
                self._inputs -= 1  # it is no sign that the chat is in use
                administration.carry_out(batch, command, self._admin_handlers)
            return  # anything else is from a connection that was closed since
        if isinstance(command, Command | Introduction | Offer | Verdict):
            self._first_command(batch, peer, command)
        elif isinstance(command, Answer):
            batch.send(link, command)
            if command.closes:
                sessions.disconnected(batch, peer, Disconnected("it said that it ends"))
        elif isinstance(command, Malformed):
            batch.refuse_malformed(command)
        elif isinstance(command, Refresh):
            if peer.session is not None:
                sessions.refresh(batch, peer.session, command)
        elif isinstance(command, Disconnected):
            sessions.disconnected(batch, peer, command)

    def _first_command(self, batch: Batch, peer: Peer, command: Command | Introduction | Offer | Verdict) -> None:
        """Before the hello there is nothing but the hello, and the bye."""
        if isinstance(command, Introduction | LoggedIn):
            self._welcoming.hello(batch, peer, command)
        elif isinstance(command, Bye) and peer.terms.early_bye:
            batch.reply(Goodbye())
            batch.close(peer.link)
        else:
            raise NotRegistered

    # ------------------------------------------------------------ servers

    def _use(self, settings: Settings) -> None:
        self._settings = settings
        self._lobby = normal_room(settings.lobby, settings.max_name)[1] if settings.lobby else None

    def _hear_server(self, batch: Batch, command: Shutdown | Arrived | Beat) -> None:
        """What a server says of itself; the only one there is, or one of several."""
        servers, origin = self.servers, batch.origin
        if origin is None:
            if isinstance(command, Shutdown):
                sessions.shutdown(batch, command, [*self.registry.peers])
                batch.effects.over = True
            return
        life = servers.find(origin)
        if isinstance(command, Arrived):
            self._let_in(batch, command)
        elif life is None:
            return  # it was not let in
        elif isinstance(command, Shutdown):
            sessions.shutdown(batch, command, self._links(life))
            self._lose(batch, life, "it has ended")
        else:
            for lost in servers.beat(life, command):
                self._lose(batch, lost, f"{life.name} has not heard of it for too long")

    def _let_in(self, batch: Batch, command: Arrived) -> None:
        """A server begins a life, and an earlier one of it is over, if it works as the others do."""
        servers, origin = self.servers, batch.origin
        assert origin is not None
        if (old := servers.living.get(origin.server)) is not None:
            self._lose(batch, old, "it has begun anew")
        if not servers.living:  # what the chat's rules and settings are is for the first one to say
            servers.logic = command.logic
            self._use(with_shared(self._settings, command.settings))
        if not servers.last_slot and command.epoch:  # so it is for the very first one what the log's name is
            self._welcoming.epoch = batch.effects.epoch = command.epoch
            self._started = batch.now
        if why := differences(command, servers.logic, self._settings):
            batch.log(f"server {origin.server} is not let in: {why[0]}")
            return
        life = servers.add(origin, command.addresses)
        batch.log(f"server {life.name} is there, its connections count from {life.slot}")

    def _links(self, life: Life) -> list[Link]:
        return [link for link in self.registry.peers if slot_of(link) == life.slot]

    def _lose(self, batch: Batch, life: Life, why: str) -> None:
        """A server is gone, and with it all of its connections."""
        for link in self._links(life):
            if (peer := self.registry.peers.get(link)) is not None:
                batch.link, batch.re = link, None
                sessions.disconnected(batch, peer, Disconnected("its server is gone"))
        for link in [link for link in self._held if slot_of(link) == life.slot]:
            del self._held[link]  # nobody answers its look-up any more
            self._answers.pop(link, None)
        self.servers.remove(life)
        batch.log(f"server {life.name} is gone: {why}")

    # ------------------------------------------------------------ what is due

    def _meet_deadlines(self, batch: Batch) -> None:
        now, deadlines = batch.now, self._deadlines
        for link in due(deadlines.hellos, now) + due(deadlines.logins, now):
            sessions.hello_overdue(batch, link)
        for uid in due(deadlines.lost, now):
            sessions.still_lost(batch, uid)
        for uid in due(deadlines.away, now):
            sessions.resume_window_over(batch, uid)
        for key in due(deadlines.large_rooms, now):
            if key in self.registry.rooms:
                membership.tell_summary(batch, self.registry.rooms[key])
        if self.registry.peers or self._inputs:
            self._last_used = now
        elif self._settings.idle_exit and now >= self._last_used + self._settings.idle_exit:
            batch.effects.stop = f"nobody was connected for {self._settings.idle_exit:g} seconds"

    def _tell_stats(self, batch: Batch, session: Session, command: Stats) -> None:
        batch.reply(StatsPage(**self._counters(batch)))

    def _admin_stats(self, batch: Batch, command: ServerStats) -> StatsAnswer:
        return StatsAnswer(connections=len(self.registry.peers), **self._counters(batch))

    def _admin_cluster(self, batch: Batch, command: ShowCluster) -> ClusterAnswer:
        lives = self.servers.living.values()
        rows = [ServerRow(one.name, one.addresses, one.position, one.snapshot) for one in lives]
        return ClusterAnswer(position=batch.position, servers=rows)

    def _counters(self, batch: Batch) -> dict[str, Any]:
        clients = self.registry.clients
        return {
            "server": f"roomchat {__version__}",
            "uptime": round(batch.now - self._started, 3),
            "clients": len(clients),
            "away": sum(not one.links for one in clients.values()),
            "rooms": len(self.registry.open_rooms),
            **self._stats,
        }
