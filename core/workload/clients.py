"""What simulated clients ask for, and how long they think: pure and seeded.

Each client has its own random source, made from the seed and its number, so its requests do not depend on
what other clients do or how many there are. Its middle part is made once, `CYCLE_REQUESTS` requests as they
are first needed, and then repeated: from then on a request costs one look-up. Services keep their state
bounded under any such cycle (see `core.services.social_operations`), so a run may be as long as one likes.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle
from random import Random

import msgspec

from core.errors import UsageError
from core.services.calls import encode_operation
from core.services.kv import KV_OPERATIONS
from core.services.machine import Service
from core.services.social_operations import SOCIAL_OPERATIONS
from core.workload.generic_script import GenericScript
from core.workload.kv_script import KeyValueScript
from core.workload.scripts import DEFAULT_MIX, Script
from core.workload.social_script import SocialScript

CYCLE_REQUESTS = 1_024
NS_PER_MS = 1_000_000

_UNUSED = Random(0)
"""For a script that is made to see whether it can be, and asked for nothing."""


class WorkloadSettings(msgspec.Struct, frozen=True):
    """How the clients behave.

    `mix` names the proportions of the operations; `think_ms` is the mean pause, in milliseconds, after each
    `burst` of requests; `seed` makes the run repeatable. Raises `UsageError` for values that mean nothing.
    """

    mix: str = DEFAULT_MIX
    think_ms: float = 0
    burst: int = 1
    seed: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.think_ms <= 3_600_000:
            raise UsageError("The think time lies between 0 and 3,600,000 ms.")
        if self.burst < 1:
            raise UsageError("A burst has at least one request.")


class SeededWorkload:
    """The requests of every client, each from its own stream."""

    def __init__(self, service: Service, settings: WorkloadSettings, clients: int) -> None:
        """Raises `UsageError` when the service has no such mix."""
        self.settings = settings
        """May be replaced during a run: pauses change at once, `mix` and `seed` for clients that have not
        begun yet."""
        self._operations = service.operations
        self._clients = clients
        self._streams: dict[int, Iterator[bytes]] = {}
        self._pauses: dict[int, Random] = {}
        self._burst_left: dict[int, int] = {}
        self._script(1, _UNUSED)

    def next(self, client: int) -> bytes:
        """The next operation of `client` (from 1), encoded."""
        stream = self._streams.get(client)
        if stream is None:
            stream = self._streams[client] = self._stream(client)
        return next(stream)

    def think_ns(self, client: int) -> int:
        """How long `client` waits, in nanoseconds, between an answer and its next request: 0 within a burst,
        then half to one and a half times `think_ms`."""
        settings = self.settings
        if not settings.think_ms:
            return 0
        left = self._burst_left.get(client, settings.burst) - 1
        if left > 0:
            self._burst_left[client] = min(left, settings.burst)
            return 0
        self._burst_left[client] = settings.burst
        pauses = self._pauses.get(client)
        if pauses is None:
            pauses = self._pauses[client] = self._random("pauses", client)
        return int(settings.think_ms * NS_PER_MS * (0.5 + pauses.random()))

    def _random(self, purpose: str, client: int) -> Random:
        return Random(f"{self.settings.seed} {purpose} {client}")

    def _stream(self, client: int) -> Iterator[bytes]:
        script = self._script(client, self._random("requests", client))
        for operation in script.opening():
            yield encode_operation(operation)
        made: list[bytes] = []
        for _ in range(CYCLE_REQUESTS):
            made.append(encode_operation(script.following()))
            yield made[-1]
        for operation in script.closing():
            made.append(encode_operation(operation))
            yield made[-1]
        yield from cycle(made)

    def _script(self, client: int, random: Random) -> Script:
        mix = self.settings.mix
        if self._operations == SOCIAL_OPERATIONS:
            return SocialScript(client, self._clients, mix, random)
        if self._operations == KV_OPERATIONS:
            return KeyValueScript(mix, random)
        return GenericScript(self._operations, mix, random)


def make_workload(service: Service, settings: WorkloadSettings, clients: int) -> SeededWorkload:
    """The workload of `clients` clients that suits `service`; more clients may come later.

    Raises `UsageError` when the service has no mix of that name.
    """
    return SeededWorkload(service, settings, clients)
