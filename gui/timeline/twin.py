"""The timeline as a table: where we are, what is marked, and how busy the run was."""

from __future__ import annotations

from core.session.source import TravelState
from gui.journey import Journey, clock
from gui.twins.sheet import Line, Sheet

ACTIVITY_ROWS = 40
_COLUMNS = ("time", "what", "in words")


def timeline_sheet(journey: Journey, pointed_ns: int) -> Sheet:
    """What the rail shows; Enter on a row goes to its moment."""
    state, travel = journey.state, journey.travel
    if state is None or travel is None:
        return Sheet(_COLUMNS, [Line(("", "not recorded", "This run has no past to go to."))])
    shown_ns = state.end_ns if state.live else state.now_ns
    lines = [_line(state, shown_ns, "shown", journey.badge)]
    if pointed_ns:
        lines.append(_line(state, pointed_ns, "pointed at", ""))
    lines += [_line(state, one.time_ns, one.kind.value, one.text, one.seq) for one, _ in journey.markers()]
    counts = travel.activity(ACTIVITY_ROWS)
    length_ns = max(1, state.end_ns - state.start_ns)
    for place, count in enumerate(counts):
        start_ns = state.start_ns + length_ns * place // len(counts)
        until = clock(length_ns * (place + 1) // len(counts))
        lines.append(_line(state, start_ns, "activity", f"{count:,.0f} records until {until}"))
    return Sheet(_COLUMNS, lines)


def _line(state: TravelState, time_ns: int, what: str, words: str, seq: int = 0) -> Line:
    return Line((clock(time_ns - state.start_ns), what, words), "", seq, time_ns)
