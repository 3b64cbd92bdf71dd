"""What a frame of the space-time diagram costs with a million rows: CPU time on this thread, in milliseconds.

    python -m bench.space_time [frames]

Every frame is another part of the run: panned and zoomed from the whole of it down to single lines, and back.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication

from bench.stage_paint import counting
from bench.synthetic import load_records, words
from core.model.fold import Fold
from core.model.space_time import SpaceTime
from gui.space_time.diagram_widget import DiagramWidget
from gui.space_time.feed import NoFeed
from gui.space_time.level_of_detail import Camera
from gui.space_time.painter import paint_space_time
from gui.theme import DARK, apply, load_fonts

SECONDS = 5.2
"""Of full load: a million rows."""
FRAME_MS = 16.0
ROUNDS = 3


def measure(diagram: DiagramWidget, image: QImage, span_ns: int, frames: int, chosen: int) -> list[float]:
    """Milliseconds of CPU time per frame while the camera pans over the run, sorted."""
    model = diagram.feed.model
    room = max(1, model.end_ns - model.start_ns - span_ns)
    diagram.chosen_seq = chosen
    costs = []
    for frame in range(frames):
        diagram.camera = Camera(model.start_ns + room * frame // frames, span_ns)
        began = time.thread_time()
        diagram.refresh()
        with QPainter(image) as painter:
            paint_space_time(painter, diagram.picture())
        costs.append((time.thread_time() - began) * 1e3)
    return sorted(costs)


def million(frames: int) -> Iterator[tuple[str, str, list[float]]]:
    """Each zoom: its name, what is shown, sorted milliseconds a frame, of the least disturbed round."""
    records = load_records(SECONDS, 3)
    space, fold = SpaceTime(), Fold(words)
    for start in range(0, len(records), 64):
        space.feed(records[start : start + 64])
    fold.apply(records)
    diagram = DiagramWidget(DARK)
    diagram.resize(1540, 900)
    diagram.set_feed(NoFeed(space))
    diagram.show_view(fold.view(records[-1].time_ns), space.start_ns, 0)
    while not diagram.complete():
        pass
    image = QImage(1540, 900, QImage.Format.Format_RGB32)
    middle = int(space.columns().seq.max()) // 2
    for name, span_s, chosen in (
        ("everything", SECONDS, 0), ("a tenth", SECONDS / 10, 0), ("100 ms", 0.1, 0), ("10 ms", 0.01, 0),
        ("5 ms", 0.005, 0), ("5 ms, a request chosen", 0.005, middle), ("1 ms", 0.001, 0),
    ):  # fmt: skip
        rounds = [measure(diagram, image, int(span_s * 1e9), frames, chosen) for _ in range(ROUNDS)]
        rows = diagram.picture().rows
        shown = f"density of {len(space.columns()):,} rows" if rows is None else f"{len(rows)} lines"
        yield name, shown, min(rounds, key=lambda costs: costs[len(costs) // 2])


def main() -> int:
    """Print median and worst frame of each zoom; 1 when the median of one is over a frame's time."""
    frames = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    app = QApplication([])
    load_fonts()
    apply(app, DARK)
    print(f"for comparison, counting to 300,000 takes {counting():.1f} ms here and now")
    slow = False
    for name, shown, costs in million(frames):
        median = costs[len(costs) // 2]
        slow |= median > FRAME_MS
        print(f"{name:<24} {shown:<28} median {median:5.2f}  worst {costs[-1]:5.2f}")
    return int(slow)


if __name__ == "__main__":
    sys.exit(main())
