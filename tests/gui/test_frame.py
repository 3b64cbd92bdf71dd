"""A frame: what is done within it, and what waits meanwhile."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from PySide6.QtCore import QObject

from core.trace.wire_log import Record
from gui import source_bridge
from gui.main_window import MainWindow
from tests.support.fake_source import FakeSource


def test_the_gate_of_the_cluster_is_closed_while_a_frame_is_made_and_painted(
    window: MainWindow, source: FakeSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: dict[str, bool] = {}

    def feed() -> Sequence[Record]:
        closed["made"] = source.gate.closed
        return ()

    class Application:
        @staticmethod
        def sendPostedEvents(_receiver: QObject, _kind: int) -> None:
            closed["painted"] = source.gate.closed

    monkeypatch.setattr(source_bridge, "QCoreApplication", Application)
    source.feed = feed
    window.bridge.tick()
    assert closed == {"made": True, "painted": True}
    assert not source.gate.closed
