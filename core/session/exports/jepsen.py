"""`jepsen`: a history in EDN, as Jepsen, Knossos and Elle read it.

Each request is an `:invoke` and later an `:ok`, a `:fail` (refused: it changed nothing, and `:error` has the
code) or an `:info` (nobody knows). `:value` is the vector of arguments, and the answer at an `:ok`. A process
has one operation at a time and none after an `:info`: a client that goes on after that goes on as another
process.
"""

from __future__ import annotations

from collections import deque
from typing import Any, BinaryIO

from core.limits import MAX_CLIENTS
from core.session.exports.job import Job
from core.session.exports.spelling import Spelling
from core.session.history import Fate, Request, turns

_TYPES = {Fate.OK: ":ok", Fate.REFUSED: ":fail", Fate.UNKNOWN: ":info"}


class Keyword(str):
    """Written with a colon, `:put`."""

    __slots__ = ()


def edn(value: Any) -> str:
    """A plain value as EDN. Texts that are names of fields become keywords."""
    match value:
        case None:
            return "nil"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case Keyword():
            return f":{value}"
        case str():
            return f'"{"".join(_ESCAPES.get(letter, letter) for letter in value)}"'
        case dict():
            pairs = ", ".join(f"{edn(_key(key))} {edn(inner)}" for key, inner in value.items())
            return f"{{{pairs}}}"
        case _:
            return f"[{' '.join(map(edn, value))}]"


_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _key(key: object) -> object:
    plain = isinstance(key, str) and key.replace("_", "").isascii() and key.isidentifier()
    return Keyword(key) if plain else key


class _Processes:
    """Which process a client is: another one after each request of unknown fate."""

    def __init__(self) -> None:
        self._lives: dict[int, int] = {}

    def of(self, client: int) -> int:
        return client - 1 + MAX_CLIENTS * self._lives.get(client, 0)

    def crashed(self, client: int) -> None:
        self._lives[client] = self._lives.get(client, 0) + 1


def write_jepsen(job: Job, file: BinaryIO) -> None:
    """Write the history, one operation a line. Raises LockstepError, OSError."""
    spelling, span, processes = Spelling(job.needed_service()), job.span, _Processes()
    index = 0
    held: dict[int, deque[tuple[int, bool, Request]]] = {}  # a client's call waits for its last one's end
    under_way: dict[int, Request] = {}

    def put(time_ns: int, ended: bool, request: Request) -> None:
        nonlocal index
        name, arguments = spelling.call(request.operation)
        line: dict[str, Any] = {
            "index": index,
            "process": processes.of(request.client),
            "type": Keyword(_TYPES[request.fate][1:] if ended else "invoke"),
            "f": Keyword(name),
            "value": spelling.result(request)
            if ended and request.fate is Fate.OK
            else list(arguments.values()),
            "time": time_ns,
        }
        if ended and request.fate is Fate.REFUSED:
            line["error"] = Keyword(str(spelling.result(request)))
        elif ended and request.fate is Fate.UNKNOWN:
            line["error"] = Keyword("unknown")
            processes.crashed(request.client)
        index += 1
        file.write(f"{edn(line)}\n".encode())

    whole = Job(job.recording, progress=job.progress)
    for time_ns, ended, request in turns(whole.records()):
        if request.of_a_session or not span.from_ns <= request.call_ns <= span.until_ns:
            continue
        client = request.client
        if not ended and client in under_way:
            held.setdefault(client, deque()).append((time_ns, ended, request))
            continue
        put(time_ns, ended, request)
        if not ended:
            under_way[client] = request
            continue
        del under_way[client]
        if held.get(client):
            following = held[client].popleft()
            put(*following)
            under_way[client] = following[2]
