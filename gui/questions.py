"""The one question before the window closes. Asked here and nowhere in the logic."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from PySide6.QtWidgets import QCheckBox, QMessageBox, QWidget


class Answer(NamedTuple):
    """Whether to leave, and whether to ask again another time."""

    leave: bool
    ask_again: bool


Ask = Callable[[QWidget, int], Answer]
"""Asks a person whether to end so many processes."""


def ask_before_closing(parent: QWidget, processes: int) -> Answer:
    """Ask in a dialog."""
    box = QMessageBox(parent)
    box.setWindowTitle("Close Lockstep")
    box.setIcon(QMessageBox.Icon.Question)
    box.setText(f"{processes} replica processes are running.")
    box.setInformativeText("Closing ends all of them. What happened so far stays in the recording.")
    leave = box.addButton("End and close", QMessageBox.ButtonRole.AcceptRole)
    stay = box.addButton("Go on", QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(stay)
    never = QCheckBox("Don't ask again", box)
    box.setCheckBox(never)
    box.exec()
    return Answer(box.clickedButton() is leave, not never.isChecked())
