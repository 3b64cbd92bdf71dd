"""One key of the key-value store, as pure functions: its state is the value, None while it is absent.

The same rules as `core.services.kv`, written down once more so that a step costs well under a microsecond; a
test holds both to the same answers. One rule concerns all keys together: the number of keys is bounded. A
single key cannot know the others, so `too_many_keys` is believed wherever it may be true.
"""

from __future__ import annotations

from functools import lru_cache
from typing import cast

from core.checks.sequential import IMPOSSIBLE, KEPT_MOVES, Move, State, Step
from core.errors import RemoteProtocolError
from core.limits import MAX_CLIENTS
from core.services import kv
from core.services.calls import INVALID_OPERATION, UNREADABLE, decode_outcome, operation_decoder
from core.services.kv import Content
from core.services.machine import LARGEST_INTEGER, SMALLEST_INTEGER, Operation, Refused, Value

Answer = Value | Refused

ANYTHING: State = type("Anything", (), {"__repr__": lambda self: "ANYTHING"})()
_KEY_AND_OPERATION = operation_decoder(kv.KV_OPERATIONS)


class SingleKey:
    """The sequential behaviour of the key-value store, key by key."""

    start: State = None
    anything: State | None = ANYTHING
    steps = 10_000
    most_open = MAX_CLIENTS

    def __init__(self) -> None:
        self.move = lru_cache(KEPT_MOVES)(_move)

    def words(self, state: State) -> str:
        """`absent`, `anything`, or the value as Python writes it."""
        if state is None:
            return "absent"
        return "anything" if state is ANYTHING else repr(state)


def execute(operation: Operation, value: Content | None) -> tuple[Content | None, Answer]:
    """The value after this operation, and its answer."""
    match operation:
        case kv.Get():
            return value, value
        case kv.Put():
            return _written(operation.key, value, operation.value, None)
        case kv.Delete():
            return None, value is not None
        case kv.Increment():
            old = 0 if value is None else value
            if type(old) is not int:
                return value, kv.NOT_AN_INTEGER
            new = old + operation.by
            return _written(operation.key, value, new, new)
        case kv.Append():
            text = "" if value is None else value
            if type(text) is not str:
                return value, kv.NOT_A_STRING
            longer = text + operation.value
            return _written(operation.key, value, longer, len(longer))
        case kv.CompareAndSet():
            if value != operation.expected:
                return value, False
            return _written(operation.key, value, operation.value, True)
        case _:
            raise TypeError(f"{operation!r} is no operation of the key-value store")


def _written(key: str, old: Content | None, new: Content, answer: Answer) -> tuple[Content | None, Answer]:
    if isinstance(new, int):
        if not SMALLEST_INTEGER <= new <= LARGEST_INTEGER:
            return old, kv.OUT_OF_RANGE
    elif len(new) > kv.MAX_VALUE_CHARACTERS:
        return old, kv.VALUE_TOO_LONG
    if old is None and len(key) > kv.MAX_KEY_CHARACTERS:
        return old, kv.KEY_TOO_LONG
    return new, answer


def _move(encoded: bytes, outcome: bytes | None) -> Move | None:
    if outcome == INVALID_OPERATION:
        return None
    try:
        operation = _KEY_AND_OPERATION(encoded)
    except UNREADABLE:
        return None
    key = cast(kv.Get, operation).key
    if outcome is None:
        return None if operation.READ_ONLY else Move(key, _unknown(operation), observes=False)
    try:
        answer = decode_outcome(outcome)
    except RemoteProtocolError:
        return Move(key, _never, observes=False)
    observes = operation.READ_ONLY or answer is False or isinstance(answer, Refused)
    if answer == kv.TOO_MANY_KEYS:
        return Move(key, _refused_for_the_others(operation), observes)
    return Move(key, _answered(operation, answer), observes)


def _never(state: State) -> State:
    return IMPOSSIBLE


def _answered(operation: Operation, answer: Answer) -> Step:
    kind, blind = type(answer), _after_anything(operation, answer)

    def step(state: State) -> State:
        if state is ANYTHING:
            return blind
        after, answers = execute(operation, state)  # type: ignore[arg-type]
        return after if type(answers) is kind and answers == answer else IMPOSSIBLE

    return step


def _unknown(operation: Operation) -> Step:
    blind = operation.value if isinstance(operation, kv.Put) and _storable(operation) else ANYTHING

    def step(state: State) -> State:
        if state is ANYTHING:
            return blind
        return execute(operation, cast("Content | None", state))[0]

    return step


def _refused_for_the_others(operation: Operation) -> Step:
    def step(state: State) -> State:
        if state is ANYTHING:
            return state
        after, _ = execute(operation, cast("Content | None", state))
        return state if state is None and after is not None else IMPOSSIBLE

    return step


def _storable(operation: kv.Put) -> bool:
    """Whether it can be executed at all, and on every state."""
    return execute(operation, None)[1] is None


def _after_anything(operation: Operation, answer: Answer) -> State:
    """What is known of the value once the operation has answered this, whatever was there before."""
    if isinstance(answer, Refused):
        return ANYTHING
    match operation:
        case kv.Get():
            return cast("Content | None", answer)
        case kv.Delete():
            return None
        case kv.Put(_, value):
            return value if answer is None else IMPOSSIBLE
        case kv.Increment():
            return answer if type(answer) is int else IMPOSSIBLE
        case kv.CompareAndSet(_, _, value) if answer is True:
            return value
        case _:
            return ANYTHING
