"""The part of the command line that simulates: `simulate`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

import typer
from rich.console import Console
from rich.table import Table

from core.errors import UsageError

if TYPE_CHECKING:
    from core.runtime.simulate import Caught
    from core.simulation.campaign import Tally
    from core.simulation.schedule import Schedule

HOLDS, VIOLATED = 0, 1
MOST_SEEDS = 100_000_000
SHOWN_FAILURES = 5

Guard = Callable[[Callable[[], int]], int]


class Plants(Protocol):
    """Bugs that can be planted into the shipped code. They live in the source tree's tests."""

    def names(self) -> tuple[str, ...]:
        """What they are called."""

    def words(self, name: str) -> str:
        """What is wrong then, in a few words."""

    def planted(self, name: str) -> AbstractContextManager[None]:
        """The bug is in the shipped code for so long."""


FindPlants = Callable[[], Plants]
"""Raises UsageError where there are none."""


def no_plants() -> Plants:
    """Where nobody handed any in."""
    raise UsageError("Planted bugs are part of the tests: they are in the source tree only.")


def add_simulate_command(app: typer.Typer, guarded: Guard, find_plants: FindPlants) -> None:
    """Add the command; `guarded` turns errors into sentences and exit codes."""

    @app.command()
    def simulate(
        seeds: Annotated[int, typer.Option(help="How many runs, each with a seed of its own.")] = 1_000,
        start: Annotated[int, typer.Option("--from", help="The first seed.")] = 1,
        plant: Annotated[
            str | None, typer.Option(help="Plant this bug, and tell after how many seeds it is caught.")
        ] = None,
        plants: Annotated[bool, typer.Option("--plants", help="The same for every known bug.")] = False,
        small_world: Annotated[
            bool, typer.Option("--small-world", help="Instead: every order of events of a few requests.")
        ] = False,
        record: Annotated[
            Path | None, typer.Option(help="Write the first failing seed, or the only seed, to this file.")
        ] = None,
        as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    ) -> None:
        """Run the shipped protocol on a fake network and clock, with faults, from many seeds."""

        def go() -> int:
            _check_seeds(seeds, start)
            if small_world:
                return search_small_world(as_json)
            if plant is not None or plants:
                return catch(find_plants, plant, seeds, start, as_json)
            return campaign(seeds, start, record, as_json)

        raise typer.Exit(guarded(go))


def _check_seeds(seeds: int, start: int) -> None:
    if not 1 <= seeds <= MOST_SEEDS:
        raise UsageError(f"{seeds:,} seeds are not possible: 1 to {MOST_SEEDS:,} are.", "Change --seeds.")
    if start < 0:
        raise UsageError(f"Seed {start} is not possible: seeds count from 0.", "Change --from.")


def campaign(seeds: int, start: int, path: Path | None, as_json: bool) -> int:
    """Run these seeds and print what they came to; a failing seed is shrunk and recorded. The exit code of
    the verdict."""
    from core.runtime.simulate import keep, run_campaign
    from core.simulation.campaign import report

    console = Console(highlight=False, soft_wrap=True, stderr=as_json)
    began_s = time.monotonic()
    with console.status("…") as status:
        tally = run_campaign(
            seeds, start, lambda so_far: status.update(f"{so_far.seeds:,} of {seeds:,} seeds")
        )
    elapsed_s = time.monotonic() - began_s
    kept = keep(tally, path, start if seeds == 1 else None)
    if as_json:
        told = report(tally) | {"seconds": elapsed_s, "recording": None if kept is None else str(kept[1])}
        sys.stdout.write(json.dumps(told) + "\n")
    else:
        _print_campaign(console, tally, elapsed_s, start)
        if kept is not None:
            _print_kept(console, *kept)
    return VIOLATED if tally.violations or tally.stuck else HOLDS


def search_small_world(as_json: bool) -> int:
    """Try every order of events of SMALL_WORLD and print what came of it. The exit code of the verdict."""
    from core.simulation.small_world import SMALL_WORLD, SmallWorld, explore

    console = Console(highlight=False, soft_wrap=True, stderr=as_json)
    with console.status("every order of events, about a minute …"):
        explored = explore(lambda: SmallWorld(*SMALL_WORLD))
    if as_json:
        sys.stdout.write(json.dumps(asdict(explored)) + "\n")
    else:
        replicas, clients, requests, crashes = SMALL_WORLD
        console.print(
            f"{replicas} replicas, {clients} clients, {requests} requests, {crashes} crash at any moment: "
            f"[bold]{explored.schedules:,}[/] schedules of up to {explored.longest} events, through "
            f"{explored.states:,} states."
        )
        if explored.problem:
            choices = ", ".join(map(str, explored.choices))
            console.print(f"{explored.problem}: {explored.sentence} Choices: {choices}.", markup=False)
        else:
            console.print("[bold green]All are valid.[/]")
    return VIOLATED if explored.problem else HOLDS


def catch(find_plants: FindPlants, name: str | None, seeds: int, start: int, as_json: bool) -> int:
    """Plant bugs, one after the other or the one named, and print how many seeds each takes to be caught.
    Gives 0 when all are caught."""
    from core.runtime.simulate import catch_plants

    known = find_plants().names()
    if name is not None and name not in known:
        raise UsageError(f"There is no planted bug “{name}”.", f"There are {', '.join(known)}.")
    names = known if name is None else (name,)
    console = Console(highlight=False, soft_wrap=True, stderr=as_json)
    with console.status("…") as status:
        caught = catch_plants(
            find_plants, names, seeds, start, lambda one: status.update(f"{one.name}: {one.seeds:,} seeds")
        )
    missed = [one.name for one in caught if one.problem is None]
    if as_json:
        told = {"plants": [one.as_json() for one in caught], "missed": missed}
        sys.stdout.write(json.dumps(told) + "\n")
    else:
        _print_plants(console, caught)
        console.print(f"{len(caught) - len(missed)} of {len(caught)} planted bugs caught.")
    return VIOLATED if missed else HOLDS


def _print_campaign(console: Console, tally: Tally, elapsed_s: float, start: int) -> None:
    console.print(
        f"[bold]{tally.seeds:,}[/] seeds from {start}: {tally.requests:,} requests ({tally.unknown:,} ended "
        f"as unknown), {tally.messages:,} messages, {tally.drops:,} replicas dropped, "
        f"{tally.virtual_ns / 1e9:,.0f} virtual seconds."
    )
    console.print(f"{tally.seeds / max(elapsed_s, 1e-9):,.0f} seeds/s · trace {tally.trace}")
    for failure in tally.failures[:SHOWN_FAILURES]:
        console.print(f"Seed {failure.seed}: {failure.problem}. {failure.sentence}", markup=False)
    holds = not (tally.violations or tally.stuck)
    console.print(
        f"[bold {'green' if holds else 'red'}]{tally.violations:,} violations, {tally.stuck:,} stuck.[/]"
    )


def _print_kept(console: Console, schedule: Schedule, where: Path) -> None:
    console.print(f"Recorded in {where}: {schedule.words()}", markup=False)
    for trouble in schedule.troubles:
        console.print(f"  {trouble.words()}", markup=False)


def _print_plants(console: Console, caught: list[Caught]) -> None:
    table = Table(box=None, pad_edge=False)
    for title in ("planted bug", "what is wrong", "caught as"):
        table.add_column(title)
    table.add_column("seeds", justify="right")
    for one in sorted(caught, key=lambda one: one.seeds):
        problem = "[red]not caught[/]" if one.problem is None else one.problem.replace("_", " ")
        table.add_row(one.name, one.words, problem, f"{one.seeds:,}")
    console.print(table)
