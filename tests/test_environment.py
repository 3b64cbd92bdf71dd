"""The environment prepares itself, says what is missing, and repairs what a broken try left behind."""

from __future__ import annotations

import ast
import contextlib
import fcntl
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO

import pytest

from core.runtime import environment, preparation
from core.runtime.environment import NotPrepared, check_python, parts_for, python_of, stale_parts, stamp
from core.runtime.preparation import Machine, Output, apt_line, fastest_python, pinned_names, prepare

PYTHON = (3, 11)
START = ("packages", "window-libraries")
TEST = ("packages", "dev-packages", "window-libraries", "test-programs")
OFFLINE = (
    "Collecting one==1.0 (from -r requirements.lock (line 1))",
    "WARNING: Retrying (Retry(total=4)) after connection broken by 'NewConnectionError'",
    "WARNING: Retrying (Retry(total=3)) after connection broken by 'NewConnectionError'",
    "ERROR: Could not find a version that satisfies the requirement one==1.0 (from versions: none)",
    "ERROR: No matching distribution found for one==1.0",
)


class FakeMachine(Machine):
    """A Debian where commands do what they promise, until told otherwise."""

    def __init__(self, root: Path, *, lacks: Sequence[str] = (), is_root: bool = True) -> None:
        self.python = PYTHON
        self.root, self.lacks, self.superuser = root, set(lacks), is_root
        self.lists, self.ensurepip = True, True
        self.said: list[str] = []
        self.ran: list[str] = []
        self.fail: dict[str, Sequence[str]] = {}  # a word of a command -> the lines it fails with
        self.during_pip: Callable[[], None] = lambda: None
        self.seconds: dict[str, float] = {}  # how long the Pythons of this machine take

    def own_python(self) -> str:
        return "/opt/built/python"

    def system_python(self) -> str:
        return next(iter(self.seconds.keys() - {self.own_python()}), "")

    def has(self, name: str) -> bool:
        return name not in self.lacks

    def has_ensurepip(self) -> bool:
        return self.ensurepip

    def is_root(self) -> bool:
        return self.superuser

    def has_package_lists(self) -> bool:
        return self.lists

    def say(self, line: str) -> None:
        self.said.append(line)

    def run(self, command: Sequence[str], on_line: Callable[[str], None], held: IO[bytes]) -> int:
        words = [Path(word).name for word in command]
        self.ran.append(" ".join(words))
        for word, lines in self.fail.items():
            if word in words:
                for line in lines:
                    on_line(line)
                return 1
        if "-c" in words:
            on_line(str(self.seconds[command[0]]))
        elif "venv" in words:
            python = python_of(self.root)
            python.parent.mkdir(parents=True)
            python.touch()
            (self.root / ".venv" / "pyvenv.cfg").touch()
        elif "pip" in words:
            self.during_pip()
            for name in ("one", "two"):
                on_line(f"Collecting {name}==1.0")
        elif words[:2] == ["apt-get", "install"]:
            self.lacks.clear()
            self.ensurepip = True
        return 0


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "requirements.lock").write_text("one==1.0 \\\n    --hash=sha256:aa\n")
    (tmp_path / "requirements-dev.lock").write_text("two==1.0 \\\n    --hash=sha256:bb\n")
    return tmp_path


def files_below(root: Path) -> set[str]:
    return {path.name for path in (root / ".venv").iterdir()}


def test_first_start_makes_the_environment_and_the_second_finds_it(root: Path) -> None:
    machine = FakeMachine(root)
    prepare(root, machine, START)
    assert [command.split(" -I -m ")[1].split()[0] for command in machine.ran] == [
        "venv",
        "pip",
        "compileall",
    ]
    assert "--require-hashes" in machine.ran[1] and machine.ran[1].endswith("-r requirements.lock")
    assert stale_parts(root, START, PYTHON) == ()


@pytest.mark.parametrize(
    ("own", "system", "chosen"),
    [(1.0, 0.7, "/usr/bin/python3.11"), (1.0, 0.95, "/opt/built/python"), (0.7, 1.0, "/opt/built/python")],
)
def test_the_environment_is_made_of_the_faster_python(
    root: Path, own: float, system: float, chosen: str
) -> None:
    machine = FakeMachine(root)
    machine.seconds = {"/opt/built/python": own, "/usr/bin/python3.11": system}
    with (root / "lock").open("wb") as held:
        assert fastest_python(machine, held) == chosen
        assert bool(machine.said) == (chosen != machine.own_python())


def test_a_system_python_that_makes_no_environment_is_left_alone(root: Path) -> None:
    machine = FakeMachine(root)
    machine.seconds = {"/opt/built/python": 1.0, "/usr/bin/python3.11": 0.1}
    machine.fail = {"python3.11": ("ModuleNotFoundError: No module named 'ensurepip'",)}
    with (root / "lock").open("wb") as held:
        assert fastest_python(machine, held) == machine.own_python()


