"""The order in which messages on their way are delivered: as they were sent, unless somebody put some off.

Who carries messages and who draws them keep it by the same rule, each in a mapping from the messages' tokens.
"""

from __future__ import annotations

from typing import TypeVar

_Message = TypeVar("_Message")


def put_behind(line: dict[int, _Message], token: int, behind: int) -> None:
    """Move a message of the line right behind another one; behind all when `behind` is not in the line, as 0
    never is. Raises KeyError when there is no message `token`."""
    message = line.pop(token)
    place = list(line).index(behind) + 1 if behind in line else len(line)
    after = list(line)[place:]
    line[token] = message
    for one in after:
        line[one] = line.pop(one)
