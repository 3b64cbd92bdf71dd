"""The command line: `run`, `simulate`, `bench`, `doctor`, and what works on recordings
(`recording_commands`). What needs a window is handed in by `main.py`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from core import __version__
from core.errors import LockstepError, StartError, UsageError
from core.limits import MAX_CLIENTS, MAX_REPLICAS, MIN_REPLICAS
from core.policies import Policies, read_failure_policy, read_reply_policy
from core.rules import Rule, rules_named
from core.runtime.chaos_command import add_chaos_command
from core.runtime.desktop_command import add_desktop_commands
from core.runtime.export_command import Draw, add_export_command, no_pictures
from core.runtime.headless import Report
from core.runtime.recording_commands import add_recording_commands
from core.runtime.run_settings import RunSettings
from core.runtime.session import record_run
from core.runtime.simulate_command import FindPlants, add_simulate_command, no_plants

if TYPE_CHECKING:
    from core.workload.scenarios import Scenario

HOLDS, VIOLATED, WRONG_USE, NOT_STARTED = 0, 1, 2, 3
DEFAULT_SECONDS = 5.0

OpenWindow = Callable[[RunSettings, Path | None], int]
OpenRecording = Callable[[Path, str], int]
OpenLesson = Callable[["Scenario", Path | None], int]
Demo = Callable[[RunSettings], int]
Bench = Callable[[bool, bool, bool, float], int]


def no_lesson(scenario: Scenario, record: Path | None) -> int:
    """Where there is no window."""
    raise UsageError("A lesson needs a window here.", "Add --headless.")


def make(
    open_window: OpenWindow,
    open_recording: OpenRecording,
    demo: Demo,
    bench: Bench,
    has_display: Callable[[], bool],
    draw: Draw = no_pictures,
    find_plants: FindPlants = no_plants,
    open_lesson: OpenLesson = no_lesson,
) -> typer.Typer:
    """The command line over the given launchers; calling the result runs it and exits."""
    app = typer.Typer(
        name="lockstep",
        help="State machine replication, shown with real processes.",
        no_args_is_help=False,
        invoke_without_command=True,
        add_completion=False,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
    )

    @app.callback()
    def root(
        context: typer.Context,
        version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False,
    ) -> None:
        if version:
            typer.echo(f"lockstep {__version__}")
            raise typer.Exit
        if context.invoked_subcommand is None:
            settings = RunSettings()
            raise typer.Exit(
                guarded(lambda: open_window(settings, None) if has_display() else demo(settings))
            )

    @app.command()
    def run(
        scenario: Annotated[
            str | None, typer.Argument(help="`demo`, a lesson by its name, or a scenario file.")
        ] = None,
        headless: Annotated[bool, typer.Option("--headless", help="No window: run, check, report.")] = False,
        replicas: Annotated[
            int, typer.Option(help=f"Replica daemons, {MIN_REPLICAS} to {MAX_REPLICAS}.")
        ] = 3,
        clients: Annotated[int, typer.Option(help=f"Simulated clients, 1 to {MAX_CLIENTS}.")] = 3,
        service: Annotated[str, typer.Option(help="social, kv, or module:Class of your own.")] = "social",
        requests: Annotated[int | None, typer.Option(help="End after so many requests.")] = None,
        seconds: Annotated[float | None, typer.Option(help="End after so many seconds.")] = None,
        seed: Annotated[int, typer.Option(help="Seed of the clients' workload.")] = 1,
        think_ms: Annotated[float, typer.Option(help="Pause between an answer and the next request.")] = 0.0,
        burst: Annotated[int, typer.Option(help="Requests in a row between two pauses.")] = 1,
        record: Annotated[Path | None, typer.Option(help="Write the wire log to this file.")] = None,
        break_rule: Annotated[
            list[str] | None,
            typer.Option("--break", help=f"Break a rule on purpose: {', '.join(Rule)}. Repeatable."),
        ] = None,
        reply: Annotated[
            str, typer.Option(help="Who answers a client: first, acks:K, acks:all, majority.")
        ] = "first",
        failures: Annotated[
            str, typer.Option(help="What becomes of a replica that went down: drop, revive.")
        ] = "drop",
        expel_liars: Annotated[
            bool, typer.Option("--expel-liars", help="Drop a replica that a majority vote names a liar.")
        ] = False,
        as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    ) -> None:
        """Run a cluster: in a window, or headless to its end with a verdict."""

        def play(name: str, record: Path | None, alone: bool, as_json: bool) -> int:
            from core.runtime.scenario_run import play_headless
            from core.workload.scenarios import find_scenario

            found = find_scenario(name)
            if alone:
                return play_headless(found, record, as_json)
            if not has_display():
                raise UsageError("There is no display for a window.", "Add --headless.")
            return open_lesson(found, record)

        def go() -> int:
            check_numbers(replicas, clients, requests, seconds, think_ms, burst)
            if scenario not in (None, "demo"):
                return play(scenario, record, headless or as_json, as_json)
            ends = seconds if seconds is not None or requests is not None else DEFAULT_SECONDS
            broken = rules_named(break_rule or [])
            policies = Policies(read_reply_policy(reply), read_failure_policy(failures), expel_liars)
            check_policies(policies, replicas)
            settings = RunSettings(
                service, replicas, clients, seed, requests, ends, think_ms, burst, broken, policies
            )
            if headless or as_json:
                return report_run(settings, record, as_json)
            if requests is not None or seconds is not None:
                raise UsageError("--requests and --seconds end a headless run.", "Add --headless.")
            if scenario == "demo" and not has_display():
                return demo(settings)
            if not has_display():
                raise UsageError("There is no display for a window.", "Add --headless.")
            return open_window(settings, record)

        raise typer.Exit(guarded(go))

    @app.command(name="open")
    def open_command(
        file: Annotated[Path, typer.Argument(help="A recording (*.lockstep).")],
        service: Annotated[
            str, typer.Option(help="The recorded service, when it is not built in: module:Class.")
        ] = "",
    ) -> None:
        """Show a recording in a window: play it, step through it, go to any moment."""

        def go() -> int:
            if not has_display():
                raise UsageError("There is no display for a window.", f"To judge it: check {file}")
            return open_recording(file, service)

        raise typer.Exit(guarded(go))

    @app.command(name="bench")
    def bench_command(
        gui: Annotated[bool, typer.Option("--gui", help="Measure the window under full load.")] = False,
        failures: Annotated[bool, typer.Option("--failures", help="Measure what failures cost.")] = False,
        as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
        seconds: Annotated[float, typer.Option(help="How long each part runs.")] = 5.0,
    ) -> None:
        """Measure throughput and latency against the ceiling of this very machine."""
        raise typer.Exit(guarded(lambda: bench(gui, failures, as_json, seconds)))

    @app.command()
    def doctor(
        bundle: Annotated[
            Path | None,
            typer.Option(help="Write what was found, and what helps others to help, to a zip file."),
        ] = None,
        overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file that exists.")] = False,
        as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    ) -> None:
        """Look for what could keep Lockstep from running well here."""
        from core.runtime.doctor import look_and_tell

        raise typer.Exit(guarded(lambda: look_and_tell(bundle, overwrite, as_json)))

    add_recording_commands(app, guarded)
    add_export_command(app, guarded, draw)
    add_chaos_command(app, guarded)
    add_desktop_commands(app, guarded)
    add_simulate_command(app, guarded, find_plants)
    return app


def guarded(action: Callable[[], int]) -> int:
    """The action's exit code, or a sentence on stderr and the exit code of what went wrong."""
    try:
        return action()
    except UsageError as error:
        return _complain(error, WRONG_USE)
    except StartError as error:
        return _complain(error, NOT_STARTED)
    except LockstepError as error:
        return _complain(error, WRONG_USE)
    except KeyboardInterrupt:
        return 130


