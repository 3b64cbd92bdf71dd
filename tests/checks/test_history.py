"""Histories read from the wire log, live with gaps and whole, and what the judging process says of them."""

from __future__ import annotations

import io
from random import Random

import msgspec

from core.checks.history import FOREVER, HistoryReader
from core.checks.judge import Judge
from core.checks.samples import Charter, Found, Gap, OpenRequests, Over, Shown, Standing, calls_of
from core.checks.single_key import SingleKey
from core.facts import ConflictCall
from core.ids import RequestId
from core.protocol.framing import pack
from core.runtime.history_judge import HistoryJudge, serve
from core.services.calls import NO_SESSION, encode_outcome
from core.services.kv import KeyValue
from core.services.machine import Context
from core.trace.wire_log import Record, Tap
from core.workload.clients import WorkloadSettings, make_workload
from tests.support.group import OPEN, get, increment, put
from tests.support.histories import decode
from tests.support.seen import Id, called, ok, result, returned


def read(*records: Record) -> HistoryReader:
    reader = HistoryReader()
    reader.read(records)
    return reader


def test_a_request_with_the_answer_of_the_replica_that_answered() -> None:
    reader = read(
        called(10, (1, 1, OPEN), (2, 2, get("a"))),
        result(20, 1, {(1, 1): ok(), (2, 2): ok(7)}),
        result(21, 2, {(1, 1): ok(), (2, 2): ok(8)}),
        returned(30, 2, (1, 1), (2, 2), seq=5),
    )
    window = reader.cut()
    assert window is not None
    [call] = window.calls
    assert call == (RequestId(2, 2), get("a"), 10, 30, ok(8))
    assert window.shown == {RequestId(2, 2): 6}


def test_a_request_is_called_when_it_leaves_its_client() -> None:
    calls = [called(10, (1, 2, get("a")), tap=Tap.CALL_SENT), called(15, (1, 2, get("a")))]
    reader = read(*calls, result(20, 1, {(1, 2): ok()}), returned(30, 1, (1, 2)))
    assert reader.called == 1
    window = reader.cut()
    assert window is not None
    assert window.calls[0].called_ns == 10


def test_answers_that_return_one_by_one_are_found_in_their_batch() -> None:
    reader = read(
        called(10, (1, 2, get("a")), (2, 2, get("a"))),
        result(20, 1, {(1, 2): ok(1), (2, 2): ok(2)}),
        returned(30, 1, (2, 2)),
        returned(40, 1, (1, 2)),
    )
    window = reader.cut()
    assert window is not None
    assert {call.request: call.outcome for call in window.calls} == {(1, 2): ok(1), (2, 2): ok(2)}


def test_a_window_waits_for_what_is_open_and_no_longer() -> None:
    reader = read(
        called(10, (1, 2, put("a", 1)), (2, 2, put("a", 2))),
        result(20, 1, {(1, 2): ok()}),
        returned(30, 1, (1, 2)),
    )
    assert reader.cut() is None
    reader.read([called(40, (1, 3, get("a"))), result(41, 1, {(2, 2): ok()})])
    assert reader.cut() is None
    reader.read([returned(50, 1, (2, 2))])
    window = reader.cut()
    assert window is not None
    assert window.until_ns == 30
    assert [call.request for call in window.calls] == [(1, 2), (2, 2)]
    assert reader.waiting == 1
    rest = reader.rest()
    assert rest is not None
    assert [(call.request, call.returned_ns, call.outcome) for call in rest.calls] == [
        ((1, 3), FOREVER, None)
    ]


def test_what_ended_as_unknown_returns_never_even_when_it_is_sent_again() -> None:
    reader = read(called(10, (1, 2, put("a", 1))), returned(20, 0, (1, 2), code=2, seq=0))
    reader.read([called(25, (2, 2, get("a"))), result(26, 1, {(2, 2): ok()}), returned(27, 1, (2, 2))])
    window = reader.cut()
    assert window is not None
    assert [(call.request, call.outcome) for call in window.calls] == [((2, 2), ok()), ((1, 2), None)]
    reader.read([called(30, (1, 2, put("a", 1))), result(31, 1, {(1, 2): ok()}), returned(32, 1, (1, 2))])
    assert (reader.called, reader.waiting) == (2, 0), "the same request is no second one"


def test_a_repetition_that_is_answered_in_time_is_one_request() -> None:
    reader = read(called(10, (1, 2, increment("a"))), returned(20, 0, (1, 2), code=2, seq=0))
    reader.read([called(30, (1, 2, increment("a")))])
    assert reader.cut() is None
    reader.read([result(31, 1, {(1, 2): ok(1)}), returned(32, 1, (1, 2))])
    window = reader.cut()
    assert window is not None
    assert window.calls == [(RequestId(1, 2), increment("a"), 10, 32, ok(1))]


def test_an_answer_that_does_not_say_whether_it_was_executed_is_unknown() -> None:
    reader = read(
        called(10, (1, 2, put("a", 1))), result(20, 1, {(1, 2): NO_SESSION}), returned(30, 1, (1, 2))
    )
    rest = reader.rest()
    assert rest is not None
    assert [call.outcome for call in rest.calls] == [None]


def test_damaged_records_are_passed_over() -> None:
    for tap in Tap:
        for body in (b"", b"\xc1", b"\x99\xa6result\xc1", b"\x93\xa6called", b"\x95\xa8returned"):
            record = Record(1, tap, 2, 0, body)
            read(record)
            if tap in (Tap.CALL_DELIVERED, Tap.RETURN_DELIVERED):
                OpenRequests().follow(record)


# --- a live run with gaps ---


