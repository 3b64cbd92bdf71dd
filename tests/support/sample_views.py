"""Plausible views to paint from: nothing is run, nothing is recorded.

`sample("waiting")` is a moment as the fold would give it. Every kind is deterministic, so a painted sample
can be compared with yesterday's.
"""

from __future__ import annotations

from msgspec.structs import replace
from xxhash import xxh3_64_intdigest

from core.facts import CheckCount, Pace
from core.model.cluster_view import (
    ClientCard,
    ClusterView,
    FrontEndCard,
    Metrics,
    ReplicaCard,
    ReplicaState,
    Tile,
    Token,
    TokenKind,
    Verdict,
    Violation,
)

KINDS = ("idle", "slow", "load", "killed", "waiting", "diverged")

NOW_NS = 12_480_000_000
"""The moment of every sample: 12.48 s after the run began (monotonic time of the run)."""

DELAY_NS = 600_000_000

_CALLS = (
    'post alice "the tide turns at six"',
    "follow bob alice",
    "timeline carol 10",
    "register dave",
    "followers alice",
    'post bob "two of three is a majority"',
    "profile carol",
)

_STORY = {
    "idle": ("", Pace.REAL_TIME, 128, False),
    "slow": ("", Pace.SLOW, 131, False),
    "load": ("", Pace.REAL_TIME, 748_129, True),
    "killed": ("R2 was killed at 12.1 s. The others go on: 0 requests lost.", Pace.REAL_TIME, 12_432, True),
    "waiting": ("R1 holds #129–#132 and waits for #128.", Pace.SLOW, 133, False),
    "diverged": ("R1 differs from the others since #124.", Pace.REAL_TIME, 128, False),
}


def sample(kind: str, replicas: int = 3, clients: int = 3) -> ClusterView:
    """A moment of the given kind: one of `KINDS`. Raises KeyError for another one."""
    alert, pace, next_seq, running = _STORY[kind]
    busy = kind == "load" or kind == "killed"
    return ClusterView(
        now_ns=NOW_NS,
        service="social",
        pace=pace,
        delay_ns=DELAY_NS if pace is Pace.SLOW else 0,
        load_running=running,
        clients=tuple(_client(n, kind, next_seq, busy) for n in range(1, clients + 1)),
        front_end=FrontEndCard(
            next_seq=next_seq,
            in_flight={"idle": 0, "slow": 2, "load": 7, "killed": 5, "waiting": 4, "diverged": 1}[kind],
            retransmissions=2 if kind == "waiting" else 0,
            executed_by_all=127 if kind == "waiting" else next_seq - (41 if busy else 1),
            reply_policy="first",
            epoch=1,
        ),
        replicas=tuple(_replica(r, kind, next_seq, busy) for r in range(1, replicas + 1)),
        tokens=_tokens(kind, next_seq, replicas, clients),
        sampling=640 if busy else 1,
        checks=_checks(kind, next_seq),
        violations=_violations(kind),
        metrics=_metrics(kind, next_seq, replicas),
        headline=_headline(replicas),
        alert=alert,
    )


def _headline(replicas: int) -> str:
    crashes = replicas - 1
    return f"{replicas} replicas · first answer wins · up to {crashes} may crash"


def _client(client: int, kind: str, next_seq: int, busy: bool) -> ClientCard:
    waits = kind != "idle" and (busy or client <= 2)
    return ClientCard(
        client=client,
        call=_CALLS[(client - 1) % len(_CALLS)],
        waiting_since_ns=NOW_NS - client * 190_000 - (300_000_000 if kind == "slow" else 0) if waits else 0,
        last_seq=next_seq - client,
        last_outcome="refused" if client % 4 == 3 else "ok",
        last_latency_ns=180_000 + 37_000 * client if busy else 4_100_000 - 300_000 * client,
        answered=next_seq // 3 - client,
    )


def _digest(seq: int, salt: str = "") -> int:
    return xxh3_64_intdigest(f"{seq}{salt}".encode())


def _strip(expected: int, salt: str = "", since: int = 0) -> tuple[int, ...]:
    first = max(1, expected - 16)
    return tuple(_digest(seq, salt if seq >= since else "") for seq in range(first, expected))


def _tiles(kind: str, diverged: bool) -> tuple[Tile, ...]:
    return (
        Tile("users", "4 · alice bob carol dave", False),
        Tile("posts", "31", kind != "idle"),
        Tile("alice", "2 followers", False),
        Tile("bob", "1 follower" if diverged else "3 followers", diverged),
        Tile("carol", "0 followers", False),
        Tile("last post", "bob: two of three is a majority", kind != "idle"),
    )