def _complain(error: LockstepError, code: int) -> int:
    Console(stderr=True, highlight=False, soft_wrap=True).print("Error:", str(error), markup=False)
    return code


def check_numbers(
    replicas: int, clients: int, requests: int | None, seconds: float | None, think_ms: float, burst: int
) -> None:
    """Raise UsageError, with a sentence that helps, for numbers that make no run."""
    if not MIN_REPLICAS <= replicas <= MAX_REPLICAS:
        raise UsageError(
            f"{replicas} replicas are not possible: {MIN_REPLICAS} to {MAX_REPLICAS} are.",
            f"Seven already survive six crashes: try --replicas {min(max(replicas, 1), MAX_REPLICAS)}.",
        )
    if not 1 <= clients <= MAX_CLIENTS:
        raise UsageError(f"{clients} clients are not possible: 1 to {MAX_CLIENTS} are.", "Change --clients.")
    if requests is not None and seconds is not None:
        raise UsageError(
            "A run ends after --requests or after --seconds, not both.", "Leave one of them out."
        )
    if requests is not None and requests < 1:
        raise UsageError(f"{requests} requests are too few.", "Ask for at least one.")
    if seconds is not None and not 0 < seconds <= 86_400:
        raise UsageError(f"{seconds:g} seconds are not possible.", "Ask for more than 0 and at most 86,400.")
    if not 0 <= think_ms <= 60_000:
        raise UsageError(f"A think time of {think_ms:g} ms is not possible.", "0 to 60,000 are.")
    if not 1 <= burst <= 1_000:
        raise UsageError(f"Bursts of {burst} requests are not possible.", "1 to 1,000 are.")


