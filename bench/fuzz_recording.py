"""`python -m bench.fuzz_recording --files 20000`: damaged recordings, by seed.

Every file is read to its end as the app reads it. It must give a clear error, or the whole blocks before the
damage; never another exception, never more than a second, never more memory than `SPARE_BYTES` beside the
file's own size. Half of the kinds of damage are what disks and networks do; the other half repair the
checksums afterwards, so that the values behind them are reached, and such files are also shown, judged and
exported.
"""

from __future__ import annotations

import argparse
import random
import struct
import sys
import tempfile
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import zstandard
from xxhash import xxh3_64_intdigest

from core.errors import RecordingError
from core.model.fold import Fold
from core.services.kv import KeyValue
from core.session.check import check
from core.session.exports.causality import Causality
from core.session.exports.job import plain_words
from core.session.reader import Recording, read
from core.session.recording_format import PREAMBLE, pack_annotations
from core.trace.blocks import HEAD_BYTES, RAW_BYTES, pack_head, unpack_head
from core.trace.rows import row_of
from core.trace.wire_log import Record

SPARE_BYTES = 64 << 20
SECOND_NS = 1_000_000_000
USED_RECORDS = 3_000

Mutation = Callable[[random.Random, bytes, Recording], bytes]


class Failed(Exception):
    """A damaged file did what it must not."""


# --- what happens to files ----------------------------------------------------------------------------------