class Run:
    """The records of a store that is right, clients in a closed loop, batches in flight beside each other."""

    def __init__(self, seed: int, clients: int) -> None:
        self.random, self.clients = Random(seed), clients
        self.service, self.seq, self.now = KeyValue(), 0, 0
        self.workload = make_workload(KeyValue(), WorkloadSettings(seed=seed), clients)
        self.number = dict.fromkeys(range(1, clients + 1), 1)
        self.waiting: dict[int, bytes] = {}
        self.flying: list[dict[Id, bytes]] = []

    def step(self) -> list[Record]:
        random = self.random
        self.now += random.randint(1, 5)
        free = [client for client in self.number if client not in self.waiting and random.random() < 0.5]
        busy = {client for batch in self.flying for client, _ in batch}
        free = [client for client in free if client not in busy]
        records = []
        if free:
            calls = []
            for client in free:
                self.number[client] += 1
                self.waiting[client] = self.workload.next(client)
                calls.append((client, self.number[client], self.waiting[client]))
            records.append(called(self.now, *calls))
        elif self.waiting and random.random() < 0.5:
            batch = {}
            for client, operation in list(self.waiting.items())[: random.randint(1, 6)]:
                self.seq += 1
                answer = self.service.apply(decode(operation), Context(self.seq, 0))
                batch[client, self.number[client]] = encode_outcome(answer)
                del self.waiting[client]
            self.flying.append(batch)
        elif self.flying:
            batch = self.flying.pop(random.randrange(len(self.flying)))
            if random.random() < 0.03:
                records.append(returned(self.now, 0, *batch, code=2, seq=0))
            else:
                records += [result(self.now, 1, batch), returned(self.now, 1, *batch)]
        return records


def test_gaps_anywhere_raise_no_alarm() -> None:
    judged = gone = 0
    for seed in range(40):
        run, judge, open_ = Run(seed, 10), HistoryJudge("kv"), OpenRequests()
        for stretch in range(20):
            records = [record for _ in range(run.random.randint(1, 90)) for record in run.step()]
            if stretch % 2:
                before = open_.called
                open_.forget_ended()
            for record in records:
                if record.tap is not Tap.FROM_PASSED:
                    open_.follow(record)
            if stretch % 2:
                missed = open_.called - before
                standing = judge.take(Gap(run.now, missed, open_.still_open(), open_.unknown()))
            else:
                standing = judge.take(Shown(records))
            assert (standing.violations, standing.found) == (0, []), seed
        standing = judge.take(Over())
        assert standing.over
        assert standing.violations == 0
        assert standing.checked + standing.unjudged <= open_.called
        judged, gone = judged + standing.checked, gone + standing.unjudged
    assert judged > 1_000
    assert gone > 1_000


def test_the_judging_process_says_what_conflicts() -> None:
    records = [
        called(10, (1, 2, put("a", 1))),
        result(11, 1, {(1, 2): ok()}),
        returned(12, 1, (1, 2), seq=3),
        called(20, (2, 2, get("a")), (3, 2, get("b"))),
        result(21, 2, {(2, 2): ok(), (3, 2): ok()}),
        returned(22, 2, (2, 2), (3, 2), seq=4),
    ]
    messages = [Shown(records), Over()]
    source = msgspec.json.encode(Charter("kv")) + b"\n"
    source += b"".join(pack(msgspec.msgpack.encode(message)) for message in messages)
    target = io.BytesIO()
    serve(io.BytesIO(source), target)
    first, last = [msgspec.json.decode(line, type=Standing) for line in target.getvalue().splitlines()]
    expected = "an order of these in which a (absent before) gives these answers"
    calls = (
        ConflictCall(1, 2, 3, 10, 12, "put a 1", "ok"),
        ConflictCall(2, 2, 4, 20, 22, "get a", "ok"),
    )
    found = Found(4, expected, "C1.2 put a 1 → ok; C2.2 get a → ok", calls)
    assert first == Standing(3, 0, 1, [found])
    assert last == Standing(3, 0, 1, [], over=True)


def test_open_requests_tell_what_they_ask_for() -> None:
    open_ = OpenRequests()
    open_.follow(called(10, (1, 1, OPEN), (2, 1, OPEN)))
    open_.follow(returned(11, 1, (1, 1)))
    open_.follow(called(12, (1, 2, put("a", 1)), (3, 2, get("a"))))
    assert open_.called == 2
    assert {one[:2] for one in open_.still_open()} == {(2, 1), (1, 2), (3, 2)}
    calls = calls_of(open_.still_open())
    assert {(call.request, call.operation, call.called_ns) for call in calls} == {
        (RequestId(1, 2), put("a", 1), 12),
        (RequestId(3, 2), get("a"), 12),
    }
    open_.follow(returned(20, 0, (1, 2), code=2, seq=0))
    open_.follow(returned(20, 1, (3, 2)))
    assert [one[:2] for one in open_.unknown()] == [(1, 2)]
    assert [one[:2] for one in open_.still_open()] == [(2, 1)]
    open_.forget_ended()
    assert open_.unknown() == []


def test_windows_of_a_log_are_judged_like_the_whole_log() -> None:
    for seed in range(10):
        run, whole, judge = Run(seed, 4), HistoryReader(), Judge(SingleKey())
        pieces = HistoryJudge("kv")
        for _ in range(30):
            records = [record for _ in range(20) for record in run.step()]
            whole.read(records)
            pieces.take(Shown(records))
        standing = pieces.take(Over())
        rest = whole.rest()
        assert rest is not None
        judge.judge(rest.calls, rest.until_ns)
        assert judge.judgement.violations == standing.violations == 0
        assert judge.judgement.checked == standing.checked > 100
