"""What a frame of the stage costs: CPU time of `set_view` and painting together, on this thread.

Full load at its worst: in every frame every card is another one and every message moves. Prints milliseconds.

    python -m bench.stage_paint [frames]

A window of 1366×768 leaves the stage 984×694 beside the docks, one of 1920×1080 about 1540×1000.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator

from msgspec.structs import replace

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QRegion
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from core.model.cluster_view import ClusterView, Token, TokenKind
from gui.stage.stage_widget import StageWidget
from gui.theme import DARK, apply, load_fonts
from tests.support.sample_views import sample

FRAME_NS = 16_666_667
ROUNDS = 3
"""Of so many rounds the least disturbed one counts: other programs share the caches."""

KINDS = (TokenKind.REQUEST, TokenKind.ORDER, TokenKind.RESULT, TokenKind.ANSWER)


def load(
    replicas: int, clients: int, tokens: int, frames: int, *, per_frame: int = 1000, stands_for: int = 640
) -> Iterator[ClusterView]:
    """Frames 1/60 s apart; `per_frame` requests are answered in each, 0 for none."""
    view = sample("load", replicas, clients)
    flying: tuple[Token, ...] = ()
    for frame in range(frames):
        now_ns = view.now_ns + frame * FRAME_NS
        if frame % 4 == 0:
            flying = tuple(_token(n + frame, now_ns, replicas, clients, stands_for) for n in range(tokens))
        done = frame * per_frame
        yield replace(
            view,
            now_ns=now_ns,
            tokens=flying,
            clients=tuple(
                replace(c, last_seq=c.last_seq + done, answered=c.answered + done // clients)
                if per_frame
                else c
                for c in view.clients
            ),
            front_end=replace(view.front_end, next_seq=view.front_end.next_seq + done)
            if per_frame
            else view.front_end,
            replicas=tuple(
                replace(
                    r,
                    expected=r.expected + done,
                    strip_first=r.strip_first + done,
                    strip=tuple(digest + done for digest in r.strip),
                    digest=r.digest + done,
                    first_answers=r.first_answers + done // 3,
                )
                if per_frame
                else r
                for r in view.replicas
            ),
        )


def _token(number: int, now_ns: int, replicas: int, clients: int, stands_for: int) -> Token:
    kind = KINDS[number % 4]
    client, replica = f"C{number % clients + 1}", f"R{number % replicas + 1}"
    ends = {
        TokenKind.REQUEST: (client, "FE"),
        TokenKind.ORDER: ("FE", replica),
        TokenKind.RESULT: (replica, "FE"),
        TokenKind.ANSWER: ("FE", client),
    }[kind]
    sent_ns = now_ns - (number * 37 % 100) * 3_500_000
    label = f"#{748_000 + number // replicas}"  # one number goes to all replicas
    return Token(
        number + 1,
        kind,
        748_000 + number,
        number % clients + 1,
        label,
        *ends,
        sent_ns,
        sent_ns + 350_000_000,
        stands_for,
    )


class Prompt(StageWidget):
    """Paints what became dirty when told to, not when the event loop comes around."""

    dirty = QRegion()
    paints = 0

    def update(self, *what: object) -> None:
        """Take note of a rectangle, or of the whole stage."""
        rect = what[0] if what and isinstance(what[0], QRect) else self.rect()
        self.dirty = self.dirty.united(rect)

    def paint_now(self) -> None:
        """One frame."""
        region, self.dirty = self.dirty, QRegion()
        if not region.isEmpty():
            self.paints += 1
            self.repaint(region)


def measure(size: QSize, views: Iterator[ClusterView]) -> list[float]:
    """Milliseconds of CPU time per frame, sorted. The stage believes that frames are 1/60 s apart."""
    frames = 0
    stage = Prompt(DARK, clock=lambda: time.perf_counter_ns() + frames * FRAME_NS)
    stage.resize(size)
    stage.set_view(sample("load", 7, 64))
    stage.show()
    QTest.qWaitForWindowExposed(stage)
    costs = []
    for view in views:
        frames += 1
        began = time.thread_time()
        stage.set_view(view)
        stage.paint_now()
        costs.append((time.thread_time() - began) * 1e3)
    assert stage.paints >= len(costs) or not view.tokens, (
        "nothing was painted: the figures would be worth nothing"
    )
    stage.close()
    return sorted(costs[10:])


def counting() -> float:
    """Milliseconds of CPU time of a plain loop: how fast, and how busy, this machine is."""
    began = time.thread_time()
    total = 0
    for number in range(300_000):
        total += number
    return (time.thread_time() - began) * 1e3


def main() -> None:
    """Print the median and the 99th percentile of each case."""
    frames = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    app = QApplication([])
    load_fonts()
    apply(app, DARK)
    print("stage: CPU milliseconds a frame (set_view + paint), 7 replicas, 64 clients")
    print(f"for comparison, counting to 300,000 takes {counting():.1f} ms here and now")
    for width, height in ((984, 694), (1366, 768), (1540, 1000), (1920, 1080)):
        for words, tokens, per_frame, stands_for in (
            ("nothing changes", 0, 0, 640),
            ("slow, 28 messages, signs", 28, 0, 1),
            ("40 messages move", 40, 0, 640),
            ("full load, 40 messages", 40, 1000, 640),
            ("full load, 100 messages", 100, 1000, 640),
        ):
            rounds = []
            for _ in range(ROUNDS):
                views = load(7, 64, tokens, frames, per_frame=per_frame, stands_for=stands_for)
                rounds.append(measure(QSize(width, height), views))
            costs = min(rounds, key=lambda costs: costs[len(costs) // 2])
            median, late = costs[len(costs) // 2], costs[int(len(costs) * 0.99)]
            print(f"{width}×{height}  {words:<26} median {median:5.2f}  p99 {late:5.2f}")


if __name__ == "__main__":
    main()
