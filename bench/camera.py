"""The camera of `main.py pictures`: a window, what can be done to it, and its picture in few bytes."""

from __future__ import annotations

import struct
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage, QPainter, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog

from core.model.cluster_view import ClusterView, ReplicaState, Token, TokenKind
from gui.main_window import MainWindow

_SHADE = 6
_OWN_SHARE = 0.001


class Camera:
    """A window and what can be done to it."""

    def __init__(self, window: MainWindow) -> None:
        self.window = window
        self._taken: dict[str, QImage] = {}

    @property
    def view(self) -> ClusterView:
        """The moment that is shown."""
        view = self.window.intents.view
        assert view is not None
        return view

    def up(self) -> bool:
        """The cluster runs and the window has seen it."""
        view = self.window.intents.view
        return bool(
            view
            and view.replicas
            and all(card.state is ReplicaState.RUNNING and card.port for card in view.replicas)
            and all(card.last_seq for card in view.clients)
        )

    def after(self, seconds: float) -> Callable[[], bool]:
        """So much of a person's time."""
        due = time.monotonic() + seconds
        return lambda: time.monotonic() > due

    def ask(self, client: int, line: str) -> None:
        """A line typed into the console."""
        self.window.docks.console.enter(f"C{client}> {line}")

    def quiet(self) -> bool:
        """Nothing is open."""
        return not any(card.waiting_since_ns for card in self.view.clients) and not self.view.tokens

    def click_token(self, token: int) -> None:
        """Click a message on its way."""
        point = self.window.stage.token_point(token)
        assert point is not None, f"message {token} is not shown"
        QTest.mouseClick(self.window.stage, Qt.MouseButton.LeftButton, pos=point.toPoint())

    def tokens(self, kind: TokenKind, target: str = "") -> list[Token]:
        """Messages of a kind on their way, oldest first."""
        return [t for t in self.view.tokens if t.kind is kind and target in ("", t.target)]

    def lively(self) -> bool:
        """Orders are half-way, and other messages travel too."""
        now_ns = self.view.now_ns
        orders = [t for t in self.tokens(TokenKind.ORDER) if t.due_ns]
        half = [0.3 < (now_ns - t.sent_ns) / (t.due_ns - t.sent_ns) < 0.7 for t in orders]
        return any(half) and len({t.kind for t in self.view.tokens if t.token > 0}) >= 2

    def dress(self, theme: str, size: tuple[int, int]) -> None:
        """Another theme and size."""
        self.window.dress.choose(theme)
        self.window.resize(*size)
        self.window.docks.arrange(size[1], size[0])

    def shoot(self, name: str) -> None:
        """Take a picture of the window, and of the forms in front of it."""
        picture = self.window.grab()
        for form in (self.window.query, *self.window.findChildren(QDialog)):
            if form.isVisible():
                front: QPixmap = form.grab()
                with QPainter(picture) as painter:
                    painter.drawPixmap(form.pos() - self.window.mapToGlobal(QPoint(0, 0)), front)
        self._taken[name] = picture.toImage()

    def develop(self, folder: Path) -> None:
        """Write what was taken; after the run, for it takes long and would make the window stutter."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, image in self._taken.items():
            path = folder / f"{name}.png"
            path.write_bytes(small_png(image))
            sys.stdout.write(f"{path.name} {path.stat().st_size // 1000} kB\n")


def small_png(image: QImage) -> bytes:
    """The image as PNG: shades a person cannot tell apart made equal, rows unfiltered, for flat colours."""
    rgb = image.convertToFormat(QImage.Format.Format_RGB888)
    width, height = rgb.width(), rgb.height()
    rows = np.frombuffer(rgb.constBits(), np.uint8).reshape(height, rgb.bytesPerLine())[:, : width * 3]
    shades = np.minimum((rows.astype(np.uint16) + _SHADE // 2) // _SHADE * _SHADE, 255).astype(np.uint8)
    colours = rows.reshape(-1, 3).astype(np.uint32) @ np.array((1 << 16, 1 << 8, 1), np.uint32)
    _, places, counts = np.unique(colours, return_inverse=True, return_counts=True)
    own = (counts > _OWN_SHARE * len(colours))[places].reshape(height, width)  # grounds keep their colour
    filtered = np.zeros((height, width * 3 + 1), np.uint8)
    filtered[:, 1:] = np.where(np.repeat(own, 3, axis=1), rows, shades)
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(filtered.tobytes(), 9)),
        (b"IEND", b""),
    )
    chunks = (struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
