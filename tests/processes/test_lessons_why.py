"""Every waiting thing in every lesson has a right “why”: the lessons played for real, beside a table.

The table says for each lesson what can wait or go wrong in it, and what each comes down to. What is marked
has to come, and its answer has to say the words beside it. Nothing else may wait: it would have no right
answer that anybody wrote down.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from core.commands import SetPace
from core.facts import Checked, Counted, Pace
from core.ids import client_name, replica_name
from core.model.cluster_view import ClusterView
from core.model.explain import is_puzzling, why
from core.model.fold import Fold
from core.model.reason import Cause
from core.runtime import scenario_run
from core.runtime.engine import Engine
from core.runtime.headless import run_loop
from core.runtime.scenario_run import settings_of
from core.services.face import Face
from core.services.registry import load_service
from core.trace.events import EventLog
from core.trace.wire_log import Record, Tap, decode_fact
from core.workload.director import Director
from core.workload.scenarios import find_scenario, lesson_files

pytestmark = pytest.mark.processes

HOP_NS = 40_000_000
"""A message's time under the slow pace: enough to make a person ask, and little enough to wait for."""
ASKED_AT_MOST = 40
"""So often the same thing is asked about; the answers to the rest are alike."""


@dataclass(frozen=True)
class Row:
    """What waits, what it may come down to, and the words of the answer when it has to come."""

    what: str
    right: set[Cause]
    words: str = ""


UNDER_WAY = {Cause.TRAVELS, Cause.EXECUTING}
TABLE: dict[str, tuple[Row, ...]] = {
    "order": (Row("client waits", UNDER_WAY, r"put x|get x"),),
    "kill": (
        Row("client waits", UNDER_WAY, "at this pace a message takes 40.0 ms"),
        Row("R2 dead", {Cause.KILLED}, r"Somebody killed R2 at [\d.]+ s \(SIGKILL\)"),
    ),
    "hold-back": (
        Row("client waits", UNDER_WAY, "at this pace"),
        Row("R2 waiting", {Cause.LATE, *UNDER_WAY}, r"R2 holds #.* before #.*the link is slow on purpose"),
        Row(
            "number held by R2",
            {Cause.LATE, *UNDER_WAY},
            r"R2 holds #\d+ back: #\d+ has to be executed before",
        ),
        Row("number missed by R2", {Cause.LATE, *UNDER_WAY}, "is on its way on FE→R2.*slow on purpose"),
        Row("R2 lagging", {Cause.LATE, Cause.BEHIND, *UNDER_WAY}),
    ),
    "no-order": (
        Row("client waits", UNDER_WAY, "at this pace"),
        Row("replica diverged", {Cause.RULE_BROKEN}, "rule “total-order” is broken on purpose"),
        Row("check digest", {Cause.RULE_BROKEN}, r"failed for #\d+ at R\d: expected .*order of arrival"),
        Row("check reply", {Cause.RULE_BROKEN}),
    ),
    "slow": (
        Row("R3 paused", {Cause.PAUSED}, r"Somebody stopped the process of R3 at [\d.]+ s \(SIGSTOP\)"),
        Row(
            "R3 suspected", {Cause.PAUSED}, "Nothing has come from R3 for .* Somebody had stopped its process"
        ),
        Row("R3 dead", {Cause.PAUSED}, "dropped at .*silent for .* Somebody had stopped its process"),
    ),
    "revival": (
        Row("R2 dead", {Cause.KILLED}, "Somebody killed R2"),
        Row("R2 starting", {Cause.STARTING}, r"Process \d+ of R2 has not connected yet"),
        Row("R2 catching up", {Cause.CATCHING_UP}, "R2 is a new process .* takes over the state of R[13]"),
    ),
    "front-end": (
        Row("FE recovering", {Cause.NO_FRONT_END}, "The front end died with all that it knew"),
        Row("client waits", {Cause.NO_FRONT_END, *UNDER_WAY}),
        Row("client unknown", {Cause.NO_FRONT_END}),
    ),
    "liar": (
        Row("R2 running", {Cause.LIES}, "On purpose it is like this: lies"),
        Row("check reply", {Cause.LIES}, r"failed for #\d+ at R2: .*R2 was told to answer wrongly at"),
        Row("R2 dead", {Cause.OUTVOTED}, r"R2 was expelled at .*, outvoted at #\d+: it told .*, most "),
    ),
}
BY_THE_MACHINE = {
    "client waits": {Cause.EXECUTING},
    "replica suspected": {Cause.SILENT},
    "replica lagging": {Cause.BEHIND, Cause.EXECUTING},
    "replica waiting": {Cause.EXECUTING},
}
"""A machine with other work makes these wait as well, whom nobody touched, and then this is why."""


