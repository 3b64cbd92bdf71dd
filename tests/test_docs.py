"""The documents tell the truth where a machine can see it: links, commands, file names, constants, keys."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from PySide6.QtGui import QKeySequence
from typer.testing import CliRunner

from core import __version__, limits
from core.facts import CheckCount
from core.runtime import (
    chaos_command,
    command_line,
    desktop,
    doctor,
    export_command,
    recording_commands,
    scenario_run,
    simulate_command,
)
from core.runtime.headless import Report
from core.simulation.campaign import Tally
from core.simulation.campaign import report as campaign_report
from core.simulation.schedule import Kind
from core.workload.console_language import CONSOLE_WORDS
from gui.actions import ACTIONS

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
FENCE = re.compile(r"^( *)```.*?^\1```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
PATH = re.compile(r"`((?:core|gui|replica_daemon|bench|tests|docs|assets|\.ci)/[\w./-]*|main\.py)`")
NAME_IN_FILE = re.compile(r"`(?:(?P<owner>[A-Z]\w+)\.)?(?P<name>_?[a-zA-Z]\w+)` in `(?P<path>[\w/]+\.py)`")
MEMBER = re.compile(r"`([A-Z][a-z]\w+)\.(_?[a-z]\w+)`")
COMMAND = re.compile(r"(?<![\w/.])python3 main\.py([^`\n]*)")
SIZES = {"": 1, "ms": 10**6, "s": 10**9, "KiB": 1 << 10, "MiB": 1 << 20}


SOURCE = "\n".join(
    path.read_text("utf-8")
    for room in ("core", "gui", "replica_daemon", "bench")
    for path in (ROOT / room).rglob("*.py")
)


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def text_of(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def anchors(page: Path) -> set[str]:
    """The anchors that a page's headings get."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def commands(page: Path) -> list[list[str]]:
    """The arguments of every `python3 main.py …` in a page, in words and in blocks."""
    found = COMMAND.findall(page.read_text("utf-8"))
    return [shlex.split(arguments.partition("  #")[0]) for arguments in found]


