"""Both sides of the handshake, joined back to back, and everybody who must not get in."""

from __future__ import annotations

import pytest

from core.errors import RemoteProtocolError
from core.protocol.handshake import FrontEndHandshake, ReplicaHandshake, welcome
from core.protocol.messages import (
    PROTOCOL_VERSION,
    Bye,
    Challenge,
    Failure,
    Hello,
    Message,
    Ping,
    Proof,
    Welcome,
)

KEY, CLUSTER = bytes(range(32)), b"c" * 16
NONCE_F, NONCE_R = b"f" * 32, b"r" * 32
GREETING = welcome("kv", 1, 1)


def front_end(
    key: bytes = KEY,
    cluster: bytes = CLUSTER,
    replica: int = 1,
    incarnation: int = 1,
    nonce: bytes = NONCE_F,
) -> FrontEndHandshake:
    return FrontEndHandshake(key, cluster, replica, incarnation, nonce)


def replica(key: bytes = KEY, nonce: bytes = NONCE_R) -> ReplicaHandshake:
    return ReplicaHandshake(key, CLUSTER, 1, 1, nonce)


def test_back_to_back() -> None:
    caller, called = front_end(), replica()
    challenge = called.step(caller.hello(), GREETING)
    proof = caller.step(challenge)
    answer = called.step(proof, GREETING)
    assert caller.step(answer) == GREETING
    assert called.done


def test_no_message_holds_the_key() -> None:
    caller, called = front_end(), replica()
    challenge = called.step(caller.hello(), GREETING)
    said = [caller.hello(), challenge, caller.step(challenge)]
    assert all(KEY not in repr(message).encode() and KEY.hex() not in repr(message) for message in said)


def test_a_front_end_with_another_key_is_not_let_in() -> None:
    caller, called = front_end(), replica(key=b"x" * 32)
    with pytest.raises(RemoteProtocolError, match="Somebody else answers"):
        caller.step(called.step(caller.hello(), GREETING))


def test_a_replica_turns_away_who_has_another_key() -> None:
    caller, called = front_end(key=b"x" * 32), replica()
    called.step(caller.hello(), GREETING)
    with pytest.raises(RemoteProtocolError, match="proof is wrong"):
        called.step(Proof(b"p" * 32), GREETING)
    assert not called.done


def test_a_replicas_own_proof_does_not_open_it() -> None:
    """Reflection: the impostor calls with the replica's nonce, to be given the proof that it lacks."""
    called = replica()
    challenge = called.step(front_end(nonce=NONCE_R).hello(), GREETING)
    assert isinstance(challenge, Challenge)
    with pytest.raises(RemoteProtocolError, match="proof is wrong"):
        called.step(Proof(challenge.proof), GREETING)


def test_a_front_ends_own_nonce_and_proof_do_not_fool_it() -> None:
    """Reflection the other way: what it said itself is no proof."""
    caller = front_end()
    other = front_end()
    proof = other.step(replica().step(other.hello(), GREETING))
    assert isinstance(proof, Proof)
    with pytest.raises(RemoteProtocolError, match="Somebody else answers"):
        caller.step(Challenge(NONCE_F, proof.proof))


def test_a_proof_of_yesterday_does_not_open_today() -> None:
    """Replay: an eavesdropper repeats a whole conversation; the replica's nonce is another one now."""
    caller = front_end()
    proof = caller.step(replica().step(caller.hello(), GREETING))
    today = replica(nonce=b"s" * 32)
    today.step(caller.hello(), GREETING)
    with pytest.raises(RemoteProtocolError, match="proof is wrong"):
        today.step(proof, GREETING)


def test_a_challenge_of_yesterday_does_not_fool_a_front_end() -> None:
    challenge = replica().step(front_end().hello(), GREETING)
    with pytest.raises(RemoteProtocolError, match="Somebody else answers"):
        front_end(nonce=b"g" * 32).step(challenge)


@pytest.mark.parametrize(
    "caller",
    [front_end(replica=2), front_end(incarnation=2), front_end(cluster=b"d" * 16)],
    ids=["another replica", "another incarnation", "another cluster"],
)
def test_a_replica_turns_away_who_looks_for_another(caller: FrontEndHandshake) -> None:
    with pytest.raises(RemoteProtocolError, match="looks for another replica"):
        replica().step(caller.hello(), GREETING)


def test_a_proof_for_one_incarnation_is_none_for_another() -> None:
    challenge = replica().step(front_end().hello(), GREETING)
    with pytest.raises(RemoteProtocolError, match="Somebody else answers"):
        front_end(incarnation=2).step(challenge)


def test_versions_must_agree() -> None:
    old = Hello(0, CLUSTER, 1, 1, NONCE_F)
    with pytest.raises(RemoteProtocolError, match=f"speaks protocol 0, this replica {PROTOCOL_VERSION}"):
        replica().step(old, GREETING)
    caller, called = front_end(), replica()
    caller.step(called.step(caller.hello(), GREETING))
    with pytest.raises(RemoteProtocolError, match=f"speaks protocol 9, the front end {PROTOCOL_VERSION}"):
        caller.step(Welcome(9, "3.11", "kv", 1, 1))


@pytest.mark.parametrize("nonce", [b"", b"n" * 31, b"n" * 33])
def test_a_nonce_has_its_length(nonce: bytes) -> None:
    with pytest.raises(RemoteProtocolError, match="nonce has the wrong length"):
        replica().step(Hello(PROTOCOL_VERSION, CLUSTER, 1, 1, nonce), GREETING)
    challenge = replica(nonce=nonce).step(front_end().hello(), GREETING)
    with pytest.raises(RemoteProtocolError):
        front_end().step(challenge)


@pytest.mark.parametrize("message", [Proof(b"p" * 32), Ping(1), Bye()])
def test_a_replica_hears_a_hello_first(message: Message) -> None:
    with pytest.raises(RemoteProtocolError, match="Unexpected"):
        replica().step(message, GREETING)


def test_a_replica_hears_one_hello_and_one_proof() -> None:
    caller, called = front_end(), replica()
    challenge = called.step(caller.hello(), GREETING)
    with pytest.raises(RemoteProtocolError, match="Unexpected Hello"):
        called.step(caller.hello(), GREETING)
    proof = caller.step(challenge)
    called.step(proof, GREETING)
    with pytest.raises(RemoteProtocolError, match="Unexpected Proof"):
        called.step(proof, GREETING)


def test_a_front_end_welcomes_nobody_unproven() -> None:
    with pytest.raises(RemoteProtocolError, match="Unexpected Welcome"):
        front_end().step(GREETING)


def test_a_front_end_hears_one_challenge() -> None:
    caller = front_end()
    challenge = replica().step(caller.hello(), GREETING)
    caller.step(challenge)
    with pytest.raises(RemoteProtocolError, match="Unexpected Challenge"):
        caller.step(challenge)


def test_a_front_end_is_told_why_it_was_turned_away() -> None:
    with pytest.raises(RemoteProtocolError, match="turned the front end away: wrong house"):
        front_end().step(Failure(True, "wrong house"))
