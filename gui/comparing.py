"""Asks two sides for their data, page by page, until all is there that a comparison needs."""

from __future__ import annotations

from core.model.cluster_view import ClusterView, DataPage
from core.model.data_diff import DataDiff, data_diff
from gui.held import AskedData, Held

_ASKED_AT_ONCE = 8
_AGAIN_NS = 2_000_000_000
"""A page that did not come is asked once more."""


class Comparing:
    """Two sides, and what was asked of them. What they held before `began_ns` does not count."""

    def __init__(self, left: Held, right: Held, began_ns: int) -> None:
        self.sides = (left, right)
        self._began_ns = began_ns
        self._asked_ns: dict[tuple[int, str, int], int] = {}

    def look(self, view: ClusterView) -> DataDiff:
        """Take what came, ask for what is missing; how far the comparison is."""
        for held in self.sides:
            if isinstance(held, AskedData):
                held.look(view, self._began_ns)
        diff = data_diff(self._page)
        for missing in diff.missing[:_ASKED_AT_ONCE]:
            then_ns, (side, path, offset) = self._asked_ns.get(missing), missing
            if then_ns is None or not 0 <= view.now_ns - then_ns < _AGAIN_NS:
                self._asked_ns[missing] = view.now_ns
                self.sides[side].ask(path, offset)
        return diff

    def _page(self, side: int, path: str, offset: int) -> DataPage | None:
        return self.sides[side].page(path, offset)
