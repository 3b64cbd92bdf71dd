"""Planted bugs of the front end's side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from core.effects import Effect, Fence, Multicast, Retransmit, Return
from core.group.failure_detector import FailureDetector
from core.group.front_end import FrontEnd
from core.group.multicast import MulticastLog
from core.group.responses import ResponseCollector
from core.group.sequencer import Sequencer
from core.group.view import Member, View
from core.limits import BATCH_REQUESTS
from core.protocol.codec import encode
from core.protocol.messages import Order, Ping, Pong
from tests.simulation.plants import Swap, plant


def _change(swap: Swap, method: str, change: Callable[[Any, Effect], tuple[Effect, ...]]) -> None:
    """A step of the front end whose effects are changed one by one."""
    right = getattr(FrontEnd, method)

    def wrong(self: Any, *arguments: Any) -> tuple[Effect, ...]:
        return tuple(bad for effect in right(self, *arguments) for bad in change(self, effect))

    swap(FrontEnd, method, wrong)


@plant("the first answer is returned twice")
def returns_twice(swap: Swap) -> None:
    def twice(self: Any, effect: Effect) -> tuple[Effect, ...]:
        again = isinstance(effect, Return) and effect.first_seq % 8 == 0
        return (effect, effect) if again else (effect,)

    _change(swap, "received", twice)


@plant("every later answer is returned as well")
def returns_every_answer(swap: Swap) -> None:
    collect = ResponseCollector.collect

    def forgets_that_it_answered(self: Any, replica: int, result: Any) -> Any:
        pending = self._pending.get(result.first_seq)
        if pending is not None and pending.first_replica and pending.waiting >> replica & 1:
            pending.first_replica = 0
            self.unanswered += pending.count
        return collect(self, replica, result)

    swap(ResponseCollector, "collect", forgets_that_it_answered)


@plant("answers are matched by their place in the batch, the wrong way round")
def answers_out_of_place(swap: Swap) -> None:
    def turned(self: Any, effect: Effect) -> tuple[Effect, ...]:
        return (replace(effect, outcomes=effect.outcomes[::-1]),) if isinstance(effect, Return) else (effect,)

    _change(swap, "received", turned)


@plant("an answer goes to another client of the same batch")
def answers_another_client(swap: Swap) -> None:
    def moved(self: Any, effect: Effect) -> tuple[Effect, ...]:
        if isinstance(effect, Return) and len(effect.outcomes) > 2:
            return (replace(effect, requests=effect.requests[8:] + effect.requests[:8]),)
        return (effect,)

    _change(swap, "received", moved)


@plant("what was lost is sent again to another replica")
def retransmits_to_another(swap: Swap) -> None:
    def elsewhere(self: Any, effect: Effect) -> tuple[Effect, ...]:
        if isinstance(effect, Retransmit):
            others = [other for other in self.view.replicas if other != effect.replica]
            return (replace(effect, replica=(others or [effect.replica])[0]),)
        return (effect,)

    _change(swap, "received", elsewhere)


@plant("what was lost is never sent again")
def never_retransmits(swap: Swap) -> None:
    swap(MulticastLog, "missing", lambda self, *arguments, **named: ())


@plant("a lost answer is not noticed: what was executed counts as answered")
def trusts_every_pong(swap: Swap) -> None:
    def trusting(self: Any, member: Member, expected: int) -> tuple[Effect, ...]:
        member.executed = max(member.executed, expected - 1)
        return ()

    swap(FrontEnd, "_unheard", trusting)


@plant("an acknowledgement counts for all before it, heard or not")
def plain_cumulative_ack(swap: Swap) -> None:
    def cumulative(self: Any, first_seq: int, count: int) -> None:
        self.executed = max(self.executed, first_seq + count - 1)

    swap(Member, "responded", cumulative)


@plant("the log is trimmed to what the fastest replica has executed")
def trims_to_the_fastest(swap: Swap) -> None:
    fastest = lambda self: max((member.executed for member in self.members.values()), default=0)  # noqa: E731
    swap(View, "executed_by_all", fastest)


@plant("the log forgets one batch too many")
def trims_one_too_many(swap: Swap) -> None:
    trim = MulticastLog.trim

    def too_many(self: Any, executed_by_all: int) -> None:
        trim(self, executed_by_all)
        if executed_by_all and len(self._firsts) - self._start > 1:
            self._payloads[self._start] = b""
            self._start += 1

    swap(MulticastLog, "trim", too_many)


@plant("a Ping does not say what was ordered: nobody misses the last order")
def pings_say_nothing(swap: Swap) -> None:
    _pings(swap, lambda self: Ping(self._pings, 0, self.view.executed_by_all()))


@plant("a Ping calls stable what nobody has answered yet")
def pings_call_all_stable(swap: Swap) -> None:
    _pings(swap, lambda self: Ping(self._pings, self.sequencer.next_seq - 1, self.sequencer.next_seq - 1))


def _pings(swap: Swap, ping: Callable[[Any], Ping]) -> None:
    tick = FrontEnd.tick

    def other_pings(self: Any, now: int) -> tuple[Effect, ...]:
        pings = self._pings
        effects = tick(self, now)
        if self._pings == pings:  # a group at rest is left alone now and then
            return effects
        *others, last = effects
        assert isinstance(last, Multicast)
        return (*others, Multicast(last.replicas, encode(ping(self))))

    swap(FrontEnd, "tick", other_pings)


@plant("the same number is given to two batches")
def numbers_twice(swap: Swap) -> None:
    _numbers(swap, lambda sequencer, order: sequencer.next_seq - order.count)


@plant("a number is left out")
def leaves_a_number_out(swap: Swap) -> None:
    _numbers(swap, lambda sequencer, order: sequencer.next_seq + 1)


def _numbers(swap: Swap, following: Callable[[Any, Order], int]) -> None:
    number = Sequencer.order

    def misnumbers(self: Any, requests: Any, wall_ns: int) -> Order:
        order = number(self, requests, wall_ns)
        if order.first_seq > 30 and order.first_seq % 16 == 0:
            self.next_seq = following(self, order)
        return order

    swap(Sequencer, "order", misnumbers)


@plant("the requests of one client change places in a batch")
def overtakes(swap: Swap) -> None:
    number = Sequencer.order

    def swapped(self: Any, requests: Any, wall_ns: int) -> Order:
        if len(requests) > 1:
            requests.operations[0], requests.operations[1] = requests.operations[1], requests.operations[0]
        return number(self, requests, wall_ns)

    swap(Sequencer, "order", swapped)


@plant("the timestamp goes back with the clock of the machine")
def timestamp_goes_back(swap: Swap) -> None:
    number = Sequencer.order

    def back(self: Any, requests: Any, wall_ns: int) -> Order:
        self._timestamp = 0
        return number(self, requests, wall_ns - (wall_ns % 7) * 1_000_000)

    swap(Sequencer, "order", back)


@plant("a silent replica is never given up")
def never_fences(swap: Swap) -> None:
    tick = FailureDetector.tick

    def patient(self: Any, now: int) -> tuple[Effect, ...]:
        return tuple(effect for effect in tick(self, now) if not isinstance(effect, Fence))

    swap(FailureDetector, "tick", patient)


@plant("the front end's own sleep is held against the replicas")
def blames_its_own_sleep(swap: Swap) -> None:
    tick = FailureDetector.tick

    def unforgiving(self: Any, now: int) -> tuple[Effect, ...]:
        self._ticked = None
        return tick(self, now)

    swap(FailureDetector, "tick", unforgiving)


@plant("a dropped replica is still waited for")
def waits_for_the_dropped(swap: Swap) -> None:
    swap(ResponseCollector, "forget", lambda self, replica: ())


@plant("when everybody is dead, what was in flight is not given back")
def keeps_the_unknown(swap: Swap) -> None:
    swap(ResponseCollector, "abandon", lambda self: ())


@plant("a link that was full is never sent anything again")
def link_stays_full(swap: Swap) -> None:
    swap(MulticastLog, "link_drained", lambda self, replica: ())


@plant("a replica whose Pong comes late counts as one that expects less")
def takes_old_pongs_for_news(swap: Swap) -> None:
    received = FrontEnd.received

    def goes_back(self: Any, replica: int, message: Any, now: int) -> tuple[Effect, ...]:
        member = self.view.members.get(replica)
        if type(message) is Pong and member is not None:
            member.executed = message.expected - 1
        return received(self, replica, message, now)

    swap(FrontEnd, "received", goes_back)


@plant("the window of requests in flight is not bounded")
def no_window(swap: Swap) -> None:
    def enough(self: Any) -> int:
        right: int = room(self)
        waits = right <= 0 and self.responses.unanswered >= self._window
        return BATCH_REQUESTS if waits else right

    room = FrontEnd.room
    swap(FrontEnd, "room", enough)


@plant("a suspected replica is still waited for")
def waits_for_the_suspected(swap: Swap) -> None:
    def slowest(self: Any) -> int | None:
        return min((member.executed for member in self.members.values()), default=None)

    swap(View, "executed_by_waited_for", slowest)
