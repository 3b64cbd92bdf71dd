"""Planted bugs of a service: what makes a state machine not deterministic, and memory that does not hold.

Replicas of a simulation share one process, and with it the clock and the hash seed. So a plant that depends
on them takes something of its own instead that differs between replicas just as those would.
"""

from __future__ import annotations

from itertools import count
from typing import Any

from core.services.kv import KeyValue
from core.services.machine import Context
from core.services.social import Social
from tests.simulation.plants import Swap, plant


@plant("the service reads a clock")
def reads_a_clock(swap: Swap) -> None:
    increment, clock = KeyValue._increment, count()

    def by_the_clock(self: Any, operation: Any, context: Context) -> Any:
        return increment(self, type(operation)(operation.key, operation.by + next(clock) % 2), context)

    swap(KeyValue, "_increment", by_the_clock)


@plant("the service draws random numbers")
def draws_random_numbers(swap: Swap) -> None:
    apply, drawn = KeyValue.apply, count()

    def draws(self: Any, operation: Any, context: Context) -> Any:
        answer = apply(self, operation, context)
        return answer if next(drawn) % 97 else None

    swap(KeyValue, "apply", draws)


@plant("the service answers in the order of a set, which is that of the process's hash seed")
def order_of_a_set(swap: Swap) -> None:
    init, instances = KeyValue.__init__, count()

    def seeded(self: Any) -> None:
        init(self)
        self._hash_seed = next(instances)

    def first_of_a_set(self: Any, operation: Any, context: Context) -> Any:
        return min(self._entries, key=lambda key: (len(key) * self._hash_seed) % 7, default=None)

    swap(KeyValue, "__init__", seeded)
    swap(KeyValue, "_get", first_of_a_set)


@plant("a bit of a replica's memory flips")
def memory_flips(swap: Swap) -> None:
    put, puts = KeyValue._put, count(1)

    def flips(self: Any, operation: Any, context: Context) -> Any:
        answer = put(self, operation, context)
        if next(puts) % 50 == 0 and type(operation.value) is int:
            self._entries[operation.key] = operation.value ^ 1
        return answer

    swap(KeyValue, "_put", flips)


@plant("a post is dated by the replica and not by its order")
def dates_by_itself(swap: Swap) -> None:
    apply, clock = Social.apply, count(1)

    def dated(self: Any, operation: Any, context: Context) -> Any:
        return apply(self, operation, Context(context.seq, context.timestamp + next(clock)))

    swap(Social, "apply", dated)


@plant("a refused operation has changed the state")
def refusal_changes_state(swap: Swap) -> None:
    append, refusals = KeyValue._append, count()

    def changes(self: Any, operation: Any, context: Context) -> Any:
        answer = append(self, operation, context)
        if type(answer) is not int and next(refusals) % 2:
            self.state_hash ^= 1
        return answer

    swap(KeyValue, "_append", changes)
