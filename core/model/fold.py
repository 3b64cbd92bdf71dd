"""The fold: records in, the picture of a moment out.

`apply` looks at each record once and only sorts it: facts are obeyed at once, frames and calls are gathered
and dealt with together (`Gathering`). Mutable inside, frozen outside; ticks of the records' clock, not of the
screen, drive the metrics, so live and replay give the same figures.

Cost: it runs on the thread that paints and shares the interpreter lock with the engine; `bench/fold.py`
holds it to 1 ms a frame. That is why figures on cards change at most each `REFRESH_NS` in real time (a
person reads no faster) and in three turns, a frame each, while what happens to a replica shows at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from core.facts import Checked, Counted, Pace
from core.model.clients import ClientBook
from core.model.cluster_view import ClientCard, ClusterView, ReplicaCard
from core.model.figures import front_end_card, metrics_of
from core.model.gathering import Gathering
from core.model.happenings import Happenings
from core.model.hops import Hops
from core.model.metrics import MetricsHistory
from core.model.replicas import ReplicaBook
from core.model.tokens import TokenBoard
from core.model.words import alert, headline
from core.protocol.messages import CLOSE_SESSION, OPEN_SESSION
from core.trace.wire_log import Record, Tap, decode_fact

REFRESH_NS = 50_000_000
LOADED_NS = 120_000_000
"""The same under load: the end of a tick is waited for, since what was gathered is dealt with then anyway."""
LONG_AGO_NS = 4 * REFRESH_NS
"""Who looks this rarely gets every card anew."""
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
        self._clients = ClientBook(lambda operation: _SESSION.get(operation) or words(operation))
        self._replicas = ReplicaBook()
        self._tokens = TokenBoard()
        self._said = Happenings(self._clients, self._replicas, self._tokens)
        self._hops = Hops(self._clients, self._replicas, self._tokens, self._said)
        self._unreadable = 0
        self._gathered = Gathering(self._clients, self._replicas, self._tokens, self._said, self._hops)
        # what was shown last
        self._changed = True
        self._refreshed_ns = 0
        self._turn = 0  # of the refresh that is under way; 0 when none is
        self._shown: ClusterView | None = None

    @property
    def history(self) -> MetricsHistory:
        """The metrics of the last ten minutes, for plots."""
        return self._gathered.meter.history

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
        return self._unreadable + self._gathered.unreadable + self._clients.unreadable

    def apply(self, records: Sequence[Record]) -> None:
        """Take the next records, oldest first."""
        if not records:
            return
        gathered = self._gathered
        if not gathered.step_ns:
            gathered.begin(records[0][0])
        step_ns, results = gathered.step_ns, gathered.results
        call_ns, calls = gathered.calls
        return_ns, returns = gathered.returns
        for record in records:
            time_ns, tap, links, token, body = record
            if time_ns >= step_ns:
                gathered.go_on(time_ns)
                step_ns = gathered.step_ns
                call_ns, calls = gathered.calls
                return_ns, returns = gathered.returns
            try:
                if tap == _FROM_PASSED and body[2] == _RESULT and links in results:
                    results[links].append(body)
                    gathered.results_ns = time_ns
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
                        gathered.flush()
                        step_ns = gathered.step_ns
                    self._said.obey(time_ns, fact)
                else:
                    self._other(record)
                    step_ns = gathered.step_ns
            except (IndexError, ValueError):
                self._unreadable += 1
        if self._said.pace is not Pace.REAL_TIME:
            gathered.flush()
        self._changed = True

    def view(self, now_ns: int) -> ClusterView:
        """The moment `now_ns`, on the clock of the records."""
        self._gathered.wait(now_ns)
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
        changed = self._changed or self._gathered.moved
        if not changed and self._clients.settled and now_ns < self._said.until_ns:
            return False
        if self._said.pace is not Pace.REAL_TIME or self._gathered.fresh:
            return True
        return abs(now_ns - self._refreshed_ns) >= (LOADED_NS if self._gathered.loaded else REFRESH_NS)

    def _other(self, record: Record) -> None:
        """A record of slow or step, or a sign of life."""
        time_ns, tap, links, _, body = record
        if tap == _FROM_PASSED:
            self._hops.spoke(time_ns, links, body)
            return
        if tap in _ON_LINKS and self._said.pace is Pace.REAL_TIME:
            self._hops.faulty(record)
            return
        self._gathered.flush()
        if tap == _RETURN_DELIVERED:
            self._gathered.returned((time_ns,), (body,), passed=False)
        elif tap == _CALL_SENT:
            self._hops.calls((time_ns,), (body,), passed=False)
        self._hops.paced(record)

    def _refreshed(self, now_ns: int) -> ClusterView:
        """A view with its cards drawn anew, though unchanged ones are the objects that they were.

        Under load that takes three frames when all that changed are figures: the clients' messages are dealt
        with (unless the end of a tick just did that), the replicas' cards drawn, the clients' cards drawn.
        """
        old, real_time, gathered = self._shown, self._said.pace is Pace.REAL_TIME, self._gathered
        since_ns = abs(now_ns - self._refreshed_ns)
        at_once = not self._turn and (not gathered.loaded or since_ns >= LONG_AGO_NS)
        if old is None or not real_time or self._said.urgent or at_once:
            self._turn, gathered.fresh = 0, False
            gathered.flush()
            every = old is None or not real_time or since_ns >= LONG_AGO_NS
            return self._assembled(now_ns, self._clients.cards(every))
        turn, self._turn = self._turn, (self._turn + 1) % _TURNS
        if turn == 0:
            if not gathered.fresh:
                gathered.flush_clients()
            return old
        if turn == 1:
            if not gathered.fresh:
                gathered.flush_links()
            view, self._changed = self._assembled(now_ns, old.clients), gathered.fresh
            gathered.fresh = False
            return view
        clients = self._clients.cards(every=False)
        return old if _same(old.clients, clients) else replace(old, clients=clients)

    def _assembled(self, now_ns: int, clients: tuple[ClientCard, ...]) -> ClusterView:
        said, old = self._said, self._shown
        real_time = said.pace is Pace.REAL_TIME
        replicas = self._replicas.cards(now_ns, real_time, self._clients.first_answers)
        front_end = front_end_card(self._hops, said, self._clients, self._replicas)
        metrics = metrics_of(said.counted, self._clients, self._gathered.meter, sorted(self._replicas.all))
        if old is not None:
            clients = old.clients if _same(old.clients, clients) else clients
            replicas = old.replicas if _same(old.replicas, replicas) else replicas
            front_end = old.front_end if old.front_end == front_end else front_end
            metrics = old.metrics if old.metrics == metrics else metrics
        known = list(self._replicas.all.values())
        live = sum(not one.dead for one in known) if known else said.replicas
        self._changed = self._gathered.moved = said.urgent = False
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
            sampling=self._gathered.meter.sampling if real_time else 1,
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
