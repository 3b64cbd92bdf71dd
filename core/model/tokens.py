"""Messages in flight, as tokens.

Under slow and step every message is a token from its SENT record to its DELIVERED record. In real time a
message takes microseconds, so the fold *samples*: on each link now and then one message becomes a token
with an artificial flight, and says how many it stands for. The four hops of a request are then shown one
after the other (`STAGE`), though they lie microseconds apart: a person sees the request go to the front
end, to the replicas, and back.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np
from msgspec.structs import replace

from core.delivery_order import put_behind
from core.ids import client_name
from core.model.cluster_view import Token, TokenKind
from core.model.metrics import Ints

FLIGHT_NS = 350_000_000
BEHIND_NS = 80_000_000
"""A sampled token leaves so long after its message: the fold deals with messages now and then, and a token
that it makes late must not begin in the middle of its way."""
PERIOD_NS = 250_000_000
"""Between two sampled tokens of one link."""
MAX_TOKENS = 200
"""Tokens drawn at once."""
MAX_SAMPLED = 600
"""Sampled tokens at once, those that have not left yet among them."""
FEW_SAMPLED, TOGETHER_NS = 24, 40_000_000
"""Of more than a few, those that leave within so short a time leave together, and those that arrive likewise:
who draws them has nothing to set out anew in two frames of three."""
CLIENTS_AT_ONCE = 4
CLIENTS_PERIOD_NS = 80_000_000
"""So many clients' messages of a kind may become tokens each such time, and leave one after the other within
it: 64 clients do not all send at the same moment, and the stage stays readable."""
MAX_PACED = 4_096
"""Paced messages remembered: more than the clients' windows allow, so only a broken recording meets it."""
LOST_SHOWN_NS = 1_500_000_000
NEAR = 0.98
"""Part of its way after which a message that is put off does not go back."""
RESTING = 0.5
"""About where on its way a message rests that waits for the user's word."""
LOST_PART = 0.56
"""Part of a lost token's time after which it is in the middle of its link."""
STAGE = {
    TokenKind.REQUEST: 0,
    TokenKind.ORDER: 1,
    TokenKind.RETRANSMISSION: 1,
    TokenKind.RESULT: 2,
    TokenKind.ANSWER: 3,
}
_STAGES = 4

FRONT_END = "FE"

Labelled = tuple[int, int, str]
"""(sequence number, client, label) of a message."""