def test_tests_add_the_dev_lock_to_the_same_environment(root: Path) -> None:
    prepare(root, FakeMachine(root), START)
    assert stale_parts(root, TEST, PYTHON) == ("dev-packages", "test-programs")
    machine = FakeMachine(root, lacks=["Xvfb"])
    prepare(root, machine, TEST)
    apt, pip, _ = machine.ran
    assert apt.endswith(" xvfb")
    assert pip.endswith("-r requirements.lock -r requirements-dev.lock")
    assert stale_parts(root, TEST, PYTHON) == () == stale_parts(root, START, PYTHON)
    assert "fetching and installing 1 packages" in machine.said


def test_a_bundles_tools_come_beside_the_test_tools_and_leave_them_ready(root: Path) -> None:
    (root / "requirements-bundle.lock").write_text("three==1.0\n")
    prepare(root, FakeMachine(root), TEST)
    machine = FakeMachine(root)
    prepare(root, machine, parts_for("linux", dev=False, window=True, bundle=True))
    assert machine.ran[0].endswith("-r requirements.lock -r requirements-bundle.lock")
    assert stale_parts(root, (*TEST, "bundle-packages"), PYTHON) == ()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda root: (root / "requirements.lock").write_text("one==2.0\n"),
        lambda root: python_of(root).unlink(),
        lambda root: (python_of(root).unlink(), python_of(root).symlink_to("/nowhere/python")),
        lambda root: (root / ".venv" / "pyvenv.cfg").unlink(),
        lambda root: stamp(root, "packages").unlink(),
        lambda root: stamp(root, "packages").write_bytes(b"\xff torn"),
    ],
    ids=["lock changed", "no python", "broken link", "no pyvenv.cfg", "no stamp", "torn stamp"],
)
def test_a_spoilt_environment_is_made_anew(root: Path, spoil: Callable[[Path], object]) -> None:
    prepare(root, FakeMachine(root), START)
    spoil(root)
    left_over = root / ".venv" / "left-over"
    left_over.touch()
    assert stale_parts(root, START, PYTHON) == START
    machine = FakeMachine(root)
    prepare(root, machine, START)
    assert len(machine.ran) == 3 and not left_over.exists()
    assert stale_parts(root, START, PYTHON) == ()


def test_changed_test_tools_leave_the_program_ready(root: Path) -> None:
    prepare(root, FakeMachine(root), TEST)
    (root / "requirements-dev.lock").write_text("two==2.0\n")
    assert stale_parts(root, TEST, PYTHON) == ("dev-packages",)


def test_another_python_makes_another_environment(root: Path) -> None:
    prepare(root, FakeMachine(root), START)
    assert stale_parts(root, START, (3, 12)) == START


def test_a_link_in_the_place_of_the_environment_goes_and_its_target_stays(root: Path) -> None:
    target = root / "elsewhere"
    target.mkdir()
    (target / "precious").touch()
    (root / ".venv").symlink_to(target)
    prepare(root, FakeMachine(root), START)
    assert (target / "precious").exists() and not (root / ".venv").is_symlink()


def test_while_pip_works_nothing_says_that_the_packages_are_there(root: Path) -> None:
    prepare(root, FakeMachine(root), START)
    machine = FakeMachine(root)
    seen: list[set[str]] = []
    machine.during_pip = lambda: seen.append(files_below(root))
    prepare(root, machine, TEST)
    assert seen and not {"packages.stamp", "dev-packages.stamp"} & seen[0]


def test_a_failed_try_is_followed_by_a_good_one(root: Path) -> None:
    machine = FakeMachine(root)
    machine.fail = {"pip": OFFLINE}
    with pytest.raises(NotPrepared, match="could not be reached"):
        prepare(root, machine, START)
    assert machine.said.count("  the package index does not answer; trying again for a while") == 1
    prepare(root, FakeMachine(root), START)
    assert stale_parts(root, START, PYTHON) == ()


