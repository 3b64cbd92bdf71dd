"""`export`: a recording in another format. What has to be drawn is handed in by `main.py`."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console

from core.errors import UsageError
from core.runtime.progress import progress_bar
from core.services.registry import is_built_in
from core.session.check import Progress
from core.session.exports.formats import FORMATS, write_export
from core.session.exports.job import Job, Span, parse_moment
from core.session.exports.look import Look, parse_size
from core.session.reader import read
from core.session.service import service_for

Draw = Callable[[Job, str, Path, Look, bool], None]
"""Draws a picture or a film: (job, format, path, look, overwrite)."""

Guard = Callable[[Callable[[], int]], int]
_FORMATS = "; ".join(f"{one.name}: {one.what}" for one in FORMATS.values())


def no_pictures(*_: object) -> None:
    """Where nothing can be drawn."""
    raise UsageError("Pictures and films cannot be made here.", "Choose another format.")


def add_export_command(app: typer.Typer, guarded: Guard, draw: Draw) -> None:
    """Add the command; `guarded` turns errors into sentences and exit codes."""

    @app.command(name="export")
    def export_command(
        file: Annotated[Path, typer.Argument(help="A recording (*.lockstep).")],
        out: Annotated[Path, typer.Argument(help="The file to write.")],
        to: Annotated[str, typer.Option(help=f"The format. {_FORMATS}.")],
        begin: Annotated[str, typer.Option("--from", help="Begin at this moment, e.g. 12.4s.")] = "0s",
        until: Annotated[str, typer.Option(help="End at this moment.")] = "",
        at: Annotated[str, typer.Option(help="The moment of a picture; without it the last one.")] = "",
        size: Annotated[str, typer.Option(help="720p, 1080p, 1440p, 4k, or like 1600x900.")] = "720p",
        pace: Annotated[float, typer.Option(help="Seconds of the run in a second of film.")] = 1.0,
        fps: Annotated[int, typer.Option(help="Frames a second of a film.")] = 30,
        theme: Annotated[str, typer.Option(help="dark or light.")] = "dark",
        service: Annotated[str, typer.Option(help="The recorded service, when it is not built in.")] = "",
        overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file that exists.")] = False,
        progress_lines: Annotated[
            bool, typer.Option("--progress-lines", help="Print `done total` lines, for programs.")
        ] = False,
    ) -> None:
        """Write a recording, or a span of it, in another format."""

        def go() -> int:
            span = Span(parse_moment(begin), parse_moment(until) if until else Span().until_ns)
            moment = parse_moment(at) if at else None
            look = Look(*parse_size(size), pace, fps, theme, moment)
            return export_file(file, to, out, span, look, service, overwrite, progress_lines, draw)

        raise typer.Exit(guarded(go))


def export_file(
    file: Path,
    name: str,
    out: Path,
    span: Span,
    look: Look,
    service: str,
    overwrite: bool,
    progress_lines: bool,
    draw: Draw,
) -> int:
    """Export, with a bar that shows how far it has come. Raises LockstepError."""
    if name not in FORMATS:
        raise UsageError(f"There is no format {name!r}.", f"Choose one of {', '.join(FORMATS)}.")
    recording = read(file)
    header = recording.header
    machine = service_for(header, service) if service or is_built_in(header.service) else None
    if not recording.blocks:
        raise UsageError(f"{file} holds no record.", "There is nothing to export.")
    if span.from_ns > recording.duration_ns:
        seconds = recording.duration_ns / 1e9
        raise UsageError(f"The recording ends after {seconds:.1f} s.", "Begin earlier.")
    with _terminated_like_interrupted(), _progress(f"Writing {out.name}", progress_lines) as progress:
        job = Job(recording, span, machine, progress)
        if FORMATS[name].write is None:
            draw(job, name, out, look, overwrite)
        else:
            write_export(job, name, out, overwrite)
    if not progress_lines:
        console = Console(highlight=False, soft_wrap=True)
        if recording.note:
            console.print(recording.note, markup=False)
        console.print(f"{out}: {out.stat().st_size:,} bytes, {FORMATS[name].what}.", markup=False)
    return 0


@contextmanager
def _progress(what: str, lines: bool) -> Iterator[Progress]:
    if not lines:
        with progress_bar(what) as progress:
            yield progress
        return

    def say(done: int, total: int) -> None:
        sys.stdout.write(f"{done} {total}\n")
        sys.stdout.flush()

    yield say


@contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """SIGTERM cancels like Ctrl+C: nothing half-made stays behind."""

    def cancel(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = None
    with suppress(ValueError):  # not on the main thread: nobody terminates a thread
        before = signal.signal(signal.SIGTERM, cancel)
    try:
        yield
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)
