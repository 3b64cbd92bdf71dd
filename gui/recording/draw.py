"""Exports that are drawn: films and pictures, offscreen, in a process of their own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgGenerator

from core.errors import RecordingError, UsageError
from core.session.exports.formats import FILMS
from core.session.exports.job import Job
from core.session.exports.look import Look
from core.session.whole_file import in_place
from gui.recording.encoder import Encoder, ffmpeg
from gui.recording.frame_painter import FramePainter, draw_moment, paint_moment, ratio_of
from gui.recording.moments import Moments
from gui.theme import load_fonts

MAX_FRAMES = 60 * 60 * 60


def draw(job: Job, name: str, path: Path, look: Look, overwrite: bool = False) -> None:
    """Write a film or a picture; the file is there whole or not at all. Raises LockstepError."""
    if name in FILMS:
        ffmpeg()  # before anything else: without it nothing begins
    app = _application()
    with in_place(path, overwrite) as part:
        if name in FILMS:
            _film(job, name, part, look)
        else:
            _picture(job, name, part, look)
    del app


def frame_times(job: Job, look: Look) -> list[int]:
    """The moments of a film's frames. Raises UsageError when there would be too many."""
    from_ns, until_ns = _span(job)
    seconds = (until_ns - from_ns) / 1e9 / look.pace
    count = max(1, round(seconds * look.frames_per_s))
    if count > MAX_FRAMES:
        raise UsageError(
            f"A film of {seconds / 60:,.0f} minutes is too long.",
            "Cut out a span, or choose a faster --pace.",
        )
    return [from_ns + round(frame * look.pace * 1e9 / look.frames_per_s) for frame in range(count)]


def frames(job: Job, look: Look) -> Iterator[QImage]:
    """The frames of a film; each is painted over by the next. Raises LockstepError."""
    times, moments = frame_times(job, look), Moments(job)
    painter = FramePainter(look, _span(job))
    for done, time_ns in enumerate(times, start=1):
        yield painter.paint(moments.at(time_ns), time_ns, moments.caption(time_ns))
        job.progress(done, len(times))


def _film(job: Job, name: str, path: Path, look: Look) -> None:
    with Encoder(path, name, look) as encoder:
        for frame in frames(job, look):
            encoder.write(frame)


def _picture(job: Job, name: str, path: Path, look: Look) -> None:
    time_ns = _span(job)[1] if look.at_ns is None else min(look.at_ns, job.recording.duration_ns)
    moments = Moments(job)
    view = moments.at(time_ns)
    if name == "png":
        image = QImage(look.width, look.height, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(ratio_of(look))
        with QPainter(image) as painter:
            paint_moment(painter, view, look, time_ns, moments.caption(time_ns))
        if not image.save(str(path)):
            raise RecordingError(f"The picture {path} cannot be written.", "Is there room on the disk?")
    else:
        drawing = QSvgGenerator()
        drawing.setFileName(str(path))
        size = QSize(round(look.width / ratio_of(look)), round(look.height / ratio_of(look)))
        drawing.setSize(size)
        drawing.setViewBox(QRect(QPoint(), size))
        drawing.setTitle(f"Lockstep, {time_ns / 1e9:.3f} s")
        with QPainter(drawing) as painter:
            draw_moment(painter, view, look, time_ns, moments.caption(time_ns))
    job.progress(1, 1)


def _span(job: Job) -> tuple[int, int]:
    return job.span.from_ns, min(job.span.until_ns, job.recording.duration_ns)


def _application() -> QGuiApplication:
    """Qt without a screen, and the fonts. Whoever has one already keeps it."""
    app = QGuiApplication.instance()
    if app is None:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
        app = QGuiApplication([])
    load_fonts()
    assert isinstance(app, QGuiApplication)
    return app
