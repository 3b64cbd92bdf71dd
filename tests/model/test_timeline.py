"""Checkpoints: the fold at any moment equals one folded from the start, also when most of them are gone."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from bench.synthetic import START_NS, load_records, words
from core.model import timeline
from core.model.fold import Fold
from core.model.timeline import Timeline, is_answer
from core.trace.wire_log import Record, Tap

BLOCK = 700


class Blocks:
    """A tape in memory; `loads` counts how often a block was asked for."""

    def __init__(self, records: list[Record]) -> None:
        self.all = records
        self.loads = 0

    @property
    def blocks(self) -> int:
        return -(-len(self.all) // BLOCK)

    @property
    def records(self) -> int:
        return len(self.all)

    def first_record(self, block: int) -> int:
        return block * BLOCK

    def first_ns(self, block: int) -> int:
        return self.all[block * BLOCK].time_ns

    def block_of(self, record: int) -> int:
        return record // BLOCK

    def load(self, block: int) -> Sequence[Record]:
        self.loads += 1
        return self.all[block * BLOCK : (block + 1) * BLOCK]


@pytest.fixture(scope="module")
def run() -> list[Record]:
    return load_records(1.0, 3)


def read(run: list[Record]) -> tuple[Timeline, Blocks]:
    blocks = Blocks(run)
    read = Timeline(blocks, lambda: Fold(words))
    while read.read_on():
        pass
    return read, blocks


def folded(run: list[Record], records: int) -> Fold:
    fold = Fold(words)
    fold.apply(run[:records])
    return fold


@pytest.mark.parametrize("kept", [4, 256])
def test_any_moment_is_the_one_folded_from_the_start(
    run: list[Record], kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeline, "CHECKPOINT_WEIGHT", 600)
    monkeypatch.setattr(timeline, "MAX_CHECKPOINTS", kept)
    read_through, _ = read(run)
    for records in (0, 1, 699, 700, 701, 4_321, len(run) - 1, len(run)):
        fold = read_through.fold_at(records)
        assert fold is not None
        now_ns = run[max(0, records - 1)].time_ns
        view, wanted = fold.view(now_ns), folded(run, records).view(now_ns)
        assert (view.clients, view.replicas, view.front_end) == (
            wanted.clients,
            wanted.replicas,
            wanted.front_end,
        )


def test_a_moment_is_near_once_the_tape_was_read(run: list[Record], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline, "CHECKPOINT_WEIGHT", 1_000)
    read_through, blocks = read(run)
    for records in range(500, len(run), 777):
        blocks.loads = 0
        read_through.fold_at(records)
        assert blocks.loads <= 4


def test_what_was_sought_first_leaves_the_checkpoints_as_they_were(run: list[Record]) -> None:
    read_through, _ = read(run)
    once = read_through.fold_at(5_000)
    assert once is not None
    once.apply(run[5_000:])
    again = read_through.fold_at(5_000)
    assert again is not None
    assert again.next_seq == folded(run, 5_000).next_seq


def test_a_seek_before_the_reading_came_so_far_reads_on_or_is_given_up(run: list[Record]) -> None:
    fresh = Timeline(Blocks(run), lambda: Fold(words))
    assert fresh.fold_at(len(run), give_up=lambda: True) is None
    assert fresh.read_records == 0
    fold = fresh.fold_at(3_000)
    assert fold is not None
    assert 3_000 <= fresh.read_records < len(run)


def test_moments_by_time_and_by_number(run: list[Record]) -> None:
    read_through, _ = read(run)
    assert read_through.at_time(START_NS - 1) == 0
    assert read_through.at_time(run[-1].time_ns) == len(run)
    middle_ns = START_NS + 500_000_000
    assert read_through.at_time(middle_ns) == sum(record.time_ns <= middle_ns for record in run)
    for seq in (1, 40, 41, 30_000):
        place = read_through.at_number(seq)
        assert place is not None
        assert run[place - 1].tap == Tap.TO_PASSED
        assert folded(run, place).next_seq > seq >= folded(run, place - 1).next_seq
    assert read_through.at_number(10**9) is None


def test_the_next_answer_and_the_one_before(run: list[Record]) -> None:
    read_through, _ = read(run)
    answers = [place for place, record in enumerate(run, start=1) if is_answer(record)]
    assert read_through.beside(0, 1, is_answer) == answers[0]
    assert read_through.beside(answers[3], 1, is_answer) == answers[4]
    assert read_through.beside(answers[3], -1, is_answer) == answers[2]
    assert read_through.beside(answers[0], -1, is_answer) == 0
    assert read_through.beside(answers[-1], 1, is_answer) == len(run)
