"""A state that is not in the recording, made again: the recorded requests executed up to a number.

A recording holds what was said, not what a replica held. But a service is deterministic, so executing the
ordered requests up to a number gives the state after it, and its digest says whether a replica that told its
own digest there held the same (it did, unless it had diverged). A thread of its own executes; whoever asks
looks again later. Machines are kept, so that going on from a moment costs only what comes after it.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec

from core.checks.reference import ReferenceMachine
from core.errors import LockstepError, ServiceError
from core.model.cluster_view import DataPage
from core.protocol.messages import Order
from core.services.machine import Service
from core.session.orders import OrderedBatches, epochs_of, result_of
from core.session.reader import Recording, read
from core.trace.wire_log import UNREADABLE

KEPT_MACHINES = 2
KEPT_PAGES = 4_000
_STEP = 2_000
"""Numbers between two looks at whether somebody still waits."""


class Wish(NamedTuple):
    """A page of the state after `seq`."""

    seq: int
    path: str
    offset: int
    limit: int


class Standing(msgspec.Struct, frozen=True):
    """How far the state is that is being made: so many numbers of the wanted ones are executed."""

    done: int
    wanted: int


class RebuiltData:
    """States of a recording by number. `load` makes a fresh service. Every method returns at once."""

    def __init__(self, path: Path, load: Callable[[], Service]) -> None:
        self._path = path
        self._load = load
        self._wishes: deque[Wish] = deque()
        self._pages: dict[tuple[int, str, int], DataPage] = {}
        self._digests: dict[int, int] = {}
        self._moments: dict[tuple[int, int], int] = {}
        self._asked_moments: deque[tuple[int, int]] = deque()
        self._standing = Standing(0, 0)
        self._troubles: dict[int, str] = {}
        self._machines: list[_Machine] = []
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False

    def ask(self, wish: Wish) -> None:
        """Make this page; it is found with `page` when it is there."""
        with self._changed:
            if wish not in self._wishes and (wish.seq, wish.path, wish.offset) not in self._pages:
                self._wishes.append(wish)
                self._wake()

    def page(self, seq: int, path: str, offset: int) -> DataPage | None:
        """A page that was made, as of replica 0; None when it is not there yet."""
        return self._pages.get((seq, path, offset))

    def digest(self, seq: int) -> int | None:
        """The digest after `seq`; None when that is not known yet."""
        return self._digests.get(seq)

    def executed_at(self, replica: int, since_start_ns: int) -> int | None:
        """The last number that a replica had answered so long after the recording's first record: None when
        that is not known yet, then look again later; -1 when the recording does not reach that moment."""
        key = (replica, since_start_ns)
        with self._changed:
            if key not in self._moments and key not in self._asked_moments:
                self._asked_moments.append(key)
                self._wake()
        return self._moments.get(key)

    def trouble(self, seq: int) -> str:
        """Why the state after `seq` cannot be made, in a sentence; "" when nothing is in the way."""
        return self._troubles.get(seq, "")

    @property
    def standing(self) -> Standing:
        """How far the state is that is being made."""
        return self._standing

    def forget_wishes(self) -> None:
        """Nobody waits any more for what is not there yet."""
        with self._changed:
            self._wishes.clear()

    def close(self) -> None:
        """End the thread, soon."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    # --- the thread's side --------------------------------------------------------------------------------

    def _wake(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="rebuilt", daemon=True)
            self._thread.start()
        self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._wishes or self._asked_moments)
                if self._closed:
                    return
                moment = self._asked_moments[0] if self._asked_moments else None
                wish = self._wishes[0] if self._wishes and moment is None else None
            try:
                if moment is not None:
                    self._moments[moment] = self._executed_at(*moment)
                elif wish is not None:
                    self._make(wish)
            except (LockstepError, OSError) as error:
                self._troubles[wish.seq if wish is not None else 0] = str(error)
            with self._changed:
                if moment is not None:
                    self._asked_moments.remove(moment)
                elif wish is not None and wish in self._wishes:
                    self._wishes.remove(wish)  # done, or in vain

    def _make(self, wish: Wish) -> None:
        machine = self._machine(wish.seq)
        while machine.executed < wish.seq:
            with self._changed:
                if self._closed or wish not in self._wishes:
                    return
            before = machine.executed
            machine.execute(min(wish.seq, before + _STEP))
            self._standing = Standing(machine.executed, wish.seq)
            if machine.executed == before:
                self._troubles[wish.seq] = f"The recording holds no request after #{before}."
                return
        self._standing = Standing(wish.seq, wish.seq)
        self._troubles.pop(wish.seq, None)
        self._digests[wish.seq] = digest = machine.digest
        page = machine.service.inspect(wish.path, wish.offset, wish.limit)
        rows = tuple((row.key, row.value) for row in page.rows)
        if len(self._pages) >= KEPT_PAGES:
            self._pages.clear()
        self._pages[wish.seq, wish.path, wish.offset] = DataPage(
            0, wish.path, wish.offset, page.total, rows, page.branches, wish.seq + 1, digest, 0
        )

    def _machine(self, seq: int) -> _Machine:
        """The machine that has the shortest way to a number."""
        recording = read(self._path)
        for machine in list(self._machines):
            if not machine.go_on_with(recording):
                self._machines.remove(machine)
        near = [machine for machine in self._machines if machine.executed <= seq]
        if near:
            best = max(near, key=lambda machine: machine.executed)
            self._machines.remove(best)
        else:
            best = _Machine(recording, self._load())
        self._machines = [*self._machines, best][-KEPT_MACHINES:]  # the one used last goes last
        return best

    def _executed_at(self, replica: int, since_start_ns: int) -> int:
        recording = read(self._path)
        if since_start_ns > recording.duration_ns:
            return -1
        last = 0
        for record in recording.records():
            if record.time_ns > since_start_ns:
                break
            if record.links == 1 << replica:
                try:
                    result = result_of(record)
                except UNREADABLE:
                    continue
                if result is not None:
                    last = result.first_seq + result.count - 1
        return last


