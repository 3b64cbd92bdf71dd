"""What can be typed, without Qt."""

from __future__ import annotations

import pytest

from core.commands import Deliver, Kill, Look, SetClients, SetLoad, SetPace
from core.errors import UsageError
from core.facts import Pace
from gui.console_language import Ask, Clear, Help, LineHistory, Query, Scope, UseClient, complete, parse

SCOPE = Scope(clients=8, replicas=(1, 2, 3), operations=("register", "post", "timeline"))


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("kill R2", Kill(2)),
        ("KILL r3", Kill(3)),
        ("kill 1", Kill(1)),
        ("pace real", SetPace(Pace.REAL_TIME)),
        ("pace slow", SetPace(Pace.SLOW)),
        ("pace slow 0.3", SetPace(Pace.SLOW, 300_000_000)),
        ("pace step", SetPace(Pace.STEP)),
        ("step", Deliver()),
        ("deliver 12", Deliver(12)),
        ("deliver #12", Deliver(12)),
        ("clients 8", SetClients(8)),
        ("load on", SetLoad(True)),
        ("load off", SetLoad(False)),
        ("look R1 users", Look(1, "users")),
        ("look R1", Look(1, "")),
    ],
)
def test_a_command_of_the_cluster(line: str, command: object) -> None:
    read = parse(line, SCOPE)
    assert isinstance(read, Ask)
    assert read.command == command
    assert read.echo


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ('C1> post alice "hello"', Query(1, 'post alice "hello"')),
        ("c2 > timeline bob", Query(2, "timeline bob")),
        ("C8 post a b", Query(8, "post a b")),
        ("C3› post a b", Query(3, "post a b")),
        ("post alice hi", Query(0, "post alice hi")),
        ("C2", UseClient(2)),
        ("C2>", UseClient(2)),
        ("help", Help()),
        ("help post", Help("post")),
        ("clear", Clear()),
        ("   ", None),
    ],
)
def test_a_line_for_the_service_or_the_console(line: str, read: object) -> None:
    assert parse(line, SCOPE) == read


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("kill R9", "R1, R2, R3"),
        ("kill", "kill R2"),
        ("kill R1 R2", "one argument"),
        ("kil R2", "Did you mean “kill”?"),
        ("timelime bob", "Did you mean “timeline”?"),
        ("xyzzy", "help"),
        ("C9> post a b", "There are C1 to C8."),
        ("C1> pots a b", "Did you mean “post”?"),
        ("pace fast", "pace real"),
        ("pace slow -1", "pace slow 0.3"),
        ("pace slow nan", "pace slow 0.3"),
        ("pace step 3", "pace slow 0.3"),
        ("clients 0", "1 to 64"),
        ("clients 65", "1 to 64"),
        ("clients many", "whole number"),
        ("load maybe", "load on"),
        ("look", "look R1 users"),
        ("step 3", "deliver"),
    ],
)
def test_a_wrong_line_says_what_to_type(line: str, words: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse(line, SCOPE)
    assert words in str(raised.value)


def test_an_addressed_line_asks_the_service_even_when_the_console_knows_the_word() -> None:
    scope = Scope(1, (1,), ("step",))
    assert parse("C1> step", scope) == Query(1, "step")
    assert isinstance(parse("step", scope), Ask)


def service(text: str) -> list[str]:
    return [line for line in ("post", "profile", "post alice") if line.startswith(text)]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("ki", ["kill"]),
        ("kill ", ["kill R1", "kill R2", "kill R3"]),
        ("pace s", ["pace slow", "pace step"]),
        ("load ", ["load on", "load off"]),
        ("po", ["post", "post alice"]),
        ("p", ["pace", "post", "profile", "post alice"]),
        ("C1> po", ["C1> post", "C1> post alice"]),
        ("C1> ", ["C1> post", "C1> profile", "C1> post alice"]),
        ("post a", ["post alice"]),
        ("c", ["clients", "clear"]),
    ],
)
def test_completion_gives_whole_lines(text: str, lines: list[str]) -> None:
    assert complete(text, SCOPE, service) == lines


def test_history_goes_up_and_comes_back_to_the_unfinished_line() -> None:
    history = LineHistory(["one", "two"])
    assert [history.older("draft"), history.older("two"), history.older("one")] == ["two", "one", "one"]
    assert [history.newer("one"), history.newer("two"), history.newer("draft")] == ["two", "draft", "draft"]


def test_history_keeps_no_immediate_repetition_and_is_bounded() -> None:
    history = LineHistory(limit=3)
    for line in ("a", "a", "b", "c", "d"):
        history.add(line)
    assert history.lines == ["b", "c", "d"]
