"""What the marks of the space-time diagram are, in a sentence each."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF

from core.ids import RequestId
from core.model.lines import OPEN_NS, Fate, RowKind, node_name
from core.trace.told import run_of
from gui.space_time.picture import Picture
from gui.stage.wording import duration


def tip(picture: Picture, point: QPointF) -> str:
    """What is under a point; "" for nothing."""
    row = picture.row_at(point)
    if row >= 0:
        return tell(picture, row)
    for band in picture.bands:
        lane = int(picture.lanes.of_code[band.replica])
        inside = picture.x_of(band.start_ns) <= point.x() <= picture.x_of(min(band.end_ns, picture.now_ns))
        if lane >= 0 and inside and abs(picture.y_of(lane) - point.y()) < picture.theme.px(14):
            since = (band.start_ns - picture.origin_ns) / 1e9
            return f"{node_name(band.replica)}: {band.words}, since {since:.3f} s"
    if picture.rows is None and picture.field.contains(point):
        seconds = (picture.time_at(point.x()) - picture.origin_ns) / 1e9
        return f"About {seconds:.3f} s: too many messages for lines. Zoom in to see them."
    return ""


def tell(picture: Picture, row: int) -> str:
    """A row in a sentence."""
    c = picture.columns
    kind, fate = RowKind(int(c.kind[row])), Fate(int(c.fate[row]))
    source, target = node_name(int(c.source[row])), node_name(int(c.target[row]))
    seq, count = int(c.seq[row]), int(c.count[row])
    run = run_of(seq, seq + count - 1)
    request = str(RequestId(int(c.client[row]), int(c.number[row]))) if c.client[row] else ""
    left_ns, right_ns = int(c.left_ns[row]), int(c.right_ns[row])
    took = duration(right_ns - left_ns) if right_ns != OPEN_NS else ""
    at = f"{(left_ns - picture.origin_ns) / 1e9:.6f} s"
    match kind:
        case RowKind.CALL:
            what = f"{source} calls {request}"
        case RowKind.ORDERED:
            return f"{request or 'A request'} becomes {run} at {at}"
        case RowKind.ORDER:
            what = f"order {run} to {target}"
        case RowKind.AGAIN:
            what = f"order {run} to {target}, sent again"
        case RowKind.EXECUTED:
            return f"{source} executes {run} at {at}, in {took}"
        case RowKind.HELD:
            return f"{source} holds {run} back" + (f" for {took}, from {at} on" if took else f" since {at}")
        case RowKind.RESULT:
            what = f"result of {run} from {source}"
        case RowKind.GAP:
            what = f"{source} misses {run}"
        case RowKind.ANSWER:
            what = f"answer {run} to {request or target}"
    if fate is Fate.LOST:
        return f"{what}: left at {at}, lost"
    if fate is Fate.UNDER_WAY:
        return f"{what}: left at {at}, nobody has heard of it yet"
    return f"{what}: left at {at}, took {took}" if right_ns > left_ns else f"{what}: at {at}"


def describe(picture: Picture, seq: int) -> str:
    """How much is seen, and what the chosen request has to do with it."""
    if picture.rows is None:
        return "Too many messages for lines: a density is shown. The table dock shows the same as a table."
    words = f"{len(picture.rows)} marks are seen."
    if picture.cone is not None:
        past, future = int(picture.cone.past.sum()), int(picture.cone.future.sum())
        rest = len(picture.rows) - int(np.count_nonzero(picture.cone.past | picture.cone.future))
        words = f"#{seq}: {past} marks happened before it, {future} may depend on it, {rest} are concurrent."
    return f"{words} The table dock shows the same as a table."
