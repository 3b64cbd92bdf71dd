"""The directions of the arrows, held by tests: who imports whom, and who starts light."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from importlinter.application.use_cases import read_user_options
from importlinter.cli import lint_imports

ROOT = Path(__file__).resolve().parents[1]
LINES_AT_MOST = 350
STILL_LONGER = {"core/runtime/engine.py"}
"""To be split; nothing may be added here."""

TOOLS = [
    ".git",
    ".venv",
    ".venv.lock",
    "__pycache__",
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    ".hypothesis",
]
LEFT_BEHIND = {*TOOLS, ".import_linter_cache", "build", "dist"}


def python_files() -> list[Path]:
    """Every Python file of the project."""
    return [path for path in tracked() if path.suffix == ".py"]


def tracked() -> list[Path]:
    """Every file but what tools leave behind; a system without git must pass the tests too."""
    roots = [path for path in ROOT.iterdir() if path.name not in LEFT_BEHIND and path.suffix != ".egg-info"]
    files = [path for root in roots for path in ([root] if root.is_file() else root.rglob("*"))]
    return [path for path in files if path.is_file() and not LEFT_BEHIND & set(path.relative_to(ROOT).parts)]


def test_the_arrows_point_down(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    failed = lint_imports(cache_dir=None)
    assert failed == 0, capsys.readouterr().out


def test_every_contract_of_the_design_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    contracts = {one["name"]: one for one in read_user_options().contracts_options}
    assert set(contracts) >= {
        "Gui, runtime and daemon stand on the core and do not know each other",
        "No Qt in the core or the daemon",
        "A daemon starts fast: no numpy",
        "The picture knows no machinery",
        "The picture knows no protocol",
    }
    assert [name for name, one in contracts.items() if one.get("allow_indirect_imports")] == [
        "The picture knows no protocol"
    ]


# --- what a process really loads ---


def loaded(program: str, *words: str) -> set[str]:
    """Which of these packages a fresh interpreter has loaded after this program."""
    tail = f"\nimport json, sys\nsys.stdout.write(json.dumps([w for w in {words!r} if w in sys.modules]))"
    done = subprocess.run(
        [sys.executable, "-c", program + tail],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_a_daemon_loads_neither_numpy_nor_asyncio_nor_qt() -> None:
    program = "import replica_daemon.daemon\nfrom core.services.registry import load_service\n"
    program += "load_service('social'), load_service('kv')"
    heavy = ("numpy", "asyncio", "PySide6", "pyqtgraph", "uvloop", "typer", "rich", "importlib.metadata")
    assert loaded(program, *heavy, "msgspec") == {"msgspec"}


def test_the_program_loads_no_qt_before_it_opens_a_window() -> None:
    assert loaded("import main", "PySide6", "pyqtgraph", "numpy", "msgspec", "asyncio") == set()


@pytest.mark.processes
def test_a_headless_run_loads_no_qt() -> None:
    program = """
import sys
import main
sys.argv = ["lockstep", "run", "--headless", "--requests", "5"]
try:
    main.main()
except SystemExit as end:
    assert end.code == 0
"""
    assert loaded(program, "PySide6", "pyqtgraph", "shiboken6", "gui", "numpy") == {"numpy"}


# --- how the files look ---


def test_no_file_is_too_long() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in python_files()}
    long = {name for name, length in lengths.items() if length > LINES_AT_MOST}
    assert long <= STILL_LONGER, "split by what changes together"


def test_no_file_names_a_place_on_somebodys_machine() -> None:
    """Paths of a person's or a build machine's own: they work there and nowhere else."""
    own = re.compile(rb"/(?:home|Users)/[a-z]\w+/|/(?:root|work|workspace|mnt)/\w|[A-Z]:\\\\Users")
    found = {}
    for path in tracked():
        if path.suffix in (".png", ".ttf", ".woff", ".woff2", ".ico", ".icns", ".lockstep", ".mp4", ".gif"):
            continue
        if path == Path(__file__):
            continue
        if places := own.findall(path.read_bytes()):
            found[str(path.relative_to(ROOT))] = places
    assert found == {}
