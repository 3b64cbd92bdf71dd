"""The part of the command line that lets everything fail: `chaos`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from core.errors import UsageError

if TYPE_CHECKING:
    from core.runtime.chaos import ChaosReport

HOLDS, VIOLATED, DOES_NOT_COUNT = 0, 1, 4
FEWEST_REPLICAS = 3
Guard = Callable[[Callable[[], int]], int]


def add_chaos_command(app: typer.Typer, guarded: Guard) -> None:
    """Add the command; `guarded` turns errors into sentences and exit codes."""

    @app.command()
    def chaos(
        faults: Annotated[int, typer.Option(help="How many faults.")] = 100,
        seconds: Annotated[float, typer.Option(help="Within how many seconds.")] = 60.0,
        seed: Annotated[int, typer.Option(help="Which faults, when, and of whom.")] = 1,
        replicas: Annotated[int, typer.Option(help="Replica daemons, 3 to 7.")] = 5,
        clients: Annotated[int, typer.Option(help="Simulated clients, 1 to 64.")] = 64,
        as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    ) -> None:
        """Let everything fail that can, on real processes under load, and check that nothing goes wrong."""

        def go() -> int:
            from core.runtime.command_line import check_numbers

            check_numbers(replicas, clients, None, seconds, 0.0, 1)
            if replicas < FEWEST_REPLICAS:
                raise UsageError("Chaos needs a majority that is left alone.", "Ask for 3 replicas or more.")
            if not 1 <= faults <= 20 * seconds:
                raise UsageError(
                    f"{faults} faults within {seconds:g} s are not possible.", "1 to 20 a second are."
                )
            return let_loose((faults, seconds, seed, replicas, clients), as_json)

        raise typer.Exit(guarded(go))


def let_loose(settings: tuple[int, float, int, int, int], as_json: bool) -> int:
    """Run chaos, print its report, and give the exit code."""
    from core.runtime.chaos import run_chaos
    from core.runtime.headless import run_loop

    report = run_loop(run_chaos(*settings))
    if as_json:
        sys.stdout.write(json.dumps(report.as_json()) + "\n")
    else:
        print_report(report)
    if not report.holds:
        return VIOLATED
    return HOLDS if report.counts else DOES_NOT_COUNT


def print_report(report: ChaosReport) -> None:
    """The report for a person."""
    from core.runtime.chaos import MINIMUM_PER_S

    console = Console(highlight=False, soft_wrap=True)
    kinds = ", ".join(f"{count}× {kind}" for kind, count in sorted(report.kinds.items()))
    console.print(f"{report.faults} faults of {len(report.kinds)} kinds in {report.seconds:.0f} s: {kinds}.")
    console.print(
        f"{report.answered:,} requests answered, {report.throughput_per_s:,.0f} a second; "
        f"nobody was answered for {report.longest_stall_ms:,.0f} ms at most."
    )
    others = len(report.violations)
    console.print(f"{report.finds} violations by replicas that were made to commit them, {others} others.")
    for sentence in report.violations[:20]:
        console.print(sentence, markup=False)
    for count, what in (
        (report.not_found, "liars or corrupted replicas were not found"),
        (report.unanswered, "requests were not answered"),
        (report.stuck, "times the group did not recover"),
        (report.answers_lost, "answered requests were lost"),
        (report.processes_left, "processes were left over"),
    ):
        if count:
            console.print(f"{count} {what}.")
    if not report.agreed:
        console.print("The replicas were not of one mind at the end.")
    if not report.holds:
        verdict, colour = "It did not hold.", "red"
    elif not report.counts:
        verdict = f"It held, but with less than {MINIMUM_PER_S:,} requests a second the run does not count."
        colour = "yellow"
    else:
        verdict, colour = "It held.", "green"
    console.print(f"[bold {colour}]{verdict}[/] Seed {report.seed}.")
