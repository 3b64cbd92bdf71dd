"""The comparison of results, and the order in which recorded batches are executed again."""

from __future__ import annotations

from core.facts import EpochStarted
from core.protocol.codec import decode_from_replica, encode
from core.protocol.messages import Order, Result
from core.services.calls import encode_outcome
from core.session.orders import OrderedBatches, epochs_of, executions
from core.session.reader import read
from core.session.rerun import Agreement, RerunReport, ResultComparison
from core.trace.wire_log import Record, Tap, encode_fact
from tests.support.group import batch, get, put, respond
from tests.support.made_run import made_run, save


def words(operation: bytes) -> str:
    return "an operation"


def sent(order: Order, tap: Tap = Tap.TO_PASSED) -> Record:
    return Record(0, tap, 2, 0, encode(order))


def numbers(records: list[Record]) -> list[int]:
    batches = OrderedBatches(epochs_of(records))
    return [order.first_seq for record in records for order, _ in batches.take(record)]


def test_batches_come_once_and_in_order_however_they_were_sent() -> None:
    one, two, three = (batch(seq, (1, seq, put("a", seq))) for seq in (1, 2, 3))
    assert numbers([sent(one), sent(one), sent(three), sent(two), sent(three)]) == [1, 2, 3]


def test_what_an_epoch_left_behind_is_not_executed() -> None:
    void = batch(2, (1, 2, put("a", 1)), epoch=1)
    epoch = Record(0, Tap.FACT, 0, 0, encode_fact(EpochStarted(2, 2)))
    kept = batch(2, (2, 1, put("a", 2)), epoch=2)
    records = [sent(batch(1, (1, 1, put("a", 0)))), sent(void), epoch, sent(kept)]
    batches = OrderedBatches(epochs_of(records))
    assert [order for record in records for order, _ in batches.take(record)][1] == kept


def test_a_batch_that_does_not_hold_what_it_announces_is_passed_over() -> None:
    assert numbers([sent(Order(1, 1, 5, 0, b"", []))]) == []


def test_executions_pair_batches_with_their_first_result(tmp_path: object) -> None:
    path = save(tmp_path / "x.lockstep", made_run(40))  # type: ignore[operator]
    found = list(executions(read(path)))
    assert sum(one.order.count for one in found) == 44
    assert {one.replica for one in found} == {1, 2, 3}
    assert all(one.body is not None and len(one.body.outcomes) == one.order.count for one in found)


# --- the comparison ---------------------------------------------------------------------------------------


def compared(*results: Result, order: Order) -> ResultComparison:
    comparison = ResultComparison(words)
    comparison.ordered(order)
    comparison.recorded(1, results[0])
    for result in results[1:]:
        comparison.came_out(2, result)
    return comparison


def test_equal_results_are_counted() -> None:
    order = batch(5, (1, 2, put("a", 1)), (2, 2, get("a")))
    comparison = compared(respond(order), respond(order), respond(order), order=order)
    assert (comparison.requests, comparison.compared, comparison.difference) == (2, 4, None)


def test_another_answer_is_named_with_its_number_and_both_sides() -> None:
    order = batch(5, (1, 2, put("a", 1)), (2, 7, get("a")))
    wrong = respond(order, [encode_outcome(None), encode_outcome(3)])
    difference = compared(respond(order), wrong, order=order).difference
    assert difference is not None
    assert difference.words() == (
        "First difference at #6 (C2.7 an operation): R1 of the recording answered ok, R2 of the re-run 3."
    )


def test_another_digest_is_named_though_the_answers_are_the_same() -> None:
    order = batch(5, (1, 2, put("a", 1)))
    difference = compared(respond(order), respond(order, digests=[10]), order=order).difference
    assert difference is not None
    assert "has digest 0000000000000009" in difference.words()
    assert "000000000000000a" in difference.words()


def test_the_lowest_number_wins_whoever_is_seen_first() -> None:
    first, second = batch(1, (1, 1, get("a"))), batch(2, (1, 2, get("a")))
    comparison = ResultComparison(words)
    for order in (first, second):
        comparison.ordered(order)
        comparison.recorded(1, respond(order))
    comparison.came_out(1, respond(second, digests=[1]))
    comparison.came_out(2, respond(first, digests=[1]))
    assert comparison.difference is not None and comparison.difference.seq == 1


def test_what_cannot_be_read_is_a_difference_and_not_a_crash() -> None:
    order = batch(1, (1, 1, get("a")))
    good = respond(order)
    bad = decode_from_replica(encode(Result(1, 1, 1, 1, 0, 0, 0, 0, b"\xc1")))
    assert isinstance(bad, Result)
    difference = compared(good, bad, order=order).difference
    assert difference is not None and difference.right.result == "something unreadable"


def test_nothing_executed_is_unknown() -> None:
    assert RerunReport(3).agreement is Agreement.UNKNOWN
    assert RerunReport(3, compared=2).agreement is Agreement.EQUAL
    assert RerunReport(3, compared=2, trouble="R1 ended.").agreement is Agreement.UNKNOWN
