"""A whole session by clicks: record, look back, step back, mark, export, and open what was recorded."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QMenu, QToolButton

from core.model.cluster_view import ReplicaState
from core.session.annotations import Note, decode_notes
from core.session.reader import read
from gui.recording.frame_painter import STRIP
from tests.gui.real.conftest import LEFT, Live, Start

pytestmark = [pytest.mark.gui, pytest.mark.processes]


def file_menu(live: Live) -> QMenu:
    """What the button with the recordings opens."""
    button: QToolButton = live.window.top_bar.files
    menu = button.menu()
    assert isinstance(menu, QMenu)
    return menu


def pick(live: Live, menu: QMenu, action: str) -> None:
    """Click an entry of a menu that is open."""
    menu.popup(QPoint(0, 0))
    live.bot.mouseClick(menu, LEFT, pos=menu.actionGeometry(live.window.actions_by_id[action]).center())


def export(live: Live, name: str, path: Path) -> None:
    """Choose the format in the dialog, and click."""
    pick(live, file_menu(live), "export")
    dialog = live.window.export
    assert dialog is not None and dialog.isVisible()
    dialog.format.setCurrentIndex(dialog.format.findData(name))
    dialog.file.setText(str(path))
    with live.bot.waitSignal(dialog.process.ended, timeout=60_000) as ended:
        live.bot.mouseClick(dialog.start, LEFT)
    assert ended.args == [True, f"{path.name} is written."], ended.args
    live.bot.mouseClick(dialog.cancel, LEFT)
    assert not dialog.isVisible()


def strip_of(path: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """The strip with the caption, at the bottom of a picture."""
    image = QImage(str(path)).convertToFormat(QImage.Format.Format_RGB32)
    flat = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)
    middle = slice(image.width() // 4, 3 * image.width() // 4)
    return flat[-STRIP:, middle, :3].copy()


def test_a_session_from_its_recording_to_its_export(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    live = start(load=True, named=False)
    window, journey, timeline = live.window, live.window.journey, live.window.timeline
    live.until(lambda: window.top_bar.keep.isVisibleTo(window))
    live.bot.mouseClick(window.top_bar.keep, LEFT)  # record
    assert live.launched.named and "demo" in live.launched.path.name

    live.until(lambda: live.view.front_end.next_seq > 200)
    live.until(lambda: live.view.now_ns - live.view.started_ns > 3_000_000_000)
    live.click("R2")
    live.bot.keyClick(window.stage, Qt.Key.Key_K)
    live.until(lambda: live.replica(2).state is ReplicaState.DEAD)
    live.until(lambda: any(marker.text == "R2 killed" for marker, _ in journey.markers()))
    killed_ns = next(marker.time_ns for marker, _ in journey.markers() if marker.text == "R2 killed")
    travel = journey.travel
    assert travel is not None
    tape = live.launched.source.travel.player.tape  # type: ignore[union-attr]
    live.until(lambda: tape.end_ns > killed_ns + 3 * 10**8)  # else a click before it is one on the end

    rail = timeline.rail
    before = QPoint(round(rail.x_of(killed_ns)) - 20, rail.height() // 2)
    live.bot.mouseClick(rail, LEFT, pos=before)  # scrub
    live.until(lambda: not travel.state.live and not travel.state.busy)
    live.until(lambda: live.view.now_ns < killed_ns and live.replica(2).state is not ReplicaState.DEAD)
    live.until(lambda: timeline.badge.text() == "PAST" and timeline.buttons["step_back"].isEnabled())
    records = travel.state.records
    for step in (1, 2):
        live.bot.mouseClick(timeline.buttons["step_back"], LEFT)
        live.until(lambda step=step: not travel.state.busy and travel.state.records == records - step)  # type: ignore[misc]

    live.bot.mouseClick(timeline.bookmark, LEFT)
    pick(live, file_menu(live), "export")  # a picture without a caption, to compare with
    assert window.export is not None
    live.bot.mouseClick(window.export.cancel, LEFT)
    export(live, "png", tmp_path / "plain.png")
    window.actions_by_id["caption"].trigger()
    form = timeline.form
    live.until(form.isVisible)
    live.bot.keyClicks(form.text, "R2 dies in a moment")
    live.bot.mouseClick(form.keep, LEFT)
    texts = [note.text for note in travel.notes]
    assert sorted(texts) == ["R2 dies in a moment", "bookmark 1"]

    export(live, "png", tmp_path / "told.png")  # at the moment that is shown, with its caption
    assert (strip_of(tmp_path / "told.png") != strip_of(tmp_path / "plain.png")).any()
    export(live, "svg", tmp_path / "told.svg")
    assert "R2 dies in a moment" in (tmp_path / "told.svg").read_text("utf-8")
    export(live, "html", tmp_path / "told.html")
    assert (tmp_path / "told.html").read_text("utf-8").count("R2 dies in a moment") >= 2
    export(live, "history", tmp_path / "told.jsonl")
    calls = [json.loads(line) for line in (tmp_path / "told.jsonl").read_text("utf-8").splitlines()]
    assert len(calls) > 200

    live.bot.mouseClick(timeline.badge, LEFT)
    live.until(lambda: travel.state.live)
    path = live.launched.path
    live.close()
    recording = read(path)
    assert recording.note == ""
    notes: tuple[Note, ...] = decode_notes(recording.annotations)
    assert sorted(note.text for note in notes) == sorted(texts)
