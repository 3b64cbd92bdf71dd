"""What a replica said in a life before this one. No connection carries it, for each is one incarnation's own:
neither a real run nor a simulated one shows a front end that takes it, so this does."""

from __future__ import annotations

from msgspec.structs import replace

from core.effects import Return
from core.group.front_end import FrontEnd
from core.group.sequencer import Requests
from tests.support.group import OPEN, respond


def test_an_answer_from_a_past_life_answers_nobody() -> None:
    front_end = FrontEnd(1, 0)
    front_end.joined(2, incarnation=2, expected=1, now=0)
    order, _ = front_end.request(Requests([1, 1], [OPEN]), now=0)
    past = respond(order)
    assert past.incarnation == 1
    assert front_end.received(2, past, now=1) == ()
    assert front_end.responses.unanswered == 1
    assert front_end.view.members[2].executed == 0
    [answer] = front_end.received(2, replace(past, incarnation=2), now=2)
    assert isinstance(answer, Return)
    assert front_end.view.members[2].executed == 1
