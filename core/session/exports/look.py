"""How pictures and films of a recording shall look."""

from __future__ import annotations

import re
from dataclasses import dataclass

from core.errors import UsageError

SIZES = {"720p": (1280, 720), "1080p": (1920, 1080), "1440p": (2560, 1440), "4k": (3840, 2160)}
THEMES = ("dark", "light")
SMALLEST, LARGEST = (320, 200), (3840, 2160)
MIN_PACE, MAX_PACE = 0.001, 1_000.0


@dataclass(frozen=True, slots=True)
class Look:
    """Size in pixels, both even; `pace` seconds of the recording in a second of the film."""

    width: int = 1280
    height: int = 720
    pace: float = 1.0
    frames_per_s: int = 30
    theme: str = "dark"
    at_ns: int | None = None
    """The moment of a picture; None for the last one."""

    def __post_init__(self) -> None:
        if not MIN_PACE <= self.pace <= MAX_PACE:
            raise UsageError(
                f"A pace of {self.pace:g} is not possible.", "0.001 to 1,000 are; 1 is real time."
            )
        if not 1 <= self.frames_per_s <= 60:
            raise UsageError(f"{self.frames_per_s} frames a second are not possible.", "1 to 60 are.")
        if self.theme not in THEMES:
            raise UsageError(f"There is no theme {self.theme!r}.", f"Choose one of {', '.join(THEMES)}.")


def parse_size(text: str) -> tuple[int, int]:
    """`720p`, `4k` or `1600x900` as (width, height). Raises UsageError."""
    known = SIZES.get(text.strip().lower())
    if known:
        return known
    match = re.fullmatch(r"(\d{1,5})[x×](\d{1,5})", text.strip().lower())
    if match is None:
        raise UsageError(f"{text!r} is no size.", f"Write it like 1600x900, or {', '.join(SIZES)}.")
    width, height = int(match[1]), int(match[2])
    if not (SMALLEST[0] <= width <= LARGEST[0] and SMALLEST[1] <= height <= LARGEST[1]):
        raise UsageError(f"{width}x{height} is not possible.", "320x200 to 3840x2160 are.")
    if width % 2 or height % 2:
        raise UsageError(f"{width}x{height} is not possible.", "A film's width and height are even.")
    return width, height
