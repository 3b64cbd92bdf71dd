"""Clients in a closed loop, whatever is asked of them in whatever order."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.crowd import Crowd

STEP = st.tuples(
    st.sampled_from(["begin", "end", "ask", "answer", "run", "rest", "think", "due"]), st.integers(1, 4)
)
COMING_AND_GOING = st.tuples(st.sampled_from(["begin", "end", "answer", "answer", "run"]), st.integers(1, 2))


@settings(max_examples=300, deadline=None)
@given(st.lists(STEP, max_size=60))
def test_one_open_request_for_each_client_always(steps: Sequence[tuple[str, int]]) -> None:
    """`Crowd.take` holds the invariant at every step; and who is opened at the end can be asked."""
    loop = Crowd(think_ns=7)
    for step, client in steps:
        loop.now += 3
        match step:
            case "begin":
                loop.begin(client)
            case "end":
                loop.end(client)
            case "ask" if client in loop.pool.clients and client not in loop.pool._closing:
                loop.ask(client, "hand")
            case "answer" if client in loop.open:
                loop.answer(client)
            case "run":
                loop.run()
            case "rest":
                loop.run(False)
            case "think":
                loop.run(thinks=True)
            case "due":
                loop.due(loop.now)
    loop.run(False)
    while loop.open:
        loop.answer()
    assert loop.pool.open_requests == 0
    for client in sorted(loop.pool.clients):
        assert loop.ask(client, "still there") == [f"C{client} still there"]


@settings(max_examples=200, deadline=None)
@given(st.lists(COMING_AND_GOING, min_size=5, max_size=40))
def test_only_open_sessions_ask(steps: Sequence[tuple[str, int]]) -> None:
    """As a replica sees it: between `open` and `close`, and nothing outside."""
    loop = Crowd()
    sessions: set[str] = set()

    def see(said: list[str]) -> None:
        for text in said:
            client, _, what = text.partition(" ")
            assert (what == "open") == (client not in sessions), text
            if what == "open":
                sessions.add(client)
            elif what == "close":
                sessions.remove(client)

    for step, client in steps:
        match step:
            case "begin":
                see(loop.begin(client))
            case "end":
                see(loop.end(client))
            case "answer" if client in loop.open:
                see(loop.answer(client))
            case "run":
                see(loop.run())
