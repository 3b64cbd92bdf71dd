"""The disk is slower than the load: the clients rest until everything is recorded, and then go on."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from core.commands import Command, SetLoad
from core.facts import Said
from core.runtime.headless import RunSettings
from core.runtime.live_source import BACKLOG_BYTES, LiveSettings, LiveSource
from core.session.recorder import MAX_BACKLOG_BYTES
from core.trace.wire_log import decode_fact


class Engine:
    """Carries out what concerns the load."""

    def __init__(self) -> None:
        self.pool = SimpleNamespace(running=True)
        self.operator: Any = self
        self.done: list[Command] = []

    def do(self, command: Command) -> None:
        self.done.append(command)
        assert isinstance(command, SetLoad)
        self.pool.running = command.running


def test_the_clients_rest_and_go_on() -> None:
    source = LiveSource(LiveSettings(RunSettings(), record=None))
    engine: Any = Engine()
    source._engine = engine
    for backlog_bytes in (BACKLOG_BYTES, BACKLOG_BYTES + 1, BACKLOG_BYTES + 1, 9, 0, 0):
        source._spare_the_disk(backlog_bytes)
    assert engine.done == [SetLoad(False), SetLoad(True)]
    said = [decode_fact(record.body) for record in source.drain()]
    assert [type(fact) for fact in said] == [Said]
    assert "clients rest" in str(said[0])


def test_clients_that_a_person_let_rest_stay_so() -> None:
    source = LiveSource(LiveSettings(RunSettings(), record=None))
    engine: Any = Engine()
    engine.pool.running = False
    source._engine = engine
    for backlog_bytes in (BACKLOG_BYTES + 1, 0):
        source._spare_the_disk(backlog_bytes)
    assert engine.done == []


def test_they_rest_before_the_recording_would_end() -> None:
    assert BACKLOG_BYTES < MAX_BACKLOG_BYTES / 2
