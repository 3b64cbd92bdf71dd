"""The part of the command line that speaks to the desktop: `desktop install` and `desktop remove`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import typer
from rich.console import Console

if TYPE_CHECKING:
    from core.runtime.desktop import Done

Guard = Callable[[Callable[[], int]], int]


def add_desktop_commands(app: typer.Typer, guarded: Guard) -> None:
    """Add the commands; `guarded` turns errors into sentences and exit codes."""
    desktop = typer.Typer(help="Make Lockstep known to this person's Linux desktop, or forgotten.")
    app.add_typer(desktop, name="desktop", no_args_is_help=True)

    @desktop.command()
    def install() -> None:
        """An entry in the menu, an icon, and a double click that opens recordings; for this person only."""

        def go() -> int:
            from core.runtime.desktop import data_home, install, own_command

            return report(
                install(data_home(), own_command()),
                "Lockstep is in the menu, and a double click on a recording (*.lockstep) opens it.",
            )

        raise typer.Exit(guarded(go))

    @desktop.command()
    def remove() -> None:
        """Take away what `install` wrote. Recordings and settings stay."""

        def go() -> int:
            from core.runtime.desktop import data_home, remove

            done = remove(data_home())
            return report(
                done, "The desktop has forgotten Lockstep." if done.files else "Nothing was installed."
            )

        raise typer.Exit(guarded(go))


def report(done: Done, sentence: str) -> int:
    """Say what was done. Exit code 0: what a missing program would have done, the desktop does later."""
    console = Console(highlight=False, soft_wrap=True)
    for path in done.files:
        console.print(f"  {path}", markup=False)
    for trouble in done.troubles:
        console.print(f"Note: {trouble}", markup=False)
    console.print(sentence, markup=False)
    return 0
