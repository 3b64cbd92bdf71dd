"""Errors that reach a person. Each says what is wrong and, in `hint`, what to do about it."""

from __future__ import annotations


class LockstepError(Exception):
    """Base of every error that Lockstep raises on purpose.

    `str(error)` is one sentence for a person; `hint`, when not empty, says what to do next.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

    def __str__(self) -> str:
        message = super().__str__()
        return f"{message} {self.hint}" if self.hint else message


class UsageError(LockstepError):
    """The caller asked for something that cannot be: exit code 2."""


class RemoteProtocolError(LockstepError):
    """The peer broke the protocol: its one link is closed."""


class LocalProtocolError(LockstepError):
    """We would break the protocol ourselves: a bug, and it stops loudly."""


class ServiceError(LockstepError):
    """A service cannot be found or loaded, or is not a service."""


class StartError(LockstepError):
    """The cluster could not be started."""


class RecordingError(LockstepError):
    """A recording cannot be written or read."""
