"""Simulated clients: seeded, independent of each other, readable, and cheap for the services."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any

import pytest
from msgspec import Meta

from core.errors import ServiceError, UsageError
from core.limits import MAX_CLIENTS
from core.services.calls import encode_outcome, is_refused, operation_decoder
from core.services.kv import KeyValue
from core.services.machine import Context, Operation, Refused
from core.services.social import Social
from core.workload import clients as module
from core.workload.clients import CYCLE_REQUESTS, SeededWorkload, WorkloadSettings, make_workload
from core.workload.vocabulary import FIRST_NAMES, SECOND_NAMES


def take(workload: SeededWorkload, client: int, count: int) -> list[bytes]:
    return [workload.next(client) for _ in range(count)]


def execute(service: Any, workload: SeededWorkload, clients: int, count: int) -> Counter[tuple[str, str]]:
    """How often each operation ended how ("ok" or the refusal's code)."""
    decode = operation_decoder(service.operations)
    seen: Counter[tuple[str, str]] = Counter()
    for seq in range(1, count + 1):
        operation = decode(workload.next(seq % clients + 1))
        outcome = service.apply(operation, Context(seq, seq))
        tag = str(operation.__struct_config__.tag)
        seen[tag, outcome.code if isinstance(outcome, Refused) else "ok"] += 1
        assert is_refused(encode_outcome(outcome)) == isinstance(outcome, Refused)
    return seen


@pytest.mark.parametrize("kind", [Social, KeyValue])
def test_a_seed_repeats_a_run_and_another_does_not(kind: Any) -> None:
    one, same = (make_workload(kind(), WorkloadSettings(seed=7), 3) for _ in range(2))
    other = make_workload(kind(), WorkloadSettings(seed=8), 3)
    assert take(one, 2, 300) == take(same, 2, 300) != take(other, 2, 300)


@pytest.mark.parametrize("kind", [Social, KeyValue])
def test_a_client_does_not_depend_on_the_others(kind: Any) -> None:
    alone = make_workload(kind(), WorkloadSettings(), 3)
    among = make_workload(kind(), WorkloadSettings(), 3)
    for step in range(200):
        among.next(1)
        if step % 3:
            among.next(3)
        assert among.next(2) == alone.next(2)
    assert take(alone, 1, 50) != take(alone, 3, 50)


def test_think_times_do_not_change_what_is_asked() -> None:
    hasty, slow = (make_workload(Social(), WorkloadSettings(think_ms=ms), 2) for ms in (0, 5))
    for _ in range(100):
        slow.think_ns(1)
        assert hasty.next(1) == slow.next(1)


def test_the_social_mix_is_what_it_says() -> None:
    count = 20_000
    seen = execute(Social(), make_workload(Social(), WorkloadSettings(), 6), 6, count)
    share = Counter[str]()
    for (tag, _), times in seen.items():
        share[tag] += times
    for tag, expected in {
        "post": 33,
        "timeline": 27,
        "profile": 10,
        "followers": 9,
        "following": 5,
        "users": 3,
        "delete_post": 2,
    }.items():
        assert share[tag] / count * 100 == pytest.approx(expected, abs=1.5), tag
    assert (share["follow"] + share["unfollow"]) / count * 100 == pytest.approx(9, abs=1.5)
    refused = sum(times for (_, end), times in seen.items() if end != "ok")
    assert 0.01 < refused / count < 0.04
    assert len({end for _, end in seen}) > 6


@pytest.mark.parametrize(
    ("kind", "mix"), [(Social, "reads"), (Social, "writes"), (KeyValue, "reads"), (KeyValue, "writes")]
)
def test_other_mixes_lean_as_their_names_say(kind: Any, mix: str) -> None:
    service = kind()
    read = {str(one.__struct_config__.tag) for one in service.operations if one.READ_ONLY}
    seen = execute(service, make_workload(service, WorkloadSettings(mix=mix), 4), 4, 4_000)
    reads = sum(times for (tag, _), times in seen.items() if tag in read) / 4_000
    assert reads > 0.85 if mix == "reads" else reads < 0.05


def test_every_kv_operation_comes_and_mostly_succeeds() -> None:
    service = KeyValue()
    seen = execute(service, make_workload(service, WorkloadSettings(), 6), 6, 20_000)
    assert {tag for tag, end in seen if end == "ok"} == {
        "get",
        "put",
        "increment",
        "append",
        "compare_and_set",
        "delete",
    }
    assert {end for _, end in seen} == {"ok", "not_an_integer", "not_a_string"}
    assert len(service.snapshot()) <= 8  # type: ignore[arg-type]
    assert all(len(row.value) < 32 for row in service.summary())


def test_the_cycle_ends_where_it_began() -> None:
    service = Social()
    workload = make_workload(service, WorkloadSettings(), 1)
    decode = operation_decoder(service.operations)
    states: list[Any] = []
    opening = 5
    made = [decode(raw) for raw in take(workload, 1, opening + 2 * CYCLE_REQUESTS + 100)]
    length = made.index(made[opening], opening + CYCLE_REQUESTS) - opening
    while made[opening : opening + 50] != made[opening + length : opening + length + 50]:
        length += 1
    for seq, operation in enumerate(made[: opening + 2 * length], 1):
        outcome = service.apply(operation, Context(seq, seq))
        if isinstance(outcome, Refused):
            assert outcome.code not in ("already_following", "not_following")
        if seq in (opening, opening + length, opening + 2 * length):
            states.append({row.key for row in service.inspect("users/alice/following", 0, 99).rows})
    assert CYCLE_REQUESTS <= length < CYCLE_REQUESTS + 60
    assert states[0] == states[1] == states[2]


def test_a_long_run_keeps_the_state_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    from core.services import social_operations as ops

    monkeypatch.setattr(ops, "MAX_POSTS_PER_USER", 50)
    service = Social()
    execute(service, make_workload(service, WorkloadSettings(), 4), 4, 30_000)
    assert len(service._state.posts) <= 8 * 50
    assert len(service._state.accounts) == 8
    assert len(service._state.follows) <= 8 * 7


def test_all_clients_have_users_of_their_own() -> None:
    assert len({*FIRST_NAMES, *SECOND_NAMES}) == 2 * MAX_CLIENTS
    service = Social()
    workload = make_workload(service, WorkloadSettings(), MAX_CLIENTS)
    execute(service, workload, MAX_CLIENTS, 2 * MAX_CLIENTS)
    assert len(service._state.accounts) == 2 * MAX_CLIENTS


def test_clients_may_come_later() -> None:
    workload = make_workload(Social(), WorkloadSettings(), 2)
    first = operation_decoder(Social.operations)(workload.next(64))
    assert str(first.__struct_config__.tag) == "register"


def test_think_times_lie_around_their_mean_after_each_burst() -> None:
    workload = make_workload(Social(), WorkloadSettings(think_ms=10, burst=3), 2)
    pauses = [workload.think_ns(1) for _ in range(300)]
    assert all(pause == 0 for step, pause in enumerate(pauses) if step % 3 != 2)
    real = pauses[2::3]
    assert all(5_000_000 <= pause <= 15_000_000 for pause in real)
    assert sum(real) / len(real) == pytest.approx(10_000_000, rel=0.1)
    again = make_workload(Social(), WorkloadSettings(think_ms=10, burst=3), 2)
    assert [again.think_ns(1) for _ in range(300)] == pauses


def test_pauses_change_during_a_run() -> None:
    workload = make_workload(Social(), WorkloadSettings(think_ms=10, burst=1_000), 1)
    assert workload.think_ns(1) == 0
    workload.settings = WorkloadSettings(think_ms=10, burst=1)
    workload.think_ns(1)
    assert workload.think_ns(1) > 0
    workload.settings = WorkloadSettings()
    assert workload.think_ns(1) == 0


@pytest.mark.parametrize("wrong", [{"think_ms": -1}, {"think_ms": float("nan")}, {"burst": 0}])
def test_settings_that_mean_nothing(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        WorkloadSettings(**wrong)


@pytest.mark.parametrize("kind", [Social, KeyValue])
def test_an_unknown_mix_is_said_at_once(kind: Any) -> None:
    with pytest.raises(UsageError, match=r"no mix called 'odd'.*default, reads, writes"):
        make_workload(kind(), WorkloadSettings(mix="odd"), 1)


class Look(Operation, frozen=True, tag="look"):
    READ_ONLY = True


class Move(Operation, frozen=True, tag="move"):
    who: Annotated[str, Meta(extra={"max_length": 3})]
    far: Annotated[int, Meta(ge=1)] = 1
    why: str | int | None = None


class Impossible(Operation, frozen=True, tag="impossible"):
    word: Annotated[str, Meta(min_length=100)]


class Foreign(KeyValue):
    operations = (Look, Move)


class Stubborn(KeyValue):
    operations = (Impossible,)


def test_a_service_that_nobody_knows_gets_arguments_that_fit() -> None:
    decode = operation_decoder(Foreign.operations)
    workload = make_workload(Foreign(), WorkloadSettings(), 2)
    made: Any = [decode(raw) for raw in take(workload, 1, 500)]
    moves = [one for one in made if isinstance(one, Move)]
    assert 150 < len(moves) < 350
    assert all(len(one.who) <= 3 and one.far >= 1 for one in moves)
    assert {type(one.why) for one in moves} == {str, int, type(None)}
    reads = make_workload(Foreign(), WorkloadSettings(mix="reads"), 2)
    assert sum(isinstance(decode(raw), Look) for raw in take(reads, 1, 500)) > 400


def test_a_service_without_possible_arguments_is_said() -> None:
    workload = make_workload(Stubborn(), WorkloadSettings(), 1)
    with pytest.raises(ServiceError, match="impossible"):
        workload.next(1)


def test_a_cycle_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CYCLE_REQUESTS", 10)
    workload = make_workload(KeyValue(), WorkloadSettings(), 1)
    first = take(workload, 1, 10)
    again = take(workload, 1, 10)
    assert [id(raw) for raw in first] == [id(raw) for raw in again]
