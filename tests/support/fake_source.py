"""A source without a cluster: hands out scripted records and remembers the commands. The real interface."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from core.commands import Command
from core.errors import UsageError
from core.facts import ClientOpened, Fact, Joined, RunStarted, Spawned
from core.services.machine import OperationSpec, ParameterSpec
from core.session.gate import Gate
from core.session.scene import Scene
from core.session.source import Capabilities, Travel
from core.trace.wire_log import Record, Tap, encode_fact


def fact_record(fact: Fact, time_ns: int = 1) -> Record:
    """A fact as the wire log carries it."""
    return Record(time_ns, Tap.FACT, 0, 0, encode_fact(fact))


def run_started(replicas: int = 3, clients: int = 3, seed: int = 7) -> Record:
    """The first fact of a run."""
    return fact_record(
        RunStarted(
            "0.1.0", "social", 1, replicas, clients, seed, "first", "drop forever", 1_700_000_000_000_000_000
        )
    )


def running_cluster(replicas: int = 3, clients: int = 3) -> list[Record]:
    """The facts of a cluster that has just come up."""
    records = [run_started(replicas, clients)]
    for replica in range(1, replicas + 1):
        records.append(fact_record(Spawned(replica, 1, 4_000 + replica), 2))
        records.append(fact_record(Joined(replica, 1, 50_000 + replica, 1), 3))
    records += [fact_record(ClientOpened(client), 4) for client in range(1, clients + 1)]
    return records


class FakeSource:
    """Drains what the test put in; `closed` becomes true when the test says so (at once by default)."""

    def __init__(self, records: Sequence[Record] = (), *, closes_at_once: bool = True) -> None:
        self.capabilities = Capabilities(control=True, seek=False, speed=False)
        self.travel: Travel | None = None
        self.title = "live"
        self.gate = Gate()
        self.sent: list[Command] = []
        self.time_ns = 1_000_000_000
        self.close_calls = 0
        self.closes_at_once = closes_at_once
        self.feed: Callable[[], Sequence[Record]] | None = None
        self._waiting: list[Record] = list(records)
        self._closed = False

    def say(self, *facts: Fact) -> None:
        """Put facts where the next drain finds them."""
        self._waiting.extend(fact_record(fact, self.time_ns) for fact in facts)

    def put(self, records: Sequence[Record]) -> None:
        self._waiting.extend(records)

    def turn(self, scene: Scene) -> Scene:
        return scene

    def drain(self) -> Sequence[Record]:
        records, self._waiting = self._waiting, []
        if self.feed is not None:
            records.extend(self.feed())
        return records

    def now_ns(self) -> int:
        self.time_ns += 16_000_000
        return self.time_ns

    def send(self, command: Command) -> None:
        self.sent.append(command)

    def close(self) -> None:
        self.close_calls += 1
        if self.closes_at_once:
            self._closed = True

    def finish_closing(self) -> None:
        self._closed = True

    @property
    def closed(self) -> bool:
        return self._closed


USER = ParameterSpec("user", ("text",), "Who speaks.", True, None, 40)
SOCIAL_OPERATIONS = (
    OperationSpec("register", "Create a user.", False, (USER,)),
    OperationSpec(
        "post",
        "Publish a text under a user's name.",
        False,
        (USER, ParameterSpec("text", ("text",), "What is on your mind?", True, None, 280)),
    ),
    OperationSpec(
        "follow",
        "Let a user see another's posts.",
        False,
        (USER, ParameterSpec("other", ("text",), "Whom?", True, None, 40)),
    ),
    OperationSpec(
        "timeline",
        "The newest posts a user sees.",
        True,
        (USER, ParameterSpec("limit", ("integer",), "How many at most.", False, 10, None)),
    ),
    OperationSpec("followers", "Who follows a user?", True, (USER,)),
    OperationSpec(
        "page",
        "Users, a page at a time.",
        True,
        (ParameterSpec("after", ("text", "nothing"), "Start after this name.", False, None, 40),),
    ),
)


class FakeFace:
    """A service's face whose encoding can be read in an assertion: `post|alice|hello`."""

    name = "social"
    operations: tuple[OperationSpec, ...] = SOCIAL_OPERATIONS

    def parse_line(self, text: str) -> tuple[bytes, str]:
        name, *words = text.replace('"', "").split(maxsplit=2)
        spec = next((spec for spec in self.operations if spec.name == name), None)
        if spec is None:
            raise UsageError(f"There is no operation “{name}”.")
        if len(words) < sum(parameter.required for parameter in spec.parameters):
            raise UsageError(f"“{name}” needs more arguments.")
        return "|".join([name, *words]).encode(), text

    def parse_call(self, name: str, arguments: dict[str, str | int | None]) -> tuple[bytes, str]:
        spec = next(spec for spec in self.operations if spec.name == name)
        for parameter in spec.parameters:
            value = arguments.get(parameter.name)
            if parameter.kinds == ("integer",) and not str(value).isdecimal():
                raise UsageError(f"{parameter.name} is a whole number, and {value!r} is none.")
            if isinstance(value, str) and parameter.max_length and len(value) > parameter.max_length:
                raise UsageError(f"“{parameter.name}” is longer than {parameter.max_length} characters.")
        words = " ".join([name, *(str(value) for value in arguments.values() if value is not None)])
        return "|".join([name, *map(str, arguments.values())]).encode(), words

    def complete(self, text: str, words: Sequence[str] = ()) -> list[str]:
        head, space, last = text.rpartition(" ")
        if space:
            return [f"{head} {word}" for word in words if word.startswith(last)]
        return [spec.name for spec in self.operations if spec.name.startswith(text)]

    def words(self, operation: bytes) -> str:
        return operation.decode(errors="replace").replace("|", " ")
