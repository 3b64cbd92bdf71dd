"""Two replicas' data beside each other, found page by page.

A service shows its data as pages of rows under paths, and says which rows lead deeper. So two states are
compared the way a person would read them: the root's branches whole, and deeper ones where the row above them
differs. The rows of a page are matched by their keys, not by their places, so one more row does not make all
that follow it differ.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from core.model.cluster_view import DataPage

ABSENT = "—"
PAGES_OF_A_PATH = 40
"""Of a longer list only the first rows are compared, and the comparison says so."""
PATHS = 500
"""Paths that are opened at most."""

PageOf = Callable[[int, str, int], DataPage | None]
"""The page of a side (0, 1) at a path and offset; None when it is not there yet."""
Missing = tuple[int, str, int]


class DiffRow(msgspec.Struct, frozen=True):
    """A place and what both sides hold there; ABSENT where one has nothing."""

    path: str
    left: str
    right: str

    @property
    def differs(self) -> bool:
        """They are not the same."""
        return self.left != self.right


class DataDiff(msgspec.Struct):
    """What was found so far. `missing` are the pages that it needs to go on."""

    rows: list[DiffRow] = msgspec.field(default_factory=list)
    missing: list[Missing] = msgspec.field(default_factory=list)
    cut: list[str] = msgspec.field(default_factory=list)
    """What was not compared to its end, in words."""
    numbers: tuple[set[int], set[int]] = msgspec.field(default_factory=lambda: (set(), set()))
    """After which numbers the pages of each side were taken."""
    digests: tuple[dict[int, int], dict[int, int]] = msgspec.field(default_factory=lambda: ({}, {}))
    """What each side's digest was after those numbers, as far as it was told."""

    @property
    def differing(self) -> int:
        """Rows that are not the same."""
        return sum(row.differs for row in self.rows)

    @property
    def words(self) -> str:
        """What came of it, in a sentence or two."""
        if self.missing:
            return f"Comparing: {len(self.rows):,} rows so far …"
        if not self.rows:
            return "Neither side holds anything."
        differing = self.differing
        rows = f"{len(self.rows):,} {'row' if len(self.rows) == 1 else 'rows'}"
        told = [
            f"{differing:,} of {rows} {'differs' if differing == 1 else 'differ'}."
            if differing
            else f"Nothing differs in {rows}."
        ]
        if self.numbers[0] != self.numbers[1]:
            trace = "made a difference of their own" if differing else "left no trace in these rows"
            told.append(
                f"The sides were taken after other numbers ({_range(self.numbers[0])} and "
                f"{_range(self.numbers[1])}): the requests between {trace}."
            )
        if not differing and self._came_about_otherwise():
            told.append(
                "Their digests differ all the same: a digest tells how a state came about, by which "
                "operations and answers and in which order, and two ways may lead to the same data."
            )
        return " ".join([*told, *self.cut])

    def _came_about_otherwise(self) -> bool:
        left, right = self.digests
        return any(left[number] != right[number] for number in left.keys() & right.keys())


def data_diff(page: PageOf) -> DataDiff:
    """Compare as far as there are pages."""
    diff, paths, at = DataDiff(), [""], 0
    while at < len(paths):
        _compare(diff, page, paths[at], paths)
        at += 1
        if len(paths) > PATHS:
            diff.cut.append(f"Only the first {PATHS} branches were opened.")
            break
    diff.rows.sort(key=lambda row: not row.differs)
    return diff


def _compare(diff: DataDiff, page: PageOf, path: str, paths: list[str]) -> None:
    sides: list[dict[str, str]] = [{}, {}]
    deeper: dict[str, None] = {}
    longest = 0
    for side, held in enumerate(sides):
        offset, total = 0, 1
        while offset < total:
            found = page(side, path, offset)
            if found is None:
                diff.missing.append((side, path, offset))
                break
            held |= dict(found.rows)
            deeper |= dict.fromkeys(found.branches)
            diff.numbers[side].add(found.expected - 1)
            if found.digest:
                diff.digests[side][found.expected - 1] = found.digest
            total = found.total
            offset += max(1, len(found.rows))
            if offset >= PAGES_OF_A_PATH * 100:
                break
        longest = max(longest, total if offset < total else 0)
    if longest and not any(path == missing for _, missing, _ in diff.missing):
        diff.cut.append(
            f"Of {path} only the first {PAGES_OF_A_PATH * 100:,} of {longest:,} rows were compared."
        )
    for key in dict.fromkeys([*sides[0], *sides[1]]):
        row = DiffRow(f"{path}/{key}".lstrip("/"), sides[0].get(key, ABSENT), sides[1].get(key, ABSENT))
        diff.rows.append(row)
    for key in deeper:
        left, right = sides[0].get(key), sides[1].get(key)
        if not path or left != right:
            paths.append(f"{path}/{key}".lstrip("/"))


def _range(numbers: set[int]) -> str:
    if not numbers:
        return "none"
    first, last = min(numbers), max(numbers)
    return f"#{first}" if first == last else f"#{first}–#{last}"
