"""The app as a program of its own: prints its daemons' pids when it is up; "close" closes it then."""

import json
import sys
from pathlib import Path

from PySide6.QtCore import QTimer

from core.facts import Pace
from core.runtime.launch import launch
from core.runtime.run_settings import RunSettings
from gui.app import run
from gui.main_window import MainWindow
from gui.options import Options


def main() -> int:
    folder, close = Path(sys.argv[1]), "close" in sys.argv
    live = launch(RunSettings(), folder / "run.lockstep", pace=Pace.REAL_TIME, load=True)
    timers: list[QTimer] = []

    def look(window: MainWindow) -> None:
        view = window.intents.view
        if not view or not view.replicas or not all(card.port for card in view.replicas):
            return
        if view.front_end.next_seq < 100:
            return
        timers[0].stop()
        sys.stdout.write(json.dumps([card.pid for card in view.replicas]) + "\n")
        sys.stdout.flush()
        if close:
            window.close()

    def opened(window: MainWindow) -> None:
        timer = QTimer(window, interval=20)
        timer.timeout.connect(lambda: look(window))
        timers.append(timer)
        timer.start()

    return run(live.source, live.face, Options(settings=folder / "w.ini", ask=None, opened=opened))


if __name__ == "__main__":
    sys.exit(main())
