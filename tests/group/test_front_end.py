"""The front end, played through the transcripts in `tests/transcripts`, and its window."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.effects import Effect, Multicast, Suspect
from core.errors import RemoteProtocolError
from core.group.front_end import FrontEnd
from core.limits import HEARTBEAT_NS, LAG_REQUESTS, OPEN_BATCHES, SUSPECT_AFTER_NS, WINDOW_REQUESTS
from core.protocol.codec import decode_from_front_end
from core.protocol.messages import Ping, Pong
from tests.support.transcripts import Stage, turns

TRANSCRIPTS = sorted((Path(__file__).parents[1] / "transcripts").glob("*.txt"))


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
def test_transcript(path: Path) -> None:
    Stage().play(path)


def test_there_are_transcripts() -> None:
    assert len(TRANSCRIPTS) >= 6
    assert all(list(turns(path)) for path in TRANSCRIPTS)


def test_a_transcript_that_expects_something_else_fails(tmp_path: Path) -> None:
    path = tmp_path / "wrong.txt"
    path.write_text("R1 joins\nrequest C1.1\n  order #2 to R1\n")
    with pytest.raises(AssertionError, match=r"wrong.txt, line 2: request C1.1"):
        Stage().play(path)


def test_nobody_orders_for_an_empty_group() -> None:
    assert FrontEnd(1, 0).room() <= 0


def test_who_gathers_has_no_room_while_batches_wait_for_their_answer() -> None:
    stage = Stage()
    for said in ("R1 joins", "R2 joins"):
        stage.do(said)
    for number in range(1, OPEN_BATCHES + 1):
        assert stage.front_end.room(gathers=True) > 0
        stage.do(f"request C{number}.1")
    assert stage.front_end.room(gathers=True) == 0
    assert stage.front_end.room() > 0
    stage.do("R1 answers #1")
    assert stage.front_end.room(gathers=True) > 0


def test_clients_wait_for_the_slowest_that_is_waited_for() -> None:
    """R2 executes nothing; R1 answers everything. The group may run LAG_REQUESTS ahead of R2, no further,
    until R2 is suspected."""
    stage = Stage()
    for said in ("R1 joins", "R2 joins"):
        stage.do(said)
    number = 0
    while (room := stage.front_end.room()) > 0:
        size = min(room, 64)
        stage.do(f"request C1.{number + 1}-{number + size}")
        stage.do(f"R1 answers #{number + 1}")
        number += size
    assert number == LAG_REQUESTS
    assert stage.do("room") == ["0 more"]
    for moment in ("0.2 s", "0.4 s"):
        stage.do(f"at {moment}")
        stage.do("tick")
    stage.do("at 0.6 s")
    stage.do("R1 pongs expecting #1")
    assert "suspect R2, silent for 0.6 s" in stage.do("tick")
    assert stage.do("room") == [f"{WINDOW_REQUESTS} more"]


def test_a_replica_may_not_join_behind_the_group() -> None:
    stage = Stage()
    stage.do("R1 joins")
    stage.do("request C1.1")
    with pytest.raises(RemoteProtocolError, match="R2 expects #1, but the group is at #2"):
        stage.front_end.joined(2, 1, 1, 0)


class Ticks:
    """A front end's ticks, one heartbeat apart; who is `alive` answers each Ping at once."""

    def __init__(self, front_end: FrontEnd, *alive: int) -> None:
        self.front_end, self.alive, self.now = front_end, alive, 0

    def pinged(self) -> bool:
        """Whether the next tick asks everybody for a sign of life."""
        return any(self._nonce(effect) for effect in self.tick())

    def tick(self) -> tuple[Effect, ...]:
        self.now += HEARTBEAT_NS
        effects = self.front_end.tick(self.now)
        for nonce in filter(None, map(self._nonce, effects)):
            for replica in self.alive:
                pong = Pong(nonce, self.front_end.sequencer.next_seq, (), 0)
                self.front_end.received(replica, pong, self.now)
        return effects

    @staticmethod
    def _nonce(effect: Effect) -> int:
        message = decode_from_front_end(effect.payload) if isinstance(effect, Multicast) else None
        return message.nonce if isinstance(message, Ping) else 0


def test_a_group_at_rest_is_asked_for_signs_of_life_half_as_often() -> None:
    stage = Stage()
    for said in ("R1 joins", "R2 joins"):
        stage.do(said)
    ticks = Ticks(stage.front_end, 1, 2)
    assert [ticks.pinged() for _ in range(6)] == [True, False] * 3
    stage.do("request C1.1")
    assert [ticks.pinged() for _ in range(3)] == [True] * 3, "its responses are still to come"
    stage.do("R1 answers #1")
    assert [ticks.pinged() for _ in range(3)] == [True] * 3, "R2 has not executed it"
    stage.do("R2 answers #1")
    assert [ticks.pinged() for _ in range(4)] == [False, True] * 2
    stage.do("request C1.2")
    stage.do("R1 answers #2")
    stage.do("R2 answers #2")
    assert ticks.pinged(), "nobody was told yet that #2 may be let go of"
    assert not ticks.pinged()


def test_who_is_silent_at_rest_is_asked_at_every_tick_before_it_is_suspected() -> None:
    stage = Stage()
    for said in ("R1 joins", "R2 joins"):
        stage.do(said)
    ticks = Ticks(stage.front_end, 1, 2)
    assert [ticks.pinged() for _ in range(3)] == [True, False, True]
    heard, ticks.alive = ticks.now, (1,)
    effects = [ticks.tick() for _ in range(SUSPECT_AFTER_NS // HEARTBEAT_NS)]
    assert [any(isinstance(effect, Multicast) for effect in tick) for tick in effects] == [False] + [True] * 4
    assert [any(isinstance(effect, Suspect) for effect in tick) for tick in effects] == [False] * 4 + [True]
    assert ticks.now - heard == SUSPECT_AFTER_NS
