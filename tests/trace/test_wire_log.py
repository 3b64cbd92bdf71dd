"""What the wire log says of its records without decoding them."""

from __future__ import annotations

from typing import get_args

import pytest

from core.facts import Checked, Counted, Fact, FactUnion
from core.protocol.codec import encode
from core.protocol.messages import FromFrontEnd, FromReplica, Nack, Ping, Pong
from core.trace.wire_log import Record, Tap, encode_fact, is_pulse

PULSES = {"ping", "pong", "counted", "checked"}


@pytest.mark.parametrize("body", [encode(Ping(1, 70_000, 3)), encode(Pong(2**40, 1, (3, 9), 2**63))])
def test_a_sign_of_life_is_a_pulse(body: bytes) -> None:
    assert is_pulse(Record(1, Tap.FROM_PASSED, 2, 0, body))


@pytest.mark.parametrize("fact", [Checked(()), Counted(1, 2, 3, 4, 5, 6, 7)])
def test_a_count_is_a_pulse(fact: Fact) -> None:
    assert is_pulse(Record(1, Tap.FACT, 0, 0, encode_fact(fact)))


def test_nothing_else_is() -> None:
    kinds = (*get_args(FactUnion), *get_args(FromFrontEnd), *get_args(FromReplica))
    tags = {str(kind.__struct_config__.tag) for kind in kinds}
    assert len(tags) > 40
    taken_for = {tag for tag in tags if is_pulse(Record(1, Tap.FACT, 0, 0, b"\x9f\xa0" + tag.encode()))}
    assert taken_for == PULSES
    assert not is_pulse(Record(1, Tap.FROM_PASSED, 2, 0, encode(Nack(1, 2))))
    assert not is_pulse(Record(1, Tap.FACT, 0, 0, b""))
