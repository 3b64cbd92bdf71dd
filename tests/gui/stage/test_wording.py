"""The words on the stage."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QPointF, QSizeF

from core.facts import Pace
from core.model.cluster_view import ReplicaState
from gui.stage.layout import arrange
from gui.stage.replica_card import replica_sign
from gui.stage.tips import describe, tip, token_tip
from gui.stage.wording import (
    FIRST_SENTENCE,
    client_status,
    digest_text,
    duration,
    guidance,
    pace_words,
    replica_status,
    shortened,
    slot_text,
    waited,
)
from gui.theme import DARK, LIGHT
from tests.support.sample_views import sample


@pytest.mark.parametrize(
    ("ns", "words"),
    [(240_000, "240 µs"), (4_100_000, "4.1 ms"), (120_000_000, "120 ms"), (1_240_000_000, "1.2 s")],
)
def test_durations(ns: int, words: str) -> None:
    assert duration(ns) == words


def test_a_long_wait_grows_in_tenths_of_a_second() -> None:
    assert {waited(ns) for ns in range(300_000_000, 400_000_000, 7_000_000)} == {"0.3 s"}
    assert waited(-5) == "0 µs"


def test_numbers_are_short() -> None:
    assert [shortened(n) for n in (88, 8_287, 748_000, 1_250_000)] == ["88", "8.3k", "748k", "1.2M"]
    assert [slot_text(n) for n in (7, 128, 12_007)] == ["7", "128", "007"]
    assert digest_text(0x9F3AC41E_00000001) == "9f3a·c41e"


def test_what_a_client_waits_for_or_got() -> None:
    waits, got, refused = sample("waiting").clients
    assert client_status(waits, waits.waiting_since_ns + 2_000_000) == "waiting · 2.0 ms"
    assert client_status(replace(got, waiting_since_ns=0), 0) == f"#{got.last_seq} · 3.5 ms"
    assert client_status(refused, 0) == f"refused · #{refused.last_seq}"
    assert client_status(replace(refused, last_outcome="unknown", last_seq=0), 0) == "unknown"
    assert client_status(replace(refused, last_outcome=""), 0) == "no query yet"


def test_how_a_replica_is() -> None:
    waiting = sample("waiting").replicas[0]
    assert replica_status(waiting) == "waiting for #128"
    assert replica_status(sample("killed").replicas[1]) == "dead · SIGKILL · 12.1 s"


def test_every_state_has_a_shape_of_its_own() -> None:
    for theme in (DARK, LIGHT):
        signs = {state: replica_sign(state, theme)[0] for state in ReplicaState}
        assert len(set(signs.values())) == len(ReplicaState) - 1  # waiting and lagging: the word tells


def test_the_first_sentence_goes_when_something_was_asked() -> None:
    view = sample("idle")
    opened = tuple(replace(card, call="open session", answered=1) for card in view.clients)
    fresh = replace(view, clients=opened)
    assert guidance(fresh) == FIRST_SENTENCE
    untouched = tuple(replace(card, call="", answered=0) for card in view.clients)
    assert guidance(replace(view, clients=untouched)) == FIRST_SENTENCE
    assert guidance(view) == ""
    assert guidance(replace(fresh, alert="R2 was killed")) == ""
    assert guidance(replace(fresh, load_running=True)) == ""
    asked = replace(opened[0], call="timeline carol 10", waiting_since_ns=5)
    assert guidance(replace(fresh, clients=(asked, *opened[1:]))) == ""


def test_the_pace_is_said() -> None:
    assert pace_words(sample("idle")) == "real time"
    assert pace_words(sample("load")) == "showing 1 of 640"
    assert pace_words(sample("slow")) == "slow: 600 ms a message"
    assert pace_words(replace(sample("slow"), pace=Pace.STEP)).startswith("step")


def test_every_node_and_message_is_told_in_words() -> None:
    view = sample("waiting", 3, 3)
    layout = arrange(QSizeF(980, 560), 3, 3)
    for name, place in layout.places.items():
        assert describe(view, name)
        rect = place.rect
        for y in range(int(rect.top()), int(rect.bottom()), 6):
            assert tip(view, place, QPointF(rect.center().x(), y), lambda name: "")
    assert "holds 4 back" in describe(view, "R1")
    assert describe(view, "R9") == ""
    assert "R1" in token_tip(view, view.tokens[0].token)
    assert token_tip(view, 10**9) == ""
