"""How fast histories are judged: `python -m bench.linearizability [requests]`.

Legal histories of the key-value store by its own workload, at full load: every client asks again as soon as
it is answered, and each request takes effect at a random moment of its time. Processor time of the checker
alone, its budget as in a live run.
"""

from __future__ import annotations

import heapq
import sys
from random import Random
from time import process_time

from core.checks.history import Call
from core.checks.judge import Judge
from core.checks.single_key import SingleKey
from core.ids import RequestId
from core.services.calls import encode_outcome, operation_decoder
from core.services.kv import KV_OPERATIONS, KeyValue
from core.services.machine import Context
from core.workload.clients import WorkloadSettings, make_workload

WINDOW_REQUESTS = 2_000
REQUESTS = 100_000
LATENCY_NS = 100_000


def history(requests: int, clients: int) -> list[Call]:
    """So many requests of so many clients in a closed loop, answers from one store."""
    random, service, decode = Random(clients), KeyValue(), operation_decoder(KV_OPERATIONS)
    workload = make_workload(service, WorkloadSettings(seed=1), clients)
    calls: list[Call] = []
    # (when it takes effect, client, when it was called)
    due = [(random.randrange(LATENCY_NS), client, 0) for client in range(1, clients + 1)]
    heapq.heapify(due)
    while len(calls) < requests:
        now, client, called = heapq.heappop(due)
        operation = workload.next(client)
        outcome = encode_outcome(service.apply(decode(operation), Context(len(calls) + 1, 0)))
        returned = now + random.randrange(LATENCY_NS)
        calls.append(Call(RequestId(client, len(calls) + 1), operation, called, returned, outcome))
        heapq.heappush(due, (returned + 1 + random.randrange(LATENCY_NS), client, returned + 1))
    calls.sort(key=lambda one: one.called_ns)
    return calls


def judge(calls: list[Call]) -> Judge:
    """Judged in windows, as a live history is."""
    judge = Judge(SingleKey())
    for at in range(0, len(calls), WINDOW_REQUESTS):
        window = calls[at : at + WINDOW_REQUESTS]
        judge.judge(window, window[-1].called_ns)
    judge.judge(())
    return judge


def main() -> None:
    """Print seconds of processor time."""
    requests = int(sys.argv[1]) if sys.argv[1:] else REQUESTS
    for clients in (1, 4, 16, 64):
        calls = history(requests, clients)
        start = process_time()
        done = judge(calls).judgement
        seconds = process_time() - start
        print(f"{clients:2} clients  {len(calls):,} requests  {seconds:6.2f} s  {done.verdict}")


if __name__ == "__main__":
    main()
