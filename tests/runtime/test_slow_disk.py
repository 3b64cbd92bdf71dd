"""The disk is slower than the load: the clients rest until everything is recorded, and then go on."""

from __future__ import annotations

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from core.commands import Command, SetLoad
from core.errors import RecordingError
from core.facts import Fact, LoadSet, Said
from core.runtime import disk_brake
from core.runtime.disk_brake import BACKLOG_BYTES, DiskBrake
from core.runtime.run_settings import RunSettings
from core.runtime.session import record_run
from core.session.history import requests
from core.session.reader import read
from core.session.recorder import MAX_BACKLOG_BYTES, Recorder
from core.trace.wire_log import Tap, decode_fact


class Engine:
    """Carries out what concerns the load."""

    def __init__(self) -> None:
        self.pool = SimpleNamespace(running=True)
        self.operator: Any = self
        self.done: list[Command] = []
        self.told: list[Fact] = []

    def do(self, command: Command) -> None:
        self.done.append(command)
        assert isinstance(command, SetLoad)
        self.pool.running = command.running

    def tell(self, fact: Fact) -> None:
        self.told.append(fact)


class Disk:
    """A recorder with so much to do."""

    def __init__(self) -> None:
        self.left_bytes = 0
        self.error: RecordingError | None = None

    def backlog_bytes(self) -> int:
        return self.left_bytes


@pytest.fixture
def parts() -> tuple[Any, Any, DiskBrake]:
    engine: Any = Engine()
    disk: Any = Disk()
    return engine, disk, DiskBrake(engine, disk)


def test_the_clients_rest_and_go_on(parts: tuple[Any, Any, DiskBrake]) -> None:
    engine, disk, brake = parts
    for disk.left_bytes in (BACKLOG_BYTES, BACKLOG_BYTES + 1, BACKLOG_BYTES + 1, 9, 0, 0):
        brake.look()
    assert engine.done == [SetLoad(False), SetLoad(True)]
    assert [type(fact) for fact in engine.told] == [Said]
    assert "clients rest" in str(engine.told[0])


def test_clients_that_a_person_let_rest_stay_so(parts: tuple[Any, Any, DiskBrake]) -> None:
    engine, disk, brake = parts
    engine.pool.running = False
    for disk.left_bytes in (BACKLOG_BYTES + 1, 0):
        brake.look()
    assert engine.done == []


def test_they_do_not_wait_for_a_recording_that_has_ended(parts: tuple[Any, Any, DiskBrake]) -> None:
    engine, disk, brake = parts
    disk.left_bytes = BACKLOG_BYTES + 1
    brake.look()
    disk.error = RecordingError("No space is left.")
    brake.look()
    assert engine.done == [SetLoad(False), SetLoad(True)]


def test_they_rest_before_the_recording_would_end() -> None:
    assert BACKLOG_BYTES < MAX_BACKLOG_BYTES / 2


@pytest.mark.processes
def test_a_run_without_a_window_waits_for_a_slow_disk_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk takes half a second for each block; the clients would fill the backlog many times over."""
    write, never = Recorder._write, threading.Event()

    def slowly(recorder: Recorder, data: bytes) -> None:
        never.wait(0.5)
        write(recorder, data)

    monkeypatch.setattr(Recorder, "_write", slowly)
    monkeypatch.setattr(disk_brake, "BACKLOG_BYTES", 1 << 18)
    path = tmp_path / "run.lockstep"
    report = record_run(RunSettings(service="kv", clients=16, requests=30_000), path)
    assert report.holds, report.troubles
    recording = read(path)
    assert recording.note == ""
    records = list(recording.records())
    answered = [one for one in requests(records) if not one.of_a_session and one.outcome is not None]
    assert len(answered) == report.answered == 30_000
    facts = [decode_fact(record.body) for record in records if record.tap == Tap.FACT]
    loads = [fact.running for fact in facts if isinstance(fact, LoadSet)]
    assert loads[:2] == [False, True], "the clients rested, and went on"
    assert any(isinstance(fact, Said) and "clients rest" in fact.text for fact in facts)