def _replica(replica: int, kind: str, next_seq: int, busy: bool) -> ReplicaCard:
    expected = next_seq - (replica * 7 % 3) * (24 if busy else 0)
    card = ReplicaCard(
        replica=replica,
        incarnation=1,
        pid=41_206 + replica,
        port=35_110 + replica * 3,
        state=ReplicaState.RUNNING,
        detail="",
        expected=expected,
        held=(),
        held_count=0,
        digest=_digest(expected - 1),
        strip=_strip(expected),
        strip_first=max(1, expected - 16),
        differs=False,
        tiles=_tiles(kind, False),
        first_answers=(next_seq - 1) * 4 // (5 + replica * replica),
    )
    if kind == "slow":
        return _at(card, next_seq - replica % 3, ReplicaState.RUNNING)
    if kind == "waiting":
        return _waiting(card, next_seq)
    if kind == "killed" and replica == 2:
        return replace(_at(card, 12_391, ReplicaState.DEAD), detail="SIGKILL · 12.1 s")
    if kind == "diverged" and replica == 1:
        digests = _strip(expected, "wrong", 124)
        return replace(
            card,
            state=ReplicaState.DIVERGED,
            detail="since #124",
            digest=digests[-1],
            strip=digests,
            differs=True,
            tiles=_tiles(kind, True),
        )
    return card


def _at(card: ReplicaCard, expected: int, state: ReplicaState) -> ReplicaCard:
    return replace(
        card,
        expected=expected,
        state=state,
        digest=_digest(expected - 1),
        strip=_strip(expected),
        strip_first=max(1, expected - 16),
    )


def _waiting(card: ReplicaCard, next_seq: int) -> ReplicaCard:
    if card.replica == 1:
        held = tuple(range(129, 133))
        return replace(_at(card, 128, ReplicaState.WAITING), detail="for #128", held=held, held_count=4)
    if card.replica == 2:
        held = (130, 131)
        return replace(_at(card, 129, ReplicaState.WAITING), detail="for #129", held=held, held_count=2)
    if card.replica == 4:
        held = tuple(range(104, 120))
        return replace(_at(card, 103, ReplicaState.LAGGING), detail="−29", held=held, held_count=28)
    return _at(card, next_seq, ReplicaState.RUNNING)


def _tokens(kind: str, next_seq: int, replicas: int, clients: int) -> tuple[Token, ...]:
    if kind in ("idle", "diverged"):
        return ()
    flight_ns, sample = (350_000_000, 640) if kind in ("load", "killed") else (DELAY_NS, 1)
    alive = [r for r in range(1, replicas + 1) if not (kind == "killed" and r == 2)]
    tokens: list[Token] = []

    def send(token_kind: TokenKind, seq: int, client: int, label: str, path: str, part: float) -> None:
        source, target = path.split(">")
        sent_ns = NOW_NS - int(part * flight_ns)
        number = len(tokens) + 1
        due_ns = sent_ns + flight_ns
        tokens.append(Token(number, token_kind, seq, client, label, source, target, sent_ns, due_ns, sample))

    for r in alive:
        send(TokenKind.ORDER, next_seq - 1, 1, f"#{next_seq - 1}", f"FE>R{r}", 0.25 + 0.09 * r)
        if r % 2:
            send(TokenKind.RESULT, next_seq - 3, 2, f"#{next_seq - 3}", f"R{r}>FE", 0.15 + 0.1 * r)
    send(TokenKind.REQUEST, 0, 1, _CALLS[0].split()[0], "C1>FE", 0.7)
    if clients > 1:
        send(TokenKind.ANSWER, next_seq - 4, 2, f"#{next_seq - 4}", "FE>C2", 0.5)
    if kind == "waiting":
        send(TokenKind.RETRANSMISSION, 128, 1, "#128 ↻", "FE>R1", 0.6)
        send(TokenKind.LOST, 129, 2, "× lost", "FE>R2", 0.65)
    return tuple(tokens)


def _checks(kind: str, next_seq: int) -> tuple[Verdict, ...]:
    done = next_seq - 1
    broken = kind == "diverged"
    digest = "All replicas agree after every number."
    if broken:
        digest = "Replicas differ: R1 since #124."
    words = (
        ("digest", digest),
        ("real_time", f"No request overtook one that was answered before it was sent: {done:,} checked."),
        ("reply", f"Every answer equals the reference's: {done:,} checked."),
        ("at_most_once", f"No request ran twice: {done:,} checked."),
        ("fifo", f"Each client's requests ran in the order it sent them: {done:,} checked."),
    )
    return tuple(
        Verdict(CheckCount(name, done, 1 if broken and name == "digest" else 0), text) for name, text in words
    )


def _violations(kind: str) -> tuple[Violation, ...]:
    if kind != "diverged":
        return ()
    return (
        Violation("digest", 124, 1, f"{_digest(124):016x} (R2, R3)", f"{_digest(124, 'wrong'):016x} (R1)"),
    )


def _metrics(kind: str, next_seq: int, replicas: int) -> Metrics:
    busy = kind in ("load", "killed")
    answered = next_seq - 1
    return Metrics(
        throughput_per_s=61_840.0 if busy else (1.6 if kind in ("slow", "waiting") else 0.0),
        p50_ns=240_000 if busy else 2_405_000_000,
        p99_ns=1_130_000 if busy else 2_420_000_000,
        first_answers=tuple((r, answered * 4 // (5 + r * r)) for r in range(1, replicas + 1)),
        messages_per_request=0.16 if busy else 2.0 + 2 * replicas,
        bytes_per_request=212.4 if busy else 611.0,
        answered=answered,
        refused=answered // 40,
        unknown=0,
    )
