"""The part of the command line that works on recordings: `check`, `rerun`, `compare`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from core.checks.live import violation_words
from core.runtime.progress import progress_bar
from core.runtime.reexecution import reexecute
from core.services.face import Face
from core.services.registry import load_service
from core.session.check import CheckReport, Verdict, check
from core.session.compare import CompareReport, compare
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

    @app.command(name="compare")
    def compare_command(first: File, second: File, service: Service = "", as_json: AsJson = False) -> None:
        """Find the first number at which two recordings differ: exit 0 same, 1 different, 2 unreadable."""
        raise typer.Exit(guarded(lambda: compare_files(first, second, service, as_json)))


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


def compare_files(first: Path, second: Path, service: str, as_json: bool) -> int:
    """Compare two recordings, print what differs, and give the exit code. Raises LockstepError."""
    left, right = read(first), read(second)
    loaders = tuple(partial(service_for, one.header, service) for one in (left, right))
    words = Face(loaders[0]()).words
    loaders[1]()  # a service that may not be loaded is refused before the work
    with progress_bar("Comparing", quiet=as_json) as progress:
        report = compare(left, right, (loaders[0], loaders[1]), progress)
    if as_json:
        sys.stdout.write(json.dumps(report.as_json(words)) + "\n")
        return 0 if report.same else 1
    console = Console(highlight=False, soft_wrap=True)
    for name, one in ((first, left), (second, right)):
        if one.note:
            console.print(f"{name}: {one.note}", markup=False)
    console.print(
        f"[bold {'green' if report.same else 'red'}]{'Same' if report.same else 'Different'}.[/] ", end=""
    )
    console.print(report.words(words), markup=False)
    if report.trouble:
        console.print(report.trouble, markup=False)
    if report.paths is not None:
        _print_states(console, report, (first.name, second.name))
    return 0 if report.same else 1


def _print_states(console: Console, report: CompareReport, names: tuple[str, str]) -> None:
    if not report.paths:
        console.print(
            f"Executed again up to #{report.seq}, both lead to the same state: what differs is what a "
            "replica answered, not what the requests ask for."
        )
        return
    table = Table(title=f"The states after #{report.seq}, where they differ", title_justify="left")
    for title in ("path", *names):
        table.add_column(title, overflow="fold")
    for one in report.paths:
        table.add_row(*(Text(cell) for cell in (one.path, one.left, one.right)))
    console.print(table)
    if report.more_paths:
        console.print(f"… and {report.more_paths:,} more.")


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
    search = report.search
    if search is not None:
        table.add_row("linearizability", f"{search.checked:,}", f"{search.violations:,}")
    console.print(table)
    if search is None:
        console.print("Linearizability was not searched: the service does not name the parts of its state.")
    for violation in report.violations[:SHOWN_VIOLATIONS]:
        console.print(violation_words(violation), markup=False)
    if report.note:
        console.print(report.note, markup=False)
    colour = {Verdict.VALID: "green", Verdict.INVALID: "red", Verdict.UNKNOWN: "yellow"}[report.verdict]
    console.print(f"[bold {colour}]{report.verdict.value.capitalize()}.[/] ", end="")
    console.print(report.reason, markup=False)
