"""States that no recording holds, made again from what it does hold."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from core.errors import ServiceError
from core.model.cluster_view import DataPage
from core.protocol.messages import unpack_u64
from core.services.machine import Service
from core.services.registry import load_service
from core.session.compare import state_after
from core.session.orders import executions, result_of
from core.session.reader import read
from core.session.rebuilt import RebuiltData, Standing, Wish
from core.session.recorder import Recorder
from core.trace.wire_log import Record
from tests.support.made_run import header, made_run, save
from tests.support.waiting import wait_until

KV = partial(load_service, "kv")


@pytest.fixture(scope="module")
def records() -> list[Record]:
    return made_run(200)


@pytest.fixture
def rebuilt(tmp_path: Path, records: list[Record]) -> Iterator[RebuiltData]:
    data = RebuiltData(save(tmp_path / "run.lockstep", records), KV)
    yield data
    data.close()


def made(rebuilt: RebuiltData, seq: int, path: str = "keys", offset: int = 0) -> DataPage:
    rebuilt.ask(Wish(seq, path, offset, 100))
    wait_until(lambda: rebuilt.page(seq, path, offset) is not None)
    page = rebuilt.page(seq, path, offset)
    assert page is not None
    return page


def expected_rows(path: Path, seq: int) -> dict[str, str]:
    state = state_after(read(path), KV(), seq)
    assert isinstance(state, list)
    return {key: str(value) for key, value in state}


def test_a_state_is_what_the_first_requests_make(tmp_path: Path, rebuilt: RebuiltData) -> None:
    for seq in (120, 7, 204, 121, 120):  # back and forth
        page = made(rebuilt, seq)
        assert dict(page.rows) == expected_rows(tmp_path / "run.lockstep", seq)
        assert page.expected == seq + 1
    assert made(rebuilt, 120, "").branches == ("keys",)


def test_its_digest_is_the_one_that_replicas_told(tmp_path: Path, rebuilt: RebuiltData) -> None:
    told: dict[int, int] = {}
    for one in executions(read(tmp_path / "run.lockstep")):
        assert one.body is not None
        told |= dict(enumerate(unpack_u64(one.body.digests), one.order.first_seq))
    for seq in (120, 3, 204):
        made(rebuilt, seq)
        assert rebuilt.digest(seq) == told[seq]


def test_what_the_recording_does_not_reach_is_said(rebuilt: RebuiltData) -> None:
    rebuilt.ask(Wish(9_000, "", 0, 100))
    wait_until(lambda: rebuilt.trouble(9_000) == "The recording holds no request after #204.")
    assert rebuilt.standing == Standing(204, 9_000)
    assert rebuilt.page(9_000, "", 0) is None


def test_a_recording_that_grows_is_gone_on_with(tmp_path: Path, records: list[Record]) -> None:
    half = len(records) // 2
    recorder = Recorder(tmp_path / "run.lockstep", header())
    recorder.append_many(records[:half])
    wait_until(lambda: read(tmp_path / "run.lockstep").records_count == half)
    rebuilt = RebuiltData(tmp_path / "run.lockstep", KV)
    made(rebuilt, 20)
    recorder.append_many(records[half:])
    recorder.close()
    assert dict(made(rebuilt, 204).rows) == expected_rows(tmp_path / "run.lockstep", 204)
    rebuilt.close()


def test_a_moment_is_the_number_that_the_replica_had_answered(
    tmp_path: Path, records: list[Record], rebuilt: RebuiltData
) -> None:
    results = [record for record in records if record.links == 1 << 2 and result_of(record) is not None]
    third = result_of(results[2])
    assert third is not None
    since_ns = results[2].time_ns - records[0].time_ns
    for at_ns, seq in (
        (since_ns, third.first_seq + third.count - 1),
        (since_ns - 1, third.first_seq - 1),
        (1 << 60, -1),
    ):
        wait_until(lambda at_ns=at_ns: rebuilt.executed_at(2, at_ns) is not None)  # type: ignore[misc]
        assert rebuilt.executed_at(2, at_ns) == seq


def test_a_service_that_fails_or_is_missing_ends_in_a_sentence(tmp_path: Path, records: list[Record]) -> None:
    def missing() -> Service:
        raise ServiceError("There is no service like that.")

    rebuilt = RebuiltData(save(tmp_path / "run.lockstep", records), missing)
    rebuilt.ask(Wish(3, "", 0, 100))
    wait_until(lambda: rebuilt.trouble(3) == "There is no service like that.")
    rebuilt.close()
