"""A real window on a real cluster: daemons, sockets, pids. Each test ends its own, and none may be left."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton
from pytestqt.exceptions import TimeoutError as NeverTrue
from pytestqt.qtbot import QtBot

from core.facts import Pace
from core.model.cluster_view import ClientCard, ClusterView, ReplicaCard, ReplicaState, Token, TokenKind
from core.runtime.launch import Launched, launch
from core.runtime.run_settings import RunSettings
from gui.app import application, open_window
from gui.collector import Collector
from gui.main_window import MainWindow
from gui.options import Options
from gui.recording.export_process import Exporting
from gui.top_bar import Recording
from tests.gui.real.processes import ROOT, left_of

LEFT = Qt.MouseButton.LeftButton


@dataclass
class Live:
    """A window, its cluster, and the hand that clicks."""

    bot: QtBot
    launched: Launched
    window: MainWindow
    wanted: list[int] = field(default_factory=list)

    @property
    def view(self) -> ClusterView:
        """The moment that is shown."""
        view = self.window.intents.view
        assert view is not None
        return view

    @property
    def pids(self) -> list[int]:
        """The daemons' processes."""
        return [card.pid for card in self.view.replicas]

    def replica(self, number: int) -> ReplicaCard:
        """A replica's card."""
        return self.view.replicas[number - 1]

    def client(self, number: int) -> ClientCard:
        """A client's card."""
        return self.view.clients[number - 1]

    def until(self, condition: Callable[[], bool], seconds: float = 20) -> None:
        """Wait for it; the machine may be busy. What never came true fails with what was shown instead."""
        try:
            self.bot.waitUntil(condition, timeout=round(seconds * 1_000))
        except NeverTrue as error:
            raise AssertionError(f"not within {seconds:g} s; shown is {self.shown()}") from error

    def shown(self) -> str:
        """What a person would see, in a few lines."""
        view = self.window.intents.view
        if view is None:
            return "nothing yet"
        replicas = ", ".join(
            f"R{card.replica} {card.state.value} {card.detail} at #{card.expected}" for card in view.replicas
        )
        status = self.window.status.sentence.text()
        return f"{view.headline} | {view.alert} | {replicas} | {status}\n{self.said()[-1_000:]}"

    def up(self) -> bool:
        """Everybody runs and every client has its session."""
        view = self.window.intents.view
        return bool(
            view
            and view.replicas
            and view.clients
            and all(card.state is ReplicaState.RUNNING and card.port for card in view.replicas)
            and all(card.last_seq for card in view.clients)
        )

    def quiet(self) -> bool:
        """Nothing is asked, nothing is on its way, and every live replica has executed everything."""
        view = self.view
        alive = [card for card in view.replicas if card.state is not ReplicaState.DEAD]
        return (
            not view.tokens
            and not any(card.waiting_since_ns for card in view.clients)
            and all(card.expected == view.front_end.next_seq and not card.held_count for card in alive)
        )

    def equal(self) -> bool:
        """Every live replica stands at the same number with the same digest."""
        alive = [card for card in self.view.replicas if card.state is not ReplicaState.DEAD]
        return len({(card.expected, card.digest) for card in alive}) == 1

    def click(self, node: str) -> None:
        """Click a node in its middle."""
        self.bot.mouseClick(self.window.stage, LEFT, pos=self.window.stage.node_rect(node).center())

    def button(self, action: str) -> QToolButton:
        """The button of the top bar for an action."""
        wanted = self.window.actions_by_id[action]
        return next(
            button
            for button in self.window.top_bar.findChildren(QToolButton)
            if button.defaultAction() is wanted
        )

    def press(self, action: str) -> None:
        """Click a button of the top bar."""
        self.bot.mouseClick(self.button(action), LEFT)

    def step_button(self, name: str) -> QToolButton:
        """A plus or minus of the top bar: "Clients: more"."""
        buttons = self.window.top_bar.findChildren(QToolButton)
        return next(button for button in buttons if button.accessibleName() == name)

    def tokens(self, kind: TokenKind, target: str = "") -> list[Token]:
        """Messages of a kind that the pace holds or that are lost, lowest number first. Samples of real time,
        which may still be seen for a moment, have tokens below 0."""
        found = [t for t in self.view.tokens if t.token > 0 and t.kind is kind and target in ("", t.target)]
        return sorted(found, key=lambda token: token.seq)

    def held_messages(self) -> set[int]:
        """Every message that the pace holds, by its token (samples of real time are below 0)."""
        return {token.token for token in self.view.tokens if token.token > 0}

    def click_token(self, token: Token) -> None:
        """Click a message where it is shown."""
        self.until(lambda: self.window.stage.token_point(token.token) is not None)
        point = self.window.stage.token_point(token.token)
        assert point is not None
        self.bot.mouseClick(self.window.stage, LEFT, pos=point.toPoint())

    def ask(self, line: str) -> None:
        """A line typed into the console."""
        prompt = self.window.docks.console.prompt
        prompt.setFocus()
        self.bot.keyClicks(prompt, line)
        self.bot.keyClick(prompt, Qt.Key.Key_Return)

    def said(self) -> str:
        """What stands in the console."""
        return self.window.docks.console.output.toPlainText()

    def close(self) -> None:
        """Close the window as its cross does, and wait for the end."""
        if not self.window._gone:
            self.window.close()
        self.launched.source.close()
        self.until(lambda: self.launched.source.closed)


Start = Callable[..., Live]


@pytest.fixture
def start(qtbot: QtBot, tmp_path: Path) -> Iterator[Start]:
    """Starts a cluster behind a window, up and running."""
    started: list[Live] = []
    application()

    def begin(
        replicas: int = 3,
        clients: int = 3,
        pace: Pace = Pace.REAL_TIME,
        load: bool = False,
        named: bool = True,
    ) -> Live:
        record = tmp_path / f"run-{len(started)}.lockstep" if named else None
        launched = launch(RunSettings(replicas=replicas, clients=clients), record, pace=pace, load=load)
        wanted: list[int] = []
        options = Options(
            settings=tmp_path / "window.ini",
            ask=None,
            restart=wanted.append,
            recording=lambda: Recording(launched.path, launched.recorded_bytes() or 0, launched.named),
            keep=launched.keep,
            save_as=launched.save_as,
            exporting=Exporting((sys.executable, str(ROOT / "main.py")), lambda: launched.path),
        )
        window = open_window(launched.source, launched.face, options)
        Collector(window, lambda: window.bridge.rests).start()
        window.resize(1366, 768)
        live = Live(qtbot, launched, window, wanted)
        started.append(live)
        live.until(live.up)
        live.until(lambda: live.view.pace is pace)
        live.until(lambda: window.top_bar.clients.value() == clients)  # the controls have followed
        return live

    yield begin
    for live in started:
        pids = live.pids
        live.close()
        assert left_of(pids) == []
        collector = live.window.findChild(Collector)
        assert collector is not None
        collector.stop()
        with qtbot.waitSignal(live.window.destroyed):
            live.window.deleteLater()
