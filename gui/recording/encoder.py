"""Frames into a film: a pipe to ffmpeg, which imageio-ffmpeg brings along (the extra `video`)."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from PySide6.QtGui import QImage

from core.errors import RecordingError, UsageError
from core.session.exports.look import Look

WAIT_S = 120.0
"""How long ffmpeg may take to finish after the last frame."""

_CODECS = {
    "mp4": ("-c:v", "libx264", "-preset", "veryfast", "-crf", "18", "-pix_fmt", "yuv420p",
            "-movflags", "+faststart"),
    "webm": ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-row-mt", "1",
             "-crf", "28", "-b:v", "0", "-pix_fmt", "yuv420p"),
    "gif": ("-filter_complex", "split[a][b];[a]palettegen=stats_mode=diff[p];[b][p]paletteuse=dither=none",
            "-loop", "0"),
}  # fmt: skip


def ffmpeg() -> str:
    """Where ffmpeg is. Raises UsageError, with what to do, when the extra is not installed."""
    try:
        from imageio_ffmpeg import get_ffmpeg_exe

        return str(get_ffmpeg_exe())
    except (ImportError, RuntimeError) as error:
        raise UsageError(
            "Films need the extra “video”, which is not installed.",
            f'Install it: {sys.executable} -m pip install "imageio-ffmpeg>=0.5"; or export png, svg or html.',
        ) from error


class Encoder:
    """A film being written, frame after frame. Left by an error it ends ffmpeg at once."""

    def __init__(self, path: Path, name: str, look: Look) -> None:
        """`name` is mp4, webm or gif. Raises UsageError like `ffmpeg`, RecordingError."""
        self._path = path
        self._size = look.width * look.height * 4
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 (closed in `__exit__`)
        size = f"{look.width}x{look.height}"
        frames = ("-f", "rawvideo", "-pix_fmt", "bgr0", "-s", size, "-r", str(look.frames_per_s), "-i", "-")
        command = [ffmpeg(), "-y", "-v", "error", *frames, "-an", *_CODECS[name]]
        command += ["-fps_mode", "passthrough", str(path)]  # every frame once
        try:
            self._process = subprocess.Popen(  # noqa: S603
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=self._log,
                start_new_session=True,  # Ctrl+C is for us: we end it
            )
        except OSError as error:
            self._log.close()
            raise RecordingError(f"ffmpeg cannot be started ({error.strerror}).") from error

    def write(self, frame: QImage) -> None:
        """Add a frame. Raises RecordingError when ffmpeg has given up."""
        assert self._process.stdin is not None
        bits = frame.constBits()
        assert len(bits) == self._size, "32 bits a pixel, no padding"
        try:
            self._process.stdin.write(bits)
        except OSError as error:
            raise self._failed() from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        process = self._process
        try:
            if kind is not None:
                process.kill()
                return
            assert process.stdin is not None
            with contextlib.suppress(OSError):
                process.stdin.close()
            if process.wait(WAIT_S) != 0:
                raise self._failed()
        except subprocess.TimeoutExpired as late:
            process.kill()
            raise RecordingError(f"ffmpeg did not finish {self._path.name} in time.") from late
        finally:
            if process.stdin is not None:
                with contextlib.suppress(OSError):
                    process.stdin.close()
            process.wait()
            self._log.close()

    def _failed(self) -> RecordingError:
        self._process.kill()
        self._process.wait()
        self._log.seek(0)
        said = self._log.read(2_000).decode(errors="replace").strip().splitlines()
        return RecordingError(f"ffmpeg could not write the film: {said[-1] if said else 'it said nothing'}.")
