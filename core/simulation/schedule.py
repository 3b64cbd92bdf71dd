"""What goes wrong in one simulated run, and when: drawn from a seed, plain values, and shrinkable.

A schedule is all that a run depends on. A fault begins some nanoseconds after a given request was ordered,
not at a time: so it keeps its place in the story when other parts of the schedule are taken away.
"""

from __future__ import annotations

from enum import StrEnum
from random import Random
from typing import assert_never

import msgspec

from core.ids import client_name, replica_name
from core.limits import BATCH_REQUESTS, LAG_REQUESTS, WINDOW_REQUESTS
from core.link_faults import NO_FAULTS, Link, LinkFaults, Way

US, MS, SECOND = 1_000, 1_000_000, 1_000_000_000


class Kind(StrEnum):
    """What can go wrong."""

    CRASH = "crash"
    """A replica's process ends; the front end sees the connection close."""
    VANISH = "vanish"
    """A replica's machine loses its power: nobody sees a connection close."""
    PAUSE = "pause"
    """A replica's process stands still, as under SIGSTOP, and goes on later."""
    LINK = "link"
    """A replica's link loses, delays, repeats or reorders frames, or is cut."""
    LEAVE = "leave"
    """A client closes its session, and opens another one afterwards."""
    ADD = "add"
    """One replica more joins."""
    REMOVE = "remove"
    """A replica leaves in peace."""
    SUCCESSION = "succession"
    """The front end dies, and another one takes over."""
    SLEEP = "sleep"
    """The front end's machine is suspended and wakes up again."""


