"""At most once: what each client last asked, and what it was answered.

A request that comes again (its answer was lost, or the front end changed) gets the recorded answer and is not
executed a second time. The table is part of the replicated state; only sequenced operations open and close
sessions, so it is equal on every replica at every number.
"""

from __future__ import annotations

from core.services.calls import NO_SESSION, STALE_REQUEST


class SessionTable:
    """client → (last request number, its encoded outcome)."""

    def __init__(self) -> None:
        self.last: dict[int, tuple[int, bytes]] = {}

    def close(self, client: int) -> None:
        """Forget a client: later requests of it are refused."""
        self.last.pop(client, None)

    def recorded(self, client: int, number: int) -> bytes | None:
        """The outcome to repeat when this request may not be executed, None when it may.

        Refuses a client without a session, and a request older than the client's last.
        """
        session = self.last.get(client)
        if session is None:
            return NO_SESSION
        last, outcome = session
        if number > last:
            return None
        return outcome if number == last else STALE_REQUEST

    def record(self, client: int, number: int, outcome: bytes) -> None:
        """Remember the answer to the client's newest request."""
        self.last[client] = (number, outcome)
