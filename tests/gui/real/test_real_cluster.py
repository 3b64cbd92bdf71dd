"""The main job with the mouse: query, kill, pace, clients, against real replica processes."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication, QMenu

from core.facts import Pace
from core.model.cluster_view import ReplicaState, TokenKind
from core.trace.wire_log import Tap
from gui.stage.card_frame import CardFrame
from gui.stage.replica_card import replica_rows
from tests.gui.real.conftest import LEFT, Live, Start
from tests.gui.real.processes import left_of

pytestmark = [pytest.mark.gui, pytest.mark.processes]


def test_a_cluster_comes_up_and_says_what_to_click(start: Start) -> None:
    live = start(pace=Pace.SLOW)
    assert len(set(live.pids)) == 3 and left_of(live.pids) == live.pids
    assert len({card.port for card in live.view.replicas}) == 3
    assert "3 replicas" in live.view.headline
    assert live.equal()


def test_a_query_by_clicks_is_answered_in_console_and_card(start: Start) -> None:
    live = start()
    form = live.window.query
    for operation, values, answer in (
        ("register", ("alice",), "ok"),
        ("post", ("alice", "hello, replicas"), "ok"),
        ("register", ("alice",), "refused"),
    ):
        live.click("C2")
        live.until(form.isVisible)
        assert form.client == 2
        form.choose(operation)
        for place, text in enumerate(values):
            form.fields[place].input.clear()
            live.bot.keyClicks(form.fields[place].input, text)
        before = live.client(2).last_seq
        live.bot.mouseClick(form.send, LEFT)
        live.until(lambda before=before: live.client(2).last_seq > before)
        assert not form.isVisible()
        assert live.client(2).last_outcome == answer
        number = live.client(2).last_seq
        live.until(lambda answer=answer, number=number: f"{answer} #{number}" in live.said())
    live.until(live.quiet)
    assert live.equal()
    assert live.client(1).answered == live.client(3).answered == 1  # their sessions


@pytest.mark.parametrize("way", ["menu", "key", "button"])
def test_a_killed_replica_is_dropped_and_the_others_go_on(start: Start, way: str) -> None:
    live = start(load=True)
    live.until(lambda: live.view.front_end.next_seq > 200)
    victim = live.replica(2).pid
    kill(live, way)
    live.until(lambda: live.replica(2).state is ReplicaState.DEAD)
    live.until(lambda: left_of([victim]) == [])  # its connection may be seen to close before it is gone
    live.until(lambda: "SIGKILL" in live.replica(2).detail)
    live.until(lambda: "R2 was killed" in live.view.alert)
    live.until(lambda: live.view.headline.startswith("2 of 3"))
    live.until(lambda: left_the_group(live))  # what it had sent before it died may still be read
    at = live.view.front_end.next_seq
    last = live.replica(2).expected
    live.until(lambda: live.view.front_end.next_seq > at + 200)
    assert live.replica(2).expected == last
    live.press("load")
    live.until(live.quiet)
    assert live.equal()
    assert live.view.violations == ()
    live.until(lambda: all(v.count.checked and not v.count.violations for v in live.view.checks))
    assert {card.last_outcome for card in live.view.clients} <= {"ok", "refused"}


def left_the_group(live: Live) -> bool:
    log = live.window.bridge.log
    records = (log.record(position) for position in range(log.end - 1, log.first - 1, -1))
    return any(record.tap == Tap.FACT and b"dropped" in record.body for record in records)


def kill(live: Live, way: str) -> None:
    stage = live.window.stage
    if way == "button":
        place = stage._picture.layout.places["R2"]
        spot = replica_rows(CardFrame(place.rect, place.scale, place.detail)).kill.center().toPoint()
        live.bot.mouseMove(stage, spot)
        live.bot.mouseClick(stage, LEFT, pos=spot)
        return
    if way == "key":
        live.click("R2")
        live.bot.keyClick(stage, Qt.Key.Key_K)
        return
    spot = stage.node_rect("R2").center()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, spot, stage.mapToGlobal(spot))
    QApplication.sendEvent(stage, event)
    menu = live.window.findChild(QMenu)
    assert isinstance(menu, QMenu)
    entry = next(action for action in menu.actions() if action.text() == "Kill replica")
    live.bot.mouseClick(menu, LEFT, pos=menu.actionGeometry(entry).center())


def test_messages_travel_slowly_then_wait_and_overtake(start: Start) -> None:
    live = start()
    live.ask("register alice")
    live.until(lambda: live.client(1).answered == 2 and live.quiet())
    live.press("pace_slow")
    live.until(lambda: live.view.pace is Pace.SLOW)
    live.ask("C1> post alice one")
    live.until(lambda: bool(live.tokens(TokenKind.REQUEST)))
    token = live.tokens(TokenKind.REQUEST)[0]
    live.until(lambda: live.window.stage.token_point(token.token) is not None)

    live.press("pace_step")
    live.until(lambda: live.view.pace is Pace.STEP)
    live.ask("C2> register bob")
    live.ask("C3> register carol")
    live.until(lambda: {token.client for token in live.view.tokens if token.token > 0} == {1, 2, 3})
    waiting, shown_ns = live.held_messages(), live.view.now_ns
    live.until(lambda: live.view.now_ns > shown_ns + 1_500_000_000)  # longer than a slow message travels
    assert live.held_messages() == waiting

    live.window.stage.setFocus()
    while live.tokens(TokenKind.REQUEST):  # Space delivers the oldest, Next does the same
        before = live.held_messages()
        if len(before) % 2:
            live.press("step")
        else:
            live.bot.keyClick(live.window.stage, Qt.Key.Key_Space)
        live.until(lambda before=before: not before <= live.held_messages())
    live.until(lambda: len(live.tokens(TokenKind.ORDER, "R2")) >= 2)

    first, second = live.tokens(TokenKind.ORDER, "R2")[:2]
    assert live.replica(2).expected == first.seq
    live.click_token(second)
    live.until(lambda: live.replica(2).held == (second.seq,))
    assert live.replica(2).state is ReplicaState.WAITING
    assert live.replica(2).expected == first.seq
    live.click_token(first)
    live.until(lambda: live.replica(2).expected == second.seq + 1)
    assert live.replica(2).held == ()

    live.press("pace_real")
    live.until(live.quiet)
    assert live.equal()
    assert {card.last_outcome for card in live.view.clients} == {"ok"}
    assert live.view.violations == ()


def test_the_number_of_clients_changes_while_they_ask(start: Start) -> None:
    live = start(load=True)
    for _ in range(5):
        live.bot.mouseClick(live.step_button("Clients: more"), LEFT)
    live.until(lambda: len(live.view.clients) == 8)
    live.until(lambda: all(card.answered > 20 for card in live.view.clients))
    for _ in range(6):
        live.bot.mouseClick(live.step_button("Clients: fewer"), LEFT)
    live.until(lambda: len(live.view.clients) == 2)
    answered = live.client(1).answered
    live.until(lambda: live.client(1).answered > answered + 20)
    live.press("load")
    live.until(live.quiet)
    assert live.equal()
    assert live.view.violations == ()


def test_load_runs_and_rests(start: Start) -> None:
    live = start()
    live.press("load")
    live.until(lambda: live.view.load_running and live.view.front_end.next_seq > 100)
    live.press("load")
    live.until(lambda: not live.view.load_running)
    live.until(live.quiet)
    at, shown_ns = live.view.front_end.next_seq, live.view.now_ns
    live.until(lambda: live.view.now_ns > shown_ns + 300_000_000)
    assert live.view.front_end.next_seq == at
    assert live.equal()


def test_a_post_that_is_too_long_is_refused_in_the_form_and_kept(start: Start) -> None:
    live = start()
    form, text = live.window.query, "x" * 10_000
    live.click("C1")
    live.until(form.isVisible)
    form.choose("post")
    form.fields[0].input.setText("alice")
    form.fields[1].input.setText(text)
    at = live.view.front_end.next_seq
    live.bot.mouseClick(form.send, LEFT)
    assert form.isVisible()
    sentence = form.fields[1].error.text() or form.error.text()
    assert "280" in sentence
    assert form.fields[1].input.text() == text
    assert live.view.front_end.next_seq == at


def test_another_number_of_replicas_is_a_new_cluster(start: Start) -> None:
    live = start()
    bar = live.window.top_bar
    live.until(lambda: bar.clients.value() == 3)  # the bar has followed the cluster
    for _ in range(2):
        live.bot.mouseClick(live.step_button("Replicas: more"), LEFT)
    live.until(bar.restart.isVisible)
    pids = live.pids
    live.bot.mouseClick(bar.restart, LEFT)
    assert live.wanted == [5]
    live.close()
    assert left_of(pids) == []
    again = start(replicas=live.wanted.pop())
    assert len(again.view.replicas) == 5
    assert set(again.pids).isdisjoint(pids)
