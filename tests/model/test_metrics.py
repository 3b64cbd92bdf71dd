"""Figures over time."""

from __future__ import annotations

import numpy as np
import pytest

from bench.synthetic import BATCH_REQUESTS, BATCHES_PER_S, START_NS, load_records
from core.limits import MAX_REPLICAS
from core.model.fold import Fold
from core.model.metrics import TICK_NS, MetricsHistory
from tests.support.dialogue import SECOND, Dialogue, words


def test_throughput_counts_the_answers_of_the_last_second() -> None:
    fold = Fold(words)
    fold.apply(load_records(2.0, 3))
    rate = fold.view(START_NS + 2 * SECOND).metrics.throughput_per_s
    assert rate == pytest.approx(BATCH_REQUESTS * BATCHES_PER_S, rel=0.01)


def test_throughput_falls_to_nothing_when_nothing_comes_any_more() -> None:
    fold = Fold(words)
    fold.apply(load_records(1.0, 3))
    assert fold.view(START_NS + SECOND).metrics.throughput_per_s > 0
    assert fold.view(START_NS + 4 * SECOND).metrics.throughput_per_s == 0


def test_latency_quantiles_are_those_of_the_calls_and_returns() -> None:
    talk = Dialogue(clients=1)
    for number in range(1, 101):
        talk.at(1 + number / 1000).call((1, number, "post"))
        talk.at(1 + number / 1000 + number / 1e6).answer(1, (1, number, number, "ok"))
    metrics = talk.view(after_s=0.5).metrics
    assert metrics.p50_ns == pytest.approx(50_000, abs=1_000)
    assert metrics.p99_ns == pytest.approx(99_000, abs=1_000)


def test_an_answer_whose_call_was_not_seen_gives_no_latency() -> None:
    talk = Dialogue(clients=1)
    talk.at(1.0).call((1, 1, "post")).at(1.2).answer(1, (1, 1, 1, "ok"))
    talk.at(2.5).answer(1, (1, 2, 2, "ok"), (1, 513, 3, "ok"))
    view = talk.view(after_s=0.5)
    assert view.metrics.p99_ns == SECOND // 5
    assert view.metrics.answered == 3
    assert view.clients[0].last_latency_ns == 0


def test_the_last_latencies_stay_on_view_but_the_curve_has_a_gap() -> None:
    talk = Dialogue(clients=1)
    talk.at(1.0).call((1, 1, "post")).at(1.2).answer(1, (1, 1, 1, "ok"))
    fold = talk.fold()
    assert fold.view(talk.time_ns + 5 * SECOND).metrics.p50_ns == SECOND // 5
    assert np.isnan(fold.history.p50_ns[-1])
    assert np.nanmax(fold.history.p99_ns) == SECOND // 5


def test_the_history_has_ten_rows_a_second_and_the_hold_back_length_of_each_replica() -> None:
    talk = Dialogue()
    talk.at(0.55).pong(2, 1, 2, 8)
    talk.at(1.55).pong(2, 9)
    history = talk.fold().history
    assert (np.diff(history.times_ns) == TICK_NS).all()
    assert len(history) == 15
    assert history.held(2).tolist() == 5 * [0] + 10 * [7]
    assert history.held(1).tolist() == 15 * [0]


def test_the_history_keeps_its_newest_rows_in_order() -> None:
    history = MetricsHistory(ticks=10)
    held = np.zeros(MAX_REPLICAS + 1, np.int64)
    for tick in range(57):
        history.append(tick, float(tick), 0.0, 0.0, held)
        newest = list(range(max(0, tick - 9), tick + 1))
        assert history.times_ns.tolist() == newest
        assert history.throughput_per_s.tolist() == newest
        assert len(history) == len(newest)


def test_a_gap_of_hours_costs_no_more_than_the_history_holds() -> None:
    talk = Dialogue()
    talk.at(1_000_000.0).pong(1, 1)
    assert len(talk.fold().history) == 6_000


def test_messages_bytes_and_first_answers_are_those_of_the_last_second() -> None:
    history = MetricsHistory(ticks=40)
    held = np.zeros(MAX_REPLICAS + 1, np.int64)
    for tick in range(1, 61):
        requests = 10 * min(tick, 50)  # nothing is asked in the last second
        firsts = {1: requests // 2, 2: requests // 2} if tick <= 20 else {1: 100, 2: requests - 100}
        history.append(tick, 0.0, 0.0, 0.0, held, (6 * requests, 90 * requests, requests), firsts)
    whole = history.messages_per_request()
    assert len(whole) == 40
    assert whole[:39].tolist() == [6.0] * 39 and np.isnan(whole[-1])
    assert history.bytes_per_request(5)[:4].tolist() == [90.0] * 4
    assert history.first_shares(15)[:, 0].tolist() == [0.0, 0.0, 1.0, *(MAX_REPLICAS - 2) * [0.0]]
    assert np.isnan(history.first_shares()[1, -1])
