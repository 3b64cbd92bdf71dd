"""The stage is tested in the app's own type: system fonts are placed differently on every machine."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication

from gui.theme import load_fonts


@pytest.fixture(scope="session", autouse=True)
def fonts(qapp: QApplication) -> None:
    load_fonts()
