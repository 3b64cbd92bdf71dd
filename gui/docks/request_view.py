"""One request in full: its waterfall, and the same in rows."""

from __future__ import annotations

from core.model.cluster_view import ClusterView
from core.model.waterfall import Bar, bars_of, waterfall_rows
from core.trace.wire_log import Record
from gui.docks.waterfall import Waterfall
from gui.explainer import Explainer

_EVERY_NS = 500_000_000


class RequestView:
    """Reads the story of the selected request now and then; one that is over is not read again."""

    def __init__(self, explainer: Explainer, waterfall: Waterfall) -> None:
        self._explainer = explainer
        self._waterfall = waterfall
        self._seq = 0
        self._read_ns = 0
        self._over = False
        self._rows: list[tuple[str, str]] = []
        self.records: tuple[Record, ...] = ()
        """The messages of the request, oldest first."""

    def rows(self, view: ClusterView, seq: int) -> list[tuple[str, str]]:
        """The request in rows; its waterfall is drawn on the way."""
        if seq != self._seq:
            self._seq, self._read_ns, self._over = seq, 0, False
        if self._over or (self._read_ns and 0 <= view.now_ns - self._read_ns < _EVERY_NS):
            return self._rows
        self._read_ns = view.now_ns
        story = self._explainer.story(seq)
        self.records = tuple(story.records)
        bars: tuple[Bar, ...] = bars_of(story, view.now_ns)
        done = all(replica in story.results for replica in story.orders)
        self._over = bool(story.outcome) and done
        if not bars and not story.outcome:
            self._rows = [("request", "too long ago: only the newest events are looked through")]
            self._over = True  # a search in vain costs the most, and will be in vain again
        else:
            self._rows = waterfall_rows(story, bars)
        self._waterfall.show_bars(bars)
        return self._rows
