"""A scenario without a window: played to its end, with an exit code, for grading."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from rich.console import Console

from core.errors import LockstepError
from core.facts import Answered, Said
from core.model.fold import Fold
from core.runtime.broken_run import bring_to_light
from core.runtime.engine import Engine
from core.runtime.headless import BROKEN_DRAIN_TIMEOUT_S, make_engine, run_loop
from core.runtime.record_buffer import RecordBuffer, open_recorder
from core.runtime.run_settings import RunSettings
from core.services.face import Face
from core.services.registry import load_service
from core.trace.wire_log import Record, Tap, decode_fact
from core.workload.director import Director
from core.workload.scenarios import Scenario

LOOK_S = 0.005
HOLDS, VIOLATED = 0, 1


def settings_of(scenario: Scenario) -> RunSettings:
    """The run that a scenario is played on."""
    cluster, workload = scenario.cluster, scenario.workload
    return RunSettings(
        service=cluster.service,
        replicas=cluster.replicas,
        clients=cluster.clients,
        seed=cluster.seed,
        think_ms=workload.think_ms,
        burst=workload.burst,
        broken=scenario.broken,
        policies=scenario.policies,
    )


def play_headless(scenario: Scenario, record: Path | None, as_json: bool) -> int:
    """Play it, print what came of it, and give the exit code. Raises StartError, RecordingError."""
    director = Director(scenario)
    settings = settings_of(scenario)
    recorder = open_recorder(settings, record) if record is not None else None
    buffer = RecordBuffer(recorder) if recorder is not None else None
    audience = _Audience(director, Face(load_service(settings.service)), buffer)
    try:
        run_loop(_play(settings, director, audience))
    finally:
        audience.close()
        if recorder is not None:
            recorder.close()
    if as_json:
        sys.stdout.write(json.dumps(as_object(director)) + "\n")
    else:
        _print(director)
    return HOLDS if director.holds else VIOLATED


class _Audience:
    """Follows the wire log for the director, and for the recording."""

    def __init__(self, director: Director, face: Face, buffer: RecordBuffer | None) -> None:
        self.fold = Fold(face.words)
        self._director = director
        self._buffer = buffer

    def write(self, records: list[Record]) -> None:
        """Records of the wire log, as they come."""
        if self._buffer is not None:
            self._buffer.write(records)
        self.fold.apply(records)
        for record in records:
            if record.tap == Tap.FACT and isinstance(fact := decode_fact(record.body), Answered | Said):
                self._director.hear(fact)

    def close(self) -> None:
        """Hand over what is kept."""
        if self._buffer is not None:
            self._buffer.flush()


async def _play(settings: RunSettings, director: Director, audience: _Audience) -> None:
    engine = make_engine(settings, audience.write)
    await engine.start(settings.replicas, settings.clients, settings.seed)
    try:
        while engine.pool.open_requests and engine.front_end.somebody_left:
            await asyncio.sleep(LOOK_S)
        bring_to_light(engine)
        if director.scenario.workload.running:
            engine.set_load(True, settings.think_ms > 0)
        drained = False
        while not director.done:
            if director.ending and not drained:
                drained = True
                await _drain(engine)
            _look(engine, director, audience)
            await asyncio.sleep(LOOK_S)
    finally:
        await engine.stop()


def _look(engine: Engine, director: Director, audience: _Audience) -> None:
    engine.witness.settle()
    for command in director.look(audience.fold.view(engine.now())):
        try:
            engine.operator.do(command)
        except LockstepError as error:
            director.refused(str(error))
    if director.question is not None:  # nobody is asked: what a person would have learned is played
        director.answer(director.question.right)


async def _drain(engine: Engine) -> None:
    """Let nobody ask anything new, and every check come to its end."""
    await engine.drain(BROKEN_DRAIN_TIMEOUT_S)
    await engine.bystander.finish()
    engine.operator.tell_counts()


def as_object(director: Director) -> dict[str, object]:
    """The object that `--json` prints."""
    return {
        "scenario": director.scenario.name,
        "title": director.scenario.title,
        "holds": director.holds,
        "steps_played": director.place,
        "findings": [
            {"expected": one.expected, "holds": one.holds, "took_s": round(one.took_ns / 1e9, 3)}
            for one in director.findings
        ],
    }


def _print(director: Director) -> None:
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"[bold]{director.scenario.title}[/]")
    for finding in director.findings:
        mark = "[green]holds[/] " if finding.holds else "[bold red]fails[/] "
        console.print(mark, end="")
        console.print(f"{finding.expected}  ({finding.took_ns / 1e9:.1f} s)", markup=False)
    failed = sum(not finding.holds for finding in director.findings)
    verdict = f"{failed} expectations do not hold." if failed else "Every expectation holds."
    console.print(f"[bold {'red' if failed else 'green'}]{verdict}[/]")
