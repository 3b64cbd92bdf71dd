"""Where records come from. The picture is fed by a source and does not know whether it is live."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from core.commands import Command
from core.model.markers import Marker
from core.services.machine import OperationSpec
from core.session.annotations import Note
from core.session.gate import Gate
from core.session.scene import Scene
from core.trace.wire_log import Record


class Capabilities(msgspec.Struct, frozen=True):
    """What a source can do."""

    control: bool  # it takes commands
    seek: bool  # it has a past that can be gone to: `travel` does it
    speed: bool  # its moments can be played, stopped, and played at another speed
    why_no_control: str = "This is a recording: nothing in it can be changed."


class TravelState(msgspec.Struct, frozen=True):
    """Where a source is in time. Times are on the clock of the records."""

    live: bool  # the present of a running cluster is shown
    can_go_live: bool  # there is such a present
    playing: bool
    busy: bool  # a moment was asked for and is not there yet
    speed: float  # times the pace at which it happened
    start_ns: int
    end_ns: int
    now_ns: int
    records: int  # so many have happened by now
    all_records: int
    read_share: float  # 0 … 1: so much of the recording was read, and is sought at once


class Travel(Protocol):
    """Going about in time. Every method returns at once; what comes of it is seen in later frames."""

    @property
    def state(self) -> TravelState:
        """Where we are."""

    @property
    def path(self) -> Path:
        """The recording that it reads, which may still be written."""

    @property
    def markers(self) -> Sequence[Marker]:
        """Moments worth finding again, as the facts tell them."""

    @property
    def notes(self) -> Sequence[Note]:
        """A person's bookmarks and captions; their times count from `state.start_ns`."""

    def set_notes(self, notes: Sequence[Note]) -> None:
        """Make these the notes, and keep them in the recording."""

    def activity(self, bins: int) -> Sequence[float]:
        """Records per bin, the whole time cut into so many."""

    def seek(self, time_ns: int) -> None:
        """Go to a time."""

    def seek_number(self, seq: int) -> None:
        """Go to the moment at which a sequence number was ordered."""

    def step(self, step: int, request: bool) -> None:
        """Go on (1) or back (-1) by one event, or by one answered request; stop there."""

    def play(self, speed: float) -> None:
        """Let it run at so many times its own pace."""

    def pause(self) -> None:
        """Stop at this moment."""

    def go_live(self) -> None:
        """Back to the present; without one, to the end."""

    def sentences(self) -> list[str]:
        """What a person has to be told about it since the last call."""


class Source(Protocol):
    """Live cluster or recording. Every method is called from one thread and returns at once."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do now."""

    @property
    def travel(self) -> Travel | None:
        """Its past, when it has one (`Capabilities.seek`)."""

    @property
    def title(self) -> str:
        """What is shown, in two or three words: "live"."""

    @property
    def gate(self) -> Gate:
        """To be closed while a frame is made."""

    def turn(self, scene: Scene) -> Scene:
        """The scene to go on with: nearly always the one that is shown, which is handed in. Another one after
        a seek."""

    def drain(self) -> Sequence[Record]:
        """The records since the last call, oldest first. When the caller was too slow, order, result and
        call records may be missing from the middle (never facts): the display may skip, the log never."""

    def now_ns(self) -> int:
        """The moment to draw, on the clock of the records."""

    def send(self, command: Command) -> None:
        """Ask for something; what comes of it is seen in later records."""

    def close(self) -> None:
        """End the run (or let go of the file). Returns at once; `closed` tells when it is done."""

    @property
    def closed(self) -> bool:
        """Everything is down and no process is left."""


class ServiceFace(Protocol):
    """What the picture needs of a service: its operations, and text to bytes and back."""

    name: str
    operations: tuple[OperationSpec, ...]

    def parse_line(self, text: str) -> tuple[bytes, str]:
        """A console line as (encoded operation, the call in words). Raises UsageError."""

    def parse_call(self, name: str, arguments: dict[str, str | int | None]) -> tuple[bytes, str]:
        """A filled-in form as (encoded operation, the call in words). Raises UsageError."""

    def complete(self, text: str, words: Sequence[str] = ()) -> list[str]:
        """How the console line could go on. `words`: those that a person is likely to type as an argument."""

    def words(self, operation: bytes) -> str:
        """An encoded operation as a short call in words; "?" when it does not decode."""
