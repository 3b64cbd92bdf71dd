"""What can be typed, without Qt."""

from __future__ import annotations

import pytest

from core.commands import (
    AddReplica,
    Continue,
    CrashFrontEnd,
    Delay,
    Deliver,
    Double,
    Heal,
    Kill,
    Look,
    Lose,
    Partition,
    Pause,
    RemoveReplica,
    Revive,
    SetClients,
    SetFault,
    SetLoad,
    SetPace,
    SetPolicies,
    Tamper,
)
from core.errors import UsageError
from core.facts import Pace
from core.harm import Harm
from core.link_faults import Way
from core.policies import MAJORITY, FailurePolicy, ReplyPolicy
from core.workload.console_faults import FAULT_WORDS
from core.workload.console_group import GROUP_WORDS
from core.workload.console_language import (
    CONSOLE_WORDS,
    Ask,
    Clear,
    Diff,
    Help,
    LineHistory,
    Query,
    Scope,
    UseClient,
    complete,
    parse,
)
from core.workload.console_messages import DELAY_HELP

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
        ("delay 12", Delay(12)),
        ("delay #12", Delay(12)),
        ("delay 12 behind 14", Delay(12, 14)),
        ("Delay #12 Behind #14", Delay(12, 14)),
        ("delay 200ms", SetFault(0, delay_ns=200_000_000, jitter_ns=0)),
        ("delay R1 200", SetFault(1, delay_ns=200_000_000, jitter_ns=0)),
        ("lose 12", Lose(12)),
        ("double #12", Double(12)),
        ("clients 8", SetClients(8)),
        ("load on", SetLoad(True)),
        ("load off", SetLoad(False)),
        ("look R1 users", Look(1, "users")),
        ("look R1", Look(1, "")),
        ("cut R2", SetFault(2, cut=True)),
        ("cut FE->R2", SetFault(2, Way.TO, cut=True)),
        ("cut r2→fe", SetFault(2, Way.FROM, cut=True)),
        ("heal R2", Heal(2)),
        ("heal R2->FE", Heal(2, Way.FROM)),
        ("heal", Heal()),
        ("drop 30% FE->R1", SetFault(1, Way.TO, loss=0.3)),
        ("drop 30 % R1", SetFault(1, loss=0.3)),
        ("drop 2.5%", SetFault(0, loss=0.025)),
        ("delay R3 200ms", SetFault(3, delay_ns=200_000_000, jitter_ns=0)),
        ("delay 1s 50ms", SetFault(0, delay_ns=1_000_000_000, jitter_ns=50_000_000)),
        ("duplicate 10% R1", SetFault(1, duplicate=0.1)),
        ("reorder 20% R1->FE", SetFault(1, Way.FROM, reorder=0.2)),
        ("partition R1 R2 | R3", Partition((3,))),
        ("partition R1|R2 R3", Partition((2, 3))),
        ("pause R2", Pause(2)),
        ("continue R2", Continue(2)),
        ("slow R2 5ms", Tamper(2, Harm.SLOW, 5_000_000)),
        ("slow R2 off", Tamper(2, Harm.SLOW, 0)),
        ("lie R2", Tamper(2, Harm.LIE, 1)),
        ("lie R2 10", Tamper(2, Harm.LIE, 10)),
        ("lie R2 off", Tamper(2, Harm.LIE, 0)),
        ("corrupt R2", Tamper(2, Harm.CORRUPT, 1)),
        ("flood R2", Tamper(2, Harm.FLOOD, 10_000_000)),
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
        ("diff R1 R3", Diff(1, 3)),
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
        ("diff R1", "diff R1 R2"),
        ("diff R1 r1", "two replicas"),
        ("diff R1 R9", "R1, R2, R3"),
        ("lose", "lose 12"),
        ("double it", "whole number"),
        ("delay 12 behind", "delay 12 behind 14"),
        ("delay R1 behind R2", "delay 12 behind 14"),
        ("step 3", "deliver 12"),
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
        ("po", ["policy", "post", "post alice"]),
        ("cra", ["crash"]),
        ("policy ac", ["policy acks 2", "policy acks all"]),
        ("pa", ["pause", "partition", "pace"]),
        ("p", ["pause", "partition", "policy", "pace", "post", "profile", "post alice"]),
        ("C1> po", ["C1> post", "C1> post alice"]),
        ("C1> ", ["C1> post", "C1> profile", "C1> post alice"]),
        ("post a", ["post alice"]),
        ("cl", ["clients", "clear"]),
    ],
)
def test_completion_gives_whole_lines(text: str, lines: list[str]) -> None:
    assert complete(text, SCOPE, service) == lines


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("deliver ", ["deliver 12", "deliver 14", "deliver 121"]),
        ("lose 12", ["lose 12", "lose 121"]),
        ("delay 1", ["delay 12", "delay 14", "delay 121"]),
        ("delay 12 ", ["delay 12 behind 14", "delay 12 behind 121"]),
        ("delay #14 behind 12", ["delay #14 behind 12", "delay #14 behind 121"]),
        ("step ", []),
    ],
)
def test_messages_on_their_way_are_completed(text: str, lines: list[str]) -> None:
    scope = Scope(8, (1, 2, 3), (), (12, 14, 121))
    assert complete(text, scope, service) == lines
    for line in lines:
        assert isinstance(parse(line, scope), Ask), line


