"""The space-time diagram as a table: the marks that are seen one by one, or how many there are of a kind."""

from __future__ import annotations

from core.ids import replica_name
from core.model.lines import OPEN_NS, RowKind, node_name
from core.trace.told import run_of
from gui.space_time.picture import Picture, number_of
from gui.space_time.words import tell
from gui.stage.wording import duration
from gui.twins.sheet import Line, LinesOnDemand, Sheet


def space_time_sheet(picture: Picture) -> Sheet:
    """What the diagram shows: faults first, then marks in the order of time."""
    if picture.rows is None:
        return Sheet(("from", "to", "what", "how many"), [*_bands(picture, 4), *_counts(picture)])
    rows, bands = picture.rows, _bands(picture, 5)

    def line(place: int) -> Line:
        if place < len(bands):
            return bands[place]
        return _mark(picture, int(rows[place - len(bands)]))

    return Sheet(("time", "from", "to", "number", "in words"), LinesOnDemand(len(bands) + len(rows), line))


def _mark(picture: Picture, row: int) -> Line:
    c = picture.columns
    seq, left_ns = int(c.seq[row]), int(c.left_ns[row])
    source, target = node_name(int(c.source[row])), node_name(int(c.target[row]))
    cells = (
        f"{(left_ns - picture.origin_ns) / 1e9:.6f}",
        source,
        target if target != source else "",
        run_of(seq, seq + int(c.count[row]) - 1) if seq else "",
        tell(picture, row),
    )
    return Line(cells, source, number_of(c, row), left_ns)


def _bands(picture: Picture, cells: int) -> list[Line]:
    lines = []
    for band in picture.bands:
        name = replica_name(band.replica)
        since = f"{(band.start_ns - picture.origin_ns) / 1e9:.3f}"
        lasts = "still" if band.end_ns == OPEN_NS else f"for {duration(band.end_ns - band.start_ns)}"
        words = (
            (since, name, "", "", f"{band.words}, {lasts}") if cells == 5 else (name, "", band.words, lasts)
        )
        lines.append(Line(words, name, 0, band.start_ns))
    return lines


def _counts(picture: Picture) -> list[Line]:
    """How many messages of each kind left which lane for which in the part that is seen."""
    names = picture.lanes.names
    tracks = picture.density.tracks(picture.camera, 1) if picture.density is not None else []
    return [
        Line((names[track.source], names[track.target], _KINDS[track.kind], f"{int(track.counts.sum()):,}"))
        for track in sorted(tracks, key=lambda track: track[:3])
    ]


_KINDS = {
    RowKind.CALL: "call",
    RowKind.ORDER: "order",
    RowKind.AGAIN: "order, sent again",
    RowKind.RESULT: "result",
    RowKind.GAP: "number that is missing",
    RowKind.ANSWER: "answer",
}
