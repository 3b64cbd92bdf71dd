"""Scenario files: what a right one means, and that a wrong one is told with its place and a way out."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

import pytest

from core.commands import Kill, Submit
from core.errors import UsageError
from core.workload.conditions import CONDITION_WORDS, read_condition
from core.workload.scenario_format import (
    ClusterText,
    Question,
    ScenarioError,
    ScenarioText,
    StepText,
    WorkloadText,
)
from core.workload.scenarios import Scenario, find_scenario, lesson_files, read_scenario
from core.workload.text_places import place_of

ROOT = Path(__file__).parents[2]
GOOD = """\
title = "A small one"
expect = ["every check holds", "R2 is dead"]

[cluster]
replicas = 3
clients = 2

[workload]
running = true

[[step]]
say = "Two puts."
do = [
    "C1> put x 1",
    "C2> put x 2",  # at once
]

[[step]]
when = "every query is answered"
do = ["kill R2"]
[step.question]
ask = "Who answers?"
choices = ["R1", "R2"]
right = 1
because = '''
R2 is
dead.'''

[[step]]
when = "R2 is dead"
within = 3
"""


def error_of(text: str) -> ScenarioError:
    with pytest.raises(ScenarioError) as caught:
        read_scenario(text, "small.toml")
    return caught.value


def test_a_right_one_is_understood() -> None:
    scenario = read_scenario(GOOD, "small.toml")
    assert (scenario.title, scenario.cluster.service, scenario.questions) == ("A small one", "kv", 1)
    first, second, third = scenario.steps
    assert [type(command) for command in first.commands] == [Submit, Submit]
    assert [command.client for command in first.commands if isinstance(command, Submit)] == [1, 2]
    assert second.commands == (Kill(2),)
    assert second.question is not None
    assert second.question.because == "R2 is\ndead."
    assert (third.when.words, third.within_ns) == ("R2 is dead", 3_000_000_000)
    assert [one.words for one in scenario.expect] == ["every check holds", "R2 is dead"]


@pytest.mark.parametrize(
    ("old", "new", "line", "column", "wrong", "hint"),
    [
        ("replicas = 3", "replicas = 3 3", 5, 14, "Expected newline", "TOML"),
        ("replicas = 3", "replicas = 9", 5, 12, "9 replicas are not possible", "1 to 7"),
        ("replicas = 3", 'replicas = "3"', 5, 12, "Here stands text in quotes", "a whole number"),
        ("replicas = 3", "replica = 3", 5, 11, "“replica” is not known", "“replicas”"),
        ('title = "A small one"', "", 1, 1, "“title” is missing", "title ="),
        ('"C2> put x 2"', '"C3> put x 2"', 15, 5, "There is no client C3", "C1 to C2"),
        ('"C2> put x 2"', '"C2> putt x 2"', 15, 5, "“putt” is no operation", "put"),
        ('"C2> put x 2"', '"clear"', 15, 5, "for a person", "queries"),
        ('"C2> put x 2"', "2", 13, 6, "a whole number", "text in quotes"),
        ('"kill R2"', '"kill R4"', 20, 7, "“R4” is no replica", "R1, R2, R3"),
        ('when = "every query', 'when = "any query', 19, 8, "is no condition", "For example"),
        ('when = "R2 is dead"', 'when = "R5 is dead"', 30, 8, "There is no R5", "R1 to R3"),
        ("within = 3", "within = 0", 31, 10, "for 0 s", "at most 600"),
        ("right = 1", "right = 3", 24, 9, "There is no choice 3", "from 1 to 2"),
        ('"R2 is dead"]', '"R2 is gone"]', 2, 32, "“R2 is gone” is no condition", "For example"),
        ("clients = 2", 'clients = 2\nreply = "acks:9"', 7, 9, "is no reply policy", "majority"),
        ("clients = 2", 'clients = 2\nbroken = ["love"]', 7, 10, "no rule “love”", "total-order"),
        ("clients = 2", 'clients = 2\npace = "fast"', 7, 8, "no pace", "real"),
        ("clients = 2", 'clients = 2\nservice = "bank"', 7, 11, "bank", ""),
    ],
)
def test_a_wrong_one_is_told_with_its_place(
    old: str, new: str, line: int, column: int, wrong: str, hint: str
) -> None:
    assert GOOD.count(old) == 1
    error = error_of(GOOD.replace(old, new))
    assert (error.line, error.column) == (line, column), str(error)
    assert wrong in error.wrong
    assert hint in error.hint
    assert str(error).startswith(f"small.toml, line {line}, column {column}: ")


def test_two_hundred_broken_files_give_a_place_and_a_hint() -> None:
    """A character away, replaced or put in, a line moved: an error with a place, or still a scenario."""
    random, refused = Random(5), 0
    while refused < 200:
        text = list(GOOD)
        place = random.randrange(len(text))
        match random.randrange(4):
            case 0:
                del text[place]
            case 1:
                text[place] = random.choice("[]\"'=#x9\n\x00")
            case 2:
                text.insert(place, random.choice("[]\"'=#x9\n."))
            case _:
                lines = GOOD.splitlines(keepends=True)
                lines.insert(random.randrange(len(lines)), lines.pop(random.randrange(len(lines))))
                text = list("".join(lines))
        try:
            assert isinstance(read_scenario("".join(text), "small.toml"), Scenario)
        except ScenarioError as error:
            refused += 1
            lines = "".join(text).splitlines()
            assert 1 <= error.line <= len(lines) + 1
            assert error.column >= 1
            assert error.wrong
            assert error.hint


WORDS = (
    "R9",
    "R0",
    "C64",
    "#0",
    "-1",
    "3.5",
    "true",
    '""',
    "[]",
    "{}",
    "nobody",
    "9" * 30,
    "nan",
    "inf",
    "\u202e",
)


def test_two_hundred_broken_lessons_give_a_place_and_a_hint() -> None:
    """A word away, changed, or in another's place: as a person does who makes one of their own."""
    random, refused = Random(7), 0
    lessons = [path.read_text("utf-8") for path in lesson_files().values()]
    while refused < 200:
        text = random.choice(lessons)
        spots = [found.span() for found in re.finditer(r'[\w#.\-]+|"[^"\n]*"|\S', text)]
        for start, end in sorted(random.sample(spots, random.randint(1, 3)), reverse=True):
            other = slice(*random.choice(spots))
            text = text[:start] + random.choice(("", random.choice(WORDS), text[other])) + text[end:]
        try:
            assert isinstance(read_scenario(text, "lesson.toml"), Scenario)
        except ScenarioError as error:
            refused += 1
            assert 1 <= error.line <= len(text.splitlines()) + 1
            assert error.column >= 1
            assert error.wrong
            assert error.hint
            assert str(error).startswith(f"lesson.toml, line {error.line}, column {error.column}: ")


