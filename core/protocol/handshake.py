"""Mutual challenge–response before the first order: both sides prove that they hold the cluster's key.

The key is a fresh 256-bit secret per replica process, handed over on its standard input. Each side signs the
other's nonce together with everything that names the connection (HMAC-SHA-256, RFC 2104), with a different
label per direction, so that no proof can be reflected or replayed: an impostor that took over a port learns
nothing and is not let in.
"""

from __future__ import annotations

import hmac
import sys
from enum import Enum, auto

from core.errors import RemoteProtocolError
from core.protocol.codec import encode
from core.protocol.messages import PROTOCOL_VERSION, Challenge, Failure, Hello, Message, Proof, Welcome

NONCE_BYTES = 32
KEY_BYTES = 32


class _Phase(Enum):
    START = auto()
    CHALLENGED = auto()
    DONE = auto()


def _sign(key: bytes, label: bytes, nonce: bytes, hello: Hello) -> bytes:
    return hmac.digest(key, label + nonce + encode(hello), "sha256")


class FrontEndHandshake:
    """The calling side. `hello()` opens; `step(message)` gives the next message, then the Welcome."""

    def __init__(self, key: bytes, cluster: bytes, replica: int, incarnation: int, nonce: bytes) -> None:
        self._key = key
        self._hello = Hello(PROTOCOL_VERSION, cluster, replica, incarnation, nonce)
        self._phase = _Phase.START

    def hello(self) -> Hello:
        """The first message on the link."""
        return self._hello

    def step(self, message: Message) -> Proof | Welcome:
        """Answer the replica: a Proof to send, or its Welcome, after which both are known to each other.

        Raises RemoteProtocolError when the other side cannot prove itself or says something else.
        """
        match self._phase, message:
            case _Phase.START, Challenge(nonce, proof):
                expected = _sign(self._key, b"replica", self._hello.nonce, self._hello)
                if len(nonce) != NONCE_BYTES or not hmac.compare_digest(proof, expected):
                    raise RemoteProtocolError(
                        "Somebody else answers on the replica's port: its proof is wrong."
                    )
                self._phase = _Phase.CHALLENGED
                return Proof(_sign(self._key, b"front end", nonce, self._hello))
            case _Phase.CHALLENGED, Welcome() as welcome:
                if welcome.protocol != PROTOCOL_VERSION:
                    raise RemoteProtocolError(
                        f"The replica speaks protocol {welcome.protocol}, the front end {PROTOCOL_VERSION}."
                    )
                self._phase = _Phase.DONE
                return welcome
            case _, Failure(_, text):
                raise RemoteProtocolError(f"The replica turned the front end away: {text}")
            case _:
                raise RemoteProtocolError(f"Unexpected {type(message).__name__} during the handshake.")


class ReplicaHandshake:
    """The called side, for one connection."""

    def __init__(self, key: bytes, cluster: bytes, replica: int, incarnation: int, nonce: bytes) -> None:
        self._key = key
        self._names = (cluster, replica, incarnation)
        self._nonce = nonce
        self._hello: Hello | None = None
        self.done = False

    def step(self, message: Message, welcome: Welcome) -> Message:
        """The reply to the front end's message; after the Welcome `done` is true.

        Raises RemoteProtocolError when the caller is not this replica's front end.
        """
        match message:
            case Hello() as hello if self._hello is None:
                if hello.protocol != PROTOCOL_VERSION:
                    raise RemoteProtocolError(
                        f"The front end speaks protocol {hello.protocol}, this replica {PROTOCOL_VERSION}."
                    )
                if (hello.cluster, hello.replica, hello.incarnation) != self._names:
                    raise RemoteProtocolError("The caller looks for another replica.")
                if len(hello.nonce) != NONCE_BYTES:
                    raise RemoteProtocolError("The caller's nonce has the wrong length.")
                self._hello = hello
                return Challenge(self._nonce, _sign(self._key, b"replica", hello.nonce, hello))
            case Proof(proof) if self._hello is not None and not self.done:
                if not hmac.compare_digest(proof, _sign(self._key, b"front end", self._nonce, self._hello)):
                    raise RemoteProtocolError("The caller's proof is wrong.")
                self.done = True
                return welcome
            case _:
                raise RemoteProtocolError(f"Unexpected {type(message).__name__} during the handshake.")


def welcome(service: str, service_version: int, expected: int) -> Welcome:
    """What a replica says of itself once both sides are known."""
    return Welcome(PROTOCOL_VERSION, sys.version.partition(" ")[0], service, service_version, expected)
