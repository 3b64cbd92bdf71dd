"""“Why?” of everything at many moments of simulated runs: always an answer, never a traceback."""

from __future__ import annotations

import pytest

from core.ids import client_name, replica_name
from core.model.explain import is_puzzling, why
from core.model.fold import Fold
from core.model.reason import Cause
from core.simulation.run import simulate
from core.simulation.schedule import draw
from core.trace.events import EventLog
from core.trace.wire_log import Record
from tests.support.dialogue import words

MOMENTS = 12


@pytest.mark.parametrize("seed", range(1, 7))
def test_everything_has_an_answer_at_every_moment(seed: int) -> None:
    records: list[Record] = []
    simulate(draw(seed), records)
    fold, log = Fold(words), EventLog(words)
    step = max(1, len(records) // MOMENTS)
    causes: set[Cause] = set()
    for start in range(0, len(records), step):
        part = records[start : start + step]
        fold.apply(part)
        log.append(part)
        view = fold.view(part[-1].time_ns)
        names = [replica_name(card.replica) for card in view.replicas]
        names += [client_name(card.client) for card in view.clients]
        for name in [*names, "FE", *(f"#{seq}" for seq in range(1, view.front_end.next_seq, 7))]:
            told = why(view, log, words, name)
            assert told.sentences and all(sentence.endswith((".", "?")) for sentence in told.sentences), told
            causes.add(told.cause)
        assert all(why(view, log, words, name).cause for name in names if is_puzzling(view, name))
    assert len(causes) > 1