def test_places_are_found_in_nested_tables_and_lists_of_several_lines() -> None:
    assert place_of(GOOD, ("step", 0, "do", 1)) == (15, 5)
    assert place_of(GOOD, ("step", 1, "question", "because")) == (25, 11)
    assert place_of(GOOD, ("step", 1, "question")) == (21, 1)
    assert place_of(GOOD, ("step", 2)) == (29, 1)
    assert place_of(GOOD, ("nothing",)) == (1, 1)


@pytest.mark.parametrize("words", CONDITION_WORDS)
def test_every_condition_that_is_described_is_read(words: str) -> None:
    assert read_condition(words, 3, 3).words == words


def test_the_page_describes_every_condition_and_every_key_by_an_example_that_runs() -> None:
    page = (ROOT / "docs" / "teaching.md").read_text("utf-8")
    [example] = re.findall(r"^```toml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert example == (ROOT / "docs" / "examples" / "two-kills.toml").read_text("utf-8")
    assert read_scenario(example, "example.toml").questions == 1
    assert {words for words in CONDITION_WORDS if f"| `{words}` |" not in page} == set()
    tables = (ScenarioText, ClusterText, WorkloadText, StepText, Question)
    keys = {key for table in tables for key in table.__struct_fields__} - {"cluster", "workload", "step"}
    assert {key for key in keys if f"`{key}`" not in page and f"[step.{key}]" not in page} == set()
    assert {name for name in lesson_files() if f"| `{name}` |" not in page} == set()


def test_an_unknown_name_is_told_with_those_there_are() -> None:
    with pytest.raises(UsageError, match=r"no scenario “lesson”.*kill"):
        find_scenario("lesson")


@pytest.mark.parametrize("name", lesson_files())
def test_every_lesson_is_read_and_teaches(name: str) -> None:
    scenario = find_scenario(name)
    assert scenario.name == name
    assert scenario.questions >= 1
    assert scenario.expect
    assert all(len(step.say) <= 220 for step in scenario.steps), "a caption is read at a glance"
