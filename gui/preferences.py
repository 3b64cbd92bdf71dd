"""What outlives a run: window, docks, theme, node places, console history. One ini file, written on close."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import msgspec
from platformdirs import user_config_path
from PySide6.QtCore import QByteArray, QRect, QSettings

LAYOUT_VERSION = 1
_HISTORY_LINES = 200
_RECENT_FILES = 20
_Kind = TypeVar("_Kind")


def default_path() -> Path:
    """Where a person's settings live."""
    return user_config_path("lockstep", appauthor=False) / "window.ini"


class Preferences:
    """Typed access to the settings file; a value that cannot be read is as if it was never written."""

    def __init__(self, path: Path) -> None:
        self._file = QSettings(str(path), QSettings.Format.IniFormat)

    @property
    def theme(self) -> str:
        """ "system", "dark" or "light"."""
        word = str(self._file.value("theme", "system"))
        return word if word in ("system", "dark", "light") else "system"

    @theme.setter
    def theme(self, word: str) -> None:
        self._file.setValue("theme", word)

    @property
    def type_scale(self) -> float:
        """Size of type against normal; larger on a projector."""
        try:
            return min(2.0, max(0.7, float(str(self._file.value("type_scale", 1.0)))))
        except ValueError:
            return 1.0

    @type_scale.setter
    def type_scale(self, scale: float) -> None:
        self._file.setValue("type_scale", scale)

    @property
    def ask_before_closing(self) -> bool:
        """Whether closing a running cluster asks first."""
        return str(self._file.value("ask_before_closing", "true")) != "false"

    @ask_before_closing.setter
    def ask_before_closing(self, ask: bool) -> None:
        self._file.setValue("ask_before_closing", "true" if ask else "false")

    @property
    def console_history(self) -> list[str]:
        """Lines typed before, newest last."""
        return self._decode("console_history", list[str]) or []

    @console_history.setter
    def console_history(self, lines: Sequence[str]) -> None:
        self._encode("console_history", list(lines[-_HISTORY_LINES:]))

    @property
    def node_places(self) -> dict[str, tuple[float, float]]:
        """Where nodes were dragged to."""
        return self._decode("node_places", dict[str, tuple[float, float]]) or {}

    @node_places.setter
    def node_places(self, places: dict[str, tuple[float, float]]) -> None:
        self._encode("node_places", {name: (float(x), float(y)) for name, (x, y) in places.items()})

    @property
    def recent_files(self) -> list[str]:
        """Recordings that were opened or saved, newest first."""
        return self._decode("recent_files", list[str]) or []

    def add_recent(self, name: str) -> None:
        """A recording was opened or saved."""
        names = [name, *(other for other in self.recent_files if other != name)]
        self._encode("recent_files", names[:_RECENT_FILES])

    def forget_recent(self, name: str) -> None:
        """A recording cannot be opened any more."""
        self._encode("recent_files", [other for other in self.recent_files if other != name])

    def window(self) -> tuple[QByteArray, QByteArray]:
        """Geometry and dock state as they were saved; empty when never, or by another layout."""
        if str(self._file.value("layout_version", "")) != str(LAYOUT_VERSION):
            return QByteArray(), QByteArray()
        geometry, docks = self._file.value("geometry"), self._file.value("docks")
        return (
            geometry if isinstance(geometry, QByteArray) else QByteArray(),
            docks if isinstance(docks, QByteArray) else QByteArray(),
        )

    def save_window(self, geometry: QByteArray, docks: QByteArray) -> None:
        """Remember geometry and docks."""
        self._file.setValue("layout_version", LAYOUT_VERSION)
        self._file.setValue("geometry", geometry)
        self._file.setValue("docks", docks)

    def forget_window(self) -> None:
        """Reset layout: docks and node places go back to what they were at first."""
        for key in ("geometry", "docks", "node_places"):
            self._file.remove(key)

    def restore_defaults(self) -> None:
        """Theme, size of type and the question before closing as on the first day."""
        for key in ("theme", "type_scale", "ask_before_closing"):
            self._file.remove(key)

    def kept(self, key: str, kind: type[_Kind]) -> _Kind | None:
        """What another part of the window keeps here under a name of its own; None when it is not there."""
        return self._decode(key, kind)

    def keep(self, key: str, value: object) -> None:
        """Keep something for another part of the window."""
        self._encode(key, value)

    def write(self) -> None:
        """Put everything on disk."""
        self._file.sync()

    def _decode(self, key: str, kind: type[_Kind]) -> _Kind | None:
        try:
            return msgspec.json.decode(str(self._file.value(key, "null")), type=kind)
        except msgspec.DecodeError:
            return None

    def _encode(self, key: str, value: object) -> None:
        self._file.setValue(key, msgspec.json.encode(value).decode())


def on_screen(window: QRect, screens: Sequence[QRect]) -> QRect:
    """`window`, moved and shrunk so that it lies on one of the `screens` (their free parts) whole.

    The screen that shows most of it is chosen; the first when none shows any.
    """

    def shown(screen: QRect) -> int:
        common = screen.intersected(window)
        return max(0, common.width()) * max(0, common.height())

    screen = max(screens, key=shown)
    width, height = min(window.width(), screen.width()), min(window.height(), screen.height())
    if not shown(screen):
        left, top = screen.x() + (screen.width() - width) // 2, screen.y() + (screen.height() - height) // 2
        return QRect(left, top, width, height)
    left = min(max(window.x(), screen.x()), screen.x() + screen.width() - width)
    top = min(max(window.y(), screen.y()), screen.y() + screen.height() - height)
    return QRect(left, top, width, height)
