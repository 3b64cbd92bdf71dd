"""How long a film takes: `python -m bench.film [RECORDING] [--format mp4] [--seconds 30] [--json]`.

Exports 30 s of a recording at 1280 × 720 and 30 frames a second by the command that a person gives, then
decodes the film, counts its frames, and compares some of them with what the painter paints. Without a
recording a run of three replicas and eight clients is recorded first.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
from imageio_ffmpeg import get_ffmpeg_exe
from PySide6.QtGui import QGuiApplication, QImage, QPainter

from core.runtime.run_settings import RunSettings
from core.runtime.session import record_run
from core.services.registry import load_service
from core.session.exports.job import Job, Span
from core.session.exports.look import Look
from core.session.reader import read
from gui.recording.draw import frame_times
from gui.recording.frame_painter import STRIP, paint_moment
from gui.recording.moments import Moments
from gui.theme import load_fonts

ROOT = Path(__file__).resolve().parent.parent
LOOK = Look()
SECONDS = 30.0
COMPARED = 5
SUFFIXES = {"mp4": ".mp4", "webm": ".webm", "gif": ".gif"}

Pixels = npt.NDArray[np.int16]


def export(recording: Path, film: Path, name: str, seconds: float) -> tuple[float, float]:
    """Seconds that the export took, and seconds of the processor in all its processes."""
    command = [sys.executable, str(ROOT / "main.py"), "export", str(recording), str(film), "--to", name]
    began_s, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([*command, "--until", f"{seconds}s"], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - began_s, cpu_s


def decode(film: Path, wanted: set[int]) -> tuple[int, dict[int, Pixels]]:
    """How many frames the film has, and some of them."""
    command = [get_ffmpeg_exe(), "-v", "error", "-i", str(film), "-fps_mode", "passthrough"]
    command += ["-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    size, count, found = LOOK.width * LOOK.height * 3, 0, dict[int, Pixels]()
    with subprocess.Popen(command, stdout=subprocess.PIPE) as ffmpeg:
        assert ffmpeg.stdout is not None
        while len(data := ffmpeg.stdout.read(size)) == size:
            if count in wanted:
                flat = np.frombuffer(data, np.uint8).reshape(LOOK.height, LOOK.width, 3)
                found[count] = flat.astype(np.int16)
            count += 1
    return count, found


def paint(job: Job, times: list[int], wanted: set[int]) -> dict[int, Pixels]:
    """The same frames, each painted in full."""
    moments, painted = Moments(job), dict[int, Pixels]()
    for place, time_ns in enumerate(times):  # every one: the sample of messages depends on what was looked at
        view = moments.at(time_ns)
        if place not in wanted:
            continue
        image = QImage(LOOK.width, LOOK.height, QImage.Format.Format_RGB32)
        with QPainter(image) as painter:
            paint_moment(painter, view, LOOK, time_ns, "")
        flat = np.frombuffer(image.constBits(), np.uint8).reshape(LOOK.height, LOOK.width, 4)
        painted[place] = flat[:, :, 2::-1].astype(np.int16)
    return painted


def measure(path: Path, film: Path, name: str, seconds: float) -> dict[str, float | int | str]:
    """Export, decode and compare."""
    took_s, cpu_s = export(path, film, name, seconds)
    recording = read(path)
    job = Job(recording, Span(0, round(seconds * 1e9)), load_service(recording.header.service))
    times = frame_times(job, LOOK)
    wanted = {round(place) for place in np.linspace(0, len(times) - 1, COMPARED)}
    count, shown = decode(film, wanted)
    expected = paint(job, times, wanted)
    off = [float(np.abs(shown[place][:-STRIP] - expected[place][:-STRIP]).mean()) for place in wanted]
    return {
        "format": name,
        "took_s": round(took_s, 1),
        "cpu_s": round(cpu_s, 1),
        "frames": count,
        "frames_expected": len(times),
        "mean_difference_of_256": round(max(off), 2),
        "file_mb": round(film.stat().st_size / 1e6, 1),
    }


def main() -> int:
    """Measure and print; 1 when a frame is missing."""
    parser = argparse.ArgumentParser(description="How long a film takes.")
    parser.add_argument("recording", type=Path, nargs="?")
    parser.add_argument("--format", choices=sorted(SUFFIXES), default="mp4")
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    app = QGuiApplication([])
    load_fonts()
    with tempfile.TemporaryDirectory() as folder:
        path = options.recording
        if path is None:
            path = Path(folder) / "run.lockstep"
            record_run(RunSettings(clients=8, seconds=options.seconds + 1, think_ms=5.0), path)
        film = Path(folder) / f"film{SUFFIXES[options.format]}"
        figures = measure(path, film, options.format, options.seconds)
    del app
    if options.json:
        sys.stdout.write(json.dumps(figures) + "\n")
    else:
        for name, value in figures.items():
            sys.stdout.write(f"{name.replace('_', ' '):26}{value}\n")
    return int(figures["frames"] != figures["frames_expected"])


if __name__ == "__main__":
    sys.exit(main())
