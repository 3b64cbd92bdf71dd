"""Going about in time, as a person asks for it: play, step, seek, bookmarks. Every control of the timeline,
every key and the console's `goto` end here."""

from __future__ import annotations

import re
from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from core.errors import UsageError
from core.model.markers import Marker, MarkerKind
from core.session.annotations import Note
from core.session.source import Source, Travel, TravelState

SPEEDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
CAPTION_NS = 4_000_000_000
"""How long a new caption is shown."""
_SECONDS = re.compile(r"(?:(\d+):)?(\d+(?:[.,]\d+)?)\s*s?")
_NUMBER = re.compile(r"#(\d+)")


class Journey(QObject):
    """A source's travel in a person's words. Without one everything says so, or does nothing."""

    said = Signal(str, str)
    """A sentence for the person: level, text."""

    def __init__(self, source: Source, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._source = source
        self.by_request = False
        """A step is a request, not an event."""

    @property
    def travel(self) -> Travel | None:
        """How the source goes about in time; None when it cannot."""
        return self._source.travel if self._source.capabilities.seek else None

    @property
    def can_play(self) -> bool:
        """What is shown is the past: it can be played and stopped."""
        return self._source.capabilities.speed

    @property
    def badge(self) -> str:
        """What is shown, in a word: "LIVE", "PAST" (of a run that goes on) or "REPLAY"."""
        state = self.state
        if state is None or state.live:
            return "LIVE"
        return "PAST" if state.can_go_live else "REPLAY"

    @property
    def state(self) -> TravelState | None:
        """Where we are."""
        travel = self.travel
        return travel.state if travel is not None else None

    def toggle(self) -> None:
        """Play, or stop; from the present, look back at this moment."""
        travel = self.travel
        if travel is None:
            return
        state = travel.state
        if state.live:
            travel.step(-1, False)
        elif state.playing:
            travel.pause()
        else:
            travel.play(state.speed)

    def step(self, step: int, request: bool | None = None) -> None:
        """On (1) or back (-1) by one event or request; as chosen when nothing is said."""
        if self.travel is not None:
            self.travel.step(step, self.by_request if request is None else request)

    def faster(self, steps: int) -> None:
        """The next speed up (1) or down (-1)."""
        state = self.state
        if state is None:
            return
        nearest = min(range(len(SPEEDS)), key=lambda place: abs(SPEEDS[place] - state.speed))
        self.set_speed(SPEEDS[min(len(SPEEDS) - 1, max(0, nearest + steps))])

    def set_speed(self, speed: float) -> None:
        """Play at so many times the pace at which it happened."""
        travel = self.travel
        if travel is None:
            return
        playing = travel.state.playing
        travel.play(speed)
        if not playing:
            travel.pause()
        self.said.emit("info", f"Plays at {speed:g}×.")

    def seek(self, time_ns: int) -> None:
        """Go to a time on the clock of the records."""
        if self.travel is not None:
            self.travel.seek(time_ns)

    def to_start(self) -> None:
        """To the first moment."""
        state = self.state
        if state is not None:
            self.seek(state.start_ns)

    def to_end(self) -> None:
        """To the present; without one, to the last moment."""
        if self.travel is not None:
            self.travel.go_live()

    def go_to(self, words: str) -> str:
        """`12.4s`, `1:02.5`, `#128`, `start`, `end`, `live`. Says what it does. Raises UsageError."""
        travel, state = self.travel, self.state
        if travel is None or state is None:
            raise UsageError("This run is not recorded, so it has no past to go to.")
        text = words.strip().lower()
        number, seconds = _NUMBER.fullmatch(text), _SECONDS.fullmatch(text)
        if text in ("end", "live", "now"):
            self.to_end()
            return "to the present" if state.can_go_live else "to the end"
        if text in ("start", "begin"):
            self.to_start()
            return "to the start"
        if number:
            travel.seek_number(int(number[1]))
            return f"to where #{number[1]} was ordered"
        if seconds:
            length = int(seconds[1] or 0) * 60 + float(seconds[2].replace(",", "."))
            travel.seek(state.start_ns + round(min(length, 1e9) * 1e9))
            return f"to {length:g} s"
        raise UsageError(f"“{words}” is no moment.", "For example: goto 12.4s, goto #128, goto start.")

    # Bookmarks and captions

    @property
    def notes(self) -> Sequence[Note]:
        """The person's own, in the order of time."""
        return self.travel.notes if self.travel is not None else ()

    def bookmark(self) -> None:
        """Mark this moment."""
        state = self.state
        if state is None:
            self.said.emit("warning", "This run is not recorded, so nothing in it can be bookmarked.")
            return
        time_ns = max(0, state.now_ns - state.start_ns)
        count = 1 + sum(not note.is_caption for note in self.notes)
        self.put(None, Note(time_ns, f"bookmark {count}"))
        self.said.emit("info", f"Bookmarked {clock(time_ns)}. Double-click its mark to name it.")

    def put(self, old: Note | None, new: Note | None) -> None:
        """Put `new` in the place of `old`; either may be none."""
        if self.travel is not None:
            notes = [note for note in self.notes if note is not old]
            self.travel.set_notes([*notes, new] if new is not None else notes)

    def markers(self) -> list[tuple[Marker, Note | None]]:
        """Everything to be marked, in the order of time, with the note that it stands for."""
        travel, state = self.travel, self.state
        if travel is None or state is None:
            return []
        marked: list[tuple[Marker, Note | None]] = [(marker, None) for marker in travel.markers]
        for note in travel.notes:
            kind = MarkerKind.CAPTION if note.is_caption else MarkerKind.BOOKMARK
            marked.append((Marker(state.start_ns + note.time_ns, kind, note.text), note))
        return sorted(marked, key=lambda pair: pair[0].time_ns)


def clock(time_ns: int) -> str:
    """`02:12.480`: minutes, seconds and thousandths since the start; hours when there are any."""
    milliseconds = max(0, time_ns) // 1_000_000
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    head = f"{hours}:" if hours else ""
    return f"{head}{minutes:02}:{rest // 1_000:02}.{rest % 1_000:03}"
