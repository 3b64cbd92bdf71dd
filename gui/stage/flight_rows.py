"""What of a message does not change while it travels, as a row of numbers each.

From one frame to the next a few of many messages come and go. Only for those that came rows are written; the
rest is gathered by one look into an array.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from core.model.cluster_view import Token, TokenKind
from gui.stage.sprites import KIND_INDEX

Floats = npt.NDArray[np.float64]

CURVE = slice(0, 8)  # coefficients of its way: cubic to constant term × (x, y)
SLOPE = slice(8, 14)  # of its derivative: square to constant term × (x, y)
SENT, SPAN, WAITS, KIND, CLIENT, LOST = range(14, 20)
_COLUMNS = 20
_CAPACITY = 1_024
_NO_WAY = -1


class FlightRows:
    """Rows of the messages seen last, on `curves` by source and target (laid out as CURVE)."""

    def __init__(self, curves: Mapping[tuple[str, str], Floats], settle_ns: int) -> None:
        """`settle_ns`: how long a message takes to its place when it is due on the user's word."""
        self._way = {ends: place for place, ends in enumerate(curves)}
        curve = np.array(list(curves.values()), np.float64).reshape(-1, 8)
        self._ways = np.hstack((curve, 3 * curve[:, 0:2], 2 * curve[:, 2:4], curve[:, 4:6]))
        self._settle_ns = settle_ns
        self._forget(_CAPACITY)

    def gather(self, tokens: Sequence[Token]) -> tuple[tuple[Token, ...], Floats]:
        """The tokens that have a way, and their columns: one token each, contiguous by column."""
        found = self._found(tokens)
        if None in found:
            new = [token for token, place in zip(tokens, found, strict=True) if place is None]
            if self._used + len(new) > len(self._rows):
                self._forget(max(_CAPACITY, 2 * len(tokens)))
                new = list(tokens)
            self._write(new)
            found = self._found(tokens)
        if _NO_WAY in found:
            tokens = [token for token, place in zip(tokens, found, strict=True) if place != _NO_WAY]
            found = [place for place in found if place != _NO_WAY]
        return tuple(tokens), np.ascontiguousarray(self._rows[np.array(found, np.intp)].T)

    def _found(self, tokens: Sequence[Token]) -> list[int | None]:
        return list(map(self._places.get, map(id, tokens)))

    def _forget(self, capacity: int) -> None:
        self._rows: Floats = np.zeros((capacity, _COLUMNS))
        self._places: dict[int, int] = {}  # by identity: comparing tokens takes long
        self._kept: list[Token] = []  # so that nobody else gets their identity
        self._used = 0

    def _write(self, tokens: Sequence[Token]) -> None:
        ways: list[int] = []
        rest: list[tuple[float, ...]] = []
        for token in tokens:
            way = self._way.get((token.source, token.target))
            if way is None:
                self._places[id(token)] = _NO_WAY
                continue
            self._places[id(token)] = self._used + len(ways)
            ways.append(way)
            waits = token.due_ns == 0
            rest.append(
                (
                    token.sent_ns,
                    self._settle_ns if waits else max(token.due_ns - token.sent_ns, 1),
                    waits,
                    KIND_INDEX[token.kind],
                    token.client,
                    token.kind is TokenKind.LOST and not waits,
                )
            )
        self._kept += tokens
        if ways:
            rows = self._rows[self._used : self._used + len(ways)]
            rows[:, :SENT] = self._ways[ways]
            rows[:, SENT:] = rest
            self._used += len(ways)
