"""Situations that a person asks about, and the answer.

told = ask(lost_on_its_way(), "R1")
assert told.cause is Cause.LOST
"""

from __future__ import annotations

from core import facts
from core.link_faults import LinkFaults, Way
from core.model.explain import why
from core.model.fold import Fold
from core.model.reason import Why
from core.protocol.messages import Nack
from core.trace.events import EventLog
from core.trace.wire_log import Tap
from tests.support.dialogue import SECOND, Dialogue, Request, one_request, words

SECOND_POST: Request = (1, 2, "post two")
THIRD_POST: Request = (2, 1, "post three")


def ask(talk: Dialogue, subject: str, after_s: float = 0.0) -> Why:
    """What is answered so long after the last record."""
    fold, log = Fold(words), EventLog(words)
    fold.apply(talk.records)
    log.append(talk.records)
    return why(fold.view(talk.time_ns + round(after_s * SECOND)), log, words, subject)


def lost_on_its_way() -> Dialogue:
    """#2 is lost on the way to R1, which holds #3 and asks for #2."""
    talk = one_request()
    talk.at(2.0).say(facts.LinkFaulted(1, Way.TO, LinkFaults(loss=0.3)))
    talk.at(2.1).call(SECOND_POST).order(2, SECOND_POST, to=(2, 3)).order(
        2, SECOND_POST, to=(1,), tap=Tap.TO_LOST
    )
    talk.at(2.101).result(2, 2).answer(2, (1, 2, 2, "ok"))
    talk.at(2.102).call(THIRD_POST).order(3, THIRD_POST)
    talk.at(2.11).frame(1, Nack(2, 2))
    return talk.at(2.112).pong(1, 2, 3, 3)
