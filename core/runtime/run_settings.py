"""What a run is made from. It imports next to nothing: a window knows it before it knows an engine."""

from __future__ import annotations

from dataclasses import dataclass

from core.policies import DEFAULTS, Policies
from core.rules import Rule


@dataclass(frozen=True, slots=True)
class RunSettings:
    """What is to be run. `requests` or `seconds` end it; the rest describes the cluster and its load."""

    service: str = "social"
    replicas: int = 3
    clients: int = 3
    seed: int = 1
    requests: int | None = None
    seconds: float | None = None
    think_ms: float = 0.0
    burst: int = 1
    broken: tuple[Rule, ...] = ()
    policies: Policies = DEFAULTS
