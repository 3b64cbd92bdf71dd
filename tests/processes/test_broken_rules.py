"""Each rule of the ordering, broken on purpose: the run says what went wrong, and with which number."""

from __future__ import annotations

import pytest

from core.errors import UsageError
from core.facts import RunStarted
from core.rules import Rule, rules_named
from core.runtime.headless import run, run_loop
from core.runtime.run_settings import RunSettings
from core.trace.wire_log import Record, Tap, decode_fact

pytestmark = pytest.mark.processes

WORDS = {
    Rule.TOTAL_ORDER: "violated",
    Rule.HOLD_BACK: "violated",
    Rule.GAP_REPAIR: "gap repair violated",
    Rule.AT_MOST_ONCE: "at most once violated",
    Rule.FENCING: "fencing violated",
    Rule.DETERMINISM: "violated",
}


@pytest.mark.parametrize("rule", list(Rule))
def test_a_broken_rule_is_found_by_the_checks(rule: Rule) -> None:
    records: list[Record] = []
    settings = RunSettings(clients=4, seconds=30, broken=(rule,))
    report = run_loop(run(settings, records.extend))
    assert report.violations and not report.holds
    assert any(WORDS[rule] in sentence for sentence in report.troubles), report.troubles
    started = decode_fact(next(record.body for record in records if record.tap == Tap.FACT))
    assert isinstance(started, RunStarted) and started.broken == (rule.value,)


def test_with_every_rule_kept_the_same_faults_do_no_harm() -> None:
    from core.commands import SetFault
    from core.link_faults import Way
    from tests.support.cluster import Cluster, play

    async def script(cluster: Cluster) -> None:
        cluster.engine.operator.do(SetFault(0, Way.TO, reorder=0.1, loss=0.02))
        await cluster.serve(500)

    assert play(script).engine.witness.checks.violations == 0


def test_an_unknown_rule_is_refused_with_those_that_there_are() -> None:
    assert rules_named(["fencing", "hold-back", "fencing"]) == (Rule.FENCING, Rule.HOLD_BACK)
    with pytest.raises(UsageError, match=r"no rule “gravity”.*total-order, hold-back"):
        rules_named(["gravity"])
