"""Looking back while it runs: a live source whose past can be seen, from the recording that is being written.

The present goes on meanwhile: its records are folded into its own scene, unseen, and the recording takes them
as ever. To return is to show that scene again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from core.commands import Command
from core.model.markers import Marker
from core.session.annotations import Note
from core.session.gate import Gate
from core.session.player import Player
from core.session.scene import Scene
from core.session.source import Capabilities, Source, TravelState
from core.session.tape import FileTape
from core.session.travel import PlayerTravel, back_from_live
from core.trace.wire_log import Record

PRESENT = Capabilities(control=True, seek=True, speed=False)
PAST = Capabilities(
    control=False,
    seek=True,
    speed=True,
    why_no_control="The past is shown, and nothing in it can be changed. End brings the present back.",
)
PRESENT_NS = 100_000_000
"""Whoever asks for a moment not longer ago wants the present."""


class LookBack(PlayerTravel):
    """A source and its own travel. `start` begins to follow the recording."""

    def __init__(
        self,
        live: Source,
        tape: FileTape,
        words: Callable[[bytes], str],
        keep: Callable[[Sequence[Note]], None],
    ) -> None:
        super().__init__(Player(tape, words, growing=True), keep)
        self._live = live
        self._present: Scene | None = None  # while the past is shown
        self._newest: Scene | None = None
        self._returns = False
        self._awaited_ns: int | None = None  # a moment that was asked for before the recording held it

    def start(self) -> None:
        """Begin to follow the recording; the live source was started by whoever made it."""
        self.player.start()

    # --- the source ---------------------------------------------------------------------------------------

    @property
    def capabilities(self) -> Capabilities:
        """The past cannot be changed."""
        return PRESENT if self._present is None else PAST

    @property
    def travel(self) -> LookBack:
        """Its past is its own."""
        return self

    @property
    def title(self) -> str:
        """What is shown."""
        return self._live.title if self._present is None else "the past"

    @property
    def gate(self) -> Gate:
        """The present's: it goes on beside every frame."""
        return self._live.gate

    def turn(self, scene: Scene) -> Scene:
        """The present's scene, or one of the past."""
        player = self.player
        if self._awaited_ns is not None and self._awaited_ns < player.tape.end_ns:
            super().seek(self._awaited_ns)
            self._awaited_ns = None
        if self._present is None:
            self._newest, self._returns = scene, False
            arrived = player.arrive()
            if arrived is None:
                return scene
            self._present = scene
            return _silent(arrived)
        self._present.apply(self._live.drain())
        if self._returns or self._has_caught_up():
            present, self._present, self._returns = self._present, None, False
            player.stop()
            return present
        arrived = player.arrive()
        return scene if arrived is None else _silent(arrived)

    def drain(self) -> Sequence[Record]:
        """The records of what is shown."""
        return self._live.drain() if self._present is None else self.player.take()

    def now_ns(self) -> int:
        """The moment to draw."""
        return self._live.now_ns() if self._present is None else self.player.now_ns

    def send(self, command: Command) -> None:
        """Ask the present for something."""
        if self._present is None:
            self._live.send(command)

    def close(self) -> None:
        """End the run."""
        self.player.close()
        self._live.close()

    @property
    def closed(self) -> bool:
        """Everything is down, and nothing reads the recording any more."""
        return self._live.closed and self.player.closed

    # --- its travel ---------------------------------------------------------------------------------------

    @property
    def state(self) -> TravelState:
        """Where we are. The run ends now, however far the recording has come."""
        player, tape = self.player, self.player.tape
        live, now_ns = self._present is None, self._live.now_ns()
        return TravelState(
            live=live,
            can_go_live=True,
            playing=player.playing,
            busy=player.busy or self._awaited_ns is not None,
            speed=player.speed,
            start_ns=tape.start_ns or now_ns,
            end_ns=now_ns,
            now_ns=now_ns if live else player.now_ns,
            records=tape.records if live else player.records,
            all_records=tape.records,
            read_share=player.read_share if player.busy else 1.0,
        )

    @property
    def markers(self) -> Sequence[Marker]:
        """Markers of everything up to the present: facts reach the window at once."""
        present = self._present or self._newest
        return present.markers if present is not None else ()

    def activity(self, bins: int) -> Sequence[float]:
        """Records per bin, up to the present."""
        counts: list[float] = self.player.tape.activity(bins, self._live.now_ns()).tolist()
        return counts

    def seek(self, time_ns: int) -> None:
        """Go to a time; one that the recording does not hold yet is waited for."""
        if time_ns >= self._live.now_ns() - PRESENT_NS:
            self.go_live()
            return
        self._stay()
        if time_ns >= self.player.tape.end_ns:
            self._awaited_ns = time_ns
        else:
            super().seek(time_ns)

    def seek_number(self, seq: int) -> None:
        """Go to where a number was ordered."""
        self._stay()
        super().seek_number(seq)

    def step(self, step: int, request: bool) -> None:
        """A step out of the present begins at the end of the recording; there is none on from there."""
        self._stay()
        if self._present is not None:
            super().step(step, request)
        elif step < 0:
            back_from_live(self.player, step, request)

    def play(self, speed: float) -> None:
        """Run; it comes to the present when it is fast enough."""
        self.player.play(speed)

    def go_live(self) -> None:
        """Back to the present with the next frame, whatever was asked for before."""
        self._stay()
        self._returns = True
        self.player.stop()

    def _stay(self) -> None:
        """What was wished before is not wished any more."""
        self._returns, self._awaited_ns = False, None

    def _has_caught_up(self) -> bool:
        player = self.player
        return player.playing and not player.busy and player.records >= player.tape.records


def _silent(scene: Scene) -> Scene:
    """What the past told has been told."""
    scene.tells = False
    return scene
