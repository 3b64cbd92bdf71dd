"""The metrics as files: a table of everything that is kept, and a picture of the last minute."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QSize, Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QWidget

from core.model.metrics import MetricsHistory
from gui.docks.curves import columns_of
from gui.theme import Theme

if TYPE_CHECKING:
    from gui.docks.plots import Plots

PICTURE_SIZE = QSize(1200, 900)
_SHARPNESS = 2.0


def csv_of(history: MetricsHistory, replicas: Sequence[int], start_ns: int) -> bytes:
    """A row for each tick that is kept, oldest first; seconds count from `start_ns`. What is not known (no
    answer came in that second) is empty."""
    names, columns = columns_of(history, replicas)
    target = io.StringIO(newline="")
    writer = csv.writer(target)
    writer.writerow(["seconds", *names])
    for time_ns, *values in zip(history.times_ns.tolist(), *columns.tolist(), strict=True):
        words = ("" if math.isnan(value) else f"{value:.6g}" for value in values)
        writer.writerow([f"{(time_ns - start_ns) / 1e9:.1f}", *words])
    return target.getvalue().encode()


def png_of(make: Callable[[QWidget], Plots], replicas: Sequence[int], theme: Theme, parent: QWidget) -> bytes:
    """All curves of the last minute as one picture. `make` gives plots that show every page."""
    sheet = make(parent)
    try:
        sheet.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
        sheet.setWindowFlag(Qt.WindowType.Window)
        sheet.resize(PICTURE_SIZE)
        sheet.draw_all(replicas)
        sheet.show()
        pixmap = QPixmap(PICTURE_SIZE * _SHARPNESS)
        pixmap.setDevicePixelRatio(_SHARPNESS)
        pixmap.fill(theme.surface)
        sheet.render(pixmap)
        buffer = QBuffer()
        buffer.open(QBuffer.OpenModeFlag.WriteOnly)
        pixmap.save(buffer, "PNG")
        return bytes(buffer.data().data())
    finally:
        sheet.hide()
        sheet.deleteLater()
