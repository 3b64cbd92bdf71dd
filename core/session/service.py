"""Which service a recording may have loaded: a built-in one, or the one that the user names.

A recording is a file from anywhere, and the name in its header may be any module of this machine. So a name
alone never makes code load: what is not built in has to be named by the person in front of it.
"""

from __future__ import annotations

from core.errors import UsageError
from core.services.machine import Service
from core.services.registry import is_built_in, load_service
from core.session.recording_format import RecordingHeader


def service_for(header: RecordingHeader, named: str = "") -> Service:
    """A fresh instance of the recorded run's service; `named` is what the user typed after `--service`.

    Raises UsageError for a service that is not built in and was not named, ServiceError when it cannot be
    loaded.
    """
    return load_service(service_name(header, named))


def service_name(header: RecordingHeader, named: str = "") -> str:
    """The service to load, by the rule of `service_for`. Raises UsageError."""
    if named:
        return named
    if not is_built_in(header.service):
        raise UsageError(
            f"The recording was made with the service {header.service!r}, which is not built in, and a "
            f"recording never makes code load.",
            "If you trust that code, name it yourself: --service module:Class.",
        )
    return header.service


def version_note(header: RecordingHeader, service: Service) -> str:
    """ "" when the service is the one of the recording, otherwise a sentence about its version."""
    if service.version == header.service_version:
        return ""
    return (
        f"The recording was made with version {header.service_version} of {header.service}; "
        f"this is version {service.version}."
    )