EVERY_COMMAND = sorted({tuple(words) for page in PAGES for words in commands(page)})


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_and_picture_leads_somewhere(page: Path) -> None:
    broken = []
    for target in LINK.findall(FENCE.sub("", page.read_text("utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        if not there.is_file() or (anchor and anchor not in anchors(there)):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_file_that_is_named_exists(page: Path) -> None:
    named = PATH.findall(page.read_text("utf-8"))
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_name_is_in_the_file_where_it_is_said_to_be(page: Path) -> None:
    for found in NAME_IN_FILE.finditer(page.read_text("utf-8")):
        source = text_of(found["path"])
        for name in filter(None, (found["owner"], found["name"])):
            assert re.search(rf"\b(?:class|def) {name}\b|^\s*(?:self\.)?{name}\b", source, re.MULTILINE), (
                found[0]
            )


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_member_that_is_named_exists(page: Path) -> None:
    """`FrontEnd.room`, wherever it is: what a page names is looked for in the code."""
    wrong = []
    for owner, member in MEMBER.findall(page.read_text("utf-8")):
        declared = re.search(rf"^class {owner}\b", SOURCE, re.MULTILINE)
        if not declared or not re.search(
            rf"\bdef {member}\b|^\s+{member}\b|self\.{member}\b", SOURCE, re.MULTILINE
        ):
            wrong.append(f"{owner}.{member}")
    assert wrong == []


@pytest.mark.parametrize("words", EVERY_COMMAND, ids=" ".join)
def test_every_command_is_taken(words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """Parsed and checked as the program does it; nothing is started."""
    if words[:1] == ("test",):  # what follows is pytest's
        assert all((ROOT / word).exists() for word in words if word.startswith("tests/"))
        return
    if words[:1] == ("bundle",):  # what follows is a folder
        assert len(words) <= 2
        return
    report = Report(checks=(CheckCount("digest", 1, 0),))
    monkeypatch.setattr(command_line, "record_run", lambda settings, record: report)
    monkeypatch.setattr(doctor, "look_and_tell", lambda *_: 0)
    monkeypatch.setattr(export_command, "export_file", lambda *_: 0)
    monkeypatch.setattr(scenario_run, "play_headless", lambda *_: 0)
    for command in ("check_file", "rerun_file", "compare_files"):
        monkeypatch.setattr(recording_commands, command, lambda *_: 0)
    for command in ("campaign", "catch", "search_small_world"):
        monkeypatch.setattr(simulate_command, command, lambda *_: 0)
    monkeypatch.setattr(chaos_command, "let_loose", lambda *_: 0)
    for command in ("install", "remove"):
        monkeypatch.setattr(desktop, command, lambda *_: desktop.Done())
    app = command_line.make(lambda *_: 0, lambda *_: 0, lambda *_: 0, lambda *_: 0, lambda: True)
    result = CliRunner().invoke(app, list(words))
    assert result.exit_code == 0, result.output


def test_the_commands_are_found() -> None:
    assert {(), ("test",), ("doctor",), ("--version",)} < set(EVERY_COMMAND)
    assert sum(words[:2] == ("run", "--headless") for words in EVERY_COMMAND) > 3


def test_the_readme_names_every_option_of_run_and_every_key_of_its_report() -> None:
    readme = text_of("README.md")
    app = command_line.make(lambda *_: 0, lambda *_: 0, lambda *_: 0, lambda *_: 0, lambda: True)
    options = set(re.findall(r"--[a-z-]+", CliRunner().invoke(app, ["run", "--help"]).output)) - {"--help"}
    assert {"--headless", "--seed"} < options
    assert {option for option in options if option not in readme} == set()
    assert {key for key in Report().as_json() if f"`{key}`" not in readme} == set()


def test_the_simulators_page_names_every_option_and_every_key() -> None:
    page = text_of("docs/simulator.md")
    app = command_line.make(lambda *_: 0, lambda *_: 0, lambda *_: 0, lambda *_: 0, lambda: True)
    options = set(re.findall(r"--[a-z-]+", CliRunner().invoke(app, ["simulate", "--help"]).output))
    assert {"--seeds", "--from", "--plant"} < options
    assert {option for option in options - {"--help"} if f"`{option}" not in page} == set()
    assert {key for key in campaign_report(Tally()) if f"`{key}`" not in page} == set()
    assert {kind for kind in Kind if f"| {kind} |" not in page} == set()


@pytest.mark.parametrize("page", ["docs/failures.md"])
def test_constants_have_the_values_that_are_said(page: str) -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \| ([\d,]+) ?(\w*) \|", text_of(page), re.MULTILINE)
    assert len(rows) > 10
    said = {name: int(number.replace(",", "")) * SIZES[unit] for name, number, unit in rows}
    assert said == {name: getattr(limits, name) for name in said}


def test_the_guide_names_every_key_and_every_word_of_the_console() -> None:
    guide = text_of("docs/user-guide.md")
    section = guide.partition("## Shortcuts")[2].partition("\n## ")[0]
    told = {
        key
        for row in re.findall(r"^\| (.+?) \|", section, re.MULTILINE)
        for key in re.split(r" · | or ", row)
    }
    keys = {QKeySequence(key).toString() for spec in ACTIONS for key in spec.keys}
    assert told - {"keys", "---"} == keys
    assert {word for word in CONSOLE_WORDS if not re.search(rf"`{word}\b", guide)} == set()


def test_the_changelog_has_this_version() -> None:
    assert re.search(
        rf"^## \[{re.escape(__version__)}\] - \d{{4}}-\d\d-\d\d$", text_of("CHANGELOG.md"), re.MULTILINE
    )


def test_every_decision_is_listed_and_has_its_three_parts() -> None:
    folder = ROOT / "docs" / "decisions"
    records = sorted(path.name for path in folder.glob("0*.md"))
    assert LINK.findall(text_of("docs/decisions/README.md")) == records
    for number, name in enumerate(records, start=1):
        text = (folder / name).read_text("utf-8")
        assert name.startswith(f"{number:04}-")
        assert text.startswith(f"# {number}. ")
        assert [part for part in ("Context", "Decision", "Consequences") if f"**{part}.**" not in text] == []