def test_the_start_that_waited_finds_the_work_done(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextlib.contextmanager
    def turn_after_another(path: Path, machine: Machine) -> Iterator[IO[bytes]]:
        monkeypatch.setattr(preparation, "_turn", real_turn)
        prepare(root, FakeMachine(root), START)
        with real_turn(path, machine) as held:
            yield held

    real_turn = preparation._turn
    monkeypatch.setattr(preparation, "_turn", turn_after_another)
    machine = FakeMachine(root)
    prepare(root, machine, START)
    assert machine.ran == []


def test_one_start_prepares_at_a_time(root: Path) -> None:
    machine = FakeMachine(root)
    refused: list[bool] = []

    def try_the_lock() -> None:
        with (root / ".venv.lock").open("a+b") as other:
            try:
                fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                refused.append(True)

    machine.during_pip = try_the_lock
    prepare(root, machine, START)
    assert refused == [True]


def test_a_command_keeps_the_lock_when_its_start_dies(root: Path) -> None:
    with (root / ".venv.lock").open("a+b") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        code = f"import os; os.fstat({held.fileno()}); print('holds it')"
        lines: list[str] = []
        assert Machine().run([sys.executable, "-c", code], lines.append, held) == 0
    assert lines == ["holds it"]


def test_without_the_right_to_install_the_one_line_is_told(root: Path) -> None:
    machine = FakeMachine(root, lacks=["libEGL.so.1", "Xvfb"], is_root=False)
    machine.ensurepip = False
    with pytest.raises(NotPrepared) as told:
        prepare(root, machine, TEST)
    assert "\nsudo apt-get install -y python3.11-venv libegl1 xvfb\n" in str(told.value)
    assert machine.ran == [] and not (root / ".venv").exists()


def test_packages_are_installed_where_allowed_fetching_absent_lists_first(root: Path) -> None:
    machine = FakeMachine(root, lacks=["libGL.so.1"])
    machine.lists = False
    prepare(root, machine, START)
    assert machine.ran[0] == "apt-get update" and machine.ran[1].endswith(" libgl1")


def test_old_lists_are_fetched_after_a_refusal(root: Path) -> None:
    machine = FakeMachine(root, lacks=["libGL.so.1"])
    machine.fail = {"install": ["E: Unable to fetch some archives"]}
    with pytest.raises(
        NotPrepared, match=r"(?s)Unable to fetch.*\n\napt-get update && apt-get install -y libgl1\n"
    ):
        prepare(root, machine, START)
    assert [command.split()[1] for command in machine.ran] == ["install", "update", "install"]


def test_other_systems_are_told_the_libraries(root: Path) -> None:
    machine = FakeMachine(root, lacks=["apt-get", "libGL.so.1", "libxcb-cursor.so.0"])
    with pytest.raises(NotPrepared, match=r"lacks libGL\.so\.1, libxcb-cursor\.so\.0\. Install"):
        prepare(root, machine, START)


def test_a_read_only_checkout_is_named(root: Path) -> None:
    with pytest.raises(NotPrepared, match=r"can't write to .*absent: .*No such file"):
        prepare(root / "absent", FakeMachine(root), START)


@pytest.mark.parametrize(
    ("line", "advice"),
    [
        ("OSError: [Errno 28] No space left on device", "The disk is full"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "pip cache purge"),
        ("ERROR: Could not find a version (from versions: none)", "could not be reached"),
        ("ERROR: No matching distribution found for one==1.0", "no build for this Python"),
        ("Killed", "Start again"),
    ],
)
def test_a_failure_says_the_next_step(root: Path, line: str, advice: str) -> None:
    output = Output(FakeMachine(root))
    for told in ("Collecting one==1.0", line, "  Downloading one-1.0.whl", "WARNING: chatter", ""):
        output(told)
    first, second, last = output.failure("it failed", 1).split("\n")
    assert (first, second) == ("it failed (status 1).", "    " + line)
    assert advice in last


def test_the_tests_need_a_display_on_linux_alone() -> None:
    assert parts_for("linux", dev=True, window=False) == TEST
    assert parts_for("linux", dev=False, window=True) == START
    assert parts_for("linux", dev=False, window=False) == ("packages",)
    assert parts_for("win32", dev=True, window=True) == ("packages", "dev-packages")


def test_a_bundle_needs_its_own_tools_and_no_test_tools() -> None:
    said = parts_for("linux", dev=False, window=True, bundle=True)
    assert set(said) - set(START) == {"bundle-packages", "bundle-programs"}
    assert parts_for("win32", dev=False, window=True, bundle=True) == ("packages", "bundle-packages")


def test_an_old_python_is_told_in_a_sentence_it_can_parse() -> None:
    source = Path(environment.__file__).read_text("utf-8")
    ast.parse(source, feature_version=(3, 7))
    check_python((3, 11, 0))
    with pytest.raises(NotPrepared, match=r"needs Python 3\.11 or newer and this is 3\.8\.18"):
        check_python((3, 8, 18))


def test_an_ordinary_start_loads_nothing_slow() -> None:
    slow = "{'subprocess', 'ctypes', 'typing', 'core.runtime.preparation'}"
    code = f"import sys, core.runtime.environment; print(sorted({slow} & set(sys.modules)))"
    checkout = Path(__file__).parents[1]
    run = subprocess.run(
        [sys.executable, "-S", "-c", code], capture_output=True, text=True, cwd=checkout, check=True
    )
    assert run.stdout.strip() == "[]"


def test_lines_and_names() -> None:
    assert apt_line(["a", "b"], refresh=False) == "sudo apt-get install -y a b"
    lock = "one==1.0 ; sys_platform == 'linux' \\\n    --hash=sha256:aa\ntwo==2.0\n# three==3\n"
    assert pinned_names(lock) == ["one", "two"]
