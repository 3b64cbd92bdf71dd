"""`html`: one page that needs nothing else: the verdict, how the run went, the first messages of the span and
what happened. No script, and nothing is loaded from elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from html import escape
from typing import BinaryIO

import msgspec

from core.facts import Returned
from core.model.markers import Marker, MarkerKind, marker_of
from core.session.check import CheckReport, check
from core.session.exports.causality import Causality, Kind, NodeEvent
from core.session.exports.drawings import space_time, timeline
from core.session.exports.html_style import STYLE
from core.session.exports.job import Job
from core.trace.rows import row_of
from core.trace.told import EventKind
from core.trace.wire_log import UNREADABLE, Tap

BINS = 230
MESSAGES = 320
"""Lines in the drawing of messages: more cannot be told apart."""
CLIENTS = 12
ROWS = 400

_returned = msgspec.msgpack.Decoder(Returned)
_KEY = (("call", "--client"), ("order", "--order"), ("result", "--result"), ("answer", "--answer"))


class _Page:
    """What one pass over the span gathers."""

    def __init__(self, job: Job) -> None:
        self.from_ns = job.span.from_ns
        self.until_ns = max(self.from_ns + 1, min(job.span.until_ns, job.recording.duration_ns))
        self.answers = [0] * BINS
        self.markers: list[Marker] = []
        self.events: list[NodeEvent] = []
        self.rows: list[tuple[int, str, str]] = []
        self.more_rows = 0
        self._gather(job)
        kinds = {True: MarkerKind.CAPTION, False: MarkerKind.BOOKMARK}
        self.markers += [Marker(note.time_ns, kinds[note.is_caption], note.text) for note in job.notes()]
        self.markers.sort(key=lambda marker: marker.time_ns)

    def _gather(self, job: Job) -> None:
        words = job.words()
        causality, edges = Causality(words, job.recording.base_ns), 0
        begun = False  # sessions open long before the load begins
        for record in job.records():
            if edges < MESSAGES:
                for event in causality.events([record]):
                    begun = begun or (event.kind is Kind.CALL and "open session" not in event.text)
                    first_ns = self.events[0].time_ns if self.events else event.time_ns
                    if begun and event.kind is not Kind.NOTE and event.time_ns >= first_ns and _drawn(event):
                        self.events.append(event)
                        edges += len(event.causes)
            if record.tap == Tap.RETURN_DELIVERED:
                self._count(record.time_ns, record.body)
            elif record.tap == Tap.FACT:
                if (marker := marker_of(record)) is not None:
                    self.markers.append(marker)
                row = row_of(record, words)
                if row.kind is EventKind.HEARTBEAT:
                    continue
                if len(self.rows) < ROWS:
                    self.rows.append((row.time_ns, row.node, row.text))
                else:
                    self.more_rows += 1

    def _count(self, time_ns: int, body: bytes) -> None:
        try:
            answers = len(_returned.decode(body).outcomes)
        except UNREADABLE:
            return
        place = (time_ns - self.from_ns) * BINS // (self.until_ns - self.from_ns)
        self.answers[min(BINS - 1, max(0, place))] += answers


def _drawn(event: NodeEvent) -> bool:
    """Not every client of a crowd has room for a lane."""
    return not event.node.startswith("C") or int(event.node[1:]) <= CLIENTS


def write_html(job: Job, file: BinaryIO) -> None:
    """Write the page. Raises LockstepError, OSError."""
    header, page = job.recording.header, _Page(job)
    report = check(job.recording, job.service, job.progress) if job.service else None
    started = datetime.fromtimestamp(header.started_wall_ns / 1e9, UTC)
    title = header.title or f"{header.service}: {header.replicas} replicas, {header.clients} clients"
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>",
        f"<h1>{escape(title)}</h1>",
        f'<p class="muted">Recorded {started:%Y-%m-%d %H:%M} UTC by Lockstep {escape(header.app_version)}, '
        f"seed {header.seed}; {_span_words(job, page)}</p>",
        *_verdict(report),
        "<h2>The run</h2>",
        f'<div class="wide">{timeline(page.answers, page.from_ns, page.until_ns, page.markers)}</div>',
    ]
    if page.events:
        parts += _messages(page.events)
    parts += _happenings(page, job)
    parts.append("</body></html>\n")
    file.write("\n".join(parts).encode("utf-8"))


def _span_words(job: Job, page: _Page) -> str:
    note = f" {job.recording.note}" if job.recording.note else ""
    whole = not job.span.from_ns and job.span.until_ns >= job.recording.duration_ns
    if whole:
        return escape(f"{page.until_ns / 1e9:.1f} s.{note}")
    seconds = f"from {page.from_ns / 1e9:.3f} s to {page.until_ns / 1e9:.3f} s"
    return escape(f"{seconds} of {job.recording.duration_ns / 1e9:.1f} s.{note}")


def _verdict(report: CheckReport | None) -> Iterable[str]:
    if report is None:
        yield "<p>The recording was not judged: its service is not built in and was not named.</p>"
        return
    told = report.as_json()
    word = report.verdict.value
    yield f'<p><span class="verdict {word}">{word.capitalize()}</span> {escape(report.reason)}</p>'
    figures = [(str(name), told[name]) for name in ("requests", "answered", "refused", "unknown")]
    boxes = "".join(f"<div><b>{count:,}</b>{name}</div>" for name, count in figures)
    yield f'<div class="figures">{boxes}</div>'
    rows = [(count.name.replace("_", " "), count.checked, count.violations) for count in report.checks]
    if report.search:
        rows.append(("linearizability", report.search.checked, report.search.violations))
    cells = "".join(
        f'<tr><td>{escape(name)}</td><td class="number">{checked:,}</td><td class="number">{bad:,}</td></tr>'
        for name, checked, bad in rows
    )
    yield (
        '<table><tr><th>check</th><th class="number">checked</th><th class="number">violations</th></tr>'
        f"{cells}</table>"
    )


def _messages(events: Sequence[NodeEvent]) -> Iterable[str]:
    key = "".join(f'<span><i style="background:var({colour})"></i>{name}</span>' for name, colour in _KEY)
    yield "<h2>Who sent what to whom</h2>"
    yield (
        f'<p class="muted">The first {sum(len(event.causes) for event in events):,} messages of the span, in '
        "the time of the run. A bar on a replica's line is an execution.</p>"
    )
    yield f'<p class="key muted">{key}</p><div class="wide">{space_time(events)}</div>'


def _happenings(page: _Page, job: Job) -> Iterable[str]:
    notes = [(note.time_ns, "note", note.text) for note in job.notes()]
    rows = sorted([*page.rows, *notes])
    cells = "".join(
        f'<tr><td class="number">{time_ns / 1e9:.3f} s</td><td>{escape(node)}</td>'
        f"<td>{escape(text)}</td></tr>"
        for time_ns, node, text in rows
    )
    yield f'<h2>What happened</h2><div class="wide"><table>{cells}</table></div>'
    if page.more_rows:
        yield f'<p class="muted">And {page.more_rows:,} more.</p>'
