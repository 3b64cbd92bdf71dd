"""Checks a recording: the live checks over everything in it, the search for a linearization, and what the run
itself had to say.

The search sees calls and returns, and believes nothing else: where it is cut short it tries the order that
the recorded run claims. It needs a service whose rules it knows, or one that names the part of its state that
an operation concerns; of others the live checks say enough, and the report says that it was not made.

The verdict is *invalid* when any check fails or had failed in the run, *unknown* when there was nothing to
judge or a part could not be judged, and *valid* otherwise. What was cut off is judged up to there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from core.checks import linearizability
from core.checks.history import FOREVER, HistoryReader, Window
from core.checks.judge import Judge
from core.checks.live import violation_words
from core.checks.sequential import Model, model_of
from core.facts import CheckCount, Violated
from core.ids import RequestId
from core.protocol.messages import Order, unpack_u32
from core.services.calls import anything_words
from core.services.face import Face
from core.services.machine import Service
from core.session.history import Fate
from core.session.orders import epochs_of
from core.session.reader import Recording
from core.session.recorded_run import RecordedRun
from core.trace.wire_log import Record

KEPT_VIOLATIONS = 100

Progress = Callable[[int, int], None]
"""Told (blocks done, blocks in all) now and then. It may raise to stop the work."""


def no_progress(done: int, total: int) -> None:
    """Nobody looks."""


class Verdict(StrEnum):
    """What came out."""

    VALID = "valid"
    INVALID = "invalid"
    UNKNOWN = "unknown"


@dataclass(slots=True)
class SearchReport:
    """What the search for a linearization found. Each conflict is a smallest set of requests that no order
    explains."""

    verdict: linearizability.Verdict
    checked: int
    unjudged: int
    violations: int
    conflicts: list[dict[str, object]]

    def as_json(self) -> dict[str, object]:
        """Its part of `check --json`."""
        return {
            "verdict": self.verdict.value,
            "checked": self.checked,
            "unjudged": self.unjudged,
            "violations": self.violations,
            "conflicts": self.conflicts,
        }


class _Search:
    """Reads the history and judges it, window after window."""

    def __init__(self, model: Model, words: Callable[[bytes], str]) -> None:
        self._model = model
        self._words = words
        self._reader = HistoryReader()
        self._judge = Judge(model)
        self._conflicts: list[dict[str, object]] = []
        self._claims: dict[RequestId, int] = {}

    def ordered(self, order: Order) -> None:
        """The run gave these numbers; what was repeated took effect under the first."""
        ids = unpack_u32(order.requests)
        for seq, request in enumerate(zip(ids[::2], ids[1::2], strict=True), order.first_seq):
            self._claims.setdefault(RequestId(*request), seq)

    def read(self, records: list[Record]) -> None:
        """Take the next records."""
        self._reader.read(records)
        while (window := self._reader.cut()) is not None:
            self._take(window)

    def report(self) -> SearchReport:
        """Judge the rest."""
        if (window := self._reader.rest()) is not None:
            self._take(window)
        done = self._judge.judgement
        return SearchReport(done.verdict, done.checked, done.unjudged, done.violations, self._conflicts)

    def _take(self, window: Window) -> None:
        claims = {call.request: self._claims.pop(call.request, 0) for call in window.calls}
        for conflict in self._judge.judge(window.calls, window.until_ns, claims):
            calls = [
                {
                    "request": str(call.request),
                    "seq": window.shown.get(call.request, 0),
                    "operation": self._words(call.operation),
                    "result": None if call.outcome is None else anything_words(call.outcome),
                    "call_ns": call.called_ns,
                    "return_ns": None if call.returned_ns >= FOREVER else call.returned_ns,
                }
                for call in conflict.calls
            ]
            before = [self._model.words(state) for state in conflict.starts]
            self._conflicts.append(
                {"part": conflict.part, "before": before, "minimal": conflict.minimal, "requests": calls}
            )


@dataclass(slots=True)
class CheckReport:
    """What the checks found in a recording."""

    verdict: Verdict = Verdict.UNKNOWN
    reason: str = ""
    requests: int = 0
    fates: dict[Fate, int] = field(default_factory=lambda: dict.fromkeys(Fate, 0))
    sessions: int = 0
    """Requests beside those, which only opened or closed a session."""
    checks: tuple[CheckCount, ...] = ()
    violations: list[Violated] = field(default_factory=list)
    search: SearchReport | None = None
    """None when the service's histories cannot be searched."""
    told: list[Violated] = field(default_factory=list)
    """What the run itself had noticed."""
    unreadable: int = 0
    note: str = ""
    """What is missing at the recording's end, in a sentence."""

    def as_json(self) -> dict[str, object]:
        """The object that `check --json` prints."""
        return {
            "verdict": self.verdict.value,
            "reason": self.reason,
            "requests": self.requests,
            "answered": self.fates[Fate.OK] + self.fates[Fate.REFUSED],
            "refused": self.fates[Fate.REFUSED],
            "unknown": self.fates[Fate.UNKNOWN],
            "checks": {
                check.name: {"checked": check.checked, "violations": check.violations}
                for check in self.checks
            },
            "linearizability": self.search.as_json() if self.search else {"verdict": "not searched"},
            "violations": [_as_json(violation) for violation in self.violations],
            "told_by_the_run": [_as_json(violation) for violation in self.told],
            "unreadable_records": self.unreadable,
            "note": self.note,
        }


