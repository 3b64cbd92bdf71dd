"""The fold: records in, the picture of a moment out.

`apply` looks at each record once and only sorts it: facts are obeyed at once, frames and calls are gathered
and dealt with together (`_flush`) when their figures are next shown, so that their columns are read with
numpy and of many frames only the newest is decoded. Mutable inside, frozen outside; ticks of the records'
clock, not of the screen, drive the metrics, so live and replay give the same figures.

Cost: it runs on the thread that paints and shares the interpreter lock with the engine; `bench/fold.py`
holds it to 1 ms a frame. That is why figures on cards change at most each `REFRESH_NS` in real time (a
person reads no faster) and in three turns, a frame each, while what happens to a replica shows at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from core.facts import Checked, Counted, Pace
from core.limits import MAX_REPLICAS
from core.model.clients import ClientBook
from core.model.cluster_view import ClientCard, ClusterView, ReplicaCard
from core.model.figures import front_end_card, metrics_of
from core.model.happenings import Happenings
from core.model.hops import Hops
from core.model.metrics import HISTORY_TICKS, TICK_NS, Meter, MetricsHistory
from core.model.replicas import ReplicaBook
from core.model.tokens import TokenBoard
from core.model.words import alert, headline
from core.protocol.messages import CLOSE_SESSION, OPEN_SESSION
from core.trace.wire_log import UNREADABLE, Record, Tap, decode_fact

REFRESH_NS = 50_000_000
LOADED_NS = 120_000_000
"""The same under load: the end of a tick is waited for, since what was gathered is dealt with then anyway."""
LOAD_RECORDS = 8
"""So many calls and returns in one tick are load."""
LONG_AGO_NS = 4 * REFRESH_NS
"""Who looks this rarely gets every card anew."""
TICK_PATIENCE_NS = 200_000_000
"""How long after its end a tick is closed when no record comes to close it."""
_TURNS = 3

_RESULT = ord("r")
_FACT, _FROM_PASSED, _TO_PASSED = int(Tap.FACT), int(Tap.FROM_PASSED), int(Tap.TO_PASSED)
_CALL_DELIVERED, _RETURN_DELIVERED = int(Tap.CALL_DELIVERED), int(Tap.RETURN_DELIVERED)
_CALL_SENT = int(Tap.CALL_SENT)
_ON_LINKS = frozenset(
    {Tap.TO_SENT, Tap.TO_DELIVERED, Tap.TO_LOST, Tap.TO_DOUBLED}
    | {Tap.FROM_SENT, Tap.FROM_DELIVERED, Tap.FROM_LOST, Tap.FROM_DOUBLED}
)


class Fold:
    """Makes the cluster's view from its records. `words` turns an encoded operation into a short call."""

    def __init__(self, words: Callable[[bytes], str]) -> None:
        self._meter = Meter()
        self._clients = ClientBook(lambda operation: _SESSION.get(operation) or words(operation))
        self._replicas = ReplicaBook()
        self._tokens = TokenBoard()
        self._said = Happenings(self._clients, self._replicas, self._tokens)
        self._hops = Hops(self._clients, self._replicas, self._tokens, self._said)
        self._unreadable = 0
        self._next_tick_ns = 0
        self._counted = (0, 0)
        # frames and calls gathered until the next flush
        self._results: dict[int, list[bytes]] = {1 << r: [] for r in range(1, MAX_REPLICAS + 1)}
        self._results_ns = 0
        self._calls: tuple[list[int], list[bytes]] = ([], [])
        self._returns: tuple[list[int], list[bytes]] = ([], [])
        self._dealt_with = 0  # calls and returns in this tick
        # what was shown last
        self._changed = True
        self._refreshed_ns = 0
        self._loaded = self._fresh = False  # the last tick brought much; and none of it was shown yet
        self._turn = 0  # of the refresh that is under way; 0 when none is
        self._shown: ClusterView | None = None

    @property
    def history(self) -> MetricsHistory:
        """The metrics of the last ten minutes, for plots."""
        return self._meter.history

    @property
    def still(self) -> bool:
        """Without another record nothing comes into view: no sampled token is on its way, no card is old."""
        return not self._tokens.sampled and not self._turn and self._clients.settled

    @property
    def next_seq(self) -> int:
        """The number that the front end gives next."""
        return self._hops.next_seq

    @property
    def unreadable(self) -> int:
        """How often bytes could not be decoded and were passed over: never, unless a recording is broken."""
        return self._unreadable + self._clients.unreadable

    def apply(self, records: Sequence[Record]) -> None:
        """Take the next records, oldest first."""
        if not records:
            return
        if not self._next_tick_ns:
            self._next_tick_ns = records[0][0] + TICK_NS
        next_tick_ns, results = self._next_tick_ns, self._results
        call_ns, calls = self._calls
        return_ns, returns = self._returns
        for record in records:
            time_ns, tap, links, token, body = record
            if time_ns >= next_tick_ns:
                self._tick(time_ns)
                next_tick_ns = self._next_tick_ns
            try:
                if tap == _FROM_PASSED and body[2] == _RESULT and links in results:
                    results[links].append(body)
                    self._results_ns = time_ns
                elif tap == _RETURN_DELIVERED and not token:
                    return_ns.append(time_ns)
                    returns.append(body)
                elif tap == _CALL_DELIVERED and not token:
                    call_ns.append(time_ns)
                    calls.append(body)
                elif tap == _TO_PASSED:
                    self._hops.to_passed(time_ns, links, body)
                elif tap == _FACT:
                    fact = decode_fact(body)
                    if not isinstance(fact, Checked | Counted):  # these come often, and change nothing else
                        self._flush()
                    self._said.obey(time_ns, fact)
                else:
                    self._other(record)
            except (IndexError, ValueError):
                self._unreadable += 1
        if self._said.pace is not Pace.REAL_TIME:
            self._flush()
        self._changed = True

    def view(self, now_ns: int) -> ClusterView:
        """The moment `now_ns`, on the clock of the records."""
        if self._next_tick_ns and now_ns - TICK_PATIENCE_NS >= self._next_tick_ns:
            self._tick(now_ns - TICK_PATIENCE_NS)
        shown = self._shown
        if shown is None or self._said.urgent or self._due(now_ns):
            shown = self._refreshed(now_ns)
        tokens = self._tokens.in_view(now_ns)
        if tokens is not shown.tokens or now_ns != shown.now_ns:
            shown = replace(shown, now_ns=now_ns, tokens=tokens)
        self._shown = shown
        return shown

    def _due(self, now_ns: int) -> bool:
        if self._turn:
            return True
        if not self._changed and self._clients.settled and now_ns < self._said.until_ns:
            return False
        if self._said.pace is not Pace.REAL_TIME or self._fresh:
            return True
        return abs(now_ns - self._refreshed_ns) >= (LOADED_NS if self._loaded else REFRESH_NS)

    def _other(self, record: Record) -> None:
        """A record of slow or step, or a sign of life."""
        time_ns, tap, links, _, body = record
        if tap == _FROM_PASSED:
            self._hops.spoke(time_ns, links, body)
            return
        if tap in _ON_LINKS and self._said.pace is Pace.REAL_TIME:
            self._hops.faulty(record)
            return
        self._flush()
        if tap == _RETURN_DELIVERED:
            self._meter_returns((time_ns,), (body,), passed=False)
        elif tap == _CALL_SENT:
            self._hops.calls((time_ns,), (body,), passed=False)
        self._hops.paced(record)

    def _meter_returns(self, times_ns: Sequence[int], bodies: Sequence[bytes], passed: bool) -> None:
        flushed = self._hops.returns(times_ns, bodies, passed)
        self._meter.add(flushed.answers, flushed.latencies_ns)

    def _flush(self) -> None:
        """Deal with what was gathered."""
        self._flush_links()
        self._flush_clients()

    def _flush_links(self) -> None:
        for links, bodies in self._results.items():
            if bodies:
                try:
                    self._hops.results(self._results_ns, links, bodies)
                except UNREADABLE:
                    self._unreadable += 1
                bodies.clear()
        self._hops.flush()

    def _flush_clients(self) -> None:
        self._dealt_with += len(self._calls[0]) + len(self._returns[0])
        times_ns, calls = self._calls
        if calls:
            self._hops.calls(times_ns, calls, passed=True)
            times_ns.clear()
            calls.clear()
        times_ns, returns = self._returns
        if returns:
            self._meter_returns(times_ns, returns, passed=True)
            times_ns.clear()
            returns.clear()

    def _tick(self, time_ns: int) -> None:
        """Close every tick that ended until `time_ns`."""
        self._flush()
        self._loaded = self._fresh = self._dealt_with >= LOAD_RECORDS
        self._dealt_with = 0
        missed = (time_ns - self._next_tick_ns) // TICK_NS
        if missed > HISTORY_TICKS:
            self._next_tick_ns += (missed - HISTORY_TICKS) * TICK_NS
        while self._next_tick_ns <= time_ns:
            messages, shown = self._tokens.messages, self._tokens.shown
            since = (messages - self._counted[0], shown - self._counted[1])
            self._counted = (messages, shown)
            self._tokens.in_view(self._next_tick_ns)  # what is sampled must not hang on who looks when
            level = self._replicas.mark_level(self._next_tick_ns)
            counted = self._said.counted
            totals = (counted.messages, counted.sent_bytes + counted.received_bytes, counted.requests)
            held, firsts = self._replicas.held_counts(), self._clients.first_answers
            moved = self._meter.tick(self._next_tick_ns, held, *since, totals, firsts)
            self._changed = self._changed or moved or not level
            self._next_tick_ns += TICK_NS

    def _refreshed(self, now_ns: int) -> ClusterView:
        """A view with its cards drawn anew, though unchanged ones are the objects that they were.

        Under load that takes three frames when all that changed are figures: the clients' messages are dealt
        with (unless the end of a tick just did that), the replicas' cards drawn, the clients' cards drawn.
        """
        old, real_time = self._shown, self._said.pace is Pace.REAL_TIME
        since_ns = abs(now_ns - self._refreshed_ns)
        at_once = not self._turn and (not self._loaded or since_ns >= LONG_AGO_NS)
        if old is None or not real_time or self._said.urgent or at_once:
            self._turn, self._fresh = 0, False
            self._flush()
            every = old is None or not real_time or since_ns >= LONG_AGO_NS
            return self._assembled(now_ns, self._clients.cards(every))
        turn, self._turn = self._turn, (self._turn + 1) % _TURNS
        if turn == 0:
            if not self._fresh:
                self._flush_clients()
            return old
        if turn == 1:
            if not self._fresh:
                self._flush_links()
            view, self._changed = self._assembled(now_ns, old.clients), self._fresh
            self._fresh = False
            return view
        clients = self._clients.cards(every=False)
        return old if _same(old.clients, clients) else replace(old, clients=clients)

    def _assembled(self, now_ns: int, clients: tuple[ClientCard, ...]) -> ClusterView:
        said, old = self._said, self._shown
        real_time = said.pace is Pace.REAL_TIME
        replicas = self._replicas.cards(now_ns, real_time, self._clients.first_answers)
        front_end = front_end_card(self._hops, said, self._clients, self._replicas)
        metrics = metrics_of(said.counted, self._clients, self._meter, sorted(self._replicas.all))
        if old is not None:
            clients = old.clients if _same(old.clients, clients) else clients
            replicas = old.replicas if _same(old.replicas, replicas) else replicas
            front_end = old.front_end if old.front_end == front_end else front_end
            metrics = old.metrics if old.metrics == metrics else metrics
        known = list(self._replicas.all.values())
        live = sum(not one.dead for one in known) if known else said.replicas
        self._changed = said.urgent = False
        self._refreshed_ns = now_ns
        return ClusterView(
            now_ns=now_ns,
            service=said.service,
            pace=said.pace,
            delay_ns=said.delay_ns,
            load_running=said.load_running,
            clients=clients,
            front_end=front_end,
            replicas=replicas,
            tokens=self._tokens.in_view(now_ns),
            sampling=self._meter.sampling if real_time else 1,
            checks=said.checks,
            violations=said.violations,
            metrics=metrics,
            headline=headline(max(said.replicas, len(known)), live, said.reply_policy) if known else "",
            alert=alert(known, replicas, said.violations, self._clients.unknown, said.fresh(now_ns)),
            pages=said.pages,
            faulty_links=said.faulty_links,
            broken=said.broken,
            started_ns=said.started_ns,
        )


_SESSION = {OPEN_SESSION: "open session", CLOSE_SESSION: "close session"}


def _same(old: Sequence[ClientCard | ReplicaCard], new: Sequence[ClientCard | ReplicaCard]) -> bool:
    return len(old) == len(new) and all(map(lambda left, right: left is right, old, new))
