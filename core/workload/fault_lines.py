"""What is to be wrong with a link, as lines of the console: the other way round of `console_faults`."""

from __future__ import annotations

from collections.abc import Collection

from core.ids import replica_name
from core.link_faults import Link, LinkFaults, Way


def fault_lines(
    replica: int, way: Way | None, before: Collection[LinkFaults], wanted: LinkFaults
) -> tuple[str, ...]:
    """The lines after which one direction of a replica's link (`way` None: both; `replica` 0: every link) is
    as `wanted`; none when it is so already.

    `before` is what is wrong now with each direction that is meant. The figures of a cut link count only when
    it is joined, so a cut changes none of them. The console cannot cut every link at once, nor name one way
    of every link: neither may be asked for.
    """
    assert replica or (way is None and not wanted.cut)
    name = replica_name(replica) if replica else ""
    where = str(Link(replica, way)).replace("→", "->") if replica and way is not None else name
    if wanted.cut:
        return () if all(one.cut for one in before) else (f"cut {where}",)
    if not wanted.any:
        return (f"heal {where}".rstrip(),) if any(one.any for one in before) else ()
    lines: list[str] = []
    if any(one.cut for one in before):
        lines.append(f"heal {where}".rstrip())
        before = (LinkFaults(),)
    for word, chance, olds in (
        ("drop", wanted.loss, [one.loss for one in before]),
        ("duplicate", wanted.duplicate, [one.duplicate for one in before]),
        ("reorder", wanted.reorder, [one.reorder for one in before]),
    ):
        if any(old != chance for old in olds):
            lines.append(f"{word} {_percent(chance)} {where}".rstrip())
    if any((one.delay_ns, one.jitter_ns) != (wanted.delay_ns, wanted.jitter_ns) for one in before):
        jitter = f" {_ms(wanted.jitter_ns)}" if wanted.jitter_ns else ""
        lines.append(" ".join(f"delay {where} {_ms(wanted.delay_ns)}{jitter}".split()))
    return tuple(lines)


def _percent(chance: float) -> str:
    return f"{round(100 * chance, 6):g}%"


def _ms(ns: int) -> str:
    return f"{ns / 1e6:.10g}ms"
