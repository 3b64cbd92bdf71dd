"""All shortcuts on one page (?)."""

from __future__ import annotations

from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from gui.actions import Actions

_MOUSE = (
    ("Click a client", "Send a query from it"),
    ("Click a replica", "Select it"),
    ("Right-click a replica", "Kill it, or inspect its data"),
    ("Click a message", "Under step: deliver it"),
    ("Drag a card", "Put it elsewhere"),
    ("Turn the wheel", "Look closer at the picture"),
)


class Help(QDialog):
    """Two columns: what keys do, what the mouse does."""

    def __init__(self, actions: Actions, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("help")
        self.setWindowTitle("Shortcuts")
        groups: dict[str, list[tuple[str, str, str]]] = {}
        for name, spec in actions.specs.items():
            shortcuts = actions[name].shortcuts()
            keys = "  or  ".join(key.toString(QKeySequence.SequenceFormat.NativeText) for key in shortcuts)
            if keys:
                groups.setdefault(spec.group, []).append((keys, spec.text, spec.tip))
        groups["Mouse"] = [(what, result, result) for what, result in _MOUSE]
        columns = QHBoxLayout()
        columns.setSpacing(40)
        names = list(groups)
        for part in (names[:2] + names[-1:], names[2:-1]):
            column = QVBoxLayout()
            column.setSpacing(18)
            for group in part:
                column.addLayout(self._group(group, groups[group]))
            column.addStretch(1)
            columns.addLayout(column)
        report, close = QPushButton(actions["debug_bundle"].text(), self), QPushButton("Close", self)
        report.setObjectName("debugBundle")
        report.setToolTip(actions["debug_bundle"].toolTip())
        report.setEnabled(actions["debug_bundle"].isEnabled())
        report.clicked.connect(self.accept)
        report.clicked.connect(actions["debug_bundle"].trigger)
        close.clicked.connect(self.accept)
        close.setDefault(True)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(24, 20, 24, 20)
        outer.setSpacing(18)
        outer.addLayout(columns)
        buttons = QHBoxLayout()
        buttons.addWidget(report)
        buttons.addStretch(1)
        buttons.addWidget(close)
        outer.addLayout(buttons)

    def _group(self, name: str, rows: list[tuple[str, str, str]]) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(20)
        grid.setVerticalSpacing(5)
        heading = QLabel(name, self)
        heading.setProperty("role", "title")
        grid.addWidget(heading, 0, 0, 1, 2)
        for place, (keys, text, tip) in enumerate(rows, start=1):
            left, right = QLabel(keys, self), QLabel(text, self)
            left.setProperty("role", "number" if name != "Mouse" else "muted")
            right.setToolTip(tip)
            grid.addWidget(left, place, 0)
            grid.addWidget(right, place, 1)
        grid.setColumnMinimumWidth(0, self.fontMetrics().horizontalAdvance("Ctrl++  or  Ctrl+=") + 20)
        grid.setColumnStretch(1, 1)
        return grid
