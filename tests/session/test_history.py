"""The clients' history, read off the wire log."""

from __future__ import annotations

from itertools import pairwise

import pytest

from core.services.calls import OK_NOTHING, decode_outcome
from core.session.history import Fate, Request, requests, turns
from core.trace.wire_log import Record, Tap
from tests.support.dialogue import Dialogue
from tests.support.made_run import made_run


def test_every_request_has_its_call_its_number_and_its_answer() -> None:
    found = [one for one in requests(made_run(60, clients=3)) if not one.of_a_session]
    assert len(found) == 60
    assert sorted(one.seq for one in found) == list(range(4, 64))
    assert {one.replica for one in found} == {1, 2, 3}
    for one in found:
        assert one.return_ns is not None and one.call_ns < one.return_ns
        assert one.outcome is not None
        refused = one.fate is Fate.REFUSED
        assert refused == (type(decode_outcome(one.outcome)).__name__ == "Refused")


def test_sessions_are_told_from_operations() -> None:
    opened = [one for one in requests(made_run(10, clients=2)) if one.of_a_session]
    assert [(one.client, one.number, one.outcome) for one in opened] == [
        (1, 1, OK_NOTHING),
        (2, 1, OK_NOTHING),
    ]


def test_what_nobody_answered_is_unknown() -> None:
    records = made_run(20, clients=2)
    last = max(place for place, record in enumerate(records) if record.tap == Tap.RETURN_DELIVERED)
    found = list(requests(records[:last]))
    unknown = [one for one in found if one.fate is Fate.UNKNOWN]
    assert unknown and all(one.return_ns is None and one.outcome is None for one in unknown)
    assert found[-len(unknown) :] == unknown


def test_an_answer_from_nobody_ends_a_request_as_unknown() -> None:
    talk = Dialogue(replicas=2)
    talk.at(1.0).call((1, 1, "post hi")).order(1, (1, 1, "post hi"))
    talk.at(2.0).answer(0, (1, 1, 1, "unknown"))
    [one] = requests(talk.records)
    assert (one.fate, one.seq, one.return_ns, one.replica) == (Fate.UNKNOWN, 1, None, 0)


def test_turns_come_in_the_order_of_time_though_the_log_has_the_next_call_first() -> None:
    records = made_run(80, clients=4)
    seen = list(turns(records))
    assert [time for time, _, _ in seen] == sorted(time for time, _, _ in seen)
    by_client: dict[int, list[tuple[bool, Request]]] = {}
    for _, ended, one in seen:
        by_client.setdefault(one.client, []).append((ended, one))
    for own in by_client.values():
        assert all(before != after for (before, _), (after, _) in pairwise(own)), "call and end by turns"


@pytest.mark.parametrize("tap", [Tap.CALL_DELIVERED, Tap.RETURN_DELIVERED])
def test_bytes_that_are_none_raise_what_is_promised(tap: Tap) -> None:
    with pytest.raises(ValueError, match=r".+"):
        list(requests([Record(0, tap, 0, 0, b"\x00")]))
