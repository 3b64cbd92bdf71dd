"""A lesson in the window: captions, a question that stops the run, the reveal, scores, and starting one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from core.commands import Kill, SetLoad, SetPace
from core.facts import Exited, Pace
from core.workload.scenarios import Scenario, lesson_files, read_scenario
from gui.app import application, open_window
from gui.lessons.editor import ScenarioEditor
from gui.main_window import MainWindow
from gui.options import Options
from tests.gui.conftest import close
from tests.support.fake_source import FakeFace, FakeSource

pytestmark = pytest.mark.gui

LESSON = """\
title = "Small"
summary = "A kill."
expect = ["R2 is dead"]
[cluster]
pace = "slow 0.4"
[[step]]
say = "First."
[step.question]
ask = "What now?"
choices = ["This", "That", "=1+1"]
right = 2
because = "It is so."
[[step]]
say = "Second."
do = ["kill R2"]
"""


@pytest.fixture
def lesson(qtbot: QtBot, source: FakeSource, options: Options) -> Iterator[MainWindow]:
    """A window that plays a lesson, with its first question open."""
    application()
    window = open_window(source, FakeFace(), replace(options, lesson=read_scenario(LESSON, "small.toml")))
    window.resize(1366, 768)
    qtbot.waitUntil(window.lessons.view.question.isVisible)
    yield window
    window.leave()
    close(window, qtbot)


def test_a_question_stops_the_run_and_its_answer_lets_it_go_on(
    qtbot: QtBot, lesson: MainWindow, source: FakeSource
) -> None:
    card = lesson.lessons.view.question
    slow = SetPace(Pace.SLOW, 400_000_000)
    assert source.sent == [slow, SetLoad(False, 0.0, 1), SetLoad(False), SetPace(Pace.STEP, 0)]
    assert lesson.lessons.caption.accessibleName() == "First."
    assert card.rows[0].button.hasFocus()
    assert not card.button.isEnabled()
    qtbot.keyClick(card.rows[0].button, Qt.Key.Key_Space)
    qtbot.keyClick(card.rows[0].button, Qt.Key.Key_Return)
    assert card.because.text() == "It is so."
    assert card.rows[0].words.text() == "✗ This"
    assert card.rows[1].words.text() == "✓ That"
    assert card.button.hasFocus()
    assert lesson.selection.name == ""
    assert Kill(2) not in source.sent, "the explanation is read first"
    qtbot.keyClick(card.button, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: Kill(2) in source.sent)
    assert source.sent[4] == slow, "as it went before the question"
    assert not card.isVisible()
    assert lesson.lessons.caption.accessibleName() == "Second."
    source.say(Exited(2, -9, ""))
    qtbot.waitUntil(lambda: "It came out as expected." in lesson.lessons.view.findings.text())


def test_scores_are_kept_and_exported(
    qtbot: QtBot, lesson: MainWindow, tmp_path: Path, source: FakeSource
) -> None:
    card = lesson.lessons.view.question
    qtbot.mouseClick(card.rows[2].words, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(card.button, Qt.MouseButton.LeftButton)
    lesson.lessons.view.export_scores(tmp_path / "scores.csv")
    head, line = (tmp_path / "scores.csv").read_text("utf-8").splitlines()
    assert head == "time,lesson,question,chosen,right answer,right"
    assert line.endswith(",Small,What now?,'=1+1,That,no"), "no formula for a spreadsheet"
    qtbot.mouseClick(lesson.lessons.view.end, Qt.MouseButton.LeftButton)
    assert lesson.lessons.view.currentIndex() == 0
    assert lesson.lessons.caption.accessibleName() == ""
    assert source.sent[-1] == SetPace(Pace.SLOW, 400_000_000), "an ended lesson leaves nothing stopped"


def test_a_lesson_is_started_from_the_list(
    qtbot: QtBot, source: FakeSource, options: Options, tmp_path: Path
) -> None:
    played: list[Scenario] = []
    application()
    window = open_window(source, FakeFace(), replace(options, play=played.append))
    assert not window.lessons.frame.isVisible()
    window.actions_by_id["lessons"].trigger()
    view = window.lessons.view
    qtbot.waitUntil(view.isVisible)
    assert view.list.count() == len(lesson_files()) == 8
    wrong = tmp_path / "own.toml"
    wrong.write_text('title = "Own"\nreplicas = 3\n', "utf-8")
    view.open_file(wrong)
    assert "own.toml, line 2, column 12: “replicas” is not known here." in window.status.sentence.text()
    view.list.setCurrentRow(1)
    qtbot.mouseClick(view.start, Qt.MouseButton.LeftButton)
    assert not window.isVisible()
    assert [scenario.name for scenario in played] == ["kill"]
    close(window, qtbot)


@pytest.mark.parametrize("width", [230, 262, 400])
def test_every_title_of_a_lesson_is_read_whole_however_narrow_the_dock(
    qtbot: QtBot, window: MainWindow, width: int
) -> None:
    window.lessons.show()
    titles = window.lessons.view.list
    titles.parentWidget().setFixedWidth(width)
    qtbot.waitUntil(lambda: titles.width() == width - 28 and titles.height() == titles.maximumHeight())
    titles.doItemsLayout()
    assert titles.verticalScrollBar().maximum() == titles.horizontalScrollBar().maximum() == 0
    for row in range(titles.count()):
        item = titles.item(row)
        room = titles.visualItemRect(item).width() - 12
        words = titles.fontMetrics().boundingRect(0, 0, room, 1_000, Qt.TextFlag.TextWordWrap, item.text())
        assert words.height() < titles.visualItemRect(item).height()


def test_the_editor_checks_while_one_types_and_marks_the_line(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    played: list[Scenario] = []
    window.actions_by_id["lessons"].trigger()
    qtbot.waitUntil(window.lessons.view.isVisible)
    assert window.minimumSizeHint().width() <= 1366, "a small screen has room for the dock"
    assert window.width() == 1366
    qtbot.mouseClick(window.lessons.view.edit, Qt.MouseButton.LeftButton)
    editor = window.findChild(ScenarioEditor)
    assert editor is not None
    assert editor.verdict.text().startswith("Nothing is wrong: ")
    editor.text.setPlainText(LESSON.replace("kill R2", "kill R9"))
    qtbot.waitUntil(lambda: "“R9” is no replica." in editor.verdict.text())
    assert editor.verdict.text().startswith("Line 15, column 7: ")
    [mark] = editor.text.extraSelections()
    assert mark.cursor.blockNumber() == 14
    editor.save_to(tmp_path / "own.toml")
    assert "kill R9" in (tmp_path / "own.toml").read_text("utf-8")
    editor.text.setPlainText(LESSON)
    qtbot.waitUntil(lambda: editor.verdict.text() == "Nothing is wrong: 2 steps, 1 questions.")
    assert editor.text.extraSelections() == []
    editor.played.connect(played.append)
    editor.play.click()
    assert [scenario.title for scenario in played] == ["Small"]
