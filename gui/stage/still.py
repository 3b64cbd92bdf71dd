"""One picture of the stage into a file, without a window or a screen."""

from __future__ import annotations

import os
from pathlib import Path

from PySide6.QtCore import QSize
from PySide6.QtGui import QGuiApplication

from core.errors import RecordingError
from core.model.cluster_view import ClusterView
from gui.stage.painters import render_stage
from gui.theme import DARK, load_fonts

SIZE = QSize(1280, 800)


def save_stage(view: ClusterView, path: Path) -> None:
    """Draw a moment as the window would and save it as PNG. Raises RecordingError when it cannot be saved."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    app = QGuiApplication.instance() or QGuiApplication([])
    load_fonts()
    image = render_stage(view, DARK, SIZE, scale=2.0)
    if not image.save(str(path)):
        raise RecordingError(f"The picture cannot be written to {path}.", "Is the folder writable?")
    del app
