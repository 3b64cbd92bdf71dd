"""The space-time diagram as a widget that shows a feed: what is seen, chosen and painted."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import QImage, QImageWriter, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from core.model.bands import Band
from core.model.cluster_view import ClusterView
from gui.space_time.feed import Feed, NoFeed
from gui.space_time.level_of_detail import Camera, Density, Lanes, lanes_of
from gui.space_time.painter import paint_space_time
from gui.space_time.picture import Chosen, Picture, choose
from gui.space_time.twin import space_time_sheet
from gui.space_time.words import describe
from gui.theme import Theme
from gui.twins.sheet import Twin

FIRST_SPAN_NS = 6_000_000_000
_WORK_NS, _CATCH_UP_NS = 500_000, 4_000_000
"""A frame's share of reading, and when much waits: the stage is not painted meanwhile."""
_BEHIND_RECORDS = 200
_MARGIN = 0.04
_PNG_SCALE = 2.0


class DiagramView(QWidget):
    """Shows what a feed has read. It follows the newest moment until somebody pans or zooms away from it."""

    cameraChanged = Signal()
    """Another part is seen, or following began or ended."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.feed: Feed = NoFeed()
        self.camera = Camera(0, FIRST_SPAN_NS)
        self.following = True
        self.chosen_seq = 0
        self._chosen: Chosen | None = None
        self._node = ""
        self._lanes: Lanes = lanes_of((), ())
        self._density: Density | None = None
        self._view: ClusterView | None = None
        self._origin_ns = self._cursor_ns = self._pointed_ns = 0
        self._picture: Picture | None = None
        self._shown: tuple[object, ...] = ()
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName("Space-time diagram")
        self.setAccessibleDescription("The table dock shows the same as a table")
        self.setMinimumSize(320, 200)

    # What it shows

    def set_theme(self, theme: Theme) -> None:
        """Other colours and sizes."""
        self._theme = theme
        self.refresh()

    def set_feed(self, feed: Feed) -> None:
        """Show what another feed reads."""
        self.feed.close()
        self.feed, self._density, self._chosen = feed, None, None
        self.refresh()

    def work(self) -> bool:
        """A frame's share of reading what came; false when all of it was read."""
        self.feed.work(_CATCH_UP_NS if self.feed.behind > _BEHIND_RECORDS else _WORK_NS)
        return self.feed.behind > 0

    def show_view(self, view: ClusterView, origin_ns: int, cursor_ns: int) -> None:
        """The moment shown. `cursor_ns` is 0 in the present; times in words count from `origin_ns`."""
        self._view, self._origin_ns, self._cursor_ns = view, origin_ns, cursor_ns
        lanes = lanes_of([card.client for card in view.clients], [card.replica for card in view.replicas])
        if not lanes.same_as(self._lanes):
            self._lanes, self._density = lanes, None
        if cursor_ns:
            self.feed.ask(cursor_ns)
        if self.following:
            self.camera = self._at_newest()
        model = self.feed.model
        shown = (self.camera, model.end_ns, lanes.names, cursor_ns, len(model.bands.all))
        if shown != self._shown:
            self._shown = shown
            self.refresh()

    def select(self, seq: int, node: str) -> None:
        """Choose a request (0 for none) and a node ("" for none)."""
        if (seq, node) != (self.chosen_seq, self._node):
            self.chosen_seq, self._node, self._chosen = seq, node, None
            chosen = self._find_chosen()
            if chosen is not None and not self._sees(chosen.time_ns):
                self.look_at(chosen.time_ns)
            self.refresh()

    def point_at(self, time_ns: int) -> None:
        """Mark a moment that somebody points at elsewhere; 0 for none."""
        if time_ns != self._pointed_ns:
            self._pointed_ns = time_ns
            self.refresh()

    # The camera

    def look_at(self, time_ns: int) -> None:
        """Have a moment in the middle."""
        self._set_camera(self.camera.ending_at(time_ns + self.camera.span_ns // 2))

    def zoom(self, factor: float, at_ns: int | None = None) -> None:
        """So many times as long; around the pointer's moment, else the newest one or the middle."""
        if at_ns is None:
            at_ns = self.camera.end_ns if self.following else self.camera.start_ns + self.camera.span_ns // 2
        follows = self.following
        self._set_camera(self.camera.zoomed(factor, at_ns))
        if follows and at_ns >= self.camera.end_ns:
            self.follow()

    def pan(self, share: float) -> None:
        """On by a share of what is seen; back when negative."""
        self._set_camera(self.camera.moved(share * self.camera.span_ns))

    def fit(self) -> None:
        """Everything that was read."""
        model = self.feed.model
        length = max(1_000_000, model.end_ns - model.start_ns)
        margin = int(length * _MARGIN)
        self._set_camera(Camera(model.start_ns - margin, length + 2 * margin))

    def follow(self) -> None:
        """Go with the newest moment, or with the cursor."""
        self.following = True
        self.camera = self._at_newest()
        self.cameraChanged.emit()
        self.refresh()

    def _at_newest(self) -> Camera:
        newest = self._cursor_ns or (self._view.now_ns if self._view else self.feed.model.end_ns)
        return self.camera.ending_at(newest + int(self.camera.span_ns * _MARGIN))

    def _set_camera(self, camera: Camera) -> None:
        self.following = False
        self.camera = camera
        self.feed.ask(camera.start_ns + camera.span_ns // 2)
        self.cameraChanged.emit()
        self.refresh()

    def _sees(self, time_ns: int) -> bool:
        return self.camera.start_ns <= time_ns <= self.camera.end_ns

    # Painting

    def picture(self) -> Picture:
        """What is shown now, to be painted or exported."""
        if self._picture is None:
            self._picture = self._make_picture(QSizeF(self.size()))
        return self._picture

    def complete(self) -> bool:
        """Sort some of the rows that are new; true when all of them are."""
        if self._density is None:
            self._density = Density(self._lanes)
        return self._density.extend(self.feed.columns())

    def png(self) -> QImage:
        """The visible part, twice as dense."""
        size = QSizeF(self.size())
        image = QImage((size * _PNG_SCALE).toSize(), QImage.Format.Format_RGB32)
        with QPainter(image) as painter:
            painter.scale(_PNG_SCALE, _PNG_SCALE)
            paint_space_time(painter, self._make_picture(size))
        return image

    def svg(self) -> bytes:
        """The visible part as SVG."""
        from PySide6.QtSvg import QSvgGenerator

        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        drawing = QSvgGenerator()
        drawing.setOutputDevice(buffer)
        drawing.setSize(self.size())
        drawing.setViewBox(QRectF(self.rect()))
        drawing.setTitle("Space-time diagram")
        with QPainter(drawing) as painter:
            paint_space_time(painter, self._make_picture(QSizeF(self.size())))
        data: QByteArray = buffer.data()
        return bytes(data.data())

    def encoded(self, suffix: str) -> bytes:
        """The visible part as a file's bytes: `.png` or `.svg`. Raises ValueError for any other."""
        if suffix == ".svg":
            return self.svg()
        if suffix != ".png":
            raise ValueError(f"“{suffix}” is no format of the diagram. Name the file .png or .svg.")
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        QImageWriter(buffer, QByteArray(b"png")).write(self.png())
        return bytes(buffer.data().data())

    def _make_picture(self, size: QSizeF) -> Picture:
        columns, model = self.feed.columns(), self.feed.model
        if not self.complete():
            self.update()  # the rest with the next frame
        chosen = self._find_chosen()
        bands: Sequence[Band] = list(model.bands.within(self.camera.start_ns, self.camera.end_ns))
        now_ns = self._cursor_ns or (self._view.now_ns if self._view else model.end_ns)
        return Picture(
            columns, self._lanes, self.camera, size, self._theme, self._origin_ns, max(now_ns, model.end_ns),
            self._density, bands, list(model.losses), chosen, self._node, self._cursor_ns,
            self._pointed_ns,
        )  # fmt: skip

    def _find_chosen(self) -> Chosen | None:
        if not self.chosen_seq:
            self._chosen = None
        elif self._chosen is None:
            self._chosen = choose(self.feed.columns(), self.chosen_seq)
        return self._chosen

    def refresh(self) -> None:
        """Paint anew."""
        self._picture = None
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The whole picture: when anything moves, everything does."""
        with QPainter(self) as painter:
            paint_space_time(painter, self.picture())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Everything lies elsewhere."""
        self.refresh()

    def sizeHint(self) -> QSize:
        """As large as the stage."""
        return QSize(980, 560)

    def twins(self) -> tuple[Twin, ...]:
        """What it draws, as a table."""
        return (Twin("Space-time diagram", lambda view: space_time_sheet(self.picture())),)

    def describe(self) -> str:
        """What is chosen, in words for those who do not see it."""
        return describe(self.picture(), self.chosen_seq)