class TokenBoard:
    """Every token in flight. `messages` and `shown` count what travelled in real time and what was drawn."""

    def __init__(self) -> None:
        self.messages = 0
        self.shown = 0
        self._paced: dict[int, Token] = {}  # in the order in which they are delivered one by one
        # sampled: by stage in the order of time, before they leave and on their way
        self._coming: tuple[deque[Token], ...] = tuple(deque() for _ in range(_STAGES))
        self._flying: tuple[deque[Token], ...] = tuple(deque() for _ in range(_STAGES))
        self.sampled = 0
        """Sampled tokens, on their way or about to leave."""
        self._stale = False
        self._lost: list[tuple[int, Token]] = []
        self._since: dict[tuple[TokenKind, str, TokenKind], int] = {}
        self._due_ns: dict[tuple[TokenKind, str, TokenKind], int] = {}
        self._drawn: tuple[Token, ...] = ()

    def sent(
        self,
        token: int,
        kind: TokenKind,
        node: str,
        what: Labelled,
        times_ns: tuple[int, int],
        shape: TokenKind | None = None,
    ) -> None:
        """A paced message left, and is due (0: on the user's word); `node` is the client or replica at the
        other end from the front end. `shape`: as what it is shown, when not as what it is."""
        if len(self._paced) >= MAX_PACED:
            return
        self._stale = True
        source, target = _ends(kind, node)
        seq, client, label = what
        sent_ns, due_ns = times_ns
        shape = shape or kind
        self._paced[token] = Token(token, shape, seq, client, label, source, target, sent_ns, due_ns)

    def delivered(self, token: int) -> None:
        """A paced message arrived."""
        self._stale = self._paced.pop(token, None) is not None or self._stale

    def lost_on_its_way(self, token: int, now_ns: int) -> None:
        """A paced message never arrives: it is seen to fall off from where it is."""
        flight = self._paced.pop(token, None)
        if flight is None or len(self._lost) >= MAX_TOKENS:
            return
        span_ns = min(
            2 * LOST_SHOWN_NS, max(LOST_SHOWN_NS // 2, round((now_ns - flight.sent_ns) / LOST_PART))
        )
        sent_ns = now_ns - round(span_ns * LOST_PART)
        gone = replace(
            flight,
            kind=TokenKind.LOST,
            label=f"× {flight.label}",
            sent_ns=sent_ns,
            due_ns=sent_ns + span_ns,
        )
        self._lost.append((sent_ns + span_ns, gone))
        self._stale = True

    def put_off(self, token: int, behind: int, later_ns: int, now_ns: int) -> None:
        """A paced message is delivered behind another one, or behind all that is on its way; or so much
        later, and then it goes on from where it is, more slowly."""
        flight, other = self._paced.get(token), self._paced.get(behind)
        if flight is None:
            return
        put_behind(self._paced, token, behind)
        if later_ns:
            flight = _going_on(flight, now_ns, flight.due_ns + later_ns, "put off by one more delay")
        else:
            where = f"{other.label} {other.source} → {other.target}" if other is not None else "all others"
            flight = replace(flight, put_off=f"put behind {where}")
        self._paced[token] = flight
        self._stale = True

    def repaced(self, delay_ns: int, now_ns: int) -> None:
        """The pace changed: messages in flight go on from where they are and are due `delay_ns` from now, or
        on the user's word when that is 0."""
        for token, flight in self._paced.items():
            if delay_ns:
                self._paced[token] = _going_on(flight, now_ns, now_ns + delay_ns)
            elif flight.due_ns:
                self._paced[token] = replace(flight, due_ns=0, put_off="")
        self._stale = True

    def lost(self, node: str, now_ns: int) -> None:
        """A replica died: what was on its way to it or from it is lost, and shown so for a moment."""
        for token, flight in list(self._paced.items()):
            if node in (flight.source, flight.target):
                del self._paced[token]
                if len(self._lost) < MAX_TOKENS:
                    gone = replace(flight, kind=TokenKind.LOST, label="× lost")
                    self._lost.append((now_ns + LOST_SHOWN_NS, gone))
        for queue in (*self._coming, *self._flying):
            kept = [flight for flight in queue if node not in (flight.source, flight.target)]
            self.sampled -= len(queue) - len(kept)
            queue.clear()
            queue.extend(kept)
        self._stale = True

    def passed(
        self,
        kind: TokenKind,
        node: str,
        messages: int,
        time_ns: int,
        read: Callable[[], Labelled],
        shape: TokenKind | None = None,
    ) -> None:
        """So many messages crossed a link in real time; `read` tells of the newest when it is to be shown.
        `shape`: as what they are shown, when not as what they are (LOST, LATE)."""
        self.messages += messages
        key = (kind, node, shape or kind)
        messages += self._since.get(key, 0)
        if time_ns < self._due_ns.get(key, time_ns) or not self.room:
            self._since[key] = messages
            return
        self._since[key] = 0
        self._due_ns[key] = time_ns + PERIOD_NS
        self.show(kind, node, messages, time_ns, read(), shape)

    @property
    def room(self) -> bool:
        """One more sampled token may be shown."""
        return self.sampled < MAX_SAMPLED

    def show(
        self,
        kind: TokenKind,
        node: str,
        messages: int,
        time_ns: int,
        what: Labelled,
        shape: TokenKind | None = None,
    ) -> None:
        """A sampled token, for so many messages."""
        self.shown += 1
        seq, client, label = what
        source, target = _ends(kind, node)
        stage = STAGE[kind]
        sent_ns = time_ns + BEHIND_NS + stage * FLIGHT_NS
        due_ns = sent_ns + FLIGHT_NS
        # negative: nobody can ask for its delivery
        sampled = Token(
            -self.shown, shape or kind, seq, client, label, source, target, sent_ns, due_ns, messages
        )
        self._coming[stage].append(sampled)
        self.sampled += 1

    def in_view(self, now_ns: int) -> tuple[Token, ...]:
        """The tokens to draw now; the same tuple as before when they are the same tokens."""
        self._move_on(now_ns)
        if self._lost and any(until_ns <= now_ns for until_ns, _ in self._lost):
            self._lost = [(until_ns, flight) for until_ns, flight in self._lost if until_ns > now_ns]
            self._stale = True
        if self._stale:
            self._stale = False
            tokens = [flight for _, flight in self._lost]
            tokens += self._paced.values()
            for queue in self._flying:
                tokens += queue
            self._drawn = tuple(tokens[:MAX_TOKENS])
        return self._drawn

    def _move_on(self, now_ns: int) -> None:
        """Sampled tokens leave and arrive; many of them leave a little early, and arrive a little late."""
        leave_ns = arrive_ns = now_ns
        if self.sampled > FEW_SAMPLED:
            arrive_ns -= now_ns % TOGETHER_NS
            leave_ns = arrive_ns + TOGETHER_NS
        for coming, flying in zip(self._coming, self._flying, strict=True):
            while coming and coming[0].sent_ns <= leave_ns:
                flying.append(coming.popleft())
                self._stale = True
            while flying and flying[0].due_ns <= arrive_ns:
                flying.popleft()
                self.sampled -= 1
                self._stale = True


class ClientSampler:
    """Chooses which clients' messages of one kind become tokens, for up to 64 clients at once."""

    def __init__(self, tokens: TokenBoard, kind: TokenKind, clients: int) -> None:
        self._tokens = tokens
        self._kind = kind
        self._since: Ints = np.zeros(clients, np.int64)
        self._due_ns: Ints = np.zeros(clients, np.int64)
        self._next_ns = 0

    def passed(self, by_client: Ints, time_ns: int, read: Callable[[int], Labelled]) -> None:
        """So many messages by client id; `read` tells of a client's newest."""
        self._since += by_client
        if time_ns < self._next_ns:
            return
        self._next_ns = time_ns + CLIENTS_PERIOD_NS
        ready = np.flatnonzero((self._since > 0) & (self._due_ns <= time_ns))
        if len(ready) > CLIENTS_AT_ONCE:
            ready = ready[np.argsort(self._due_ns[ready], kind="stable")[:CLIENTS_AT_ONCE]]
        step_ns = CLIENTS_PERIOD_NS // CLIENTS_AT_ONCE
        for place, client in enumerate(ready.tolist()):
            if not self._tokens.room:
                break
            what = read(client)
            messages = int(self._since[client])
            self._tokens.messages += messages
            self._tokens.show(self._kind, client_name(client), messages, time_ns + place * step_ns, what)
            self._since[client] = 0
            self._due_ns[client] = time_ns + PERIOD_NS


def _going_on(flight: Token, now_ns: int, due_ns: int, put_off: str = "") -> Token:
    """The message from where it is now, so fast that it arrives at `due_ns`."""
    part = RESTING
    if flight.due_ns:
        part = min(NEAR, (now_ns - flight.sent_ns) / max(1, flight.due_ns - flight.sent_ns))
    sent_ns = due_ns - round((due_ns - now_ns) / (1 - part))
    return replace(flight, sent_ns=sent_ns, due_ns=due_ns, put_off=put_off)


def _ends(kind: TokenKind, node: str) -> tuple[str, str]:
    if kind is TokenKind.REQUEST or kind is TokenKind.RESULT:
        return node, FRONT_END
    return FRONT_END, node
