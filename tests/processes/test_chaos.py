"""Chaos, short: every kind of fault once on real processes, and nothing goes wrong."""

from __future__ import annotations

import pytest

from core.runtime.chaos import MINIMUM_PER_S, ChaosReport, Kind, run_chaos
from core.runtime.headless import run_loop

pytestmark = pytest.mark.processes


def test_every_kind_of_fault_once() -> None:
    report = run_loop(run_chaos(len(Kind), 9.0, seed=3, replicas=5, clients=16))
    assert report.kinds == dict.fromkeys((kind.value for kind in Kind), 1)
    assert report.violations == []
    assert report.not_found == 0  # a liar is found, or goes down before it lies: how many finds is chance
    assert (report.unanswered, report.answers_lost, report.processes_left) == (0, 0, 0)
    assert report.agreed and report.holds


def test_a_run_with_little_work_does_not_count_and_one_with_a_violation_does_not_hold() -> None:
    report = ChaosReport(1, throughput_per_s=MINIMUM_PER_S - 1, agreed=True)
    assert report.holds and not report.counts
    report = ChaosReport(1, throughput_per_s=MINIMUM_PER_S, agreed=True, violations=["digest at #1 by R1"])
    assert report.counts and not report.holds
