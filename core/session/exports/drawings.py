"""The drawings of the exported page, as SVG: how busy the run was, and who sent what to whom."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from core.model.markers import Marker
from core.session.exports.causality import FRONT_END, Kind, NodeEvent

WIDTH = 1150
MESSAGE_WIDTH = 9
"""So much room at least has a message; a drawing of many is scrolled."""
LANE = 34
_LEFT, _RIGHT, _TOP, _FOOT = 52, 14, 14, 30
_MARKS_SHOWN = 60
_CLASSES = {
    Kind.ARRIVE: "call",
    Kind.ORDER: "call",
    Kind.EXECUTE: "order",
    Kind.RESPONSE: "result",
    Kind.RETURNED: "answer",
}


def timeline(answers: Sequence[int], from_ns: int, until_ns: int, markers: Sequence[Marker]) -> str:
    """Answers per bin of equal length from one moment to another, and the markers above them."""
    height, ground = 170, 130
    inner = WIDTH - _LEFT - _RIGHT
    most = max(answers, default=0) or 1
    step = inner / max(1, len(answers))
    points = [f"{_LEFT},{ground}"]
    for place, count in enumerate(answers):
        y = ground - 88 * count / most
        points += (f"{_LEFT + place * step:.1f},{y:.1f}", f"{_LEFT + (place + 1) * step:.1f},{y:.1f}")
    points.append(f"{_LEFT + inner},{ground}")
    bin_s = max(1, until_ns - from_ns) / 1e9 / max(1, len(answers))
    parts = [
        _open(height, "Answers over the run"),
        f'<polygon class="area" points="{" ".join(points)}"/>',
        f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{ground}" y2="{ground}"/>',
        f'<text x="{_LEFT - 6}" y="{ground - 84}" text-anchor="end">{most / bin_s:,.0f}/s</text>',
    ]
    last_x = -1_000.0
    for marker in markers[:_MARKS_SHOWN]:
        x = _place(marker.time_ns, from_ns, until_ns)
        parts.append(
            f'<line class="mark" x1="{x:.1f}" x2="{x:.1f}" y1="24" y2="{ground}">'
            f"<title>{escape(marker.text)}, {marker.time_ns / 1e9:.3f} s</title></line>"
        )
        if x - last_x > 90:
            anchor = "end" if x > WIDTH - 120 else "start"
            parts.append(
                f'<text class="mark-text" x="{x + (-4 if anchor == "end" else 4):.1f}" y="20" '
                f'text-anchor="{anchor}">{escape(marker.text)}</text>'
            )
            last_x = x
    return "".join([*parts, _axis(from_ns, until_ns, ground + 18), "</svg>"])


def space_time(events: Sequence[NodeEvent]) -> str:
    """Lanes of nodes over time, and a line for every message between two of them."""
    lanes = {node: place for place, node in enumerate(_lanes({event.node for event in events}))}
    from_ns = min(event.time_ns for event in events)
    until_ns = max(max(event.time_ns, event.end_ns) for event in events)
    height = _TOP + LANE * len(lanes) + _FOOT
    width = max(WIDTH, MESSAGE_WIDTH * sum(len(event.causes) for event in events))

    def at(event: NodeEvent, ends: bool = False) -> tuple[float, float]:
        time_ns = event.end_ns if ends and event.end_ns else event.time_ns
        return _place(time_ns, from_ns, until_ns, width), _TOP + LANE * (lanes[event.node] + 0.5)

    parts = [_open(height, "Messages between the nodes", width)]
    for node, place in lanes.items():
        y = _TOP + LANE * (place + 0.5)
        parts.append(f'<text class="name" x="4" y="{y + 4:.1f}">{node}</text>')
        parts.append(f'<line class="lane" x1="{_LEFT}" x2="{width - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
    shown = {id(event) for event in events}
    for event in events:
        x, y = at(event)
        for cause in event.causes:
            if id(cause) in shown:
                fx, fy = at(cause, ends=True)
                kind = _CLASSES.get(event.kind, "call")
                parts.append(
                    f'<line class="edge {kind}" x1="{fx:.1f}" y1="{fy:.1f}" x2="{x:.1f}" y2="{y:.1f}"/>'
                )
    for event in events:
        x, y = at(event)
        title = f"<title>{event.node} {escape(event.text)}, {event.time_ns / 1e9:.6f} s</title>"
        if event.kind is Kind.EXECUTE:
            length = max(2.0, at(event, ends=True)[0] - x)
            box = f'x="{x:.1f}" y="{y - 4:.1f}" width="{length:.1f}" height="8" rx="2"'
            parts.append(f'<rect class="execution" {box}>{title}</rect>')
        else:
            parts.append(f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="2.4">{title}</circle>')
    return "".join([*parts, _axis(from_ns, until_ns, height - 10, width), "</svg>"])


def _open(height: int, title: str, width: int = WIDTH) -> str:
    return (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="{title}" xmlns="http://www.w3.org/2000/svg">'
    )


def _place(time_ns: int, from_ns: int, until_ns: int, width: int = WIDTH) -> float:
    inner = width - _LEFT - _RIGHT
    return _LEFT + inner * (time_ns - from_ns) / max(1, until_ns - from_ns)


def _axis(from_ns: int, until_ns: int, y: int, width: int = WIDTH) -> str:
    """Six moments: in seconds, or from the first one on when all lie close together."""
    span_ns = max(1, until_ns - from_ns)
    labels = []
    for tick in range(6):
        time_ns = from_ns + span_ns * tick // 5
        text = f"{time_ns / 1e9:.2f} s"
        if span_ns < 500_000_000:
            since = (time_ns - from_ns) / 1e3
            text = f"{from_ns / 1e9:.6f} s" if not tick else f"+{since:,.0f} µs"
        anchor = "start" if not tick else "end" if tick == 5 else "middle"
        x = _place(time_ns, from_ns, until_ns, width)
        labels.append(f'<text x="{x:.1f}" y="{y}" text-anchor="{anchor}">{text}</text>')
    return "".join(labels)


def _lanes(nodes: set[str]) -> list[str]:
    """Clients, the front end, replicas, from top to bottom."""
    order = {"C": 0, "F": 1, "R": 2}
    named = [node for node in nodes if node == FRONT_END or node[1:].isdigit()]
    return sorted(named, key=lambda node: (order[node[0]], int(node[1:]) if node != FRONT_END else 0))
