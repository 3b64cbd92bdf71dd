"""The part of the command line that works on recordings: `check`, `rerun`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from core.checks.live import violation_words
from core.runtime.progress import progress_bar
from core.runtime.reexecution import reexecute
from core.services.registry import load_service
from core.session.check import CheckReport, Verdict, check
from core.session.reader import read
from core.session.rerun import Agreement
from core.session.service import service_for, service_name, version_note

EXIT_CODES = {Verdict.VALID: 0, Verdict.INVALID: 1, Verdict.UNKNOWN: 3}
AGREEMENT_CODES = {Agreement.EQUAL: 0, Agreement.DIFFERENT: 1, Agreement.UNKNOWN: 3}
SHOWN_VIOLATIONS = 10

Guard = Callable[[Callable[[], int]], int]
File = Annotated[Path, typer.Argument(help="A recording (*.lockstep).")]
Service = Annotated[
    str, typer.Option(help="The recorded service, when it is not built in: module:Class or its name.")
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace a file that exists.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def add_recording_commands(app: typer.Typer, guarded: Guard) -> None:
    """Add the commands; `guarded` turns errors into sentences and exit codes."""

    @app.command(name="check")
    def check_command(file: File, service: Service = "", as_json: AsJson = False) -> None:
        """Judge a recording: exit 0 valid, 1 invalid, 3 unknown, 2 unreadable."""
        raise typer.Exit(guarded(lambda: check_file(file, service, as_json)))

    @app.command(name="rerun")
    def rerun_command(
        file: File,
        record: Annotated[Path | None, typer.Option(help="Record the re-run in this file.")] = None,
        service: Service = "",
        overwrite: Overwrite = False,
        as_json: AsJson = False,
    ) -> None:
        """Execute a recording again on fresh daemons: exit 0 same results, 1 a difference, 3 unknown, 2
        unreadable."""
        raise typer.Exit(guarded(lambda: rerun_file(file, service, record, overwrite, as_json)))


def check_file(file: Path, service: str, as_json: bool) -> int:
    """Check a recording, print the verdict, and give its exit code. Raises LockstepError."""
    recording = read(file)
    machine = service_for(recording.header, service)
    with progress_bar(f"Checking {file.name}", quiet=as_json) as progress:
        report = check(recording, machine, progress)
    report.note = " ".join(filter(None, (report.note, version_note(recording.header, machine))))
    if as_json:
        sys.stdout.write(json.dumps(report.as_json()) + "\n")
    else:
        _print_check(report)
    return EXIT_CODES[report.verdict]


def rerun_file(file: Path, service: str, record: Path | None, overwrite: bool, as_json: bool) -> int:
    """Re-execute a recording, print what came out, and give its exit code. Raises LockstepError."""
    recording = read(file)
    name = service_name(recording.header, service)
    with progress_bar(f"Executing {file.name} again", quiet=as_json) as progress:
        report = reexecute(recording, name, record, overwrite, progress)
    report.note = " ".join(filter(None, (report.note, version_note(recording.header, load_service(name)))))
    if as_json:
        sys.stdout.write(json.dumps(report.as_json()) + "\n")
        return AGREEMENT_CODES[report.agreement]
    console = Console(highlight=False, soft_wrap=True)
    console.print(
        f"[bold]{report.requests:,}[/] requests executed by {report.replicas} fresh daemons, "
        f"{report.compared:,} results compared."
    )
    for sentence in filter(None, (report.note, f"Recorded in {record}." if record else "")):
        console.print(sentence, markup=False)
    colour = {Agreement.EQUAL: "green", Agreement.DIFFERENT: "red", Agreement.UNKNOWN: "yellow"}
    console.print(f"[bold {colour[report.agreement]}]{report.agreement.value.capitalize()}.[/] ", end="")
    console.print(report.reason, markup=False)
    return AGREEMENT_CODES[report.agreement]


def _print_check(report: CheckReport) -> None:
    console = Console(highlight=False, soft_wrap=True)
    told = report.as_json()
    console.print(
        f"[bold]{told['answered']:,}[/] of {report.requests:,} requests answered "
        f"({told['refused']:,} refused by the service, {told['unknown']:,} unknown)."
    )
    table = Table(box=None, pad_edge=False)
    for title, side in (("check", "left"), ("checked", "right"), ("violations", "right")):
        table.add_column(title, justify=side)  # type: ignore[arg-type]
    for count in report.checks:
        table.add_row(count.name.replace("_", " "), f"{count.checked:,}", f"{count.violations:,}")
    console.print(table)
    for violation in report.violations[:SHOWN_VIOLATIONS]:
        console.print(violation_words(violation), markup=False)
    if report.note:
        console.print(report.note, markup=False)
    colour = {Verdict.VALID: "green", Verdict.INVALID: "red", Verdict.UNKNOWN: "yellow"}[report.verdict]
    console.print(f"[bold {colour}]{report.verdict.value.capitalize()}.[/] ", end="")
    console.print(report.reason, markup=False)