def test_delay_is_told_of_links_and_of_messages() -> None:
    assert CONSOLE_WORDS["delay"].splitlines() == [FAULT_WORDS["delay"], DELAY_HELP]


def test_history_goes_up_and_comes_back_to_the_unfinished_line() -> None:
    history = LineHistory(["one", "two"])
    assert [history.older("draft"), history.older("two"), history.older("one")] == ["two", "one", "one"]
    assert [history.newer("one"), history.newer("two"), history.newer("draft")] == ["two", "draft", "draft"]


def test_history_keeps_no_immediate_repetition_and_is_bounded() -> None:
    history = LineHistory(limit=3)
    for line in ("a", "a", "b", "c", "d"):
        history.add(line)
    assert history.lines == ["b", "c", "d"]


@pytest.mark.parametrize(
    "line",
    ["cut", "cut R9", "cut R1 R2", "drop R1", "drop 130% R1", "delay R1", "delay R1 soon", "partition R1 R2",
     "partition R1 | R9", "lie R1 often", "slow R1 5miles", "pause", "flood R1 lots", "heal everybody"],
)  # fmt: skip
def test_a_fault_that_makes_no_sense_is_refused_with_the_word_s_use(line: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse(line, SCOPE)
    assert FAULT_WORDS[line.split()[0]] in str(refused.value) or "There are: R1" in str(refused.value)


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("policy acks 2", SetPolicies(reply=ReplyPolicy("acks", 2))),
        ("policy Majority", SetPolicies(reply=MAJORITY)),
        ("failures revive", SetPolicies(failure=FailurePolicy.REVIVE)),
        ("liars expel", SetPolicies(expel_liars=True)),
        ("liars keep", SetPolicies(expel_liars=False)),
        ("revive r2", Revive(2)),
        ("remove R3", RemoveReplica(3)),
        ("add", AddReplica()),
        ("crash FE", CrashFrontEnd()),
    ],
)
def test_the_group_is_changed_by_a_word(text: str, command: object) -> None:
    line = parse(text, SCOPE)
    assert isinstance(line, Ask)
    assert line.command == command
    assert line.echo


@pytest.mark.parametrize(
    "line",
    ["policy", "policy acks", "policy last", "failures", "failures pray", "liars", "revive", "revive R9",
     "add 3", "remove all", "crash", "crash R2"],
)  # fmt: skip
def test_what_the_group_cannot_do_is_refused_with_what_it_can(line: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse(line, SCOPE)
    assert GROUP_WORDS[line.split()[0]] in str(refused.value) or "There are: " in str(refused.value)


@pytest.mark.parametrize("word", [word for word in GROUP_WORDS if word != "add"])
def test_every_completion_about_the_group_can_be_entered(word: str) -> None:
    offered = complete(f"{word} ", SCOPE, lambda text: [])
    assert offered
    for line in offered:
        assert isinstance(parse(line, SCOPE), Ask), line


@pytest.mark.parametrize("word", list(FAULT_WORDS))
def test_every_completion_of_a_fault_can_be_entered(word: str) -> None:
    offered = complete(f"{word} ", SCOPE, lambda text: [])
    assert offered
    for line in offered:
        assert isinstance(parse(line, SCOPE), Ask), line
