"""What of a message does not change while it travels, as a row of numbers each.

From one frame to the next a few of many messages come and go. Only for those that came rows are written; the
rest is gathered by one look into an array.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from core.model.cluster_view import Token, TokenKind
from gui.stage.sprites import KIND_INDEX
from gui.stage.ways import Ways

Floats = npt.NDArray[np.float64]

BEGIN, SENT, PACE, WAITS, KIND, CLIENT, LOST, SAMPLED = range(8)
"""Columns: first point of its way, when it left, parts of the way per nanosecond, …"""
_COLUMNS = 8
_CAPACITY = 1_024
_NO_WAY = -1


class FlightRows:
    """Rows of the messages seen last."""

    def __init__(self, ways: Ways, settle_ns: int) -> None:
        """`settle_ns`: how long a message takes to its place when it is due on the user's word."""
        self._ways = ways
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
        begins = self._ways.begins([(token.source, token.target, token.due_ns == 0) for token in tokens])
        rows: list[tuple[float, ...]] = []
        for token, begin in zip(tokens, begins, strict=True):
            if begin < 0:
                self._places[id(token)] = _NO_WAY
                continue
            self._places[id(token)] = self._used + len(rows)
            waits = token.due_ns == 0
            span_ns = self._settle_ns if waits else max(token.due_ns - token.sent_ns, 1)
            lost = token.kind is TokenKind.LOST and not waits
            kind, sampled = KIND_INDEX[token.kind], token.token < 0
            rows.append((begin, token.sent_ns, 1 / span_ns, waits, kind, token.client, lost, sampled))
        self._kept += tokens
        if rows:
            self._rows[self._used : self._used + len(rows)] = rows
            self._used += len(rows)
