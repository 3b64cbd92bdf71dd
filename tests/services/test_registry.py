"""Services found by name, and the sentences when they are not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import ServiceError
from core.services import registry
from core.services.kv import KeyValue
from core.services.machine import Service
from core.services.registry import available, load_service
from core.services.social import Social

ROOT = Path(__file__).parents[2]

OWN = '''
from core.services.machine import Operation

class Tick(Operation, frozen=True, tag="tick"):
    """One more."""

class Ticker:
    name = "ticker"
    version = 1
    operations = (Tick,)
    def __init__(self):
        self.state_hash = 0
    def apply(self, operation, context):
        self.state_hash += 1
        return self.state_hash
    def snapshot(self):
        return self.state_hash
    def restore(self, snapshot):
        self.state_hash = snapshot
    def summary(self):
        return ()
    def inspect(self, path, offset, limit):
        raise NotImplementedError

class Silent:
    name = "silent"
    version = 1
    operations = (Tick,)
    state_hash = 0
    def apply(self, operation, context): ...
    def restore(self, snapshot): ...
    summary = "not a method"

class Needy(Ticker):
    def __init__(self, argument): ...

class Listed(Ticker):
    operations = [Tick]

class Foreign(Ticker):
    operations = (int,)

class Undated(Ticker):
    version = "1"

not_a_class = Ticker
instance = Ticker()
'''


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with modules of one's own."""
    (tmp_path / "own_ticker.py").write_text(OWN, encoding="utf-8")
    (tmp_path / "own_broken.py").write_text("1 / 0", encoding="utf-8")
    (tmp_path / "own_needs.py").write_text("import surely_not_installed", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return tmp_path


def test_built_in_services_are_fresh_instances() -> None:
    assert isinstance(load_service("social"), Social)
    assert isinstance(load_service("kv"), KeyValue)
    assert load_service("kv") is not load_service("kv")
    assert all(isinstance(load_service(entry.name), Service) for entry in available()[:2])
    assert [entry.name for entry in available()][:2] == ["social", "kv"]


def test_a_class_of_ones_own_beside_the_user(here: Path) -> None:
    service = load_service("own_ticker:Ticker")
    assert service.name == "ticker"
    assert isinstance(service, Service)


@pytest.mark.parametrize(
    ("name", "sentences"),
    [
        ("soical", ["no service called 'soical'", "Known are social, kv", "module:Class"]),
        ("", ["no service called ''"]),
        ("no_such_module:Thing", ["no module called 'no_such_module'", "start Lockstep where"]),
        ("own_ticker.deeper:Thing", ["no module called 'own_ticker.deeper'"]),
        ("own_ticker:Tocker", ["There is no Tocker in", "own_ticker:Ticker"]),
        ("own_ticker:", ["names no service"]),
        (":Ticker", ["names no service"]),
        (".own_ticker:Ticker", ["names no service"]),
        ("own_broken:Thing", ["failed while it was loaded: ZeroDivisionError"]),
        ("own_needs:Thing", ["needs 'surely_not_installed'"]),
        ("own_ticker:Silent", ["it has no snapshot(), summary(), inspect()", "bring-your-own-service"]),
        ("own_ticker:Needy", ["could not be created: TypeError", "without arguments"]),
        ("own_ticker:instance", ["is not a class"]),
        ("own_ticker:Listed", ["not a tuple"]),
        ("own_ticker:Foreign", ["no subclass of Operation"]),
        ("own_ticker:Undated", ["`version` is not an integer"]),
    ],
)
def test_what_cannot_be_loaded_is_said_in_words(here: Path, name: str, sentences: list[str]) -> None:
    with pytest.raises(ServiceError) as caught:
        load_service(name)
    for sentence in sentences:
        assert sentence in str(caught.value)


def test_an_installed_service_is_found_by_its_entry_point(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "_installed", lambda: {"ticks": "own_ticker:Ticker"})
    assert load_service("ticks").name == "ticker"
    assert available()[-1] == ("ticks", "own_ticker:Ticker")


def test_entry_points_are_read_from_installed_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "ticks-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: ticks\nVersion: 1.0\n", encoding="utf-8")
    entry = "[lockstep.services]\nticks = own_ticker:Ticker\nkv = evil:Twin\n"
    (info / "entry_points.txt").write_text(entry, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert ("ticks", "own_ticker:Ticker") in available()
    assert "evil:Twin" not in {entry.source for entry in available()}


def test_a_daemon_loads_nothing_that_its_service_does_not_need() -> None:
    script = (
        "import sys; from core.services.registry import load_service; load_service('kv');"
        "print([m for m in ('importlib.metadata', 'core.services.social', 'core.services.forms',"
        " 'difflib', 'shlex', 'numpy', 'random') if m in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"
