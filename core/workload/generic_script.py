"""A client of a service that nobody here knows: any of its operations, with arguments of the right kinds."""

from __future__ import annotations

from random import Random

import msgspec

from core.errors import ServiceError
from core.services.calls import encode_operation, operation_decoder
from core.services.forms import INTEGER, NOTHING, TEXT, Argument, describe
from core.services.machine import Operation, ParameterSpec
from core.workload.scripts import DEFAULT_MIX, ROLLS, choose_mix, dice
from core.workload.vocabulary import WORDS

_ATTEMPTS = 50
_READ_WEIGHTS = {DEFAULT_MIX: 1, "reads": 9, "writes": 1}
_WRITE_WEIGHTS = {DEFAULT_MIX: 1, "reads": 1, "writes": 9}


class GenericScript:
    """The script of one client over `operations`."""

    def __init__(self, operations: tuple[type[Operation], ...], mix: str, random: Random) -> None:
        self._random = random
        self._decode = operation_decoder(operations)
        specs = describe(operations)
        mixes = {
            name: {
                spec.name: _READ_WEIGHTS[name] if spec.read_only else _WRITE_WEIGHTS[name] for spec in specs
            }
            for name in _READ_WEIGHTS
        }
        self._parameters = {spec.name: spec.parameters for spec in specs}
        self._structs = {spec.name: struct for spec, struct in zip(specs, operations, strict=True)}
        self._dice = dice(choose_mix(mixes, mix))

    def following(self) -> Operation:
        """One of the operations."""
        return self._make(self._dice[int(self._random.random() * ROLLS)])

    def opening(self) -> list[Operation]:
        """Nothing is known that would have to come first."""
        return []

    def closing(self) -> list[Operation]:
        """Nothing is known that would have to be undone."""
        return []

    def _make(self, name: str) -> Operation:
        for _ in range(_ATTEMPTS):
            arguments = {
                parameter.name: self._argument(parameter)
                for parameter in self._parameters[name]
                if parameter.required or self._random.random() < 0.5
            }
            operation = self._structs[name](**arguments)
            try:
                return self._decode(encode_operation(operation))
            except msgspec.ValidationError:
                continue  # a bound of the struct itself: roll again
        raise ServiceError(
            f"No arguments were found that {name} accepts.", "Loosen the constraints of its parameters."
        )

    def _argument(self, parameter: ParameterSpec) -> Argument:
        random = self._random
        kind = random.choice(parameter.kinds)
        if kind == NOTHING:
            return None
        if kind == INTEGER:
            return random.choice((0, 1, 1, 2, 5, 10, 10, 20, 50, 100, -1))
        assert kind == TEXT
        return random.choice(WORDS)[: parameter.max_length]
