"""Finding a service by its name: built in, installed (an entry point), or `module:Class` of one's own.

Code is loaded only when its name is asked for. A replica daemon starts through here, so what a built-in
service does not need is imported late.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any, NamedTuple, cast

from core.errors import ServiceError
from core.services.machine import Operation, Service

ENTRY_POINT_GROUP = "lockstep.services"

_BUILT_IN = {
    "social": "core.services.social:Social",
    "kv": "core.services.kv:KeyValue",
}
_MEMBERS = ("name", "version", "operations", "state_hash")
_METHODS = ("apply", "snapshot", "restore", "summary", "inspect")
_OWN = "Or name a class of your own as module:Class, e.g. bank:Bank."


class Available(NamedTuple):
    """A service that `load_service` finds by `name`; `source` is its `module:Class`."""

    name: str
    source: str


def available() -> list[Available]:
    """The built-in services, then the installed ones by name. Loads none of them."""
    installed = [Available(name, source) for name, source in sorted(_installed().items())]
    return [Available(name, source) for name, source in _BUILT_IN.items()] + installed


def is_built_in(name: str) -> bool:
    """Whether `name` is a service that comes along: loading it runs no code of anybody else."""
    return name in _BUILT_IN


def load_service(name: str) -> Service:
    """A fresh instance of the service called `name`. Raises `ServiceError` in words that help."""
    source = name if ":" in name else _BUILT_IN.get(name) or _installed().get(name)
    if source is None:
        known = ", ".join(entry.name for entry in available())
        raise ServiceError(f"There is no service called {name!r}.", f"Known are {known}. {_OWN}")
    return _instance(_member(source), source)


def _installed() -> dict[str, str]:
    from importlib.metadata import entry_points  # slow to import, and a built-in service never needs it

    points = entry_points(group=ENTRY_POINT_GROUP)
    return {point.name: point.value for point in points if point.name not in _BUILT_IN}


def _member(source: str) -> Any:
    module_name, _, class_name = source.partition(":")
    if not module_name or not class_name or module_name.startswith("."):
        raise ServiceError(f"{source!r} names no service.", _OWN)
    here = os.getcwd()  # noqa: PTH109 (pathlib costs a daemon 15 ms of its start)
    if here not in sys.path:
        sys.path.append(here)  # behind everything else: a file beside the user shadows no library
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise ServiceError(
                f"The module {module_name!r} needs {error.name!r}, which is not installed."
            ) from error
        raise ServiceError(
            f"There is no module called {module_name!r}.",
            f"Looked in {here} and among the installed packages; start Lockstep where {module_name}.py lies.",
        ) from error
    except Exception as error:
        raise ServiceError(
            f"The module {module_name!r} failed while it was loaded: {type(error).__name__}: {error}."
        ) from error
    member = getattr(module, class_name, None)
    if member is None:
        place = getattr(module, "__file__", None) or module_name
        raise ServiceError(f"There is no {class_name} in {place}.", _candidates(module, module_name))
    return member


def _candidates(module: Any, module_name: str) -> str:
    found = [
        name
        for name, member in vars(module).items()
        if isinstance(member, type) and hasattr(member, "apply") and hasattr(member, "operations")
    ]
    return f"Did you mean {' or '.join(f'{module_name}:{name}' for name in found)}?" if found else ""


def _instance(member: Any, source: str) -> Service:
    if not isinstance(member, type):
        raise ServiceError(f"{source} is not a class.", "A service is a class; see core/services/machine.py.")
    try:
        service = member()
    except Exception as error:
        raise ServiceError(
            f"{source} could not be created: {type(error).__name__}: {error}.",
            "A service is created without arguments.",
        ) from error
    missing = [name for name in _MEMBERS if not hasattr(service, name)]
    missing += [f"{name}()" for name in _METHODS if not callable(getattr(service, name, None))]
    if missing:
        raise ServiceError(
            f"{source} is not a service: it has no {', '.join(missing)}.",
            "docs/bring-your-own-service.md shows a complete one.",
        )
    _check_members(service, source)
    return cast(Service, service)


def _check_members(service: Any, source: str) -> None:
    operations = service.operations
    if not isinstance(operations, tuple) or not operations:
        raise ServiceError(f"{source} is not a service: its `operations` is not a tuple of operations.")
    for operation in operations:
        if not (isinstance(operation, type) and issubclass(operation, Operation)):
            raise ServiceError(
                f"{source} is not a service: {operation!r} in its `operations` is no subclass of Operation."
            )
    if not isinstance(service.name, str) or not service.name:
        raise ServiceError(f"{source} is not a service: its `name` is not a text.")
    for member in ("version", "state_hash"):
        if type(getattr(service, member)) is not int:
            raise ServiceError(f"{source} is not a service: its `{member}` is not an integer.")
