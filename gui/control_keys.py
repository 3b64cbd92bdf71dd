"""Keys that the control under the keyboard understands itself come before the window's shortcuts: Space and
Enter press a button, although Space delivers a message elsewhere.

Only the control that has the keyboard is watched, so nothing is paid for other events.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QPushButton,
    QSlider,
    QTabBar,
    QToolButton,
    QWidget,
)

_PRESS = frozenset({Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter})
_ENDS = frozenset({Qt.Key.Key_Home, Qt.Key.Key_End})
_ALONG = _ENDS | {Qt.Key.Key_Left, Qt.Key.Key_Right}
_OWN: tuple[tuple[type[QWidget], frozenset[Qt.Key]], ...] = (
    (QPushButton, _PRESS),
    (QToolButton, _PRESS),
    (QAbstractButton, frozenset({Qt.Key.Key_Space})),
    (QAbstractItemView, _ENDS),
    (QComboBox, _ALONG | _PRESS),
    (QSlider, _ALONG),
    (QTabBar, _ALONG),
)


class ControlKeys(QObject):
    """Watches the control that has the keyboard, as long as it has it."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._own: frozenset[Qt.Key] = frozenset()
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._watch)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Claim the control's own keys; Enter presses a button like Space."""
        if not isinstance(event, QKeyEvent) or Qt.Key(event.key()) not in self._own:
            return False
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            return False
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        enter = event.type() == QEvent.Type.KeyPress and event.key() != Qt.Key.Key_Space
        if enter and isinstance(watched, QAbstractButton) and event.key() in _PRESS:
            watched.click()
            return True
        return False

    def _watch(self, before: QWidget | None, now: QWidget | None) -> None:
        if before is not None:
            before.removeEventFilter(self)
        self._own = next((keys for kind, keys in _OWN if isinstance(now, kind)), frozenset())
        if now is not None and self._own and self._window.isAncestorOf(now):
            now.installEventFilter(self)
