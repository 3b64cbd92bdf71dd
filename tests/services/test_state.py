"""State: equal histories give equal states everywhere, a snapshot carries all of it, damage is seen."""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Raw
from msgspec.structs import force_setattr

from core.services import kv
from core.services import social_operations as ops
from core.services.calls import encode_outcome, operation_decoder
from core.services.kv import KeyValue
from core.services.machine import Context, Operation, Refused
from core.services.social import Social
from tests.services.driver import Driver, timestamp

ROOT = Path(__file__).parents[2]

NAMES = st.sampled_from(["a", "b", "c", "dé", "nobody", "", "x y"])
TEXTS = st.sampled_from(["hi", "日本", "", " ", "x" * 281]) | st.text(max_size=5)
NUMBERS = st.integers(-1, 40)
SOCIAL_CALLS = st.one_of(
    st.builds(ops.Register, NAMES),
    st.builds(ops.Follow, NAMES, NAMES),
    st.builds(ops.Unfollow, NAMES, NAMES),
    st.builds(ops.Post, NAMES, TEXTS),
    st.builds(ops.DeletePost, NAMES, NUMBERS),
    st.builds(ops.Timeline, NAMES, NUMBERS),
    st.builds(ops.Followers, NAMES, NUMBERS, NUMBERS),
    st.builds(ops.Following, NAMES, NUMBERS, NUMBERS),
    st.builds(ops.Profile, NAMES),
    st.builds(ops.Users, NUMBERS, NAMES),
)
KEYS = st.sampled_from(["", "a", "b", "日", "k" * 257])
EDGES = st.sampled_from([0, 1, -1, (1 << 63) - 1, -(1 << 63)])
CONTENTS = EDGES | st.sampled_from(["", "0", "1", "é" * 9_000, "x"])
KV_CALLS = st.one_of(
    st.builds(kv.Put, KEYS, CONTENTS),
    st.builds(kv.Get, KEYS),
    st.builds(kv.Delete, KEYS),
    st.builds(kv.Increment, KEYS, EDGES),
    st.builds(kv.Append, KEYS, st.sampled_from(["", "x", "é" * 9_000])),
    st.builds(kv.CompareAndSet, KEYS, CONTENTS | st.none(), CONTENTS),
)
START = [ops.Register(name) for name in ("a", "b", "c", "dé")]


def run(service: Any, calls: list[Operation], first_seq: int = 1) -> list[bytes]:
    """The outcomes of `calls`, with the hash checked after each."""
    outcomes = []
    for seq, call in enumerate(calls, first_seq):
        outcomes.append(encode_outcome(service.apply(call, Context(seq, timestamp(seq)))))
        assert service.state_hash == service.recompute_hash()
    return outcomes


def split_anywhere(kind: type[Any], calls: list[Operation], at: int) -> None:
    """A replica that starts from a snapshot is, from there on, the one that was there always."""
    whole, donor, heir = kind(), kind(), kind()
    outcomes = run(whole, calls)
    run(donor, calls[:at])
    wire = msgspec.msgpack.encode(donor.snapshot())
    run(heir, calls[at : at + 3])  # whatever it held before is gone
    heir.restore(msgspec.msgpack.decode(wire))
    assert heir.state_hash == donor.state_hash
    assert msgspec.msgpack.encode(heir.snapshot()) == wire
    assert run(heir, calls[at:], at + 1) == outcomes[at:]
    assert heir.snapshot() == whole.snapshot()
    assert heir.state_hash == whole.state_hash
    assert heir.inspect("", 0, 10) == whole.inspect("", 0, 10)
    for branch in whole.inspect("", 0, 10).branches:
        assert heir.inspect(branch, 0, 100) == whole.inspect(branch, 0, 100)


@given(st.lists(SOCIAL_CALLS, max_size=50), st.integers(0, 50))
@settings(deadline=None)
def test_social_goes_on_from_a_snapshot(calls: list[Operation], at: int) -> None:
    split_anywhere(Social, START + calls, min(at, len(calls)) + len(START))
    whole, heir = Social(), Social()
    run(whole, START + calls)
    heir.restore(whole.snapshot())
    assert heir.summary() == whole.summary()


