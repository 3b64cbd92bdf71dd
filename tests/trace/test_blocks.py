"""Blocks: lossless, deduplicated, and safe to read whatever their bytes."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from xxhash import xxh3_64_intdigest

from bench.synthetic import BATCH_REQUESTS, BATCHES_PER_S, load_records
from core.errors import RecordingError
from core.limits import FRAME_BYTES
from core.trace import block_builder, blocks
from core.trace.block_builder import BlockBuilder
from core.trace.blocks import HEAD_BYTES, BlockHead, parts_in, unpack, unpack_head, unpack_records
from core.trace.wire_log import Record, Tap
from tests.support.dialogue import Dialogue

records_strategy = st.lists(
    st.builds(
        Record,
        st.integers(0, 1 << 62),
        st.integers(0, 255),
        st.integers(0, (1 << 32) - 1),
        st.integers(0, (1 << 64) - 1),
        st.one_of(st.binary(max_size=50), st.sampled_from([b"", b"again", b"\x9a\xa6result"])),
    ),
    min_size=1,
    max_size=30,
)


def sealed(records: list[Record], base_ns: int = 0) -> bytes:
    builder = BlockBuilder(base_ns)
    rest = iter(records)
    builder.add(rest)
    assert next(rest, None) is None
    return builder.seal()


def unsealed(block: bytes) -> list[Record]:
    return unpack_records(unpack_head(block[:HEAD_BYTES]), block[HEAD_BYTES:])


@settings(max_examples=300, deadline=None)
@given(records_strategy)
def test_any_records_come_back_as_they_were(records: list[Record]) -> None:
    assert unsealed(sealed(records)) == records


def test_times_are_counted_from_the_base() -> None:
    records = load_records(0.1, 3)
    base_ns = records[0].time_ns
    block = sealed(records, base_ns)
    head = unpack_head(block[:HEAD_BYTES])
    assert (head.first_ns, head.last_ns, head.base_ns) == (0, records[-1].time_ns - base_ns, base_ns)
    assert unsealed(block) == [record._replace(time_ns=record.time_ns - base_ns) for record in records]


def test_results_of_several_replicas_share_their_body() -> None:
    talk = Dialogue(replicas=7)
    talk.result(1, 1, 60)
    alone = BlockBuilder(0)
    alone.add(talk.records[-1:])
    for replica in range(2, 8):
        talk.result(replica, 1, 60)
    together = BlockBuilder(0)
    together.add(talk.records[-7:])
    assert together.parts_bytes < 1.5 * alone.parts_bytes


def test_an_order_shares_its_requests_with_the_calls_before_it() -> None:
    talk = Dialogue(replicas=3)
    talk.call((1, 1, 500 * "x"), (2, 1, 500 * "y"))
    called = BlockBuilder(0)
    called.add(talk.records[-1:])
    talk.order(1, (1, 1, 500 * "x"), (2, 1, 500 * "y"))
    both = BlockBuilder(0)
    both.add(talk.records[-2:])
    assert both.parts_bytes < called.parts_bytes + 50
    assert unsealed(both.seal()) == talk.records[-2:]


def test_a_chunk_of_a_state_is_kept_once_on_its_way_from_donor_to_newcomer() -> None:
    builder = BlockBuilder(0)
    body = random.Random(1).randbytes(100_000)
    builder.add([Record(1, Tap.FROM_PASSED, 2, 0, body), Record(2, Tap.TO_PASSED, 4, 0, body)])
    assert builder.parts_bytes == len(body)


def test_the_results_of_a_replica_that_lags_are_found_in_earlier_blocks() -> None:
    told = load_records(0.2, 1)
    late = [record._replace(links=4) for record in told if record.tap == Tap.FROM_PASSED]
    builder = BlockBuilder(0)
    sealed_blocks = []
    for records in (told, told[:1], late):
        builder.add(iter(records))
        sealed_blocks.append(builder.seal())
    heads = [unpack_head(block[:HEAD_BYTES]) for block in sealed_blocks]
    assert heads[2].raw_bytes < heads[0].raw_bytes / 10
    asked = []

    def earlier(back: int, parts: Sequence[int], max_bytes: int) -> list[bytes]:
        asked.append(back)
        raw = unpack(heads[2 - back], sealed_blocks[2 - back][HEAD_BYTES:])
        return parts_in(heads[2 - back], raw, parts, max_bytes)

    assert unpack_records(heads[2], sealed_blocks[2][HEAD_BYTES:], earlier) == late
    assert asked == [2]
    with pytest.raises(RecordingError, match="refers to another that is not there"):
        unpack_records(heads[2], sealed_blocks[2][HEAD_BYTES:])


def test_what_is_too_long_ago_is_kept_again(monkeypatch: pytest.MonkeyPatch) -> None:
    told = load_records(0.2, 1)
    monkeypatch.setattr(block_builder, "REMEMBERED_BYTES", 0)
    builder = BlockBuilder(0)
    builder.add(told)
    builder.seal()
    builder.add(told)
    assert unsealed(builder.seal()) == told


def test_a_paced_message_is_kept_once_for_its_whole_way() -> None:
    talk = Dialogue(replicas=3)
    builder = BlockBuilder(0)
    request = (1, 1, 500 * "x")
    for replica in (1, 2, 3):
        talk.order(1, request, to=[replica], tap=Tap.TO_SENT, token=replica)
        talk.order(1, request, to=[replica], tap=Tap.TO_DELIVERED, token=replica)
    builder.add(talk.records[-6:])
    assert builder.parts_bytes < 600


def test_a_request_takes_no_more_than_forty_bytes_with_three_replicas() -> None:
    records = load_records(0.5, 3)
    size = 0
    builder = BlockBuilder(records[0].time_ns)
    rest = iter(records)
    while True:
        builder.add(rest)
        full = builder.full
        size += len(builder.seal())
        if not full:
            break
    assert size / (0.5 * BATCH_REQUESTS * BATCHES_PER_S) < 40


def test_a_builder_says_when_it_is_full_and_loses_nothing_then() -> None:
    body = bytes(300_000)
    records = [Record(n, 0, 0, 0, body + bytes([n])) for n in range(9)]
    builder, rest = BlockBuilder(0), iter(records)
    parts: list[Record] = []
    for _ in range(4):
        builder.add(rest)
        if len(builder):
            parts += unsealed(builder.seal())
    assert parts == records


def test_a_body_longer_than_a_frame_is_refused() -> None:
    with pytest.raises(RecordingError, match="more than a recording can hold"):
        BlockBuilder(0).add([Record(0, 0, 0, 0, bytes(FRAME_BYTES + 1))])


@pytest.mark.parametrize("size", [0, 1, HEAD_BYTES - 1])
def test_a_short_head_is_refused(size: int) -> None:
    with pytest.raises(RecordingError):
        unpack_head(sealed(load_records(0.01, 1))[:size])


# --- a file made by somebody who means harm: every checksum is right, the content is not -------------------


def forged(raw: bytes, records: int, raw_bytes: int | None = None) -> tuple[BlockHead, bytes]:
    payload = zstandard.ZstdCompressor().compress(raw)
    size = len(raw) if raw_bytes is None else raw_bytes
    return BlockHead(len(payload), size, records, 0, 0, 0, xxh3_64_intdigest(payload)), payload


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_a_forged_block_gives_records_or_a_sentence(data: st.DataObject) -> None:
    records = [Record(n, 0, 1, 0, bytes([n]) * n) for n in range(1, 6)]
    block = sealed(records)
    head = unpack_head(block[:HEAD_BYTES])
    raw = bytearray(zstandard.decompress(block[HEAD_BYTES:]))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(raw)))
    try:
        found = unpack_records(*forged(bytes(raw[:cut]), head.records))
    except RecordingError:
        return
    assert len(found) == head.records


def test_a_bomb_is_refused_before_it_goes_off() -> None:
    with pytest.raises(RecordingError, match="another size"):
        unpack_records(*forged(bytes(100 << 20), 1, raw_bytes=1_000))
    head, _ = forged(b"", 1)
    with pytest.raises(RecordingError, match="more than a recording can hold"):
        unpack_head(blocks.pack_head(head._replace(raw_bytes=1 << 31)))
    with pytest.raises(RecordingError, match="more than a recording can hold"):
        unpack_head(blocks.pack_head(head._replace(records=1 << 30)))
    with pytest.raises(RecordingError, match="longer than its content"):
        unpack_head(blocks.pack_head(head._replace(compressed_bytes=1 << 31)))


@pytest.mark.parametrize("column", [0, 1, 2])
def test_a_body_that_is_not_there_is_refused(column: int) -> None:
    block = sealed([Record(0, 0, 1, 0, b"x")])
    head = unpack_head(block[:HEAD_BYTES])
    raw = bytearray(zstandard.decompress(block[HEAD_BYTES:]))
    # counts, time step, tap, links, token, then the three parts
    raw[12 + 8 + 1 + 4 + 8 + 4 * column] = 2
    with pytest.raises(RecordingError, match="does not have"):
        unpack_records(*forged(bytes(raw), head.records))


def test_bodies_that_multiply_in_memory_are_refused() -> None:
    builder = BlockBuilder(0)
    body = bytes(8 << 20)
    builder._records = [Record(0, 0, 0, 1, body)] * 1_000
    place = builder._store(body, 0)
    builder._places = 1_000 * [(place, place, place)]
    block = builder.seal()
    with pytest.raises(RecordingError, match="longer than a recording can hold"):
        unsealed(block)
