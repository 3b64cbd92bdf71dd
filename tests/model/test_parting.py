"""Where two replicas' digests part."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from core.model.parting import parting
from tests.support.sample_views import sample

ONE, OTHER = sample("idle").replicas[:2]


@pytest.mark.parametrize(
    ("left", "right", "words"),
    [
        ((5, (1, 2, 3)), (5, (1, 2, 3)), "equal up to #7, the last"),
        ((5, (1, 2, 3)), (6, (2, 3, 4)), "equal up to #7, the last"),
        ((5, (1, 2, 3)), (5, (1, 9, 8)), "equal up to #5 and differ from #6 on"),
        ((5, (1, 2, 3)), (6, (9, 8, 7)), "differ at #6 already"),
        ((5, (1, 2, 3)), (90, (1, 2)), "too far apart"),
        ((1, ()), (1, ()), "too far apart"),
    ],
)
def test_where_digests_part(
    left: tuple[int, tuple[int, ...]], right: tuple[int, tuple[int, ...]], words: str
) -> None:
    one = replace(ONE, strip_first=left[0], strip=left[1])
    other = replace(OTHER, strip_first=right[0], strip=right[1])
    assert words in parting(one, other) and words in parting(other, one)
