"""Level of detail: lanes, camera, lines or density. Arrays only, no widget."""

from __future__ import annotations

import numpy as np
import pytest

from bench.synthetic import START_NS, load_records
from core.model.lines import FRONT_END, RowKind, client_code
from core.model.space_time import SpaceTime
from gui.space_time.level_of_detail import (
    MOST_LINES,
    Camera,
    Density,
    crossings,
    lanes_of,
    lines_in,
    ticks,
)
from tests.support.diagram_records import joined, ordered

SECOND = 1_000_000_000


@pytest.fixture(scope="module")
def loaded() -> SpaceTime:
    """Half a second of full load, 64 clients."""
    space = SpaceTime()
    space.feed(load_records(0.5, 3))
    return space


def test_few_clients_have_a_lane_each_and_many_share_four() -> None:
    few = lanes_of((1, 2, 3), (1, 2))
    assert few.names == ("C1", "C2", "C3", "FE", "R1", "R2")
    assert few.of_code[client_code(3)] == 2
    many = lanes_of(range(1, 65), (1, 2, 3))
    assert many.names == ("C1–C16", "C17–C32", "C33–C48", "C49–C64", "FE", "R1", "R2", "R3")
    assert many.of_code[client_code(17)] == 1
    assert many.of_code[FRONT_END] == many.front_end == 4
    assert np.all(np.diff(many.places) > 0)
    assert 0 < many.places[0] < many.places[-1] < 1
    assert lanes_of((), ()).names == ("FE",)


def test_zooming_keeps_the_moment_under_the_pointer() -> None:
    camera = Camera(1_000, 1_000_000)
    near = camera.zoomed(0.25, 251_000)
    assert near.span_ns == 250_000
    assert (251_000 - near.start_ns) / near.span_ns == pytest.approx(0.25)
    assert camera.zoomed(1e-12, 500).span_ns == 1_000  # no nearer than a microsecond


def test_few_rows_are_lines_and_many_are_a_density(loaded: SpaceTime) -> None:
    columns = loaded.columns()
    rows = lines_in(columns, Camera(START_NS, 2_000_000))
    assert rows is not None
    assert 0 < len(rows) <= MOST_LINES
    assert lines_in(columns, Camera(START_NS, SECOND)) is None
    # between: few enough blocks to look at, too many rows in them
    assert lines_in(columns, Camera(START_NS, 12_000_000)) is None


def test_a_density_counts_every_message_once(loaded: SpaceTime) -> None:
    columns = loaded.columns()
    density = Density(lanes_of(range(1, 65), (1, 2, 3)))
    while not density.extend(columns):
        pass
    tracks = density.tracks(Camera(START_NS, SECOND), 700)
    messages = ~np.isin(columns.kind, (RowKind.ORDERED, RowKind.EXECUTED, RowKind.HELD))
    assert sum(int(track.counts.sum()) for track in tracks) == int(messages.sum())
    orders = [track for track in tracks if track.kind is RowKind.ORDER]
    assert {track.target for track in orders} == {5, 6, 7}
    quarter = density.tracks(Camera(START_NS + SECOND // 8, SECOND // 8), 100)
    times = columns.left_ns[messages] - START_NS
    inside = np.count_nonzero((times >= SECOND // 8) & (times < SECOND // 4))
    assert sum(int(track.counts.sum()) for track in quarter) == inside


def test_a_density_grows_with_what_comes_and_forgets_what_is_dropped() -> None:
    space = SpaceTime(max_rows=8 * 1_024)
    space.feed(joined(1))
    density = Density(lanes_of((1,), (1,)))
    for seq in range(1, 9_000):
        space.feed([ordered(seq * 10, seq, 1)])
        if seq % 500 == 0:
            assert density.extend(space.columns())
    density.extend(space.columns())
    columns = space.columns()
    counted = sum(int(track.counts.sum()) for track in density.tracks(Camera(0, 100_000), 10))
    assert counted == np.count_nonzero(columns.kind == RowKind.ORDER)


def test_a_message_colours_every_gap_that_it_crosses() -> None:
    space = SpaceTime()
    space.feed([*joined(1, 2, 3), ordered(100, 1, 3)])
    lanes = lanes_of((1,), (1, 2, 3))
    density = Density(lanes)
    density.extend(space.columns())
    shades = np.ones((len(RowKind), 3), np.float32)
    image = crossings(density.tracks(Camera(0, 200), 4), lanes, shades, 4)
    assert image.shape == (4, 4, 4)  # gaps C1–FE–R1–R2–R3, and 4 bins
    assert (image[1:, 2, 3] > 0.5).all()
    assert image[0].max() == 0
    assert image[:, (0, 1, 3), 3].max() == 0


def test_ticks_are_round_and_not_too_many() -> None:
    found, step = ticks(Camera(2 * SECOND, SECOND), SECOND, 6)
    assert step == SECOND // 5
    assert [words for _, words in found] == ["1.0 s", "1.2 s", "1.4 s", "1.6 s", "1.8 s", "2.0 s"]
    found, step = ticks(Camera(SECOND, 4_000), SECOND, 5)
    assert step == 1_000
    assert found[1] == (SECOND + 1_000, "0.000001 s")