def test_the_table_has_every_lesson() -> None:
    assert list(TABLE) == list(lesson_files())


@pytest.mark.parametrize("name", TABLE)
def test_every_waiting_thing_has_a_right_why(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    director, records, looks = play(name, monkeypatch)
    assert director.holds, [one.expected for one in director.findings if not one.holds]
    face = Face(load_service(director.scenario.cluster.service))
    fold, log = Fold(face.words), EventLog(face.words)
    rows = {row.what: row for row in TABLE[name]}
    asked: dict[str, int] = {}
    told: dict[str, list[str]] = {what: [] for what in rows}
    at = 0
    for upto, now_ns in moments(records, looks):
        fold.apply(records[at:upto])
        log.append(records[at:upto])
        at, view = upto, fold.view(now_ns)
        for subject, what in waiting(view):
            key = next(one for one in (what, general(what)) if one in rows or one == general(what))
            asked[key] = asked.get(key, 0) + 1
            if asked[key] > ASKED_AT_MOST:
                continue
            answer = why(view, log, face.words, subject)
            right = rows[key].right if key in rows else BY_THE_MACHINE.get(key, set())
            assert answer.cause in right, f"{what}: {answer.cause}: {answer}"
            told.setdefault(key, []).append(str(answer))
    for row in rows.values():
        if row.words:
            assert any(re.search(row.words, answer) for answer in told[row.what]), (
                row.what,
                told[row.what][:3],
            )


def play(name: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Director, list[Record], list[tuple[int, int]]]:
    """Play a lesson at its own kind of pace; gives all records, and how many there were at each look."""
    director = Director(find_scenario(name))
    face = Face(load_service(director.scenario.cluster.service))
    records: list[Record] = []
    looks: list[tuple[int, int]] = []
    look = scenario_run._look

    class Kept(scenario_run._Audience):
        def write(self, more: list[Record]) -> None:
            records.extend(more)
            super().write(more)

    def looked(engine: Engine, played: Director, audience: scenario_run._Audience) -> None:
        if not looks and played.scenario.pace.pace is Pace.SLOW:
            engine.operator.do(SetPace(Pace.SLOW, HOP_NS))
        look(engine, played, audience)
        looks.append((len(records), engine.now()))

    monkeypatch.setattr(scenario_run, "_look", looked)
    run_loop(scenario_run._play(settings_of(director.scenario), director, Kept(director, face, None)))
    return director, records, looks


def moments(records: list[Record], looks: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Every look, and every moment at which something happened to the cluster, however short it lasted."""
    begun = looks[0][0]
    facts = {
        place + 1: record.time_ns
        for place, record in enumerate(records)
        if place >= begun
        and record.tap == Tap.FACT
        and not isinstance(decode_fact(record.body), Checked | Counted)
    }
    yield from sorted((facts | dict(looks)).items())


def waiting(view: ClusterView) -> Iterator[tuple[str, str]]:
    """What a person would ask about: its name, and what it is in the words of the table."""
    for card in view.replicas:
        name = replica_name(card.replica)
        if is_puzzling(view, name):
            yield name, f"{name} {card.state.value}"
        for seq in card.held[:2]:
            yield f"#{seq}", f"number held by {name}"
        if card.held:
            yield f"#{card.expected}", f"number missed by {name}"
    for client in view.clients:
        if is_puzzling(view, client_name(client.client)):
            what = "waits" if client.waiting_since_ns else "unknown"
            yield client_name(client.client), f"client {what}"
    if is_puzzling(view, "FE"):
        yield "FE", "FE recovering"
    for violation in view.violations[:1]:
        yield violation.check, f"check {violation.check}"


def general(what: str) -> str:
    """The same of any replica: `replica suspected` of `R2 suspected`."""
    return re.sub(r"^R\d", "replica", what)
