"""`docs/recording-format.md` is enough to write another reader: here is one, and it knows nothing else.

What reads a file below uses `struct`, zstd, xxh3 and a plain msgpack decoder, and the numbers that the page
names. The app's own reader only says what has to come out.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, get_args

import msgspec
import pytest
import zstandard
from xxhash import xxh3_64_intdigest

from core.facts import FactUnion
from core.protocol.messages import FRAMES
from core.session import recorder
from core.session.annotations import Note, write_notes
from core.session.reader import read
from core.trace.wire_log import Tap
from tests.support.made_run import made_run, save

PAGE = (Path(__file__).parents[2] / "docs" / "recording-format.md").read_text("utf-8")
plain = msgspec.msgpack.Decoder().decode


class Told(NamedTuple):
    """A recording, as the page lets one read it."""

    header: dict[str, Any]
    records: list[tuple[int, int, int, int, bytes]]
    notes: list[list[Any]]
    closed: bool


def read_by_the_page(path: Path) -> Told:
    data = path.read_bytes()
    magic, version, length, checksum = struct.unpack_from("<12sHIQ", data)
    assert (magic, version) == (bytes.fromhex("894C4F434B535445500D0A1A"), 2) and length <= 65_536
    at = struct.calcsize("<12sHIQ")
    header = data[at : at + length]
    assert xxh3_64_intdigest(header) == checksum
    at += length
    records: list[tuple[int, int, int, int, bytes]] = []
    notes: list[list[Any]] = []
    stores: list[list[bytes]] = []
    blocks, closed = 0, False
    while at < len(data):
        kind = data[at : at + 4]
        if kind == b"NOTE":
            size, checksum = struct.unpack_from("<IQ", data, at + 4)
            payload = data[at + 16 : at + 16 + size]
            assert xxh3_64_intdigest(payload) == checksum
            notes, at = plain(payload), at + 16 + size
        elif kind == b"END1":
            assert struct.unpack_from("<QQ", data, at + 4) == (blocks, len(records))
            assert xxh3_64_intdigest(data[at : at + 20]) == struct.unpack_from("<Q", data, at + 20)[0]
            closed, at = True, at + 28
        else:
            assert kind == b"BLK2" and not closed
            head = struct.unpack_from("<IIIqqqQ", data, at + 4)
            size, raw_size, count, first_ns, last_ns, _, checksum = head
            assert xxh3_64_intdigest(data[at : at + 48]) == struct.unpack_from("<Q", data, at + 48)[0]
            payload = data[at + 56 : at + 56 + size]
            assert xxh3_64_intdigest(payload) == checksum and raw_size <= 29_098_000
            raw = zstandard.decompress(payload)
            assert len(raw) == raw_size
            found = list(block(raw, first_ns, stores))
            assert len(found) == count and found[-1][0] == last_ns
            records += found
            blocks, at = blocks + 1, at + 56 + size
    return Told(plain(header), records, notes, closed)


def block(raw: bytes, first_ns: int, stores: list[list[bytes]]) -> Iterator[tuple[int, int, int, int, bytes]]:
    """The records of a block; `stores` has the parts of those before it, and gets its own."""
    count, parts, foreign = struct.unpack_from("<III", raw)
    at = 12

    def column(letter: str, length: int) -> list[int]:
        """A column of planes."""
        nonlocal at
        size = struct.calcsize(f"<{letter}")
        planes = raw[at : at + size * length]
        at += size * length
        mixed = b"".join(
            bytes(planes[plane * length + row] for plane in range(size)) for row in range(length)
        )
        return list(struct.unpack(f"<{length}{letter}", mixed))

    steps, taps, links, tokens = (column(letter, count) for letter in "qBIQ")
    places = [column("I", count) for _ in range(3)]
    lengths, backs, indices = column("I", parts), column("B", foreign), column("I", foreign)
    store = []
    for length in lengths:
        store.append(raw[at : at + length])
        at += length
    assert at == len(raw) and store[0] == b"" and all(1 <= back <= 16 for back in backs)
    stores.append(store)
    store = store + [stores[-1 - back][index] for back, index in zip(backs, indices, strict=True)]
    time_ns = first_ns
    for step, tap, link, token, *body in zip(steps, taps, links, tokens, *places, strict=True):
        time_ns += step
        yield time_ns, tap, link, token, b"".join(store[part] for part in body)


def test_another_reader_reads_the_same(tmp_path: Path) -> None:
    path = save(tmp_path / "x.lockstep", made_run(150))
    write_notes(path, [Note(5, "look", 7)])
    told, own = read_by_the_page(path), read(path)
    assert told.closed and told.notes == [[5, "look", 7]]
    assert told.header == msgspec.to_builtins(own.header)
    assert told.records == [tuple(record) for record in own.records()]


def test_another_reader_finds_what_a_lagging_replica_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The results of two replicas come seconds after that of the first: in other blocks."""
    monkeypatch.setattr(recorder, "HELPING_RECORDS", 10)
    records = [record for record in made_run(150) if record.tap == Tap.FROM_PASSED and len(record.body) > 80]
    late = [record._replace(time_ns=record.time_ns + 5_000_000_000 * record.links) for record in records]
    path = save(tmp_path / "x.lockstep", sorted(late))
    told, own = read_by_the_page(path), read(path)
    sizes = [place.head.raw_bytes for place in own.blocks]
    assert sum(sizes[-len(sizes) // 3 :]) < 0.6 * sum(sizes[: len(sizes) // 3]), "told before"
    assert told.records == [tuple(record) for record in own.records()]
    assert [record[4] for record in told.records] == [record.body for record in sorted(late)]


def test_another_reader_tells_who_asked_what_and_what_was_answered(tmp_path: Path) -> None:
    told = read_by_the_page(save(tmp_path / "x.lockstep", made_run(40, clients=2)))
    asked, answered, outcomes = {}, {}, {}
    for _, tap, _, _, body in told.records:
        fields = plain(body)
        if tap in (7, 8):
            tag, ids, operations = fields
            assert tag == "called"
            pairs = struct.iter_unpack("<II", ids)
            asked.update({pair: plain(operation) for pair, operation in zip(pairs, operations, strict=True)})
        elif tap in (9, 10):
            tag, _, ids, seqs, codes = fields
            assert tag == "returned"
            numbers = (seq for (seq,) in struct.iter_unpack("<Q", seqs))
            answered.update(
                zip(struct.iter_unpack("<II", ids), zip(numbers, codes, strict=True), strict=True)
            )
        elif tap == 4 and fields[0] == "result":
            ids, digests, each = plain(fields[9])
            assert len(digests) == len(ids) == 8 * len(each)
            outcomes.update(zip(struct.iter_unpack("<II", ids), map(plain, each), strict=True))
    assert len(asked) == len(answered) == len(outcomes) == 42
    assert sorted(seq for seq, _ in answered.values()) == list(range(1, 43))
    assert all(outcomes[pair][0] == code for pair, (_, code) in answered.items())
    assert {operation if isinstance(operation, str) else operation[0] for operation in asked.values()} >= {
        "open", "get", "put"
    }  # fmt: skip


def table(heading: str) -> dict[str, list[str]]:
    """Tag → names of fields, as a table of the page has them."""
    section = PAGE.partition(f"### {heading}")[2].partition("\n#")[0]
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \|$", section, re.MULTILINE)
    return {
        tag: [] if fields == "none" else [one.split()[0] for one in fields.split(", ")]
        for tag, fields in rows
    }


@pytest.mark.parametrize(("heading", "kinds"), [("Frames", FRAMES), ("Facts", get_args(FactUnion))])
def test_the_page_knows_every_frame_and_fact_and_their_fields_in_order(
    heading: str, kinds: tuple[type[msgspec.Struct], ...]
) -> None:
    told = table(heading)
    expected = {
        str(kind.__struct_config__.tag): [field.name for field in msgspec.structs.fields(kind)]
        for kind in kinds
    }
    assert told == expected, "docs/recording-format.md has a table of them"


def test_the_page_knows_every_tap() -> None:
    rows = re.findall(r"^\| ([\d, ]+) \| ([A-Z_, ]+) \|", PAGE, re.MULTILINE)
    told = {
        name: int(number)
        for numbers, names in rows
        for number, name in zip(numbers.split(", "), names.split(", "), strict=True)
    }
    assert told == {tap.name: int(tap) for tap in Tap}
