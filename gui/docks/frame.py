"""A dock with a slim title of its own; among tabs the tab is the title."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QLabel, QMainWindow, QToolButton, QWidget

from gui.icons import Icons


class DockFrame(QDockWidget):
    """Frame around one view on the side of the window."""

    def __init__(self, name: str, title: str, view: QWidget, icons: Icons, window: QMainWindow) -> None:
        super().__init__(title, window)
        self._main = window
        self._seen = False
        self.visibilityChanged.connect(self._note)
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setAllowedAreas(Qt.DockWidgetArea.AllDockWidgetAreas)
        self.setWidget(view)
        self._bar = QWidget(self)
        self._bar.setObjectName("dockTitle")
        self._none = QWidget(self)
        self._none.hide()
        self._float, self._close = QToolButton(self._bar), QToolButton(self._bar)
        self._float.clicked.connect(lambda: self.setFloating(not self.isFloating()))
        self._close.clicked.connect(self.close)
        for button, words in ((self._float, "Float"), (self._close, "Close")):
            button.setAccessibleName(f"{words} {title}")
            button.setToolTip(words)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        words_label = QLabel(title, self._bar)
        words_label.setProperty("role", "strong")
        row = QHBoxLayout(self._bar)
        row.setContentsMargins(12, 3, 6, 3)
        row.setSpacing(2)
        row.addWidget(words_label, 1)
        row.addWidget(self._float)
        row.addWidget(self._close)
        self.set_icons(icons)
        self.setTitleBarWidget(self._bar)

    def is_seen(self) -> bool:
        """Whether it is on the screen; behind another tab it is not, although Qt calls it visible."""
        return self._seen

    def _note(self, seen: bool) -> None:
        self._seen = seen

    def set_icons(self, icons: Icons) -> None:
        """Icons of the theme."""
        self._float.setIcon(icons.icon("maximize-2"))
        self._close.setIcon(icons.icon("x"))

    def adapt(self) -> None:
        """Title or tab: whichever shows the name."""
        tabbed = bool(self._main.tabifiedDockWidgets(self)) and not self.isFloating()
        wanted = self._none if tabbed else self._bar
        if self.titleBarWidget() is not wanted:
            self.titleBarWidget().hide()
            self.setTitleBarWidget(wanted)
            wanted.show()
