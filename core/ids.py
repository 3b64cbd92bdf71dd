"""Identifiers, as the textbook names them.

client id            1…64, `C1` to a person
request number       from 1 within a client; the first opens its session
sequence number      from 1, given by the front end, without gaps
replica id           1…7, `R1` to a person
incarnation          from 1; a revived replica is a new incarnation
epoch                from 1; a recovered front end starts a new one
"""

from __future__ import annotations

from typing import NamedTuple


class RequestId(NamedTuple):
    """Names one request for ever: replies are matched by it, and nothing executes twice under it."""

    client: int
    number: int

    def __str__(self) -> str:
        return f"C{self.client}.{self.number}"


def client_name(client: int) -> str:
    """`C3` for client 3."""
    return f"C{client}"


def replica_name(replica: int) -> str:
    """`R2` for replica 2."""
    return f"R{replica}"
