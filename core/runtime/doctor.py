"""The doctor: looks for what could keep Lockstep from running well on this machine."""

from __future__ import annotations

import importlib
import json
import os
import platform
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from core import __version__
from core.errors import LockstepError
from core.runtime.places import recordings_folder
from core.runtime.run_settings import RunSettings
from core.runtime.session import record_run
from core.runtime.supervisor import ROOT

NEEDED = ("msgspec", "numpy", "xxhash", "zstandard", "typer", "rich", "platformdirs", "PySide6", "pyqtgraph")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: whether it is well, what was seen, and what to do when it is not."""

    what: str
    well: bool
    seen: str
    advice: str = ""


def examine() -> list[Finding]:
    """Look at everything; takes about a second."""
    return [
        _python(),
        *map(_library, NEEDED if sys.platform == "win32" else (*NEEDED, "uvloop")),
        _display(),
        _loopback(),
        _fonts(),
        _folder(),
        _leftovers(),
        _cluster(),
    ]


def look_and_tell(bundle: Path | None, overwrite: bool, as_json: bool) -> int:
    """Examine, write the debug bundle if one is wanted, print; gives the exit code. Raises LockstepError."""
    findings = examine()
    if bundle is not None:
        from core.runtime.debug_bundle import write_bundle

        parts = ", ".join(write_bundle(bundle, findings, overwrite))
        if not as_json:
            sys.stdout.write(
                f"Written to {bundle}, and sent to nobody: {parts}. about.txt says what each is.\n"
            )
    return print_findings(findings, as_json)


def print_findings(findings: list[Finding], as_json: bool) -> int:
    """Print the findings. Exit code 0 when all is well, 1 otherwise."""
    well = all(finding.well for finding in findings)
    if as_json:
        rows = [
            {"what": one.what, "well": one.well, "seen": one.seen, "advice": one.advice} for one in findings
        ]
        sys.stdout.write(json.dumps({"version": __version__, "well": well, "findings": rows}) + "\n")
        return 0 if well else 1
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"Lockstep {__version__} on {platform.platform()}")
    for one in findings:
        mark = "[green]✓[/]" if one.well else "[bold red]✗[/]"
        console.print(f"{mark} {one.what}: {one.seen}" + (f"\n    → {one.advice}" if one.advice else ""))
    console.print("All is well." if well else "Something needs care: see the arrows above.")
    return 0 if well else 1


def _python() -> Finding:
    version = platform.python_version()
    well = sys.version_info >= (3, 11)
    return Finding("Python", well, version, "" if well else "Install Python 3.11 or newer.")


def _library(name: str) -> Finding:
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        advice = "Delete the folder .venv and start again: it is made anew."
        return Finding(f"library {name}", False, str(error), advice)
    return Finding(f"library {name}", True, str(getattr(module, "__version__", "present")))


def _display() -> Finding:
    shown = os.environ.get("WAYLAND_DISPLAY") or os.environ.get("DISPLAY")
    if sys.platform in ("win32", "darwin") or shown:
        return Finding("display", True, shown or sys.platform)
    return Finding("display", True, "none: the demo runs headless and draws its picture into a file")


def _loopback() -> Finding:
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            with socket.create_connection(("127.0.0.1", port), timeout=2):
                return Finding("loopback TCP", True, f"port {port} was bound and reached")
    except OSError as error:
        advice = "A firewall or sandbox keeps programs from talking on 127.0.0.1: allow that."
        return Finding("loopback TCP", False, str(error), advice)


def _fonts() -> Finding:
    found = sorted(path.name for path in (ROOT / "assets" / "fonts").glob("*.ttf"))
    if len(found) >= 4:
        return Finding("fonts", True, f"{len(found)} come along")
    return Finding("fonts", False, f"{len(found)} come along", "The checkout is incomplete: clone it again.")


def _folder() -> Finding:
    folder = recordings_folder()
    probe = folder / ".doctor"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"x")
        probe.unlink()
    except OSError as error:
        return Finding(
            "recordings", False, str(error), f"Make {folder} writable, or record elsewhere (--record)."
        )
    return Finding("recordings", True, str(folder))


def _leftovers() -> Finding:
    """Daemons whose parent is gone; they leave by themselves within a second, unless they are stopped."""
    orphans = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().split(b"\0")
            parent = (folder / "stat").read_text().rpartition(") ")[2].split()[1]
        except OSError:
            continue
        if {b"replica_daemon", b"--replica-id"} & {*command} and parent == "1":
            orphans.append(folder.name)
    if orphans:
        pids = " ".join(orphans)
        return Finding("leftovers", False, f"daemons without an app: {pids}", f"End them: kill -9 {pids}")
    return Finding("leftovers", True, "no daemon is left over")


def _cluster() -> Finding:
    start = time.monotonic()
    try:
        report = record_run(RunSettings(requests=200), None)
    except (LockstepError, OSError) as error:
        return Finding("a small cluster", False, str(error), "See the findings above for the cause.")
    took = time.monotonic() - start
    seen = f"200 requests on 3 daemons in {took:.1f} s, {report.violations} violations"
    return Finding("a small cluster", report.holds, seen, "" if report.holds else "Please report this.")
