"""Checks a recording: the live checks over everything in it, and what the run itself had to say.

The verdict is *invalid* when any check fails or had failed in the run, *unknown* when there was nothing to
judge or a part could not be judged, and *valid* otherwise. What was cut off is judged up to there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from core.checks.live import violation_words
from core.facts import CheckCount, Violated
from core.services.machine import Service
from core.session.history import Fate
from core.session.reader import Recording
from core.session.recorded_run import RecordedRun

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
            "violations": [_as_json(violation) for violation in self.violations],
            "told_by_the_run": [_as_json(violation) for violation in self.told],
            "unreadable_records": self.unreadable,
            "note": self.note,
        }


def check(recording: Recording, service: Service, progress: Progress = no_progress) -> CheckReport:
    """Judge a recording. Raises RecordingError when it is damaged between its blocks' heads."""
    run, report = RecordedRun(service), CheckReport(note=recording.note)
    for block in range(len(recording.blocks)):
        for record in recording.load(block):
            for request in run.feed(record):
                if request.of_a_session:
                    report.sessions += 1
                else:
                    report.fates[request.fate] += 1
        report.violations += run.checks.take()[: KEPT_VIOLATIONS - len(report.violations)]
        progress(block + 1, len(recording.blocks))
    never = [request for request in run.history.open.values() if not request.of_a_session]
    report.fates[Fate.UNKNOWN] += len(never)
    report.requests = sum(report.fates.values())
    report.checks, report.unreadable = run.checks.counts(), run.unreadable
    report.told = run.told[:KEPT_VIOLATIONS]
    report.verdict, report.reason = _verdict(report, run)
    return report


def _verdict(report: CheckReport, run: RecordedRun) -> tuple[Verdict, str]:
    failed = sum(count.violations for count in report.checks)
    if failed:
        return Verdict.INVALID, f"{failed:,} violations; the first: {violation_words(report.violations[0])}"
    if report.told:
        return Verdict.INVALID, f"The run itself had noticed: {violation_words(report.told[0])}"
    if report.unreadable:
        return Verdict.UNKNOWN, f"{report.unreadable:,} records could not be read."
    if not run.ordered:
        return Verdict.UNKNOWN, "The recording holds no ordered request, so there is nothing to judge."
    return Verdict.VALID, "Every check holds."


def _as_json(violation: Violated) -> dict[str, object]:
    return {
        "check": violation.check,
        "seq": violation.seq,
        "replica": violation.replica,
        "expected": violation.expected,
        "found": violation.found,
    }
