"""The service in docs/bring-your-own-service.md does what the document asks. Copy this for your own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.services.calls import encode_outcome, operation_decoder
from core.services.console import parse_line
from core.services.machine import Context, Refused
from core.services.registry import load_service
from core.workload.clients import WorkloadSettings, make_workload

DOCS = Path(__file__).parents[2] / "docs"
NAME = "bank:Bank"
REQUESTS = 3_000


@pytest.fixture(autouse=True)
def beside_the_example(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(DOCS / "examples")
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield
    sys.modules.pop("bank", None)


def requests() -> list[bytes]:
    workload = make_workload(load_service(NAME), WorkloadSettings(seed=5), 3)
    return [workload.next(number % 3 + 1) for number in range(REQUESTS)]


def execute(service: Any, raw: list[bytes], first_seq: int) -> list[tuple[bytes, int]]:
    decode = operation_decoder(service.operations)
    seen = []
    for seq, request in enumerate(raw, first_seq):
        outcome = service.apply(decode(request), Context(seq, seq * 1_000))
        seen.append((encode_outcome(outcome), service.state_hash))
    return seen


def test_equal_requests_give_equal_answers_and_hashes() -> None:
    raw = requests()
    assert execute(load_service(NAME), raw, 1) == execute(load_service(NAME), raw, 1)


def test_a_snapshot_carries_everything() -> None:
    raw = requests()
    for at in (0, 1, 100, REQUESTS):
        donor, heir = load_service(NAME), load_service(NAME)
        execute(donor, raw[:at], 1)
        execute(heir, raw[:50], 1)
        heir.restore(msgspec.msgpack.decode(msgspec.msgpack.encode(donor.snapshot())))
        assert (heir.state_hash, heir.snapshot()) == (donor.state_hash, donor.snapshot())
        assert execute(heir, raw[at:], at + 1) == execute(donor, raw[at:], at + 1)
        assert heir.summary() == donor.summary()
        assert heir.inspect("", 0, 100) == donor.inspect("", 0, 100)


def test_a_refusal_changes_nothing() -> None:
    service: Any = load_service(NAME)
    decode = operation_decoder(service.operations)
    refused = 0
    for seq, request in enumerate(requests(), 1):
        before = (service.snapshot(), service.state_hash)
        if isinstance(service.apply(decode(request), Context(seq, seq)), Refused):
            refused += 1
            assert (service.snapshot(), service.state_hash) == before
    assert 0 < refused < REQUESTS


@pytest.mark.parametrize("bad", [None, 5, {}, [["a"]], [["a", "1"]], [5], [["a", True]]])
def test_a_bad_snapshot_is_refused(bad: Any) -> None:
    service: Any = load_service(NAME)
    execute(service, requests()[:50], 1)
    before = (service.snapshot(), service.state_hash)
    with pytest.raises(ValueError, match="snapshot"):
        service.restore(bad)
    assert (service.snapshot(), service.state_hash) == before


def test_the_bank_does_what_a_bank_does() -> None:
    service: Any = load_service(NAME)

    def do(line: str) -> Any:
        return service.apply(parse_line(service.operations, line), Context(1, 1))

    assert do("deposit alice 500") == 500
    assert do("transfer alice bob 200") == 300
    assert do("transfer alice alice 300") == 300
    assert do("transfer alice bob 301") == Refused("not_enough")
    assert do("deposit alice 0") == Refused("bad_amount")
    assert do("balance bob") == 200
    assert do("balance carol") == 0
    assert [(row.key, row.value) for row in service.summary()] == [
        ("total", "500"),
        ("alice", "300"),
        ("bob", "200"),
    ]


def test_the_document_shows_the_file() -> None:
    document = (DOCS / "bring-your-own-service.md").read_text(encoding="utf-8")
    code = (DOCS / "examples" / "bank.py").read_text(encoding="utf-8")
    assert f"```python\n{code}```" in document