class _Machine:
    """A service that executes a recording's requests in their order, and stops where it is told."""

    def __init__(self, recording: Recording, service: Service) -> None:
        self.service = service
        self._recording = recording
        self._machine = ReferenceMachine(service)
        self._epochs = epochs_of(recording.records())
        self._batches = OrderedBatches(self._epochs)
        self._block = 0
        self._orders: deque[Order] = deque()

    @property
    def executed(self) -> int:
        """The last number."""
        return self._machine.expected - 1

    @property
    def digest(self) -> int:
        """After the last number."""
        return self._machine.digest

    def go_on_with(self, recording: Recording) -> bool:
        """The same recording, perhaps longer by now. False when an epoch began since: what was executed may
        be void."""
        if len(recording.blocks) > len(self._recording.blocks):
            old, self._recording = len(self._recording.blocks), recording
            new = (record for block in range(old, len(recording.blocks)) for record in recording.load(block))
            return not epochs_of(new)
        return True

    def execute(self, seq: int) -> None:
        """Go on to this number, or as far as the recording goes. Raises ServiceError, RecordingError."""
        while self.executed < seq:
            while not self._orders:
                if self._block >= len(self._recording.blocks):
                    return
                for record in self._recording.load(self._block):
                    try:
                        self._orders.extend(order for order, _ in self._batches.take(record))
                    except UNREADABLE:
                        continue
                self._block += 1
            order = self._orders.popleft()
            first, rest = _cut(order, seq - order.first_seq + 1)
            if rest is not None:
                self._orders.appendleft(rest)
            try:
                self._machine.execute(first)
            except Exception as error:  # a bug in the service
                raise ServiceError(f"The service failed while a state was rebuilt: {error}.") from error


def _cut(order: Order, count: int) -> tuple[Order, Order | None]:
    """The first `count` requests of a batch, and what is left of it."""
    if count >= order.count:
        return order, None
    first = msgspec.structs.replace(
        order, count=count, requests=order.requests[: 8 * count], operations=order.operations[:count]
    )
    rest = msgspec.structs.replace(
        order,
        first_seq=order.first_seq + count,
        count=order.count - count,
        requests=order.requests[8 * count :],
        operations=order.operations[count:],
    )
    return first, rest
