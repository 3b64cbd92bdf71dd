"""The export formats that need no picture, by name. Pictures and films are made where Qt is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, NamedTuple

from core.session.exports.chrome import write_chrome
from core.session.exports.csv_events import write_csv
from core.session.exports.history import write_history
from core.session.exports.html import write_html
from core.session.exports.jepsen import write_jepsen
from core.session.exports.job import Job
from core.session.exports.shiviz import write_shiviz
from core.session.whole_file import in_place


class Format(NamedTuple):
    """A format: what it is, in a few words, how its files end, and who writes it (None: a picture)."""

    name: str
    what: str
    suffix: str
    write: Callable[[Job, BinaryIO], None] | None = None


FORMATS = {
    one.name: one
    for one in (
        Format("mp4", "film (H.264)", ".mp4"),
        Format("webm", "film (VP9)", ".webm"),
        Format("gif", "moving picture", ".gif"),
        Format("png", "one moment as a picture", ".png"),
        Format("svg", "one moment as a drawing", ".svg"),
        Format("history", "calls and returns as JSON lines, for a checker", ".jsonl", write_history),
        Format("jepsen", "history in EDN, for Jepsen, Knossos and Elle", ".edn", write_jepsen),
        Format("shiviz", "log with vector clocks, for ShiViz", ".log", write_shiviz),
        Format("chrome", "trace, for Perfetto and chrome://tracing", ".json", write_chrome),
        Format("html", "one page to read, with drawings and verdicts", ".html", write_html),
        Format("csv", "the event log as a table", ".csv", write_csv),
    )
}
FILMS = ("mp4", "webm", "gif")
PICTURES = ("png", "svg")


def write_export(job: Job, name: str, path: Path, overwrite: bool = False) -> None:
    """Write a recording in a format of this table that has a writer; the file is there whole or not at all.
    Raises LockstepError."""
    write = FORMATS[name].write
    assert write is not None, f"{name} is drawn"
    with in_place(path, overwrite) as part, part.open("wb") as file:
        write(job, file)
