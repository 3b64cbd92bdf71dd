"""`shiviz`: a log with vector clocks (Fidge 1988, Mattern 1989), as ShiViz reads it.

The first line is the parser's regular expression and the second is empty, where ShiViz looks for them in a
file that is uploaded; each event then has two lines, `host {"host": 1, …}` and its text.
"""

from __future__ import annotations

from typing import BinaryIO

import msgspec

from core.session.exports.causality import Causality
from core.session.exports.job import Job

PARSER = r"(?<host>\S*) (?<clock>{.*})\n(?<event>.*)"


def write_shiviz(job: Job, file: BinaryIO) -> None:
    """Write the events of the span. Raises RecordingError, OSError."""
    file.write(f"{PARSER}\n\n".encode())
    clocks: dict[str, dict[str, int]] = {}
    encode = msgspec.json.Encoder().encode
    for event in Causality(job.words(), job.recording.base_ns).events(job.records()):
        clock = clocks.setdefault(event.node, {event.node: 0})
        for cause in event.causes:
            for node, count in cause.clock.items():
                if count > clock.get(node, 0):
                    clock[node] = count
        clock[event.node] += 1
        event.clock = dict(clock)
        seconds = f"{event.time_ns / 1e9:.6f} s"
        text = " ".join(event.text.split())
        file.write(event.node.encode() + b" " + encode(event.clock) + f"\n{seconds} {text}\n".encode())
