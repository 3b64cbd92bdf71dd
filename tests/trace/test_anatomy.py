"""A record taken apart: every byte belongs to a field, and every field says what it means."""

from __future__ import annotations

import pytest

from core.facts import Diverged
from core.protocol.codec import encode
from core.protocol.framing import pack
from core.protocol.messages import Nack
from core.trace.anatomy import SHOWN_ITEMS, Anatomy, Field, anatomy
from core.trace.wire_log import Record, Tap, encode_fact
from tests.support.dialogue import Dialogue, words


def field(whole: Anatomy, *path: str) -> Field:
    fields, found = whole.fields, None
    for name in path:
        found = next(one for one in fields if one.name == name)
        fields = found.parts
    assert found is not None
    return found


def taken_apart(talk: Dialogue) -> Anatomy:
    return anatomy(talk.records[-1], words)


def test_every_byte_of_a_frame_belongs_to_one_field() -> None:
    talk = Dialogue()
    before = len(talk.records)
    talk.order(7, (1, 1, "post hi"), (2, 4, "post ho")).result(2, 7, 2).frame(2, Nack(3, 6))
    talk.pong(1, 8, 9, 12).summary(1, 3, ("users", "4"))
    for record in talk.records[before:]:
        whole = anatomy(record, words)
        assert whole.framed
        assert whole.data == pack(record.body)
        assert b"".join(one.data for one in whole.fields) == whole.data
        at = 0
        for one in whole.fields:
            assert one.offset == at
            at += len(one.data)


def test_an_order_names_its_requests_and_operations() -> None:
    whole = taken_apart(Dialogue().order(7, (1, 1, "post hi"), (2, 4, "post ho")))
    assert whole.name == "order"
    body = len(whole.data) - 4
    assert whole.sizes == f"{len(whole.data)} bytes: 4 of framing, {body} of message"
    assert field(whole, "length").data == body.to_bytes(4, "big")
    assert field(whole, "first_seq").says == "#7 · first sequence number of the batch"
    assert field(whole, "requests", "#8").says == "C2.4"
    assert field(whole, "requests", "#8").data == bytes((2, 0, 0, 0, 4, 0, 0, 0))
    assert field(whole, "operations", "#7").says == "post hi"
    assert field(whole, "operations", "#7").data == b"post hi"


def test_a_result_opens_into_its_body() -> None:
    talk = Dialogue()
    whole = taken_apart(talk.result(2, 7, 2))
    assert field(whole, "last_digest").says.startswith(f"{talk.digest(2, 8):016x}")
    assert field(whole, "body", "digests", "after #7").says == f"{talk.digest(2, 7):016x}"
    assert field(whole, "body", "digests", "after #7").data == talk.digest(2, 7).to_bytes(8, "little")
    assert field(whole, "body", "outcomes", "#8").says == "ok"


def test_a_fact_was_on_no_link() -> None:
    whole = anatomy(Record(1, Tap.FACT, 0, 0, encode_fact(Diverged(2, 9))), words)
    assert not whole.framed
    assert "no link carried them" in whole.sizes
    assert [(one.name, one.says) for one in whole.fields[2:]] == [("replica", "R2"), ("seq", "#9")]
    assert b"".join(one.data for one in whole.fields) == whole.data


def test_calls_and_answers_name_their_requests() -> None:
    call = taken_apart(Dialogue().call((1, 1, "post hi"), (2, 1, "post ho")))
    assert field(call, "requests", "request 2").says == "C2.1"
    assert field(call, "operations", "request 2").says == "post ho"
    answer = taken_apart(Dialogue().answer(2, (1, 1, 5, "refused")))
    assert field(answer, "seqs", "#5").data == (5).to_bytes(8, "little")
    assert field(answer, "outcomes", "answer 1").says == "refused"
    assert field(answer, "replica").says == "R2"


def test_a_long_batch_says_how_many_are_not_listed() -> None:
    requests = [(1, number, "post hi") for number in range(1, SHOWN_ITEMS + 12)]
    parts = field(taken_apart(Dialogue().order(1, *requests)), "operations").parts
    assert len(parts) == SHOWN_ITEMS + 1
    assert parts[-1].says == "and 11 more"


@pytest.mark.parametrize("body", [b"", b"\xc1", b"\x93\xa5order\x01", encode(Nack(3, 6))[:-1]])
def test_what_cannot_be_read_says_so_and_shows_its_bytes(body: bytes) -> None:
    whole = anatomy(Record(1, Tap.TO_PASSED, 2, 0, body), words)
    assert whole.name == "unreadable"
    assert whole.fields[-1].data == body
    assert "cannot be read" in whole.fields[-1].says