@given(st.lists(KV_CALLS, max_size=40), st.integers(0, 40))
@settings(deadline=None)
def test_kv_goes_on_from_a_snapshot(calls: list[Operation], at: int) -> None:
    split_anywhere(KeyValue, calls, min(at, len(calls)))


@given(st.lists(SOCIAL_CALLS, max_size=30))
def test_a_refusal_changes_nothing(calls: list[Operation]) -> None:
    driver = Driver(Social())
    for call in START + calls:
        driver.do(call)


@given(st.lists(KV_CALLS, max_size=30))
def test_a_refusal_changes_no_key(calls: list[Operation]) -> None:
    driver = Driver(KeyValue())
    for call in calls:
        driver.do(call)


SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
from tests.services.test_state import history
print(history("social"), history("kv"))
"""


def history(name: str) -> str:
    """A digest of everything that a long run of the workload answers, holds and shows."""
    from core.services.registry import load_service
    from core.workload.clients import WorkloadSettings, make_workload

    service: Any = load_service(name)
    workload = make_workload(service, WorkloadSettings(), 5)
    decode = operation_decoder(service.operations)
    digest = hashlib.sha256()
    for seq in range(1, 3_000):
        outcome = service.apply(decode(workload.next(seq % 5 + 1)), Context(seq, timestamp(seq)))
        digest.update(encode_outcome(outcome))
        digest.update(service.state_hash.to_bytes(8, "big"))
    digest.update(msgspec.msgpack.encode(service.snapshot()))
    digest.update(msgspec.msgpack.encode(service.summary()))
    digest.update(
        msgspec.msgpack.encode([service.inspect(path, 0, 99) for path in ("users", "follows", "keys")])
    )
    return digest.hexdigest()


def test_a_hash_seed_changes_nothing() -> None:
    seen = set()
    for seed in ("0", "1", "4242"):
        result = subprocess.run(
            [sys.executable, "-c", SCRIPT, str(ROOT)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        seen.add(result.stdout)
    assert seen == {f"{history('social')} {history('kv')}\n"}


def grown_social() -> Driver:
    driver = Driver(Social())
    for name in ("alice", "bob", "carol"):
        driver.do(ops.Register(name))
    driver.do(ops.Follow("alice", "bob"))
    driver.do(ops.Post("bob", "hello"))
    return driver


def test_a_flipped_post_is_seen_when_it_is_touched() -> None:
    sound, struck = grown_social(), grown_social()
    assert sound.service.state_hash == struck.service.state_hash
    posts = struck.service._state.posts
    posts[5] = Raw(bytes(posts[5]).replace(b"hello", b"hellp"))
    assert struck.service.recompute_hash() != struck.service.state_hash  # a scrub sees it at once
    for driver in (sound, struck):
        driver.service.apply(ops.DeletePost("bob", 5), Context(6, timestamp(6)))
    assert sound.service.snapshot() == struck.service.snapshot()
    assert sound.service.state_hash != struck.service.state_hash


def test_a_flipped_follow_is_seen_when_it_is_touched() -> None:
    sound, struck = grown_social(), grown_social()
    force_setattr(struck.service._state.follows[4], "followed", "carol")
    for driver in (sound, struck):
        driver.service.apply(ops.Unfollow("alice", "bob"), Context(6, timestamp(6)))
    assert sound.service.state_hash != struck.service.state_hash


@pytest.mark.parametrize(
    "touch", [kv.Put("k", 1), kv.Delete("k"), kv.Increment("k"), kv.CompareAndSet("k", 5, 1)]
)
def test_a_flipped_value_is_seen_when_it_is_touched(touch: Operation) -> None:
    sound, struck = KeyValue(), KeyValue()
    for service in (sound, struck):
        run(service, [kv.Put("k", 5)])
    struck._entries["k"] = 5 ^ 8
    assert struck.recompute_hash() != struck.state_hash
    outcomes = [encode_outcome(service.apply(touch, Context(2, 2))) for service in (sound, struck)]
    assert sound.state_hash != struck.state_hash or outcomes[0] != outcomes[1]


USERS = [["a", 1], ["b", 2]]
BAD_SOCIAL = [
    None,
    5,
    [],
    {},
    {"users": [], "follows": []},
    {"users": [["a", 1, 2]], "follows": [], "posts": []},
    {"users": [["a", "1"]], "follows": [], "posts": []},
    {"users": [["b", 1], ["a", 2]], "follows": [], "posts": []},
    {"users": [["a", 1], ["a", 1]], "follows": [], "posts": []},
    {"users": [["x y", 1]], "follows": [], "posts": []},
    {"users": USERS, "follows": [[3, "a", "c"]], "posts": []},
    {"users": USERS, "follows": [[3, "a", "a"]], "posts": []},
    {"users": USERS, "follows": [[3, "a", "b"], [4, "a", "b"]], "posts": []},
    {"users": USERS, "follows": [[4, "a", "b"], [3, "b", "a"]], "posts": []},
    {"users": USERS, "follows": [[0, "a", "b"]], "posts": []},
    {"users": USERS, "follows": [], "posts": [[3, "c", 1, "hi"]]},
    {"users": USERS, "follows": [], "posts": [[4, "a", 1, "hi"], [3, "a", 1, "hi"]]},
    {"users": USERS, "follows": [], "posts": [[3, "a", 1, ""]]},
    {"users": USERS, "follows": [], "posts": [[3, "a", 1, "x" * 281]]},
]
BAD_KV = [
    None,
    {},
    [["a"]],
    [["a", None]],
    [["a", 1.5]],
    [["a", True]],
    [[1, 1]],
    [["b", 1], ["a", 1]],
    [["a", 1], ["a", 1]],
    [["a", 1 << 63]],
    [["a", "x" * 16_385]],
    [["k" * 257, 1]],
]


@pytest.mark.parametrize(
    ("kind", "bad"), [(Social, bad) for bad in BAD_SOCIAL] + [(KeyValue, bad) for bad in BAD_KV]
)
def test_a_bad_snapshot_changes_nothing(kind: Any, bad: Any) -> None:
    service = kind()
    run(service, START[:2] if kind is Social else [kv.Put("k", 1)])  # type: ignore[list-item]
    before, hash_before = service.snapshot(), service.state_hash
    with pytest.raises(ValueError, match="snapshot"):
        service.restore(bad)
    assert (service.snapshot(), service.state_hash) == (before, hash_before)


def test_a_post_that_is_written_in_another_way_is_no_snapshot() -> None:
    """Its hash would not be that of the same post on another replica."""
    service = grown_social().service
    plain = msgspec.msgpack.decode(msgspec.msgpack.encode(service.snapshot()))
    plain["posts"][0] = dict(reversed(plain["posts"][0].items()))
    before, hash_before = service.snapshot(), service.state_hash
    with pytest.raises(ValueError, match="not written as posts are"):
        service.restore(plain)
    assert (service.snapshot(), service.state_hash) == (before, hash_before)


def test_a_state_does_not_keep_the_bytes_that_it_came_in() -> None:
    donor, heir = grown_social().service, Social()
    encoded = msgspec.msgpack.encode(donor.snapshot())
    before = sys.getrefcount(encoded)
    heir.restore_encoded(encoded)
    assert heir.snapshot() == donor.snapshot()
    assert sys.getrefcount(encoded) == before


def test_a_snapshot_is_not_part_of_the_state() -> None:
    driver = grown_social()
    taken: Any = driver.service.snapshot()
    before = msgspec.msgpack.encode(taken)
    driver.do(ops.Post("bob", "more"))
    driver.do(ops.Unfollow("alice", "bob"))
    assert msgspec.msgpack.encode(taken) == before


def test_memory_and_cost_stay_bounded_in_a_long_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ops, "MAX_POSTS_PER_USER", 20)
    service = Social()
    run(service, START)
    source = random.Random(7)
    for seq in range(5, 2_000):
        outcome = service.apply(ops.Post(source.choice("abc"), "hi"), Context(seq, timestamp(seq)))
        assert not isinstance(outcome, Refused)
    assert len(service._state.posts) == 60
    assert service.state_hash == service.recompute_hash()
