"""What the plots of the metrics dock show: their pages, and each plot's curves out of the history."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from core.ids import replica_name
from core.model.metrics import HISTORY_TICKS, MetricsHistory

Floats = npt.NDArray[np.float64]
Curve = tuple[str, str, Floats]
"""Name ("" when it is the only one), colour (of the theme, or "client 2"), values."""

CAPTIONS = (
    "throughput, answers a second",
    "latency, ms",
    "hold-back queue, messages",
    "first answers, % of the last second",
    "messages a request",
    "bytes a request",
)
PAGES = (("speed", (0, 1)), ("replicas", (2, 3)), ("network", (4, 5)))
"""The plots that are seen together: two fit at any height."""


def curves_of(
    plot: int, history: MetricsHistory, replicas: Sequence[int], last: int = HISTORY_TICKS
) -> list[Curve]:
    """The curves of a plot, by its place in CAPTIONS, over the last ticks."""
    part = slice(-last, None)
    match plot:
        case 0:
            return [("", "accent", history.throughput_per_s[part])]
        case 1:
            latencies = (("p50", "accent", history.p50_ns), ("p99", "warn", history.p99_ns))
            return [(name, colour, values[part] / 1e6) for name, colour, values in latencies]
        case 2:
            return [(*_of(one), history.held(one)[part].astype(np.float64)) for one in replicas]
        case 3:
            shares = 100 * history.first_shares(last)
            return [(*_of(one), shares[one]) for one in replicas]
        case 4:
            return [("", "accent", history.messages_per_request(last))]
        case _:
            return [("", "accent", history.bytes_per_request(last))]


def _of(replica: int) -> tuple[str, str]:
    return replica_name(replica), f"client {replica}"


def columns_of(
    history: MetricsHistory, replicas: Sequence[int], last: int = HISTORY_TICKS
) -> tuple[list[str], Floats]:
    """Every curve as a column of a table, with its heading."""
    names: list[str] = []
    columns: list[Floats] = []
    for plot, caption in enumerate(CAPTIONS):
        for name, _, values in curves_of(plot, history, replicas, last):
            names.append(f"{name} {caption}".strip())
            columns.append(values)
    return names, np.stack(columns)
