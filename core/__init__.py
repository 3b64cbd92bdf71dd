"""Lockstep without its window: the protocol, the checks, the recording and the engine."""

__version__ = "0.1.0"
