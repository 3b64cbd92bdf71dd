"""Plays a scenario: looks at the cluster's picture now and then, and says what is to be done.

It knows neither engine nor window. Both hand it the view of a moment and the sentences and answers that came;
it hands back commands. What a person has to see stands in `caption` and `question`; while a question is open
nothing happens until `answer` is called.
"""

from __future__ import annotations

import msgspec

from core.commands import CommandUnion, Submit
from core.facts import Answered, Said
from core.model.cluster_view import ClusterView
from core.workload.conditions import Condition, Heard
from core.workload.scenario_format import Question
from core.workload.scenarios import Scenario, Step

SETTLE_NS = 5_000_000_000
"""How long what was expected may take after the last step."""


class Finding(msgspec.Struct, frozen=True):
    """Something that was expected, in words, whether it came, and after how long."""

    expected: str
    holds: bool
    took_ns: int = 0


class Choice(msgspec.Struct, frozen=True):
    """What was chosen in answer to a question; counts from 1."""

    question: Question
    chosen: int

    @property
    def right(self) -> bool:
        """It was the right one."""
        return self.chosen == self.question.right


class Director:
    """One playing of one scenario, from its first step to its last expectation."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.caption = scenario.summary
        self.question: Question | None = None
        """What a person has to answer before it goes on."""
        self.choices: list[Choice] = []
        self.findings: list[Finding] = []
        self.place = 0
        """How many steps have been played."""
        self.done = False
        """Nothing follows; `findings` are complete."""
        self._heard = Heard()
        self._begun = False
        self._asked = False

    @property
    def holds(self) -> bool:
        """It was played to its end, and all that was expected came."""
        return self.done and all(finding.holds for finding in self.findings)

    @property
    def ending(self) -> bool:
        """Every step was played; only what is expected in the end is looked for."""
        return self.place >= len(self.scenario.steps)

    def hear(self, fact: Answered | Said) -> None:
        """A sentence, or the answer to a query by hand."""
        self._heard.take(fact)

    def look(self, view: ClusterView) -> list[CommandUnion]:
        """Look at a moment. Gives what is to be done now."""
        if not self._begun:
            self._begun, self._heard.since_ns = True, view.now_ns
        commands: list[CommandUnion] = []
        while not self.done and self.question is None:
            if self.ending:
                self._judge(view)
                break
            step = self.scenario.steps[self.place]
            if not self._asked:
                if not self._came(step, view):
                    break
                self._say(step)
            else:
                commands += self._do(step, view)
        return commands

    def answer(self, chosen: int) -> Choice:
        """A person chose an answer to the open question."""
        assert self.question is not None
        self.choices.append(Choice(self.question, chosen))
        self.question = None
        return self.choices[-1]

    def refused(self, sentence: str) -> None:
        """A command could not be carried out."""
        self.findings.append(Finding(sentence, False))

    def _came(self, step: Step, view: ClusterView) -> bool:
        """Whether the step may begin. When it waited too long nothing more is played."""
        took_ns = view.now_ns - self._heard.since_ns
        if step.when.holds(view, self._heard):
            if step.when.words:
                self.findings.append(Finding(step.when.words, True, took_ns))
            return True
        if took_ns > step.within_ns and not step.when.words.startswith("after"):
            self.findings.append(
                Finding(f"{step.when.words} within {step.within_ns / 1e9:g} s", False, took_ns)
            )
            self.place = len(self.scenario.steps)
            self._heard.since_ns = view.now_ns
        return False

    def _say(self, step: Step) -> None:
        self._asked = True
        self.caption = step.say or self.caption
        self.question = step.question

    def _do(self, step: Step, view: ClusterView) -> tuple[CommandUnion, ...]:
        self._asked = False
        self.place += 1
        self._heard.since_ns = view.now_ns
        self._heard.asked += sum(isinstance(command, Submit) for command in step.commands)
        return step.commands

    def _judge(self, view: ClusterView) -> None:
        expect = self.scenario.expect
        took_ns = view.now_ns - self._heard.since_ns
        if took_ns < SETTLE_NS and not all(self._holds(condition, view) for condition in expect):
            return
        self.findings += [
            Finding(condition.words, self._holds(condition, view), took_ns) for condition in expect
        ]
        self.done = True

    def _holds(self, condition: Condition, view: ClusterView) -> bool:
        return condition.holds(view, self._heard)
