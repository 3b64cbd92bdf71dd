"""One input per parameter of an operation, made from what the service says of it."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QStringListModel, Qt, Signal
from PySide6.QtWidgets import QCompleter, QGridLayout, QLabel, QLineEdit, QWidget

from core.services.machine import ParameterSpec

_KEPT_RECENT = 20

RecentValues = dict[str, list[str]]
"""Values typed before, newest first, by parameter name."""


class Field(QWidget):
    """Name, input, live counter, and (when something is wrong) a sentence below."""

    entered = Signal()

    def __init__(self, spec: ParameterSpec, recent: Iterable[str], parent: QWidget) -> None:
        super().__init__(parent)
        self.spec = spec
        self.input = QLineEdit(self)
        self.input.setText("" if spec.default is None else str(spec.default))
        self.input.setPlaceholderText(_placeholder(spec))
        self.input.setAccessibleName(spec.name)
        self.input.setAccessibleDescription(spec.description)
        self.input.setToolTip(spec.description)
        self.error = QLabel(self)
        self.error.setProperty("role", "bad")
        self.error.setWordWrap(True)
        self.error.hide()
        self.counter = QLabel(self)
        self.counter.setProperty("role", "faint")
        self._offer(list(recent))
        self._arrange()
        self.input.textChanged.connect(self._count)
        self.input.returnPressed.connect(self.entered)
        self._count(self.input.text())

    def value(self) -> str:
        """What was typed; the service's face reads it."""
        return self.input.text()

    def complain(self, sentence: str) -> None:
        """Show what is wrong with this field, or nothing when the sentence is empty."""
        self.error.setText(sentence)
        self.error.setVisible(bool(sentence))

    def _arrange(self) -> None:
        name = QLabel(self.spec.name, self)
        name.setProperty("role", "strong")
        name.setBuddy(self.input)
        optional = QLabel("" if self.spec.required else "optional", self)
        optional.setProperty("role", "faint")
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(4)
        grid.addWidget(name, 0, 0)
        grid.addWidget(optional, 0, 1)
        grid.addWidget(self.counter, 0, 2, Qt.AlignmentFlag.AlignRight)
        grid.addWidget(self.input, 1, 0, 1, 3)
        grid.addWidget(self.error, 2, 0, 1, 3)
        grid.setColumnStretch(1, 1)

    def _offer(self, recent: list[str]) -> None:
        completer = QCompleter(QStringListModel(recent, self), self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.input.setCompleter(completer)

    def _count(self, text: str) -> None:
        self.complain("")
        longest = self.spec.max_length
        if not longest:
            self.counter.hide()
            return
        role = "bad" if len(text) > longest else "faint"
        self.counter.setText(f"{len(text)}/{longest}")
        if self.counter.property("role") != role:
            self.counter.setProperty("role", role)
            self.counter.style().polish(self.counter)


def remember(recent: RecentValues, name: str, value: str) -> None:
    """Put a value first among those typed for this parameter."""
    if not value:
        return
    values = recent.setdefault(name, [])
    if value in values:
        values.remove(value)
    values.insert(0, value)
    del values[_KEPT_RECENT:]


def _placeholder(spec: ParameterSpec) -> str:
    if spec.description:
        return spec.description
    return "a whole number" if "text" not in spec.kinds else "text"
