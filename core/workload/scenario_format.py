"""The text of a scenario: TOML, checked against these structs. An error names the line, the column, and what
to do.

`docs/teaching.md` describes the format with an example. What the sentences in it mean is read elsewhere:
commands by `core.workload.console_language`, conditions by `core.workload.conditions`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

import msgspec

from core.errors import UsageError
from core.workload.text_places import Place, place_of

Path = Sequence[str | int]
"""Where in the data something stands: `("step", 2, "do", 0)`."""


class ClusterText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The cluster that it is played on, as `run` takes it. `pace` is the window's alone."""

    service: str = "kv"
    replicas: int = 3
    clients: int = 3
    seed: int = 1
    reply: str = "first"
    failures: str = "drop"
    expel_liars: bool = False
    broken: list[str] = []
    pace: str = "slow 0.6"


class WorkloadText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the clients ask by themselves: whether at once, and how long each thinks between bursts."""

    running: bool = False
    think_ms: float = 0.0
    burst: int = 1


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Predict, then reveal. `right` counts from 1."""

    ask: str
    choices: list[str]
    right: int
    because: str


class StepText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Waits for its condition (at most `within` seconds), then says, asks, and does, in this order."""

    when: str = ""
    within: float = 20.0
    say: str = ""
    do: list[str] = []
    question: Question | None = None


class ScenarioText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole file."""

    title: str
    summary: str = ""
    cluster: ClusterText = ClusterText()
    workload: WorkloadText = WorkloadText()
    step: list[StepText] = []
    expect: list[str] = []


class ScenarioError(UsageError):
    """A scenario file is wrong. `line` and `column` count from 1; `wrong` and `hint` are sentences."""

    def __init__(self, name: str, place: Place, wrong: str, hint: str) -> None:
        super().__init__(f"{name}, line {place.line}, column {place.column}: {wrong}", hint)
        self.line, self.column, self.wrong = place.line, place.column, wrong


_TOML_PLACE = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$")
_AT = re.compile(r" - at `\$?\.?([^`]*)`$")
_PART = re.compile(r"([\w-]+)|\[(\d+|\.\.\.)\]")
_KINDS = {"str": "text in quotes", "int": "a whole number", "float": "a number", "bool": "true or false"}
_KINDS |= {"array": "a list in [ ]", "object": "a table"}


def read_text(text: str, name: str) -> ScenarioText:
    """The data of a scenario's text. `name` is what to call it in errors. Raises ScenarioError."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _not_toml(text, name, str(error)) from None
    try:
        scenario = msgspec.convert(data, ScenarioText)
    except msgspec.ValidationError as error:
        raise _not_valid(text, name, data, str(error)) from None
    _check(scenario, text, name)
    return scenario


def wrong_at(text: str, name: str, path: Path, wrong: str, hint: str = "") -> ScenarioError:
    """What is wrong with the value at `path`."""
    return ScenarioError(name, place_of(text, path), wrong, hint)


def _not_toml(text: str, name: str, said: str) -> ScenarioError:
    found = _TOML_PLACE.search(said)
    lines = text.splitlines() or [""]
    place = (
        Place(int(found[1]), int(found[2])) if found and found[1] else Place(len(lines), len(lines[-1]) + 1)
    )
    wrong = said[: found.start()] if found else said
    hint = "The file is TOML: text stands in quotes, lists in [ ], and each key once. See docs/teaching.md."
    return ScenarioError(name, place, f"{wrong}.", hint)


def _not_valid(text: str, name: str, data: dict[str, Any], said: str) -> ScenarioError:
    """msgspec's word for what is wrong, with the place in the text, and what to write instead."""
    found = _AT.search(said)
    path: list[str | int] = []
    for word, index in _PART.findall(found[1] if found else ""):
        path.append(word if word else int(index) if index.isdecimal() else _first_wrong(data, path))
    wrong = said[: found.start()] if found else said
    unknown, missing = re.search(r"unknown field `(.+)`", wrong), re.search(r"required field `(.+)`", wrong)
    if unknown:
        known = _fields_at(path)
        near = get_close_matches(unknown[1], known, n=1)
        hint = f"Did you mean “{near[0]}”?" if near else f"There are: {', '.join(known)}."
        return wrong_at(text, name, [*path, unknown[1]], f"“{unknown[1]}” is not known here.", hint)
    if missing:
        return wrong_at(text, name, path, f"“{missing[1]}” is missing here.", f"Add: {missing[1]} = …")
    kinds = re.fullmatch(r"Expected `([\w |]+)`, got `(\w+)`", wrong)
    if kinds:
        wanted = _KINDS.get(kinds[1].removesuffix(" | null"), kinds[1])
        got = _KINDS.get(kinds[2], kinds[2])
        return wrong_at(text, name, path, f"Here stands {got}.", f"Write {wanted}.")
    return wrong_at(text, name, path, f"{wrong}.", "See docs/teaching.md for what can stand here.")


def _first_wrong(data: Any, path: list[str | int]) -> int:
    """msgspec calls an element of a list of text “[...]”: the first that is none."""
    for part in path:
        data = data[part]
    return next((place for place, value in enumerate(data) if not isinstance(value, str)), 0)


def _fields_at(path: Path) -> list[str]:
    tables: dict[str, type[msgspec.Struct]] = {
        "cluster": ClusterText,
        "workload": WorkloadText,
        "question": Question,
        "step": StepText,
    }
    names = [part for part in path if isinstance(part, str)]
    return list((tables[names[-1]] if names else ScenarioText).__struct_fields__)


def _check(scenario: ScenarioText, text: str, name: str) -> None:
    """What the kinds of the values do not say."""
    if not scenario.title.strip():
        raise wrong_at(text, name, ("title",), "The title is empty.", "Give it a few words.")
    if not 0 <= scenario.workload.think_ms <= 60_000:
        wrong = f"A think time of {scenario.workload.think_ms:g} ms is not possible."
        raise wrong_at(text, name, ("workload", "think_ms"), wrong, "0 to 60,000 are.")
    if not 1 <= scenario.workload.burst <= 1_000:
        wrong = f"Bursts of {scenario.workload.burst} are not possible."
        raise wrong_at(text, name, ("workload", "burst"), wrong, "1 to 1,000 are.")
    for place, step in enumerate(scenario.step):
        if not 0 < step.within <= 600:
            wrong = f"Nothing can be waited for {step.within:g} s."
            raise wrong_at(text, name, ("step", place, "within"), wrong, "Say more than 0 and at most 600.")
        question = step.question
        if question is None:
            continue
        where = ("step", place, "question")
        if not 2 <= len(question.choices) <= 6:
            wrong = f"There are {len(question.choices)} choices."
            raise wrong_at(text, name, (*where, "choices"), wrong, "Give 2 to 6.")
        if not 1 <= question.right <= len(question.choices):
            wrong = f"There is no choice {question.right}."
            hint = f"“right” counts the choices from 1 to {len(question.choices)}."
            raise wrong_at(text, name, (*where, "right"), wrong, hint)
