"""`csv`: the event log, one record a line, as the window's event log shows it."""

from __future__ import annotations

import csv
import io
from typing import BinaryIO

from core.session.exports.job import Job
from core.trace.rows import row_of

COLUMNS = ("time_s", "node", "kind", "first_seq", "last_seq", "text")


def write_csv(job: Job, file: BinaryIO) -> None:
    """Write the events of the span; numbers are empty where an event has none. Raises RecordingError,
    OSError."""
    words = job.words()
    text = io.TextIOWrapper(file, "utf-8", newline="", write_through=True)
    try:
        table = csv.writer(text)
        table.writerow(COLUMNS)
        for record in job.records():
            row = row_of(record, words)
            seconds = f"{row.time_ns // 10**9}.{row.time_ns % 10**9:09d}"
            table.writerow((seconds, row.node, row.kind.value, row.seq or "", row.last_seq or "", row.text))
    finally:
        text.detach()