def flipped(rng: random.Random, data: bytes, whole: Recording) -> bytes:
    """Some bytes are others."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 8)):
        changed[rng.randrange(len(changed))] ^= rng.randint(1, 255)
    return bytes(changed)


def overwritten(rng: random.Random, data: bytes, whole: Recording) -> bytes:
    """A sector holds something else."""
    start, length = rng.randrange(len(data)), rng.choice((1, 16, 512, 4_096))
    return data[:start] + rng.randbytes(min(length, len(data) - start)) + data[start + length :]


def cut(rng: random.Random, data: bytes, whole: Recording) -> bytes:
    """The end is missing."""
    return data[: rng.randrange(len(data))]


def inserted(rng: random.Random, data: bytes, whole: Recording) -> bytes:
    """Something is in between."""
    start = rng.randrange(len(data) + 1)
    return data[:start] + rng.randbytes(rng.choice((1, 7, 60, 5_000))) + data[start:]


def removed(rng: random.Random, data: bytes, whole: Recording) -> bytes:
    """Something is missing in between."""
    start = rng.randrange(len(data))
    return data[:start] + data[start + rng.choice((1, 8, 60, 3_000)) :]


def repeated(rng: random.Random, data: bytes, whole: Recording) -> bytes:
    """A part is there again, somewhere."""
    start, target = rng.randrange(len(data)), rng.randrange(len(data))
    return data[:target] + data[start : start + rng.choice((60, 600, 20_000))] + data[target:]


# --- what somebody does on purpose: checksums are right -----------------------------------------------------


def header_changed(rng: random.Random, data: bytes, whole: Recording) -> bytes:
    """Another header."""
    magic, version, length, _ = PREAMBLE.unpack_from(data)
    body = bytearray(data[PREAMBLE.size : PREAMBLE.size + length])
    for _ in range(rng.randint(1, 4)):
        body[rng.randrange(len(body))] = rng.randrange(256)
    return (
        PREAMBLE.pack(magic, version, length, xxh3_64_intdigest(body)) + body + data[PREAMBLE.size + length :]
    )


def head_changed(rng: random.Random, data: bytes, whole: Recording) -> bytes:
    """A block says something else of itself."""
    place = rng.choice(whole.blocks)
    start = place.offset - HEAD_BYTES
    fields: list[Any] = list(unpack_head(data[start : start + HEAD_BYTES]))
    which = rng.randrange(6)
    bits = 32 if which < 3 else 63
    fields[which] = rng.choice((0, 1, (1 << bits) - 1, rng.getrandbits(bits), fields[which] + 1))
    return data[:start] + pack_head(type(place.head)(*fields)) + data[start + HEAD_BYTES :]


def content_changed(rng: random.Random, data: bytes, whole: Recording) -> bytes:
    """A block holds something else, well packed: mostly in its front, where the columns are."""
    place = rng.choice(whole.blocks)
    raw = bytearray(zstandard.decompress(data[place.offset : place.offset + place.head.compressed_bytes]))
    for _ in range(rng.randint(1, 30)):
        where = rng.randrange(min(len(raw), rng.choice((8, 600, len(raw)))))
        if rng.random() < 0.3:
            where = min(where, len(raw) - 4)
            raw[where : where + 4] = struct.pack("<I", rng.choice((0, 1, 0xFFFFFFFF, 1 << 24, len(raw))))
        else:
            raw[where] = rng.randrange(256)
    return _with_payload(data, place.offset, place.head, bytes(raw))


def bomb(rng: random.Random, data: bytes, whole: Recording) -> bytes:
    """A small block that unpacks to as much as is allowed, or to more."""
    place = rng.choice(whole.blocks)
    size = rng.choice((RAW_BYTES, RAW_BYTES + 1, RAW_BYTES // 2, 1 << 28))
    raw = struct.pack("<II", place.head.records, 2 * place.head.records + 1) + bytes(size - 8)
    return _with_payload(data, place.offset, place.head, raw)


def annotated(rng: random.Random, data: bytes, whole: Recording) -> bytes:
    """Annotations that are none."""
    return data + pack_annotations(rng.randbytes(rng.choice((0, 1, 50, 5_000))))


def _with_payload(data: bytes, offset: int, head, raw: bytes) -> bytes:  # type: ignore[no-untyped-def]
    payload = zstandard.compress(raw, 1)
    fixed = head._replace(
        compressed_bytes=len(payload), raw_bytes=len(raw), checksum=xxh3_64_intdigest(payload)
    )
    return data[: offset - HEAD_BYTES] + pack_head(fixed) + payload + data[offset + head.compressed_bytes :]


ACCIDENTS: tuple[Mutation, ...] = (flipped, overwritten, cut, inserted, removed, repeated)
FORGERIES: tuple[Mutation, ...] = (header_changed, head_changed, content_changed, bomb, annotated)


# --- what must come of it -----------------------------------------------------------------------------------


def judge(path: Path, original: list[Record], accident: bool) -> str:
    """Read the file to its end, then show and judge what a forger made; what came of it in a word. Raises
    Failed."""
    tracemalloc.start()
    began_ns = time.process_time_ns()
    try:
        outcome = _read(path, original, accident)
        took_ns = time.process_time_ns() - began_ns
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    size = path.stat().st_size
    if peak > size + SPARE_BYTES:
        raise Failed(f"took {peak / 2**20:.0f} MiB for {size / 2**20:.1f} MiB")
    if not accident and outcome not in ("refused", "refused later"):
        began_ns = time.process_time_ns()
        _use(read(path))
        took_ns = max(took_ns, time.process_time_ns() - began_ns)
    if took_ns > SECOND_NS:
        raise Failed(f"took {took_ns / 1e9:.1f} s")
    return outcome


def _read(path: Path, original: list[Record], accident: bool) -> str:
    try:
        recording = read(path)
    except RecordingError as error:
        if not str(error):
            raise Failed("an error without words") from error
        return "refused"
    found = 0
    try:
        for block in range(len(recording.blocks)):
            records = recording.load(block)
            if accident and records != original[found : found + len(records)]:
                raise Failed("shows what never was")
            found += len(records)
            del records
    except RecordingError as error:
        if accident:
            raise Failed(f"a block was promised and is not there: {error}") from error
        return "refused later"
    if accident and found < len(original) and not recording.note:
        raise Failed("records are missing and nothing is said")
    return "whole" if found == len(original) else "up to the damage"


def _use(recording: Recording) -> None:
    """Show, judge and export it as the app does."""
    fold, causality, left = Fold(plain_words), Causality(plain_words, recording.base_ns), USED_RECORDS
    for block in range(len(recording.blocks)):
        records = recording.load(block)[:left]
        left -= len(records)
        fold.apply(records)
        for record in records:
            row_of(record, plain_words)
        for _ in causality.events(records):
            pass
    fold.view(recording.duration_ns)
    if recording.records_count <= USED_RECORDS:
        check(recording, KeyValue())


def fuzz(
    recording: Path, files: int, seed: int, first: int = 0, tell: Callable[[int], None] | None = None
) -> Counter[str]:
    """Damage a recording in so many ways. Gives how often each outcome came. Raises Failed with the seed and
    the file's number, with which to go on (`first`)."""
    data, whole = recording.read_bytes(), read(recording)
    original = list(whole.records())
    outcomes: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "damaged.lockstep"
        for number in range(first, files):
            rng = random.Random(f"{seed}.{number}")
            accident = bool(number % 2)
            mutate = rng.choice(ACCIDENTS if accident else FORGERIES)
            path.write_bytes(mutate(rng, data, whole))
            try:
                outcome = judge(path, original, accident)
            except Exception as error:
                raise Failed(f"seed {seed}, file {number}, {mutate.__name__}: {error!r}") from error
            outcomes[f"{'accident' if accident else 'forgery'}: {outcome}"] += 1
            if tell is not None and number % 500 == 499:
                tell(number + 1)
    return outcomes


def made(folder: Path, requests: int = 400) -> Path:
    """A recording of a real run to damage, in several blocks."""
    from core.runtime.run_settings import RunSettings
    from core.runtime.session import record_run

    path = folder / "whole.lockstep"
    record_run(RunSettings(service="kv", clients=8, requests=requests, think_ms=20.0), path)
    return path


def _tell(done: int) -> None:
    print(f"{done:,} files", flush=True)


def main() -> int:
    """Run it and print what came of it."""
    parser = argparse.ArgumentParser(description="Read damaged recordings.")
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="begin with this file")
    parser.add_argument("--recording", type=Path, help="the recording to damage; without it one is made")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        recording = options.recording or made(Path(folder))
        print(f"{recording.stat().st_size:,} bytes, {len(read(recording).blocks)} blocks", flush=True)
        try:
            outcomes = fuzz(recording, options.files, options.seed, options.first, _tell)
        except Failed as failure:
            print(failure)
            return 1
    for name, count in sorted(outcomes.items()):
        print(f"{count:8,}  {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
