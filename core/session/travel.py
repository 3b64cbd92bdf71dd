"""Going about on a player's tape: what a recording and the past of a running cluster have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from core.model.markers import Marker
from core.session.annotations import Note, decode_notes
from core.session.player import Player
from core.session.seeker import By, ToNumber, ToTime
from core.session.source import TravelState


class PlayerTravel:
    """A `Travel` over a player. `keep` writes the notes to where they belong."""

    def __init__(self, player: Player, keep: Callable[[Sequence[Note]], None]) -> None:
        self.player = player
        self._keep = keep
        self._notes: tuple[Note, ...] | None = None

    @property
    def state(self) -> TravelState:
        """Where we are."""
        player, tape = self.player, self.player.tape
        return TravelState(
            live=False,
            can_go_live=False,
            playing=player.playing,
            busy=player.busy,
            speed=player.speed,
            start_ns=tape.start_ns,
            end_ns=tape.end_ns,
            now_ns=player.now_ns,
            records=player.records,
            all_records=tape.records,
            read_share=player.read_share,
        )

    @property
    def path(self) -> Path:
        """The recording that it reads."""
        return self.player.tape.path

    @property
    def markers(self) -> Sequence[Marker]:
        """Markers of what was read so far."""
        return self.player.markers

    @property
    def notes(self) -> Sequence[Note]:
        """The notes as they are now; at first those of the file."""
        if self._notes is None:
            if not self.player.tape.complete:
                return ()
            self._notes = decode_notes(self.player.tape.annotations)
        return self._notes

    def set_notes(self, notes: Sequence[Note]) -> None:
        """Make these the notes, and keep them."""
        self._notes = tuple(sorted(notes, key=lambda note: note.time_ns))
        self._keep(self._notes)

    def activity(self, bins: int) -> Sequence[float]:
        """Records per bin."""
        counts: list[float] = self.player.tape.activity(bins).tolist()
        return counts

    def seek(self, time_ns: int) -> None:
        """Go to a time."""
        self.player.wish(ToTime(time_ns))

    def seek_number(self, seq: int) -> None:
        """Go to where a number was ordered."""
        self.player.wish(ToNumber(seq))

    def step(self, step: int, request: bool) -> None:
        """One event or request on or back."""
        self.player.step(step, request)

    def play(self, speed: float) -> None:
        """Run; from the beginning when it had come to the end."""
        tape = self.player.tape
        if tape.complete and self.player.records >= tape.records and not self.player.growing:
            self.player.wish(ToTime(tape.start_ns))
        self.player.play(speed)

    def pause(self) -> None:
        """Stop here."""
        self.player.playing = False

    def go_live(self) -> None:
        """To the end."""
        self.player.wish(ToTime(self.player.tape.end_ns))

    def sentences(self) -> list[str]:
        """What a person has to be told since the last call."""
        return self.player.sentences()


def back_from_live(player: Player, step: int, request: bool) -> None:
    """A step out of the present begins at the end of what is recorded."""
    player.playing = False
    player.wish(By(step, request, player.tape.records))
