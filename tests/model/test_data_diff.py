"""Two states beside each other: what differs, what is still missing, and what was not looked at."""

from __future__ import annotations

from core.model.cluster_view import DataPage
from core.model.data_diff import ABSENT, PAGES_OF_A_PATH, DataDiff, DiffRow, data_diff

Rows = dict[str, str]


def page(
    path: str, rows: Rows, *branches: str, offset: int = 0, total: int = 0, seq: int = 9, digest: int = 0
) -> DataPage:
    return DataPage(0, path, offset, total or len(rows), tuple(rows.items()), branches, seq + 1, digest, 0)


def diff_of(left: list[DataPage], right: list[DataPage]) -> DataDiff:
    sides = [{(one.path, one.offset): one for one in side} for side in (left, right)]
    return data_diff(lambda side, path, offset: sides[side].get((path, offset)))


ROOT = page("", {"users": "2"}, "users")


def test_rows_are_matched_by_their_keys() -> None:
    left = [ROOT, page("users", {"alice": "1", "bob": "2"})]
    right = [page("", {"users": "3"}, "users"), page("users", {"zed": "0", "alice": "1", "bob": "3"})]
    diff = diff_of(left, right)
    assert diff.rows[:3] == [
        DiffRow("users", "2", "3"),
        DiffRow("users/bob", "2", "3"),
        DiffRow("users/zed", ABSENT, "0"),
    ]
    assert diff.words == "3 of 4 rows differ."


def test_what_is_equal_is_said_to_be() -> None:
    side = [ROOT, page("users", {"alice": "1"})]
    assert diff_of(side, side).words == "Nothing differs in 2 rows."
    assert diff_of([page("", {})], [page("", {})]).words == "Neither side holds anything."


def test_equal_data_that_came_about_otherwise_is_no_riddle() -> None:
    """Two increments that changed places leave the same number behind, and other digests."""
    one, same, other = (page("", {"keys": "1"}, digest=digest) for digest in (7, 7, 8))
    assert diff_of([one], [same]).words == "Nothing differs in 1 row."
    words = diff_of([one], [other]).words
    assert words.startswith("Nothing differs in 1 row. Their digests differ all the same: a digest tells how")
    later = page("", {"keys": "1"}, digest=9, seq=12)
    assert diff_of([one], [later]).words == (
        "Nothing differs in 1 row. The sides were taken after other numbers (#9 and #12): "
        "the requests between left no trace in these rows."
    )


def test_deeper_branches_are_opened_where_the_row_above_them_differs() -> None:
    left = [ROOT, page("users", {"alice": "1", "bob": "2"}, "alice", "bob")]
    right = [ROOT, page("users", {"alice": "1", "bob": "3"}, "alice", "bob")]
    assert diff_of(left, right).missing == [(0, "users/bob", 0), (1, "users/bob", 0)]


def test_what_is_missing_is_told_and_asked_page_by_page() -> None:
    first = page("users", {f"u{n:03}": "x" for n in range(100)}, total=150)
    diff = diff_of([ROOT, first], [ROOT])
    assert diff.missing == [(0, "users", 100), (1, "users", 0)]
    assert diff.words.startswith("Comparing")


def test_a_list_that_is_too_long_is_cut_and_that_is_said() -> None:
    total = PAGES_OF_A_PATH * 100 + 50
    pages = [
        page("users", {f"u{at + n}": "x" for n in range(100)}, offset=at, total=total)
        for at in range(0, total - 50, 100)
    ]
    diff = diff_of([ROOT, *pages], [ROOT, *pages])
    assert not diff.missing
    assert diff.words.endswith("Of users only the first 4,000 of 4,050 rows were compared.")


def test_other_numbers_are_a_reason_of_their_own() -> None:
    diff = diff_of([page("", {"keys": "1"}, seq=9)], [page("", {"keys": "2"}, seq=12)])
    assert "after other numbers (#9 and #12)" in diff.words