def check(recording: Recording, service: Service, progress: Progress = no_progress) -> CheckReport:
    """Judge a recording. Raises RecordingError when it is damaged between its blocks' heads."""
    run, report = RecordedRun(service, epochs_of(recording.records())), CheckReport(note=recording.note)
    model = model_of(type(service)())
    search = _Search(model, Face(service).words) if model else None
    if search:
        run.on_order = search.ordered
    for block in range(len(recording.blocks)):
        records = recording.load(block)
        for record in records:
            for request in run.feed(record):
                if request.of_a_session:
                    report.sessions += 1
                else:
                    report.fates[request.fate] += 1
        if search:
            search.read(records)
        report.violations += run.checks.take()[: KEPT_VIOLATIONS - len(report.violations)]
        progress(block + 1, len(recording.blocks))
    never = [request for request in run.history.open.values() if not request.of_a_session]
    report.fates[Fate.UNKNOWN] += len(never)
    report.requests = sum(report.fates.values())
    report.checks, report.unreadable = run.checks.counts(), run.unreadable
    report.search = search.report() if search else None
    report.told = run.told[:KEPT_VIOLATIONS]
    report.verdict, report.reason = _verdict(report, run)
    return report


def _verdict(report: CheckReport, run: RecordedRun) -> tuple[Verdict, str]:
    failed = sum(count.violations for count in report.checks)
    if failed:
        return Verdict.INVALID, f"{failed:,} violations; the first: {violation_words(report.violations[0])}"
    search = report.search
    if search and search.violations:
        return Verdict.INVALID, f"No order explains these answers: {conflict_words(search.conflicts[0])}"
    if report.told:
        return Verdict.INVALID, f"The run itself had noticed: {violation_words(report.told[0])}"
    if report.unreadable:
        return Verdict.UNKNOWN, f"{report.unreadable:,} records could not be read."
    if not run.ordered:
        return Verdict.UNKNOWN, "The recording holds no ordered request, so there is nothing to judge."
    if search and search.unjudged:
        return Verdict.UNKNOWN, f"There was no time to search {search.unjudged:,} requests for an order."
    return Verdict.VALID, "Every check holds."


def conflict_words(conflict: dict[str, Any]) -> str:
    """A conflict in a sentence: the part of the state, and who was answered what, when."""
    told = "; ".join(map(_call_words, conflict["requests"]))
    return f"{conflict['part']}, {' or '.join(conflict['before'][:3])} before: {told}."


def _call_words(call: dict[str, Any]) -> str:
    result = "unknown" if call["result"] is None else call["result"]
    until = "" if call["return_ns"] is None else f"{call['return_ns'] / 1e9:.6f}"
    return f"{call['request']} {call['operation']} → {result} ({call['call_ns'] / 1e9:.6f}–{until} s)"


def _as_json(violation: Violated) -> dict[str, object]:
    return {
        "check": violation.check,
        "seq": violation.seq,
        "replica": violation.replica,
        "expected": violation.expected,
        "found": violation.found,
    }
