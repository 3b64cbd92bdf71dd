"""A cluster that cannot start says why in a sentence, and leaves nothing behind."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.errors import StartError
from core.runtime.headless import make_engine, run_loop
from core.runtime.run_settings import RunSettings
from core.runtime.supervisor import daemon_command
from tests.support.daemons import ROOT, ended_within, lockstep

pytestmark = pytest.mark.processes

SERVICE = """
import sys
from core.services.kv import KeyValue

class Own(KeyValue):
    name = "own"

if "replica_daemon.daemon" in sys.modules:  # only where replicas live: the app has loaded it happily
    {in_a_daemon}
"""


def own_service(folder: Path, in_a_daemon: str) -> None:
    """A service of one's own that behaves badly in a daemon; its pid is left in a file."""
    noted = "import os; open(f'pid-{os.getpid()}', 'w').close()"
    body = f"{noted}; {in_a_daemon}"
    (folder / "own.py").write_text(SERVICE.format(in_a_daemon=body))


def left_over(folder: Path) -> list[int]:
    """The daemons of this folder that still live."""
    pids = [int(path.name.removeprefix("pid-")) for path in folder.glob("pid-*")]
    assert pids, "daemons were started"
    return [pid for pid in pids if not ended_within(pid, 1.0)]


@pytest.mark.parametrize(
    ("in_a_daemon", "sentence"),
    [
        ("raise KeyError('no luck')", "own' failed while it was loaded: KeyError: 'no luck'"),
        ("sys.exit(9)", "ended at its start with status 9"),
        ("os.kill(os.getpid(), 9)", "ended at its start with status -9"),
        ("print('port of call')", "reported no port"),
        ("print('port 1', flush=True)", "The cluster did not start"),
        ("Own.version = 7", "runs own 7, the front end own 1"),
    ],
    ids=["raises", "exits", "dies", "talks on stdout", "names another port", "another version"],
)
def test_a_daemon_that_does_not_come_up(tmp_path: Path, in_a_daemon: str, sentence: str) -> None:
    own_service(tmp_path, in_a_daemon)
    done = lockstep("run", "--headless", "--requests", "10", "--service", "own:Own", cwd=tmp_path)
    assert done.returncode == 3
    assert done.stderr.startswith("Error: ")
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert left_over(tmp_path) == []


def test_a_daemon_that_says_nothing_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.runtime.supervisor.START_TIMEOUT_NS", 3_000_000_000)
    own_service(tmp_path, "import threading; threading.Event().wait()")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)

    async def start() -> None:
        engine = make_engine(RunSettings(service="own:Own"), lambda records: None)
        await engine.start(3, 1, 1)

    with pytest.raises(StartError, match="did not start within 3 s"):
        run_loop(start())
    assert left_over(tmp_path) == []


def test_a_daemon_that_talks_too_much_does_not_block(tmp_path: Path) -> None:
    """10 MB on its standard error, in the middle of the run."""
    (tmp_path / "noisy.py").write_text(
        "import sys\n"
        "from core.services.kv import KeyValue\n"
        "class Noisy(KeyValue):\n"
        "    def apply(self, operation, context):\n"
        "        if context.seq == 50 and 'replica_daemon.daemon' in sys.modules:\n"
        "            sys.stderr.write('x' * 10_000_000 + '\\n')\n"
        "        return super().apply(operation, context)\n"
    )
    options = ("--requests", "2000", "--service", "noisy:Noisy", "--json")
    done = lockstep("run", "--headless", *options, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert '"answered": 2000' in done.stdout


def test_files_beside_the_user_shadow_nothing(tmp_path: Path) -> None:
    """A person's own `select.py` or `core/` where Lockstep is started is not taken for ours."""
    for name in ("select.py", "socket.py", "msgspec.py"):
        (tmp_path / name).write_text("raise SystemExit('shadowed')\n")
    for name in ("core", "replica_daemon"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise SystemExit('shadowed')\n")
    done = lockstep("run", "--headless", "--requests", "10", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_service_of_ones_own_is_found_where_lockstep_was_started(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(SERVICE.format(in_a_daemon="pass"))
    done = lockstep("run", "--headless", "--requests", "10", "--service", "own:Own", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_daemons_arguments_are_for_people() -> None:
    command = daemon_command(2, "kv")
    assert command[-4:] == ["--replica-id", "2", "--service", "kv"]
    assert str(ROOT) not in os.pathsep.join(command[1:])
