"""The demo without a display: the same cluster as behind the window, told in sentences.

It does what a person would do by clicking: asks a few queries by hand, lets the clients ask at full load, and
kills a replica in the middle. The recording holds every frame; the picture shows the last moment.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from core.commands import Kill
from core.facts import Answered, Dropped, Exited, FactUnion, Joined, Said, Violated
from core.ids import client_name, replica_name
from core.model.cluster_view import ClusterView
from core.model.fold import Fold
from core.runtime.command_line import HOLDS, VIOLATED, print_report
from core.runtime.engine import Engine
from core.runtime.headless import Report, make_engine, run_loop, under_load
from core.runtime.places import new_recording
from core.runtime.record_buffer import RecordBuffer, open_recorder
from core.runtime.run_settings import RunSettings
from core.runtime.supervisor import exit_words
from core.services.face import Face
from core.services.registry import load_service
from core.trace.wire_log import Record, Tap, decode_fact

SavePicture = Callable[[ClusterView, Path], None]
SECONDS = 3.0
QUERIES = {
    1: ("register alice", 'post alice "hello, replicas"', "timeline alice"),
    2: ("register bob", "follow bob alice", "timeline bob"),
    3: ("register carol", "follow carol alice", "followers alice"),
}


def run_demo(settings: RunSettings, save_picture: SavePicture) -> int:
    """Run it, print what it does and sees, and give the exit code of the verdict. Raises LockstepError."""
    console = Console(highlight=False, soft_wrap=True)
    console.print(
        "There is no display, so the demo runs [bold]headless[/]: the same processes, told in words."
    )
    settings = replace(settings, seconds=SECONDS, requests=None)
    path = new_recording("demo")
    recorder = open_recorder(settings, path)
    buffer = RecordBuffer(recorder)
    told = Storyteller(console, buffer, Face(load_service(settings.service)))
    try:
        report = run_loop(_story(settings, told))
    finally:
        buffer.flush()
        recorder.close()
    print_report(settings, report, path)
    picture = path.with_suffix(".png")
    save_picture(told.view(), picture)
    console.print(f"Picture of the last moment: {picture}")
    return HOLDS if report.holds else VIOLATED


class Storyteller:
    """Follows the wire log: keeps it, folds it into the view, and tells the facts that a person would see."""

    def __init__(self, console: Console, buffer: RecordBuffer, face: Face) -> None:
        self.face = face
        self._console = console
        self._buffer = buffer
        self._fold = Fold(words=face.words)
        self._last_ns = 0
        self.answers = 0

    def write(self, records: list[Record]) -> None:
        """Records of the wire log, as they come."""
        self._buffer.write(records)
        self._fold.apply(records)
        self._last_ns = records[-1].time_ns
        for record in records:
            if record.tap == Tap.FACT:
                self._tell(decode_fact(record.body))

    def say(self, sentence: str) -> None:
        """A sentence about what is done."""
        self._console.print(sentence)

    def view(self) -> ClusterView:
        """The cluster at the last moment."""
        return self._fold.view(self._last_ns)

    def _tell(self, fact: FactUnion) -> None:
        match fact:
            case Joined(replica, _, port):
                self.say(f"  {replica_name(replica)} is up on port {port}.")
            case Answered():
                self.answers += 1
                self.say(
                    f"  {client_name(fact.client)}> {fact.call}  →  #{fact.seq} {fact.text}  "
                    f"({fact.latency_ns / 1e6:.1f} ms, {replica_name(fact.replica)} answered first)"
                )
            case Exited(replica, status):
                self.say(f"  {replica_name(replica)} ended: {exit_words(status)}.")
            case Dropped(replica, reason):
                self.say(f"  {replica_name(replica)} is dropped for good: {reason}.")
            case Violated():
                self.say(f"  [bold red]{fact.check} fails at #{fact.seq}[/]: {fact.expected} ≠ {fact.found}")
            case Said():
                self.say(f"  {fact.text}")


async def _story(settings: RunSettings, told: Storyteller) -> Report:
    engine = make_engine(settings, told.write)
    told.say(f"Starting {settings.replicas} replica daemons and {settings.clients} clients.")
    await engine.start(settings.replicas, settings.clients, settings.seed)
    try:
        if settings.service == "social":
            told.say(
                "Each client asks by hand; every query gets a sequence number and goes to every replica."
            )
            await _ask(engine, told)
        victim = settings.replicas
        told.say(
            f"Now all clients ask at once for {SECONDS:.0f} s, and {replica_name(victim)} is killed midway."
        )
        loop = asyncio.get_running_loop()
        if settings.replicas > 1:
            loop.call_later(SECONDS / 2, engine.operator.obey, Kill(victim))
        return await under_load(engine, settings)
    finally:
        await engine.stop()


async def _ask(engine: Engine, told: Storyteller) -> None:
    rounds: Sequence[tuple[str, ...]] = list(zip(*QUERIES.values(), strict=True))
    expected = 0
    for lines in rounds:
        for client, line in zip(QUERIES, lines, strict=True):
            if client in engine.pool.clients:
                engine.submit(client, *told.face.parse_line(line))
                expected += 1
        while told.answers < expected and engine.front_end.somebody_left:
            await asyncio.sleep(0.005)
