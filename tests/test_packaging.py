"""What is shipped is whole: locks pin everything by hash and name no place, the package has all its files."""

from __future__ import annotations

import configparser
import re
import tomllib
from itertools import combinations
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from core.runtime.environment import PACKAGES
from core.runtime.preparation import pinned_names
from core.session.recording_format import MAGIC, SUFFIX

ROOT = Path(__file__).parents[1]
LOCKS = [ROOT / name for name in dict.fromkeys(sum(PACKAGES.values(), ()))]
ENTRY = re.compile(r"([a-z0-9-]+)==([\w.]+)( ; .+?)?(\s+--hash=sha256:[0-9a-f]{64})+")


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def entries(lock: Path) -> list[str]:
    """The lock's entries, each with its continuation lines on one line."""
    return lock.read_text("utf-8").replace("\\\n", "").splitlines()


def pins(lock: Path) -> dict[str, str]:
    return {found[1]: found[2] for line in entries(lock) if (found := ENTRY.fullmatch(line))}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_entry_of_a_lock_is_one_version_with_hashes(lock: Path) -> None:
    assert len(entries(lock)) > 6
    assert [line for line in entries(lock) if not ENTRY.fullmatch(line)] == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_names_no_place(lock: Path) -> None:
    text = lock.read_text("utf-8")
    assert not re.search(r"://|@|^\s*-|\bfile:|/", re.sub(r"--hash=\S+", "", text), re.MULTILINE)


def test_files_of_every_platform_are_locked() -> None:
    """A compiled package has a file per Python and platform; a lock made from one machine's files has few."""
    for line in entries(LOCKS[0]):
        if line.startswith(("numpy==", "msgspec==", "uvloop==", "zstandard==", "xxhash==")):
            assert line.count("--hash=") > 40, line[:40]


def test_the_locks_agree() -> None:
    """They are installed into one environment."""
    for one, other in combinations(map(pins, LOCKS), 2):
        both = one.keys() & other
        assert {name: one[name] for name in both} == {name: other[name] for name in both}


@pytest.mark.parametrize("which", ["runtime", "dev", "bundle"])
def test_the_locks_hold_what_the_project_asks_for(project: dict[str, Any], which: str) -> None:
    if which == "runtime":
        wanted = project["project"]["dependencies"] + project["project"]["optional-dependencies"]["video"]
        locked = pins(LOCKS[0])
    else:
        wanted = project["dependency-groups"][which]
        locked = pins(LOCKS[["runtime", "dev", "bundle"].index(which)])
    assert wanted
    for requirement in map(Requirement, wanted):
        assert locked[canonicalize_name(requirement.name)] in requirement.specifier, requirement


def test_the_set_up_counts_what_the_lock_pins() -> None:
    for lock in LOCKS:
        assert sorted(pinned_names(lock.read_text("utf-8"))) == sorted(pins(lock))


def test_every_room_is_a_package() -> None:
    """A folder without `__init__.py` would be left out when the program is packed."""
    for top in ("core", "gui", "replica_daemon", "assets"):
        for module in (ROOT / top).rglob("*.py"):
            assert (module.parent / "__init__.py").exists(), module


def test_data_files_exist(project: dict[str, Any]) -> None:
    files = [file for group in project["tool"]["setuptools"]["data-files"].values() for file in group]
    assert files and [file for file in files if not (ROOT / file).is_file()] == []


def test_the_desktop_entry_starts_the_installed_program(project: dict[str, Any]) -> None:
    entry = configparser.ConfigParser(interpolation=None)
    entry.read(ROOT / "assets/lockstep.desktop", "utf-8")
    assert entry["Desktop Entry"]["Exec"].split()[0] in project["project"]["scripts"]
    icons = project["tool"]["setuptools"]["data-files"]["share/icons/hicolor/scalable/apps"]
    assert [Path(icon).stem for icon in icons] == [entry["Desktop Entry"]["Icon"]]


def test_a_double_click_on_a_recording_starts_the_program(project: dict[str, Any]) -> None:
    entry = configparser.ConfigParser(interpolation=None)
    entry.read(ROOT / "assets/lockstep.desktop", "utf-8")
    assert entry["Desktop Entry"]["Exec"] == "lockstep %f"
    [package] = project["tool"]["setuptools"]["data-files"]["share/mime/packages"]
    space = "{http://www.freedesktop.org/standards/shared-mime-info}"
    [kind] = ElementTree.parse(ROOT / package).getroot().findall(f"{space}mime-type")
    assert entry["Desktop Entry"]["MimeType"] == f"{kind.get('type')};"
    assert [glob.get("pattern") for glob in kind.findall(f"{space}glob")] == [f"*{SUFFIX}"]
    [magic] = kind.iter(f"{space}match")
    offset, value = int(magic.get("offset", "")), magic.get("value", "").encode()
    assert MAGIC[offset : offset + len(value)] == value


def test_icons_are_drawings_in_the_colour_of_their_place() -> None:
    icons = sorted((ROOT / "assets/icons/lucide").glob("*.svg"))
    assert len(icons) > 40
    for icon in icons:
        drawing = ElementTree.parse(icon).getroot()
        assert (drawing.tag.split("}")[1], drawing.get("stroke")) == ("svg", "currentColor"), icon.name


def test_what_others_made_comes_with_its_licence() -> None:
    assert "SIL OPEN FONT LICENSE" in (ROOT / "assets/fonts/OFL-Inter.txt").read_text("utf-8")
    assert "SIL OPEN FONT LICENSE" in (ROOT / "assets/fonts/OFL-JetBrainsMono.txt").read_text("utf-8")
    assert "ISC License" in (ROOT / "assets/icons/lucide/LICENSE").read_text("utf-8")
    assert {font.name.split("-")[0] for font in (ROOT / "assets/fonts").glob("*.ttf")} == {
        "Inter",
        "JetBrainsMono",
    }