def check_policies(policies: Policies, replicas: int) -> None:
    """Raise UsageError for a reply policy under which so many replicas can answer nobody."""
    if policies.reply.fewest > replicas:
        raise UsageError(
            f"{policies.reply} can answer nobody with {replicas} replicas.",
            "Raise --replicas, or ask for fewer.",
        )


def report_run(settings: RunSettings, record: Path | None, as_json: bool) -> int:
    """Run headless, print what it did, and give the exit code of its verdict."""
    report = record_run(settings, record)
    if as_json:
        sys.stdout.write(json.dumps(report.as_json()) + "\n")
    else:
        print_report(settings, report, record)
    return HOLDS if report.holds else VIOLATED


def print_report(settings: RunSettings, report: Report, record: Path | None) -> None:
    """The report for a person."""
    console = Console(highlight=False, soft_wrap=True)
    console.print(
        f"[bold]{report.answered:,}[/] of {report.requests:,} requests of {settings.clients} clients "
        f"answered by {settings.replicas} replicas ({report.refused:,} refused by the service, "
        f"{report.unknown:,} unknown)."
    )
    console.print(
        f"{report.throughput_per_s:,.0f} requests/s · p50 {report.p50_ns / 1e3:,.0f} µs · "
        f"p99 {report.p99_ns / 1e3:,.0f} µs · {report.messages_per_request:.1f} messages and "
        f"{report.bytes_per_request:,.0f} bytes per request"
    )
    table = Table(box=None, pad_edge=False)
    for title, side in (("check", "left"), ("checked", "right"), ("violations", "right")):
        table.add_column(title, justify=side)  # type: ignore[arg-type]
    for check in report.checks:
        table.add_row(check.name.replace("_", " "), f"{check.checked:,}", f"{check.violations:,}")
    console.print(table)
    for replica in report.replicas:
        console.print(
            f"R{replica['id']} pid {replica['pid']} {replica['state']}: expects #{replica['expected']}, "
            f"digest {replica['digest']}"
        )
    if record is not None:
        console.print(f"Recorded in {record}.")
    for sentence in report.troubles:
        console.print(sentence, markup=False)
    console.print(f"[bold {'green' if report.holds else 'red'}]{report.verdict}[/] Seed {report.seed}.")
