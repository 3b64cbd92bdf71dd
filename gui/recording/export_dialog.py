"""The export of a recording as a form: format, span, look, file; then how far it is, and a way to stop it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from core.session.exports.formats import FILMS, FORMATS, PICTURES
from core.session.exports.look import SIZES, THEMES
from core.session.source import TravelState
from gui.recording.export_process import Exporting, ExportProcess

PACES = (1.0, 2.0, 5.0, 0.5, 0.25, 0.1, 0.05, 0.02, 0.01, 0.001)
DECIMALS = 3


class ExportDialog(QDialog):
    """Open it with `open_at`. It may be closed only when nothing is under way; Esc cancels first."""

    def __init__(self, exporting: Exporting, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("exportDialog")
        self.setWindowTitle("Export")
        self._exporting = exporting
        self.process = ExportProcess(exporting.command, self)
        self.format, self.resolution, self.pace, self.theme = (QComboBox(self) for _ in range(4))
        self.begin, self.until, self.moment = (QDoubleSpinBox(self) for _ in range(3))
        self.file = QLineEdit(self)
        self.browse, self.start, self.cancel = (
            QPushButton(text, self) for text in ("Browse…", "Export", "Close")
        )
        self.bar, self.status = QProgressBar(self), QLabel(self)
        self._form = QFormLayout()
        self._overwrite = ""  # the file that a person has chosen in the dialog that asks
        self._shown_ns = 0
        self._fill()
        self._arrange()
        self._connect()
        self._show_fields()

    # --- the form -----------------------------------------------------------------------------------------

    def _fill(self) -> None:
        for one in FORMATS.values():
            self.format.addItem(f"{one.name}: {one.what}", one.name)
        for name, (width, height) in SIZES.items():
            self.resolution.addItem(f"{name}, {width} × {height}", f"{width}x{height}")
        for pace in PACES:
            words = (
                "as it happened"
                if pace == 1
                else f"{pace:g} × faster"
                if pace > 1
                else f"{1 / pace:g} × slower"
            )
            self.pace.addItem(words, f"{pace:g}")
        for theme in THEMES:
            self.theme.addItem(theme, theme)
        for box, name in ((self.begin, "From"), (self.until, "Until"), (self.moment, "Moment")):
            box.setDecimals(DECIMALS)
            box.setSuffix(" s")
            box.setSingleStep(0.1)
            box.setButtonSymbols(QDoubleSpinBox.ButtonSymbols.NoButtons)
            box.lineEdit().setTextMargins(6, 0, 0, 0)  # the style sheet does not reach it
            box.setAccessibleName(name)
        for widget, name in (
            (self.format, "Format"), (self.resolution, "Size"), (self.pace, "Pace"), (self.theme, "Theme"),
            (self.file, "File"),
        ):  # fmt: skip
            widget.setAccessibleName(name)

    def _arrange(self) -> None:
        self.file.setMinimumWidth(340)
        self.status.setWordWrap(True)
        self.status.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.status.setMinimumHeight(2 * self.fontMetrics().lineSpacing())
        self.start.setDefault(True)
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 1)
        room = self.bar.sizePolicy()
        room.setRetainSizeWhenHidden(True)
        self.bar.setSizePolicy(room)
        self.bar.hide()  # until there is something to tell
        place = QHBoxLayout()
        place.addWidget(self.file, 1)
        place.addWidget(self.browse)
        form = self._form
        form.addRow("Format", self.format)
        form.addRow("From", self.begin)
        form.addRow("Until", self.until)
        form.addRow("Moment", self.moment)
        form.addRow("Size", self.resolution)
        form.addRow("Pace", self.pace)
        form.addRow("Theme", self.theme)
        form.addRow("File", place)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.start)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 16, 18, 16)
        column.setSpacing(12)
        column.addLayout(form)
        column.addWidget(self.bar)
        column.addWidget(self.status)
        column.addLayout(buttons)

    def _connect(self) -> None:
        self.format.currentIndexChanged.connect(self._show_fields)
        self.browse.clicked.connect(self._browse)
        self.start.clicked.connect(self.export)
        self.cancel.clicked.connect(self.reject)
        self.process.progressed.connect(self._show_progress)
        self.process.ended.connect(self._show_end)

    def _show_fields(self) -> None:
        """Only what matters to the format; the file's suffix follows it."""
        name = self.chosen_format
        drawn = name in FILMS or name in PICTURES
        for widget, wanted in (
            (self.begin, name not in PICTURES), (self.until, name not in PICTURES),
            (self.moment, name in PICTURES), (self.resolution, drawn), (self.theme, drawn),
            (self.pace, name in FILMS),
        ):  # fmt: skip
            self._form.setRowVisible(widget, wanted)
        if self.file.text():
            self.file.setText(str(Path(self.file.text()).with_suffix(FORMATS[name].suffix)))
        self.adjustSize()

    @property
    def chosen_format(self) -> str:
        """The name of the format."""
        return str(self.format.currentData())

    def open_at(self, state: TravelState | None) -> None:
        """Open on the recording at the moment that is shown."""
        if not self.process.running:
            start_ns, end_ns, now_ns = (state.start_ns, state.end_ns, state.now_ns) if state else (0, 0, 0)
            length_s = max(0, end_ns - start_ns) / 1e9
            for box in (self.begin, self.until, self.moment):
                box.setRange(0.0, length_s)
            self.begin.setValue(0.0)
            self.until.setValue(length_s)
            self._shown_ns = now_ns - start_ns
            self.moment.setValue(self._shown_ns / 1e9)
            self.status.setText("")
            if not self.file.text():
                name = self._exporting.recording().with_suffix(FORMATS[self.chosen_format].suffix).name
                self.file.setText(str(Path.home() / name))
        self.open()

    def _browse(self) -> None:
        one = FORMATS[self.chosen_format]
        name, _ = QFileDialog.getSaveFileName(
            self, "Export to", self.file.text(), f"{one.what} (*{one.suffix});;All files (*)"
        )
        if name:
            path = Path(name)
            self._overwrite = str(path if path.suffix else path.with_suffix(one.suffix))
            self.file.setText(self._overwrite)

    # --- the export ---------------------------------------------------------------------------------------

    def arguments(self) -> list[str]:
        """What the command line is told."""
        name, file = self.chosen_format, self.file.text()
        told = [str(self._exporting.recording()), file, "--to", name]
        if name in PICTURES:
            told += ["--at", f"{self._moment_s():.9f}s"]
        else:
            told += ["--from", f"{self.begin.value():.{DECIMALS}f}s"]
            if self.until.value() < self.until.maximum():  # the end is told in thousandths only
                told += ["--until", f"{self.until.value():.{DECIMALS}f}s"]
        if name in FILMS or name in PICTURES:
            told += ["--size", str(self.resolution.currentData()), "--theme", str(self.theme.currentData())]
        if name in FILMS:
            told += ["--pace", str(self.pace.currentData())]
        if self._exporting.service:
            told += ["--service", self._exporting.service]
        if file == self._overwrite:
            told.append("--overwrite")
        return told

    def _moment_s(self) -> float:
        """The moment chosen; the one that is shown exactly, for a caption may begin with it."""
        shown_s = self._shown_ns / 1e9
        return shown_s if self.moment.value() == round(shown_s, DECIMALS) else self.moment.value()

    def export(self) -> None:
        """Begin."""
        if not self.file.text().strip():
            self.status.setText("Name the file to write.")
            return
        self._let_change(False)
        self.bar.setRange(0, 0)
        self.bar.show()
        self.status.setText(f"Writing {Path(self.file.text()).name} …")
        self.process.start(self.arguments(), Path(self.file.text()).name)

    def reject(self) -> None:
        """Esc, Close or Cancel: what is under way is stopped first."""
        if self.process.running:
            self.status.setText("Cancelling …")
            self.process.cancel()
        else:
            super().reject()

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.process.running:
            self.reject()
            event.ignore()
        else:
            super().closeEvent(event)

    def _let_change(self, idle: bool) -> None:
        spins, boxes = (self.begin, self.until, self.moment), (self.resolution, self.pace, self.theme)
        for widget in (self.format, *spins, *boxes, self.file, self.browse, self.start):
            widget.setEnabled(idle)
        self.cancel.setText("Close" if idle else "Cancel")

    def _show_progress(self, done: int, total: int) -> None:
        self.bar.setRange(0, max(1, total))
        self.bar.setValue(done)

    def _show_end(self, written: bool, sentence: str) -> None:
        self._let_change(True)
        self.bar.setRange(0, 1)
        self.bar.setValue(1 if written else 0)
        self.status.setText(sentence)
        self._overwrite = ""
