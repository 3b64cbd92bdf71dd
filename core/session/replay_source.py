"""A recording as a source: the same records, in the same order, at any speed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from core.commands import Command
from core.errors import RecordingError
from core.session.annotations import Note, write_notes
from core.session.gate import Gate
from core.session.player import Player
from core.session.scene import Scene
from core.session.seeker import By, ToBeginning
from core.session.source import Capabilities
from core.session.tape import FileTape
from core.session.travel import PlayerTravel
from core.trace.wire_log import Record


class ReplaySource:
    """Plays a `.lockstep` file. `start` begins it."""

    capabilities = Capabilities(control=False, seek=True, speed=True)

    def __init__(
        self,
        tape: FileTape,
        words: Callable[[bytes], str],
        *,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self.path: Path = tape.path
        self.title = f"replay · {tape.path.name}"
        self._player = Player(tape, words, clock=clock)
        self.travel = PlayerTravel(self._player, self._keep)
        self.gate = Gate()  # nobody has to pass it
        self._writer: threading.Thread | None = None
        self._unwritten: Sequence[Note] | None = None
        self._lock = threading.Lock()
        self._note_told = False

    def start(self) -> None:
        """Begin to read; the first picture comes with one of the next frames."""
        self._player.wish(ToBeginning())
        self._player.start()

    def seek_record(self, records: int) -> None:
        """Go to the moment after so many records."""
        self._player.wish(By(0, False, records))

    @property
    def ready(self) -> bool:
        """What comes next is unpacked."""
        return self._player.ready

    @property
    def writing(self) -> bool:
        """Notes are not on the disk yet."""
        return self._writer is not None

    def turn(self, scene: Scene) -> Scene:
        """Another scene after a seek."""
        if self._player.tape.complete and not self._note_told:
            self._note_told = True
            if self._player.tape.note:
                self._player.say(self._player.tape.note)
        return self._player.arrive() or scene

    def drain(self) -> Sequence[Record]:
        """The records that are due."""
        return self._player.take()

    def now_ns(self) -> int:
        """The moment to draw."""
        return self._player.now_ns

    def send(self, command: Command) -> None:
        """A recording takes no commands."""

    def close(self) -> None:
        """Let go of the file."""
        self._player.close()

    @property
    def closed(self) -> bool:
        """Nothing reads or writes any more."""
        return self._player.closed and (self._writer is None or not self._writer.is_alive())

    def _keep(self, notes: Sequence[Note]) -> None:
        """Write the notes, the newest only, on a thread of their own: a disk may be slow."""
        with self._lock:
            self._unwritten = notes
            if self._writer is None or not self._writer.is_alive():
                self._writer = threading.Thread(target=self._write, name="notes", daemon=True)
                self._writer.start()

    def _write(self) -> None:
        while True:
            with self._lock:
                notes, self._unwritten = self._unwritten, None
                if notes is None:
                    self._writer = None
                    return
            try:
                write_notes(self.path, notes)
            except RecordingError as error:
                self._player.say(str(error))
