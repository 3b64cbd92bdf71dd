"""What a request costs in the services alone: decode, apply and encode per operation, in microseconds.

Run `python -m bench.services [social|kv|module:Class]`. The requests are the workload's own, of 16
clients, and the state holds thousands of posts before anything is measured. Each figure is the median of many
single calls minus the cost of reading the clock; "share" is the part of the requests that are this operation.
"""

from __future__ import annotations

import gc
import sys
from collections import defaultdict
from statistics import median
from time import perf_counter_ns

from core.services.calls import encode_outcome, operation_decoder
from core.services.machine import Context
from core.services.registry import load_service
from core.workload.clients import WorkloadSettings, make_workload

CLIENTS = 16
WARM_REQUESTS = 40_000
MEASURED_REQUESTS = 60_000
START_NS = 1_700_000_000_000_000_000


def clock_cost_ns() -> float:
    """What two readings of the clock with nothing between them take."""
    readings = []
    for _ in range(10_000):
        start = perf_counter_ns()
        readings.append(perf_counter_ns() - start)
    return median(readings)


def single_calls(name: str) -> dict[str, list[tuple[int, int, int]]]:
    """(decode, apply, encode) in nanoseconds of every measured request, by operation."""
    service = load_service(name)
    decode = operation_decoder(service.operations)
    workload = make_workload(service, WorkloadSettings(), CLIENTS)
    times: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
    for seq in range(1, WARM_REQUESTS + MEASURED_REQUESTS + 1):
        raw = workload.next(seq % CLIENTS + 1)
        context = Context(seq, START_NS + seq * 10_000)
        start = perf_counter_ns()
        operation = decode(raw)
        decoded = perf_counter_ns()
        outcome = service.apply(operation, context)
        applied = perf_counter_ns()
        encode_outcome(outcome)
        end = perf_counter_ns()
        if seq > WARM_REQUESTS:
            tag = str(operation.__struct_config__.tag)
            times[tag].append((decoded - start, applied - decoded, end - applied))
    return times


def throughput(name: str) -> tuple[float, float]:
    """(workload, service) in microseconds a request, in a plain loop over the whole mix."""
    service = load_service(name)
    decode, apply = operation_decoder(service.operations), service.apply
    workload = make_workload(service, WorkloadSettings(), CLIENTS)
    start = perf_counter_ns()
    requests = [workload.next(seq % CLIENTS + 1) for seq in range(WARM_REQUESTS + MEASURED_REQUESTS)]
    made = perf_counter_ns()
    for seq, raw in enumerate(requests, 1):
        encode_outcome(apply(decode(raw), Context(seq, START_NS + seq * 10_000)))
    end = perf_counter_ns()
    return (made - start) / len(requests) / 1000, (end - made) / len(requests) / 1000


def main() -> None:
    """Print the table of the service named on the command line, else of both built-in ones."""
    gc.disable()
    clock = clock_cost_ns()
    for name in sys.argv[1:] or ("social", "kv"):
        times = single_calls(name)
        print(f"{name:<18}{'share':>7}{'decode':>9}{'apply':>9}{'encode':>9}{'total':>9}  µs, medians")
        for tag, samples in sorted(times.items(), key=lambda item: -len(item[1])):
            columns = [max(0.0, median(column) - clock) / 1000 for column in zip(*samples, strict=True)]
            figures = "".join(f"{figure:9.2f}" for figure in (*columns, sum(columns)))
            print(f"  {tag:<16}{len(samples) / MEASURED_REQUESTS:7.1%}{figures}")
        making, serving = throughput(name)
        print(f"  whole mix: {serving:.2f} µs a request on one machine; {making:.2f} µs to make one\n")


if __name__ == "__main__":
    main()
