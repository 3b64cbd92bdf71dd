"""`history`: JSON lines, one request each, for an independent checker.

It sees what clients saw, calls and returns, and no sequence number. Requests that only open or close a
session are left out. In a span are the requests that were called in it.
"""

from __future__ import annotations

from typing import BinaryIO

import msgspec

from core.session.exports.job import Job
from core.session.exports.spelling import Spelling
from core.session.history import requests


def write_history(job: Job, file: BinaryIO) -> None:
    """Write the history, in the order in which requests ended; those that never did come last. Raises
    LockstepError, OSError."""
    spelling, span = Spelling(job.needed_service()), job.span
    encode = msgspec.json.Encoder().encode
    whole = Job(job.recording, progress=job.progress)  # an answer may come after the span's end
    for request in requests(whole.records()):
        if request.of_a_session or not span.from_ns <= request.call_ns <= span.until_ns:
            continue
        name, arguments = spelling.call(request.operation)
        line = {
            "client": request.client,
            "number": request.number,
            "op": name,
            "args": arguments,
            "call_ns": request.call_ns,
            "return_ns": request.return_ns,
            "outcome": request.fate.value,
            "result": spelling.result(request),
        }
        file.write(encode(line) + b"\n")
