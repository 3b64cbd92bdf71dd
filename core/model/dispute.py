"""A failed check as a picture: the fewest requests that conflict, on the history as their clients saw it.

For the linearizability check those are told by the judge (`core.checks.conflict`). The live checks hold the
order in their hands, so the fewest are known from what each of them says:

digest, reply, at_most_once   one number: it was executed, and a replica made something else of it. What every
                              replica did is drawn below.
fifo                          the request that came too early, and the one of the same client before it
real_time                     the request that had returned, and an earlier-numbered one called afterwards

A request of which nobody knows the outcome has an open end: it may have taken effect at any time since.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from core.facts import Called, ConflictCall
from core.ids import RequestId, client_name, replica_name
from core.model.bands import Band, Bands
from core.model.cluster_view import ClusterView, Violation
from core.model.locate import position_of
from core.model.story import LOOKED_AT, Story, story_of_number, story_of_request
from core.model.words import duration
from core.protocol.messages import OrderHead, unpack_u32
from core.trace.events import EventLog
from core.trace.wire_log import UNREADABLE, Record, Tap, decode_fact

MARGIN = 0.06
"""Of the time from the first call to the last return, left free on both sides."""

_called = msgspec.msgpack.Decoder(Called)
_order_head = msgspec.msgpack.Decoder(OrderHead)
_FACT = int(Tap.FACT)
_CALLS = frozenset(map(int, (Tap.CALL_SENT, Tap.CALL_DELIVERED)))
_ORDERS = frozenset(map(int, (Tap.TO_PASSED, Tap.TO_SENT)))


class Claim(msgspec.Struct, frozen=True):
    """A request as its client saw it. `returned_ns` is 0 for an open end, `seq` 0 when nobody knows it. What
    is not `strict` demands nothing: it may have taken effect, and even so there is a conflict."""

    request: RequestId
    seq: int
    called_ns: int
    returned_ns: int
    call: str
    answer: str
    strict: bool = True

    @property
    def node(self) -> str:
        """Whose it is."""
        return client_name(self.request.client) if self.request.client else "FE"

    @property
    def words(self) -> str:
        """In a line."""
        number = f"#{self.seq}  " if self.seq else ""
        answer = self.answer or "nobody knows whether it took effect"
        return f"{number}{self.request} {self.call} → {answer}"


class Deed(msgspec.Struct, frozen=True):
    """An execution by a replica; `wrong` when it is the one that is accused."""

    replica: int
    seq: int
    start_ns: int
    end_ns: int
    wrong: bool


class Dispute(msgspec.Struct, frozen=True):
    """What to draw, and a reading of it in sentences."""

    check: str
    claims: tuple[Claim, ...]
    deeds: tuple[Deed, ...]
    bands: tuple[Band, ...]
    sentences: tuple[str, ...]
    start_ns: int
    end_ns: int


def band_words(band: Band) -> str:
    """What was wrong, and with whom."""
    name = replica_name(band.replica)
    return band.words if name in band.words else f"{name} {band.words}"


def dispute_of(
    view: ClusterView, log: EventLog, words: Callable[[bytes], str], violation: Violation
) -> Dispute | None:
    """The picture of a violation; None when the events do not tell it any more."""
    claims, deeds = _found(log, words, violation)
    times = [time_ns for one in claims for time_ns in (one.called_ns, one.returned_ns) if time_ns]
    times += [time_ns for deed in deeds for time_ns in (deed.start_ns, deed.end_ns)]
    if not claims or not times:
        return None
    first, last = min(times), max(times)
    margin = max(1_000, round((last - first) * MARGIN))
    start, end = first - margin, last + margin
    bands = tuple(_bands(log, start, end))
    return Dispute(
        violation.check, claims, deeds, bands,
        tuple(_sentences(view, violation, claims, deeds, bands)), start, end,
    )  # fmt: skip


# --- what conflicts -----------------------------------------------------------------------------------------


def _found(
    log: EventLog, words: Callable[[bytes], str], violation: Violation
) -> tuple[tuple[Claim, ...], tuple[Deed, ...]]:
    if violation.calls:
        return tuple(map(_of_the_judge, violation.calls)), ()
    story = story_of_number(log, violation.seq, words)
    claims = [_claim(story)]
    if violation.check == "fifo" and story.request.number > 1:
        before = RequestId(story.request.client, story.request.number - 1)
        claims.insert(0, _claim(story_of_request(log, before, words)))
    if violation.check == "real_time" and story.answered_ns:
        later = _called_after(log, violation.seq, story.answered_ns)
        claims += [_claim(story_of_number(log, later, words))] if later else []
    deeds = tuple(
        Deed(replica, violation.seq, one.started_ns, one.finished_ns, replica == violation.replica)
        for replica, one in sorted(story.executions.items())
    )
    found = tuple(claim for claim in claims if claim.called_ns)
    return found, deeds if violation.check not in ("fifo", "real_time") else ()


def _of_the_judge(call: ConflictCall) -> Claim:
    request = RequestId(call.client, call.number)
    return Claim(
        request, call.seq, call.called_ns, call.returned_ns, call.call, call.answer, bool(call.returned_ns)
    )


def _claim(story: Story) -> Claim:
    unknown = story.outcome == "unknown" or not story.outcome
    returned_ns = 0 if unknown else story.answered_ns
    answer = "" if unknown else story.outcome
    called_ns = story.called_ns or story.ordered_ns
    return Claim(story.request, story.seq, called_ns, returned_ns, story.call, answer)


def _called_after(log: EventLog, seq: int, returned_ns: int) -> int:
    """The earlier-numbered request that was called last after this moment; 0 when the log tells of none."""
    position = position_of(log, seq)
    start = max(log.first, (position or log.end) - LOOKED_AT // 2)
    calls: dict[RequestId, int] = {}
    numbers: dict[RequestId, int] = {}
    for record in log.between(start, start + LOOKED_AT):
        try:
            if record[1] in _CALLS and record[0] > returned_ns:
                ids = unpack_u32(_called.decode(record[4]).requests)
                calls |= {RequestId(*pair): record[0] for pair in zip(ids[::2], ids[1::2], strict=True)}
            elif record[1] in _ORDERS and record[4][2:3] == b"o":
                head = _order_head.decode(record[4])
                if head.first_seq < seq:
                    ids = unpack_u32(head.requests)
                    pairs = zip(ids[::2], ids[1::2], strict=True)
                    numbers |= {RequestId(*pair): at for at, pair in enumerate(pairs, head.first_seq)}
        except (*UNREADABLE, ValueError):
            continue
    found = [(time_ns, numbers[name]) for name, time_ns in calls.items() if 0 < numbers.get(name, 0) < seq]
    return max(found)[1] if found else 0


# --- what was wrong meanwhile -------------------------------------------------------------------------------


def _bands(log: EventLog, start_ns: int, end_ns: int) -> Iterator[Band]:
    bands = Bands()
    for record in _facts(log):
        if record[0] > end_ns:
            break
        try:
            bands.tell(record[0], decode_fact(record[4]))
        except UNREADABLE:
            continue
    return bands.within(start_ns, end_ns)


def _facts(log: EventLog) -> list[Record]:
    return [record for record in log.between(log.first, log.end) if record[1] == _FACT]


# --- in words -----------------------------------------------------------------------------------------------


def _sentences(
    view: ClusterView,
    violation: Violation,
    claims: tuple[Claim, ...],
    deeds: tuple[Deed, ...],
    bands: tuple[Band, ...],
) -> Iterator[str]:
    yield from _READINGS.get(violation.check, _of_a_number)(violation, claims)
    open_ends = [claim for claim in claims if not claim.returned_ns and not claim.strict]
    if open_ends:
        names = ", ".join(str(claim.request) for claim in open_ends)
        one = len(open_ends) == 1
        yield (
            f"Of {names} nobody knows the outcome: {'it' if one else 'they'} may have taken effect at any "
            "time after the call, and even that does not explain the answers."
        )
    if deeds:
        alike = [replica_name(deed.replica) for deed in deeds if not deed.wrong]
        wrong = [replica_name(deed.replica) for deed in deeds if deed.wrong]
        if alike and wrong:
            yield f"{', '.join(wrong)} made something else of it than {', '.join(alike)}."
    if bands:
        told = "; ".join(
            f"{band_words(band)} from {(band.start_ns - view.started_ns) / 1e9:.3f} s" for band in bands[:4]
        )
        yield f"Wrong meanwhile: {told}{' and more' if len(bands) > 4 else ''}."


def _of_a_number(violation: Violation, claims: tuple[Claim, ...]) -> Iterator[str]:
    yield f"One request is enough to show it: #{violation.seq}, {claims[0].request}."
    if violation.check == "digest" and violation.seq > 1:
        yield f"Up to #{violation.seq - 1} every state was the same; after #{violation.seq} they differ."


def _of_the_history(violation: Violation, claims: tuple[Claim, ...]) -> Iterator[str]:
    strict = [claim for claim in claims if claim.strict]
    if len(strict) == 1:
        yield (
            f"One request is enough to show it: whenever {strict[0].request} took effect between its call "
            "and its return, it could not be given this answer."
        )
        return
    yield (
        f"No order of these {len(strict)} requests gives every client the answer that it got, though each "
        "may take effect at any moment between its call and its return. No smaller set was found."
    )
    for before in strict:
        for after in strict:
            if before.returned_ns < after.called_ns and _neighbours(before, after, strict):
                gap = duration(after.called_ns - before.returned_ns)
                yield f"{after.request} was called {gap} after {before.request} had returned: it comes later."


def _neighbours(before: Claim, after: Claim, claims: list[Claim]) -> bool:
    return not any(
        before.returned_ns < one.called_ns and one.returned_ns < after.called_ns
        for one in claims
        if one not in (before, after)
    )


def _of_one_client(violation: Violation, claims: tuple[Claim, ...]) -> Iterator[str]:
    if len(claims) < 2:
        yield f"#{violation.seq} overtook an earlier request of its client, which is not told any more."
        return
    first, second = claims
    number = f"as #{first.seq}" if first.seq else "not at all"
    yield (
        f"{first.node} asked {first.request} before {second.request}; but {second.request} was ordered as "
        f"#{second.seq}, and {first.request} {number}."
    )


def _of_real_time(violation: Violation, claims: tuple[Claim, ...]) -> Iterator[str]:
    if len(claims) < 2:
        yield f"#{violation.seq} returned before an earlier-numbered request was called."
        return
    first, second = claims
    gap = duration(max(0, second.called_ns - first.returned_ns))
    yield (
        f"{first.request} had returned {gap} before {second.request} was called, and yet it has the higher "
        f"number, #{first.seq} after #{second.seq}: the order says it happened later."
    )


_READINGS: dict[str, Callable[[Violation, tuple[Claim, ...]], Iterator[str]]] = {
    "linearizability": _of_the_history,
    "fifo": _of_one_client,
    "real_time": _of_real_time,
}
