"""What a bundle is built of, and its trial: it lets nothing pass that does not work."""

from __future__ import annotations

import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

import main
from core import __version__
from core.errors import LockstepError, UsageError
from core.runtime import bundle, bundle_trial
from tests.support.waiting import wait_until

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="stands in for programs with scripts of sh")


def program(folder: Path, script: str) -> Path:
    """A program that does this in the place of a bundle."""
    path = folder / "lockstep"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.mark.gui
@pytest.mark.processes
@pytest.mark.timeout(300)
def test_a_program_that_works_passes(tmp_path: Path) -> None:
    """The checkout's own, called as a bundle would be."""
    whole = program(tmp_path, f'LOCKSTEP_OWN_PACKAGES=1 exec "{sys.executable}" "{ROOT / "main.py"}" "$@"')
    said = " ".join(bundle_trial.try_out(whole, tmp_path))
    for part in (f"lockstep {__version__}", "3 replicas", "judges", "draws", "window opens"):
        assert part in said


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("echo lockstep 0.0.0", "says it is “lockstep 0.0.0”"),
        ("echo no module >&2; exit 1", "--version: exit code 1. It said: no module"),
        ('[ "$1" = --version ] && echo lockstep VERSION || exit 3', "run --headless .*: exit code 3"),
        (
            '[ "$1" = --version ] && echo lockstep VERSION || '
            """echo '{"answered": 1999, "violations": 0, "troubles": ["R1 died."], "replicas": []}'""",
            "1999 of 2000 requests were answered: .*R1 died",
        ),
    ],
)
def test_a_program_that_does_not_work_fails(tmp_path: Path, script: str, sentence: str) -> None:
    broken = program(tmp_path, script.replace("VERSION", __version__))
    with pytest.raises(LockstepError, match=sentence):
        list(bundle_trial.try_out(broken, tmp_path))


def test_a_window_that_speaks_or_has_no_cluster_fails(tmp_path: Path) -> None:
    trial = bundle_trial._Trial(program(tmp_path, "echo a warning >&2"), tmp_path)
    with pytest.raises(LockstepError, match="a warning"):
        trial.open_window(tmp_path / "none.lockstep")
    (again := tmp_path / "again").mkdir()
    trial = bundle_trial._Trial(program(tmp_path, "exit 0"), again)
    with pytest.raises(LockstepError, match="had no cluster"):
        trial.open_window(tmp_path / "none.lockstep")


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="no /proc to look at")
def test_a_process_that_is_left_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle_trial, "LEAVING_S", 0.2)
    sleeper = Path(shutil.copy(shutil.which("sleep") or "", tmp_path / "lockstep"))
    assert bundle_trial.processes_of(sleeper) == []
    left = subprocess.Popen([sleeper, "60"])
    try:
        wait_until(lambda: bundle_trial.processes_of(sleeper) == [left.pid])
        with pytest.raises(LockstepError, match=f"processes are left: .{left.pid}"):
            bundle_trial._Trial(sleeper, tmp_path).run("0")
    finally:
        left.kill()
        left.wait()


# --- what it is built of ---


@pytest.mark.parametrize("platform", ["linux", "win32", "darwin"])
def test_pyinstaller_is_told_the_rooms_and_the_assets(tmp_path: Path, platform: str) -> None:
    words = bundle.arguments(ROOT, tmp_path, platform)
    told = list(pairwise(words))
    for room in bundle.ROOMS:
        assert (ROOT / room / "__init__.py").is_file()
        assert ("--collect-submodules", room) in told
    assert ("--add-data", f"{ROOT / 'assets'}:assets") in told
    assert words[-1] == str(ROOT / "main.py")
    icons = {"linux": [], "win32": ["lockstep.ico"], "darwin": ["lockstep.icns"]}[platform]
    assert [path.name for path in tmp_path.iterdir()] == icons
    assert ("--hide-console" in words) == (platform == "win32")


def test_every_package_of_ours_is_in_the_bundle_or_left_out() -> None:
    ours = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert ours - {*bundle.ROOMS, *bundle.LEFT_OUT} == {"assets"}


def test_the_icons_of_other_systems_hold_the_pictures() -> None:
    ico = b"".join(bundle.ico(ROOT))
    count = int.from_bytes(ico[4:6], "little")
    assert (ico[:4], count) == (b"\0\0\1\0", len(bundle.ICO_SIZES))
    for entry, size in zip(range(6, 6 + 16 * count, 16), bundle.ICO_SIZES, strict=True):
        length, offset = (int.from_bytes(ico[at : at + 4], "little") for at in (entry + 8, entry + 12))
        assert ico[entry] == size % 256
        assert ico[offset : offset + length] == bundle.picture(ROOT, size)
    icns = b"".join(bundle.icns(ROOT))
    assert (icns[:4], int.from_bytes(icns[4:8], "big")) == (b"icns", len(icns))
    at = 8
    for name, size in bundle.ICNS_SIZES.items():
        length = int.from_bytes(icns[at + 4 : at + 8], "big")
        assert (icns[at : at + 4], icns[at + 8 : at + length]) == (name.encode(), bundle.picture(ROOT, size))
        at += length
    assert at == len(icns)


@pytest.mark.parametrize("word", sorted(main.FROM_SOURCE))
def test_what_needs_the_source_tree_says_so_without_one(
    word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(main, "ROOT", tmp_path)
    monkeypatch.setattr(sys, "argv", ["lockstep", word])
    with pytest.raises(SystemExit) as end:
        main.main()
    assert (end.value.code, f"“{word}” needs the source tree" in capsys.readouterr().err) == (2, True)


@pytest.mark.parametrize("words", [["--help"], ["a", "b"]])
def test_wrong_use_is_a_sentence(words: list[str]) -> None:
    with pytest.raises(UsageError, match="at most a folder"):
        bundle.build(ROOT, words)


def test_a_failed_build_says_its_last_words_and_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lockstep").mkdir()
    (tmp_path / "lockstep" / "old").write_text("")
    monkeypatch.setattr(bundle, "arguments", lambda *_: ["--no-such-option"])
    with pytest.raises(LockstepError, match="PyInstaller ended with status"):
        bundle.build(ROOT, [str(tmp_path)])
    assert [path.name for path in tmp_path.iterdir()] == ["lockstep"]
    assert (tmp_path / "lockstep" / "old").exists()