class Trouble(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One fault. It begins `after_ns` after request `at_seq` was ordered, and lasts `for_ns` at most: all end
    with the healing phase. `whom` is a replica, for LEAVE a client, for the front end nobody."""

    kind: Kind
    whom: int
    at_seq: int
    after_ns: int = 0
    for_ns: int = 0
    ways: tuple[Way, ...] = ()
    faults: LinkFaults = NO_FAULTS

    def words(self) -> str:
        """`after #17 + 0.1 ms: FE→R2 30 % lost for 10 ms`."""
        lasts = f" for {self.for_ns / MS:,.4g} ms" if self.for_ns else ""
        return f"after #{self.at_seq} + {self.after_ns / MS:,.4g} ms: {self._what()}{lasts}"

    def _what(self) -> str:
        match self.kind:
            case Kind.LINK:
                links = ", ".join(str(Link(self.whom, way)) for way in self.ways)
                return f"{links} {self.faults.words()}"
            case Kind.LEAVE:
                return f"{client_name(self.whom)} leaves and comes back"
            case Kind.ADD:
                return "a replica is added"
            case Kind.SUCCESSION:
                return "the front end dies, another one takes over"
            case Kind.SLEEP:
                return "the front end's machine is suspended"
            case Kind.CRASH | Kind.PAUSE | Kind.VANISH | Kind.REMOVE:
                return f"{replica_name(self.whom)} {_PROCESS_WORDS[self.kind]}"
            case _:
                assert_never(self.kind)


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """One run. `turn_ns` is how long the front end gathers requests into a batch, which holds
    `batch_requests` at most; `window` requests are in flight at most; a frame travels `latency_ns` plus up to
    `jitter_ns`; the healing phase begins when the clients are done, and not before `heal_after_ns`."""

    seed: int
    service: str
    replicas: int
    clients: int
    requests: int
    latency_ns: int
    jitter_ns: int
    turn_ns: int
    batch_requests: int
    window: int = WINDOW_REQUESTS
    reply: str
    revives: bool
    think_ms: float
    heal_after_ns: int
    troubles: tuple[Trouble, ...]

    @property
    def lag(self) -> int:
        """How far clients run ahead of a replica that does not execute, before they wait for it."""
        return LAG_REQUESTS if self.window == WINDOW_REQUESTS else 4 * self.window

    def words(self) -> str:
        """The run in a sentence, but for its troubles."""
        slowest_ns = self.latency_ns + self.jitter_ns
        return (
            f"{self.requests} requests of {self.clients} clients to {self.replicas} replicas of "
            f"{self.service}, frames take {self.latency_ns / MS:g} to {slowest_ns / MS:g} ms."
        )


_PROCESS_WORDS = {
    Kind.CRASH: "crashes",
    Kind.PAUSE: "stands still",
    Kind.VANISH: "loses its power",
    Kind.REMOVE: "leaves in peace",
}
_REPLICAS = (1, 2, 2, 3, 3, 3, 3, 3, 3, 4, 5)
_REPLIES = ("first", "first", "first", "first", "acks:2", "acks:all", "majority", "majority")
_WINDOWS = (*[WINDOW_REQUESTS] * 7, 3)
"""Clients are too few for the window of a real run; a small one lets them wait for it."""
_ONE_BY_ONE, _GATHERED = (9, 19), (98, 154)
"""How many requests a run has: where most batches hold one or two, and where they hold many; 62 on average.
Most runs then have a hundred to two hundred frames, and none is long for being made of small batches."""
_WAYS = ((Way.TO,), (Way.FROM,), (Way.TO, Way.FROM))


def draw(seed: int) -> Schedule:
    """The schedule of a seed."""
    random = Random(seed)
    pick = random.choice
    replicas, clients = pick(_REPLICAS), random.randint(1, 16)
    latency_ns = pick((20 * US, 100 * US, 500 * US, 2 * MS))
    turn_ns = pick((0, *[latency_ns // 2, 2 * latency_ns] * 2, 4 * latency_ns))
    batch_requests = pick((1, 3, 8, *[BATCH_REQUESTS] * 5))
    sleeps = random.random() < 0.03
    think_ms = 10 if sleeps else pick((0, 0, 0, 0, 0, 0, 1, 10))
    window = pick(_WINDOWS)
    gathers = clients > 3 and turn_ns > 0 and batch_requests > 1 and not think_ms
    requests = random.randint(*(_GATHERED if gathers else _ONE_BY_ONE))
    lingers = random.random() < 0.04  # somebody may be silent for so long that it is fenced
    troubles = [_link(random, replicas, requests) for _ in range(pick((0, 1, 1, 2, 2, 3)))]
    troubles += [_process(random, replicas, requests, lingers) for _ in range(pick((0, 0, 1, 1, 2)))]
    if random.random() < 0.15:
        leaver = random.randint(1, clients)
        troubles.append(Trouble(kind=Kind.LEAVE, whom=leaver, at_seq=_moment(random, requests)))
    changes = random.choices(
        (Kind.SUCCESSION, Kind.ADD, Kind.REMOVE), (6, 2, 2), k=pick((0, 0, 0, 0, 0, 1, 1, 2))
    )
    for kind in changes:
        whom, moment = random.randint(1, replicas), _moment(random, requests)
        troubles.append(Trouble(kind=kind, whom=whom, at_seq=moment, after_ns=_after(random)))
    if random.random() < 0.04:
        troubles += _double_crash(random, replicas, requests, latency_ns)
    if sleeps:
        moment, lasts_ns = _moment(random, requests), pick((50 * MS, 700 * MS, 3 * SECOND))
        after_ns = random.randrange(5 * MS)  # clients think: nothing may be under way then
        troubles.append(Trouble(kind=Kind.SLEEP, whom=0, at_seq=moment, after_ns=after_ns, for_ns=lasts_ns))
    return Schedule(
        seed=seed,
        service="social" if random.random() < 0.2 else "kv",
        replicas=replicas,
        clients=clients,
        requests=requests,
        latency_ns=latency_ns,
        jitter_ns=pick((0, latency_ns // 2, 2 * latency_ns)),
        turn_ns=turn_ns,
        reply=pick(_REPLIES),
        revives=random.random() < 0.4,
        batch_requests=batch_requests,
        window=window,
        think_ms=think_ms,
        heal_after_ns=2_600 * MS if lingers else 0,
        troubles=tuple(sorted(troubles, key=lambda trouble: trouble.at_seq)),
    )


def _moment(random: Random, requests: int) -> int:
    return random.randint(1, requests + requests // 10)


def _after(random: Random) -> int:
    return random.choice((0, 10 * US, 100 * US, MS, 5 * MS)) * random.randint(0, 4)


def _link(random: Random, replicas: int, requests: int) -> Trouble:
    pick = random.choice
    rate, by_ns = pick((0.05, 0.3, 0.6)), pick((100 * US, 2 * MS, 20 * MS))
    faults = pick(
        (
            LinkFaults(cut=True),
            LinkFaults(loss=rate),
            LinkFaults(loss=rate, jitter_ns=by_ns),
            LinkFaults(duplicate=rate, jitter_ns=by_ns),
            LinkFaults(reorder=rate, reorder_by_ns=by_ns),
            LinkFaults(delay_ns=by_ns, jitter_ns=by_ns),
            LinkFaults(loss=rate, duplicate=rate, reorder=rate, reorder_by_ns=by_ns),
        )
    )
    return Trouble(
        kind=Kind.LINK,
        whom=random.randint(1, replicas),
        at_seq=_moment(random, requests),
        after_ns=_after(random),
        for_ns=pick((MS, 10 * MS, 100 * MS, SECOND, 3 * SECOND)),
        ways=pick(_WAYS),
        faults=faults,
    )


def _double_crash(random: Random, replicas: int, requests: int, latency_ns: int) -> list[Trouble]:
    """The front end dies together with the only replica that heard its last orders."""
    victim, moment = random.randint(1, replicas), random.randint(1, requests)
    soon_ns = random.randrange(2 * latency_ns, 8 * latency_ns)
    deaf = LinkFaults(cut=True)
    return [
        Trouble(kind=Kind.LINK, whom=other, at_seq=moment, for_ns=20 * MS, ways=(Way.TO,), faults=deaf)
        for other in range(1, replicas + 1)
        if other != victim
    ] + [
        Trouble(kind=Kind.CRASH, whom=victim, at_seq=moment, after_ns=soon_ns),
        Trouble(kind=Kind.SUCCESSION, whom=0, at_seq=moment, after_ns=soon_ns + 1),
    ]


def _process(random: Random, replicas: int, requests: int, lingers: bool) -> Trouble:
    kind = random.choices((Kind.CRASH, Kind.PAUSE, Kind.VANISH), (46, 50, 4))[0]
    lasts = (2 * MS, 60 * MS, 600 * MS, 2_500 * MS) if lingers else (2 * MS, 20 * MS, 60 * MS)
    return Trouble(
        kind=kind,
        whom=random.randint(1, replicas),
        at_seq=_moment(random, requests),
        after_ns=_after(random),
        for_ns=random.choice(lasts) if kind is Kind.PAUSE else 0,
    )
