"""The links' side of the fold: what crosses them, which of it is sent again, and its tokens."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import msgspec

from core.facts import Called, Pace, Returned
from core.ids import client_name, replica_name
from core.limits import MAX_REPLICAS
from core.link_faults import Link, Way
from core.model.clients import UNKNOWN, ClientBook, Flushed
from core.model.cluster_view import TokenKind
from core.model.happenings import Happenings
from core.model.replicas import ReplicaBook
from core.model.tokens import ClientSampler, Labelled, TokenBoard
from core.protocol.messages import (
    Inspect,
    OrderHead,
    Pong,
    ResultHead,
    Snapshot,
    unpack_u32,
    unpack_u64,
)
from core.trace.wire_log import Record, Tap

LABEL_LETTERS = 18

_order_head = msgspec.msgpack.Decoder(OrderHead)
_result_head = msgspec.msgpack.Decoder(ResultHead)
_pong = msgspec.msgpack.Decoder(Pong)
_inspect = msgspec.msgpack.Decoder(Inspect)
_snapshot = msgspec.msgpack.Decoder(Snapshot)
_called = msgspec.msgpack.Decoder(Called)
_returned = msgspec.msgpack.Decoder(Returned)

# the first letter of a message's tag, after the array's and the string's header
_TAG = 2
_ORDER, _INSPECT, _SNAPSHOT, _RESULT = map(ord, "oisr")
_PONG = b"\xa4pong"


class Hops:
    """Follows the frames on every link."""

    def __init__(
        self, clients: ClientBook, replicas: ReplicaBook, tokens: TokenBoard, said: Happenings
    ) -> None:
        self._clients = clients
        self._replicas = replicas
        self._tokens = tokens
        self._said = said
        self.next_seq = 1
        self.retransmissions = 0
        self._sent: dict[int, int] = {}  # per combination of links: the number after the last one sent
        self._passed: dict[int, tuple[int, int, OrderHead]] = {}  # per combination: (when, messages, newest)
        self._requests = ClientSampler(tokens, TokenKind.REQUEST, len(clients))
        self._answers = ClientSampler(tokens, TokenKind.ANSWER, len(clients))

    # --- front end → replica ------------------------------------------------------------------------------

    def to_passed(self, time_ns: int, links: int, body: bytes) -> None:
        """A frame went out in real time."""
        letter = body[_TAG]
        if letter == _ORDER:
            order = _order_head.decode(body)
            if self._again(links, order):
                node = replica_name(links.bit_length() - 1)
                kind = TokenKind.RETRANSMISSION
                self._tokens.passed(kind, node, order.count, time_ns, partial(order_label, order, True))
            else:
                since = self._passed.get(links)
                self._passed[links] = (time_ns, order.count + (since[1] if since else 0), order)
        elif letter == _INSPECT:
            look = _inspect.decode(body)
            if look.path or look.limit:
                for replica in _replicas_of(links):
                    self._said.asked(1 << replica, look.nonce)

    def flush(self) -> None:
        """Let the orders that went out since the last time be seen on their links."""
        for links, (time_ns, messages, order) in self._passed.items():
            read = partial(order_label, order, False)
            for replica in _replicas_of(links):
                self._tokens.passed(TokenKind.ORDER, replica_name(replica), messages, time_ns, read)
        self._passed.clear()

    def _again(self, links: int, order: OrderHead) -> bool:
        """These links carried the order before: it is sent again."""
        end = order.first_seq + order.count
        sent = self._sent
        if order.first_seq < self.next_seq:
            link_end = max((upto for mask, upto in sent.items() if mask & links), default=0)
            if order.first_seq < link_end:
                self.retransmissions += 1
                return True
        else:
            self.next_seq = end
        if len(sent) < 1 << MAX_REPLICAS or links in sent:
            sent[links] = max(end, sent.get(links, 0))
        return False

    # --- replica → front end ------------------------------------------------------------------------------

    def results(self, time_ns: int, links: int, bodies: Sequence[bytes]) -> None:
        """Result frames of one replica came in real time, oldest first."""
        replica = links.bit_length() - 1
        executed = self._replicas.executed(replica, bodies)
        newest = bodies[-1]
        self._tokens.passed(
            TokenKind.RESULT, replica_name(replica), executed, time_ns, partial(result_label, newest)
        )

    def spoke(self, time_ns: int, links: int, body: bytes) -> None:
        """Anything but a result came from a replica."""
        if body[1:6] == _PONG:
            pong = _pong.decode(body)
            known = self._replicas.get(links.bit_length() - 1)
            if known is not None:
                known.reached(pong.expected, pong.digest)
                known.held = tuple(zip(pong.held[::2], pong.held[1::2], strict=True))
        elif body[_TAG] == _SNAPSHOT:
            self._said.showed(time_ns, links, _snapshot.decode(body))

    # --- clients ------------------------------------------------------------------------------------------

    def calls(self, times_ns: Sequence[int], bodies: Sequence[bytes], passed: bool) -> None:
        """Calls, oldest first; `passed`: in real time, so that some are shown as sampled tokens."""
        by_client = self._clients.call(times_ns, bodies)
        if passed:
            self._requests.passed(by_client, times_ns[-1], self._call_label)

    def returns(self, times_ns: Sequence[int], bodies: Sequence[bytes], passed: bool) -> Flushed:
        """Returns, oldest first; `passed` as in `calls`."""
        flushed, by_client = self._clients.answer(times_ns, bodies)
        if passed:
            self._answers.passed(by_client, times_ns[-1], self._answer_label)
        return flushed

    def _call_label(self, client: int) -> Labelled:
        return 0, client, short(self._clients.open_call(client))

    def _answer_label(self, client: int) -> Labelled:
        seq = self._clients.last_seq(client)
        return seq, client, f"#{seq}" if seq else "unknown"

    # --- slow and step, and links with faults -------------------------------------------------------------

    def paced(self, record: Record) -> None:
        """A message left or arrived at a visible pace."""
        time_ns, tap, _, token, body = record
        if tap in _DELIVERED:
            self._tokens.delivered(token)
            return
        if tap in _LOST and token:
            self._tokens.lost_on_its_way(token, time_ns)
            return
        if tap in _ON_LINKS:
            seen = self._on_link(record)
            if seen is None:
                return
            kind, node, _, what, shape = seen
        elif tap == Tap.CALL_SENT:
            client = unpack_u32(_called.decode(body).requests)[0]
            kind, node, what, shape = TokenKind.REQUEST, client_name(client), self._call_label(client), None
        elif tap == Tap.RETURN_SENT:
            what, shape = answer_label(_returned.decode(body)), None
            kind, node = TokenKind.ANSWER, client_name(what[1])
        else:
            return
        late_ns = self._late_ns(record) if shape is TokenKind.LATE else 0
        due_ns = time_ns + self._said.delay_ns + late_ns if self._said.pace is Pace.SLOW else 0
        self._tokens.sent(token, kind, node, what, (time_ns, due_ns), shape)

    def faulty(self, record: Record) -> None:
        """A message on a link with faults left, arrived or was lost in real time."""
        time_ns, tap, _, token, _ = record
        if tap in _DELIVERED:
            self._tokens.delivered(token)
            return
        seen = self._on_link(record)
        if seen is not None:
            kind, node, count, what, shape = seen
            self._tokens.passed(kind, node, count, time_ns, lambda: what, shape)

    def _on_link(self, record: Record) -> _Seen | None:
        """An order or a result on a link that is paced or has faults. Signs of life have no token, but the
        picture sees what they say."""
        time_ns, tap, links, token, body = record
        node = replica_name(links.bit_length() - 1)
        if tap in _LOST:
            shape, mark = TokenKind.LOST, "× "
        elif self._late_ns(record) and token:
            shape, mark = TokenKind.LATE, ""
        else:
            shape, mark = None, ""
        copy = " ×2" if tap in _DOUBLED else ""
        if tap in _TO:
            if body[_TAG] != _ORDER:
                return None
            order = _order_head.decode(body)
            again = not copy and self._again(links, order)
            seq, client, label = order_label(order, again)
            return _ORDERS[again], node, order.count, (seq, client, f"{mark}{label}{copy}"), shape
        if body[_TAG] != _RESULT:
            if not copy:
                self.spoke(time_ns, links, body)
            return None
        if not copy:
            self._replicas.executed(links.bit_length() - 1, (body,))
        head = _result_head.decode(body)
        label = f"{mark}{numbers(head.first_seq, head.count)}{copy}"
        return TokenKind.RESULT, node, head.count, (head.first_seq, 0, label), shape

    def _late_ns(self, record: Record) -> int:
        """How late messages of this way arrive by a fault."""
        way = Way.TO if record.tap in _TO else Way.FROM
        faults = self._said.faults_of(Link(record.links.bit_length() - 1, way))
        return faults.delay_ns + faults.jitter_ns // 2


_Seen = tuple[TokenKind, str, int, Labelled, TokenKind | None]
"""(kind, node, messages, label, shape when it is another)."""

_DELIVERED = frozenset({Tap.TO_DELIVERED, Tap.FROM_DELIVERED, Tap.CALL_DELIVERED, Tap.RETURN_DELIVERED})
_LOST = frozenset({Tap.TO_LOST, Tap.FROM_LOST})
_DOUBLED = frozenset({Tap.TO_DOUBLED, Tap.FROM_DOUBLED})
_TO = frozenset({Tap.TO_SENT, Tap.TO_DELIVERED, Tap.TO_LOST, Tap.TO_DOUBLED})
_ON_LINKS = _TO | {Tap.FROM_SENT, Tap.FROM_DELIVERED, Tap.FROM_LOST, Tap.FROM_DOUBLED}
_ORDERS = {False: TokenKind.ORDER, True: TokenKind.RETRANSMISSION}


def _replicas_of(links: int) -> list[int]:
    return [replica for replica in range(1, MAX_REPLICAS + 1) if links >> replica & 1]


def short(call: str) -> str:
    """A call as a token's label."""
    return call if len(call) <= LABEL_LETTERS else call[: LABEL_LETTERS - 1].rstrip() + "…"


def numbers(first: int, count: int) -> str:
    """`#128` or `#128–191`."""
    return f"#{first}" if count == 1 else f"#{first}–{first + count - 1}"


def order_label(order: OrderHead, again: bool) -> Labelled:
    """An order on its way; `again` when it was sent before."""
    client = int.from_bytes(order.requests[:4], "little")
    label = numbers(order.first_seq, order.count)
    return order.first_seq, client, f"{label} ↻" if again else label


def result_label(body: bytes) -> Labelled:
    """A result on its way."""
    head = _result_head.decode(body)
    return head.first_seq, 0, numbers(head.first_seq, head.count)


def answer_label(returned: Returned) -> Labelled:
    """An answer on its way to its client."""
    client, seq = unpack_u32(returned.requests)[0], unpack_u64(returned.seqs)[0]
    return seq, client, "unknown" if returned.outcomes[:1] == bytes((UNKNOWN,)) else f"#{seq}"
