"""What all runs of one service share: its class, and how its histories are searched."""

from __future__ import annotations

from functools import cache

from core.checks.sequential import Model, model_of
from core.services.machine import Service
from core.services.registry import load_service


@cache
def service_class(name: str) -> type[Service]:
    """The service's class, found and looked over once. Raises ServiceError."""
    return type(load_service(name))


@cache
def history_model(name: str) -> Model | None:
    """How to search the service's histories, None when nobody knows. It remembers the moves it has read."""
    return model_of(service_class(name)())
