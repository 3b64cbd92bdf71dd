"""A replica that lies: its results are changed where they reach the front end.

with lying(engine, 2, lambda seq, outcome: LIE if seq == 7 else outcome): ...
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec
import pytest

from core.protocol.codec import decode_body, decode_from_replica, encode
from core.protocol.messages import FromReplica, Result
from core.runtime.engine import Engine

Lie = Callable[[int, bytes], bytes]
"""(sequence number, true outcome) → the outcome it tells."""


@contextmanager
def lying(engine: Engine, replica: int, lie: Lie) -> Iterator[None]:
    """Replica `replica` tells lies for as long as this lasts."""

    def received(payload: bytes) -> FromReplica:
        message = decode_from_replica(payload)
        link = engine.links.get(replica)
        if isinstance(message, Result) and link is not None and receiving == [replica]:
            body = decode_body(message.body)
            told = [lie(seq, outcome) for seq, outcome in enumerate(body.outcomes, message.first_seq)]
            return msgspec.structs.replace(message, body=encode(msgspec.structs.replace(body, outcomes=told)))
        return message

    receiving: list[int] = []
    honest = engine.link_received

    def link_received(of: int, payloads: list[bytes]) -> None:
        receiving[:] = [of]
        honest(of, payloads)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.runtime.engine.decode_from_replica", received)
        patch.setattr(engine, "link_received", link_received)
        yield
