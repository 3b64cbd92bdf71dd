"""The two operations that belong to no service cannot be mistaken for one."""

from __future__ import annotations

import pytest

from core.protocol.messages import CLOSE_SESSION, OPEN_SESSION
from core.services.calls import UNREADABLE, operation_decoder
from core.services.machine import Operation


class Open(Operation, frozen=True, tag="open"):
    """Open the shop."""


class Close(Operation, frozen=True, tag="close"):
    """Close the shop."""


@pytest.mark.parametrize("raw", [OPEN_SESSION, CLOSE_SESSION])
def test_a_service_may_have_operations_of_the_same_names(raw: bytes) -> None:
    with pytest.raises(UNREADABLE):
        operation_decoder((Open, Close))(raw)
