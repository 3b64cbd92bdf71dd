"""The process that judges the history of a live cluster, at the lowest priority that there is.

It reads what the engine shows it (`core.checks.samples`) on its standard input, judges window after window,
and writes where it stands on its standard output, a line of JSON each. It leaves when its input ends.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from typing import BinaryIO

import msgspec

from core.checks.conflict import conflict_calls, conflict_words
from core.checks.history import HistoryReader, Window
from core.checks.judge import Judge
from core.checks.samples import Charter, Found, Gap, Over, Shown, Standing, calls_of
from core.checks.sequential import model_of
from core.protocol.framing import HEAD_BYTES
from core.services.face import Face
from core.services.registry import load_service

NICE = 19
PR_SET_PDEATHSIG = 1

_decode = msgspec.msgpack.Decoder(Shown | Gap | Over).decode


class HistoryJudge:
    """Takes what is shown and says where it stands."""

    def __init__(self, service: str) -> None:
        """Raises ServiceError, and ValueError for a service whose histories nobody can judge."""
        loaded = load_service(service)
        model = model_of(loaded)
        if model is None:
            raise ValueError(f"the histories of {service} cannot be judged")
        self._words = Face(type(loaded)).words
        self._model = model
        self._judge = Judge(model)
        self._reader = HistoryReader()
        self._found: list[Found] = []

    def take(self, message: Shown | Gap | Over) -> Standing:
        """One message of the engine."""
        match message:
            case Shown(records):
                self._reader.read(records)
                while (window := self._reader.cut()) is not None:
                    self._window(window)
            case Gap():
                self._gap(message)
            case Over():
                rest = self._reader.rest()
                if rest is not None:
                    self._window(rest)
        done = self._judge.judgement
        found, self._found = self._found, []
        over = isinstance(message, Over)
        return Standing(done.checked, done.unjudged, done.violations, found, self._judge.gave_up, over)

    def _window(self, window: Window) -> None:
        for conflict in self._judge.judge(window.calls, window.until_ns, window.shown):
            seq = max((window.shown.get(call.request, 0) for call in conflict.calls), default=0)
            sides = conflict_words(conflict, self._words, self._model.words)
            self._found.append(Found(seq, *sides, conflict_calls(conflict, window.shown, self._words)))

    def _gap(self, gap: Gap) -> None:
        still_open, unknown = calls_of(gap.still_open), [*self._reader.unknown(), *calls_of(gap.unknown)]
        # what was read before and is in neither list has returned meanwhile, and nobody looks at it any more
        requests = self._reader.waiting + gap.requests - len(still_open) - len(unknown)
        self._reader = HistoryReader(still_open, unknown)
        self._judge.missed(max(0, requests), gap.until_ns)


def serve(source: BinaryIO, target: BinaryIO) -> None:
    """Read messages until they end, and answer each."""
    charter = msgspec.json.decode(source.readline(), type=Charter)
    judge = HistoryJudge(charter.service)
    while len(head := source.read(HEAD_BYTES)) == HEAD_BYTES:
        standing = judge.take(_decode(source.read(int.from_bytes(head, "big"))))
        target.write(msgspec.json.encode(standing) + b"\n")
        target.flush()


def die_with_parent() -> None:
    """On Linux the kernel ends this process with the app. Elsewhere the end of its input does, which it may
    read late on a busy machine: it has the lowest priority of all."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def main() -> None:
    """The process."""
    die_with_parent()
    with contextlib.suppress(OSError, AttributeError):
        os.setpgid(0, 0)
    with contextlib.suppress(OSError, AttributeError):
        os.nice(NICE)
    with contextlib.suppress(OSError, AttributeError):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))  # it gives way as soon as anybody wakes up
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the app, which ends this process's input
    with contextlib.suppress(BrokenPipeError):
        serve(sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    main()
