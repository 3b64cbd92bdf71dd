"""Scenarios: a cluster, what is done to it when, what is said and asked, and what has to come of it.

They are read from text files (`core.workload.scenario_format`); those in `assets/scenarios` are the lessons.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec

from core.commands import CommandUnion, SetPace, Submit
from core.errors import LockstepError, UsageError
from core.limits import MAX_CLIENTS, MAX_REPLICAS, MIN_REPLICAS
from core.policies import Policies, read_failure_policy, read_reply_policy
from core.rules import Rule, rules_named
from core.services.face import Face
from core.services.registry import load_service
from core.workload.conditions import ALWAYS, Condition, read_condition
from core.workload.console_language import Ask, Query, Scope, UseClient, parse
from core.workload.scenario_format import (
    ClusterText,
    Question,
    ScenarioText,
    WorkloadText,
    read_text,
    wrong_at,
)

LESSONS_FOLDER = Path(__file__).resolve().parents[2] / "assets" / "scenarios"
SUFFIX = ".toml"
MOST_BYTES = 1 << 20
T = TypeVar("T")


class Step(msgspec.Struct, frozen=True):
    """Waits for `when`, at most `within_ns`; then says, asks, and does."""

    when: Condition
    within_ns: int
    say: str
    question: Question | None
    commands: tuple[CommandUnion, ...]


class Scenario(msgspec.Struct, frozen=True):
    """A scenario that can be played. `name` is what it is called on the command line."""

    name: str
    title: str
    summary: str
    cluster: ClusterText
    workload: WorkloadText
    policies: Policies
    broken: tuple[Rule, ...]
    pace: SetPace
    steps: tuple[Step, ...]
    expect: tuple[Condition, ...]

    @property
    def questions(self) -> int:
        """How many it asks."""
        return sum(step.question is not None for step in self.steps)


def read_scenario(text: str, name: str) -> Scenario:
    """The scenario that a text describes. Raises ScenarioError with line, column, and what to do."""
    written = read_text(text, name)
    return _Reading(written, text, name).scenario()


def load_scenario(path: Path) -> Scenario:
    """The scenario of a file. Raises ScenarioError, or UsageError when the file cannot be read."""
    return read_scenario(scenario_text(path), path.stem if path.parent == LESSONS_FOLDER else path.name)


def scenario_text(path: Path) -> str:
    """What stands in a scenario's file. Raises UsageError when it cannot be read."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise UsageError(f"{path.name} is no scenario: it is larger than a megabyte.")
        return path.read_text("utf-8")
    except OSError as error:
        wrong = f"{path.name} cannot be read: {error.strerror or error}."
        raise UsageError(wrong, "Check the name of the file.") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path.name} is no text in UTF-8.", "Save it as UTF-8.") from error


def find_scenario(name: str) -> Scenario:
    """A lesson by its name, or a file by its path. Raises UsageError, ScenarioError."""
    known = lesson_files()
    if name in known:
        return load_scenario(known[name])
    path = Path(name)
    if path.suffix == SUFFIX or path.exists():
        return load_scenario(path)
    raise UsageError(
        f"There is no scenario “{name}”.", f"There are: demo, {', '.join(known)}; or name a file."
    )


def lesson_files() -> dict[str, Path]:
    """The files of the lessons by their names, in the order in which they are taught."""
    files = sorted(LESSONS_FOLDER.glob(f"*{SUFFIX}"))
    return {path.stem.partition("-")[2]: path for path in files}


class _Reading:
    """Reads what the sentences of a scenario mean, and says where one means nothing."""

    def __init__(self, written: ScenarioText, text: str, name: str) -> None:
        self._written = written
        self._text = text
        self._name = name

    def scenario(self) -> Scenario:
        written, cluster = self._written, self._written.cluster
        for key, number, most in (
            ("replicas", cluster.replicas, MAX_REPLICAS),
            ("clients", cluster.clients, MAX_CLIENTS),
        ):
            if not MIN_REPLICAS <= number <= most:
                wrong = f"{number} {key} are not possible."
                raise wrong_at(self._text, self._name, ("cluster", key), wrong, f"1 to {most} are.")
        face = self._at(("cluster", "service"), lambda: Face(load_service(cluster.service)))
        reply = self._at(("cluster", "reply"), lambda: read_reply_policy(cluster.reply))
        failures = self._at(("cluster", "failures"), lambda: read_failure_policy(cluster.failures))
        if reply.fewest > cluster.replicas:
            wrong = f"{reply} can answer nobody with {cluster.replicas} replicas."
            raise wrong_at(
                self._text, self._name, ("cluster", "reply"), wrong, "Have more, or ask for fewer."
            )
        grows = any(line.split()[:1] == ["add"] for step in written.step for line in step.do)
        replicas = MAX_REPLICAS if grows else cluster.replicas
        operations = tuple(operation.name for operation in face.operations)
        scope = Scope(cluster.clients, tuple(range(1, replicas + 1)), operations)
        steps = tuple(self._step(place, scope, face) for place in range(len(written.step)))
        expect = tuple(
            self._condition(("expect", place), words, scope) for place, words in enumerate(written.expect)
        )
        return Scenario(
            self._name.removesuffix(SUFFIX).partition("-")[2] if self._name[:1].isdecimal() else self._name,
            written.title,
            written.summary,
            cluster,
            written.workload,
            Policies(reply, failures, cluster.expel_liars),
            self._at(("cluster", "broken"), lambda: rules_named(cluster.broken)),
            self._pace(scope),
            steps,
            expect,
        )

    def _step(self, place: int, scope: Scope, face: Face) -> Step:
        step = self._written.step[place]
        when = self._condition(("step", place, "when"), step.when, scope) if step.when else ALWAYS
        commands: list[CommandUnion] = []
        client = 1
        for line_place, line in enumerate(step.do):
            where = ("step", place, "do", line_place)
            said = self._at(where, lambda line=line: parse(line, scope))  # type: ignore[misc]
            match said:
                case Query(own, words):
                    client = own or client
                    operation, call = self._at(where, lambda words=words: face.parse_line(words))  # type: ignore[misc]
                    commands.append(Submit(client, operation, call))
                case Ask(command, _):
                    commands.append(command)
                case UseClient(own):
                    client = own
                case _:
                    wrong = f"“{line}” is for a person at the console."
                    hint = "A scenario may ask queries and give commands."
                    raise wrong_at(self._text, self._name, where, wrong, hint)
        return Step(when, round(step.within * 1e9), step.say.strip(), step.question, tuple(commands))

    def _condition(self, where: tuple[str | int, ...], words: str, scope: Scope) -> Condition:
        return self._at(where, lambda: read_condition(words, max(scope.replicas), scope.clients))

    def _pace(self, scope: Scope) -> SetPace:
        words = self._written.cluster.pace
        said = self._at(("cluster", "pace"), lambda: parse(f"pace {words}", scope))
        assert isinstance(said, Ask)
        assert isinstance(said.command, SetPace)
        return said.command

    def _at(self, where: tuple[str | int, ...], read: Callable[[], T]) -> T:
        """What is read there; an error gets its place."""
        try:
            return read()
        except LockstepError as error:
            wrong = str(error).removesuffix(error.hint).rstrip()
            raise wrong_at(self._text, self._name, where, wrong, error.hint) from None
