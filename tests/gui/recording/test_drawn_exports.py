"""Films and pictures: decoded again, and compared with what the painters paint."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import numpy.typing as npt
import pytest
from imageio_ffmpeg import count_frames_and_secs, get_ffmpeg_exe
from msgspec.structs import replace
from PySide6.QtGui import QImage, QPainter
from pytestqt.qtbot import QtBot

from core.errors import RecordingError, UsageError
from core.services.kv import KeyValue
from core.session.annotations import Note, write_notes
from core.session.exports.job import Job, Span
from core.session.exports.look import Look
from core.session.reader import Recording, read
from gui.recording.draw import draw, frame_times, frames
from gui.recording.encoder import Encoder
from gui.recording.frame_painter import STRIP, paint_moment
from gui.recording.moments import Moments
from tests.support.daemons import children
from tests.support.made_run import made_run, save

pytestmark = pytest.mark.gui
SMALL = Look(640, 400, pace=0.001, frames_per_s=25)

Pixels = npt.NDArray[np.int16]


@pytest.fixture
def recording(tmp_path: Path, qtbot: QtBot) -> Recording:
    return read(save(tmp_path / "run.lockstep", made_run(400, clients=3)))


def pixels(image: QImage) -> Pixels:
    """height × width × (red, green, blue)."""
    flat = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)
    return flat[:, :, 2::-1].astype(np.int16)


def decoded(path: Path) -> list[Pixels]:
    """Every frame of a film, as ffmpeg reads it."""
    command = [get_ffmpeg_exe(), "-v", "error", "-i", str(path), "-fps_mode", "passthrough"]
    command += ["-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    done = subprocess.run(command, capture_output=True, check=True, timeout=60)
    shape = (-1, SMALL.height, SMALL.width, 3)
    return list(np.frombuffer(done.stdout, np.uint8).reshape(shape).astype(np.int16))


def by_the_painter(recording: Recording, look: Look, times: list[int]) -> list[Pixels]:
    """The moments, each painted in full."""
    moments, painted = Moments(job(recording)), []
    for time_ns in times:
        image = QImage(look.width, look.height, QImage.Format.Format_RGB32)
        with QPainter(image) as painter:
            paint_moment(painter, moments.at(time_ns), look, time_ns, "")
        painted.append(pixels(image))
    return painted


def job(recording: Recording, span: Span | None = None) -> Job:
    return Job(recording, span or Span(), KeyValue())


@pytest.mark.parametrize("name", ["mp4", "webm", "gif"])
def test_a_film_has_every_frame_and_each_is_the_painters_picture(
    recording: Recording, tmp_path: Path, name: str
) -> None:
    path = tmp_path / f"film.{name}"
    draw(job(recording), name, path, SMALL)
    times = frame_times(job(recording), SMALL)
    assert len(times) > 10
    assert count_frames_and_secs(str(path))[0] == len(times)
    shown = decoded(path)
    assert len(shown) == len(times)
    wanted = by_the_painter(recording, SMALL, times)
    for place in (0, len(times) // 2, len(times) - 1):
        off = np.abs(shown[place][:-STRIP] - wanted[place][:-STRIP])
        assert off.mean() < 3 and (off.max(axis=2) > 60).mean() < 0.02, (name, place, off.mean())


def test_frames_are_exactly_what_the_painter_paints(recording: Recording) -> None:
    """Before the encoder: not a pixel of the stage differs by more than rounding."""
    times = frame_times(job(recording), SMALL)
    wanted = by_the_painter(recording, SMALL, times)
    for place, frame in enumerate(frames(job(recording), SMALL)):
        assert np.abs(pixels(frame)[:-STRIP] - wanted[place][:-STRIP]).max() <= 2, place


def test_the_number_of_frames_follows_from_span_pace_and_rate(recording: Recording) -> None:
    span = Span(100_000, 300_000)
    times = frame_times(job(recording, span), Look(pace=0.001, frames_per_s=50))
    assert len(times) == 10
    assert (times[0], times[1] - times[0]) == (100_000, 20_000)
    assert len(frame_times(job(recording, Span(5, 5)), Look())) == 1
    with pytest.raises(UsageError, match="too long"):
        frame_times(job(made_long(recording)), Look(pace=0.001))


def made_long(recording: Recording) -> Recording:
    head = recording.blocks[-1].head._replace(last_ns=10**13)
    places = (*recording.blocks[:-1], replace(recording.blocks[-1], head=head))
    return Recording(recording.path, recording.header, places, "")


def test_captions_are_burnt_in(recording: Recording) -> None:
    plain = [pixels(frame).copy() for frame in frames(job(recording), SMALL)]
    times = frame_times(job(recording), SMALL)
    write_notes(recording.path, [Note(times[3], "Look here", times[6] - times[3])])
    told = [pixels(frame).copy() for frame in frames(job(read(recording.path)), SMALL)]
    unlike = [
        place for place, (one, other) in enumerate(zip(plain, told, strict=True)) if (one != other).any()
    ]
    assert unlike == [3, 4, 5]


def test_without_the_extra_one_sentence_says_how_to_get_it(
    recording: Recording, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(UsageError, match=r"extra “video”.*pip install"):
        draw(job(recording), "mp4", tmp_path / "film.mp4", SMALL)
    assert not list(tmp_path.glob("*film*"))


def test_a_cancelled_film_leaves_no_file_and_no_process(recording: Recording, tmp_path: Path) -> None:
    def cancel(done: int, total: int) -> None:
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        draw(Job(recording, Span(), KeyValue(), cancel), "mp4", tmp_path / "film.mp4", SMALL)
    assert [path.name for path in tmp_path.iterdir()] == ["run.lockstep"]
    assert not children(os.getpid())


def test_what_ffmpeg_cannot_do_is_said(tmp_path: Path, qtbot: QtBot) -> None:
    frame = QImage(640, 400, QImage.Format.Format_RGB32)
    with (
        pytest.raises(RecordingError, match=r"ffmpeg could not write the film: .*(No such|Error)"),
        Encoder(tmp_path / "nowhere" / "film.mp4", "mp4", SMALL) as encoder,
    ):
        for _ in range(200):
            encoder.write(frame)


# --- pictures ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("look", [Look(1280, 720), Look(3840, 2160, theme="light")], ids=["720p", "4k"])
def test_a_png_is_the_moment_that_was_asked_for(recording: Recording, tmp_path: Path, look: Look) -> None:
    draw(job(recording), "png", tmp_path / "x.png", look)
    image = QImage(str(tmp_path / "x.png"))
    assert (image.width(), image.height()) == (look.width, look.height)
    corner = image.pixelColor(look.width // 3, 4)
    assert (corner.lightness() > 128) == (look.theme == "light")


def test_a_png_at_a_moment_is_the_painters_own_picture(recording: Recording, tmp_path: Path) -> None:
    at_ns = recording.duration_ns // 2
    look = Look(640, 400, at_ns=at_ns)
    draw(job(recording), "png", tmp_path / "x.png", look)
    found = pixels(QImage(str(tmp_path / "x.png")).convertToFormat(QImage.Format.Format_RGB32))
    assert np.array_equal(found, by_the_painter(recording, look, [at_ns])[0])


def test_an_svg_is_a_small_drawing_with_the_nodes_in_it(recording: Recording, tmp_path: Path) -> None:
    draw(job(recording), "svg", tmp_path / "x.svg", Look(at_ns=recording.duration_ns // 2))
    root = ElementTree.parse(tmp_path / "x.svg").getroot()
    assert root.tag.endswith("svg") and root.get("viewBox") == "0 0 1280 720"
    texts = {"".join(text.itertext()).strip() for text in root.iter() if text.tag.endswith("}text")}
    assert {"R1", "R2", "R3", "C1", "Front end"} <= texts
    assert (tmp_path / "x.svg").stat().st_size < 1_000_000
