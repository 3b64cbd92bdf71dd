"""The ordering switches: rules of active replication that a person may break on purpose, to see what for.

The shipped replica manager and engine keep every rule; what breaks one stands apart from them
(`core.replica.broken_rules`, `core.runtime.broken_run`).
"""

from __future__ import annotations

from enum import StrEnum

from core.errors import UsageError


class Rule(StrEnum):
    """A rule, named by what is gone when it is broken."""

    TOTAL_ORDER = "total-order"
    HOLD_BACK = "hold-back"
    GAP_REPAIR = "gap-repair"
    AT_MOST_ONCE = "at-most-once"
    FENCING = "fencing"
    DETERMINISM = "determinism"

    @property
    def broken(self) -> str:
        """What happens instead of the rule, in a few words."""
        return _BROKEN[self]


_BROKEN = {
    Rule.TOTAL_ORDER: "replicas execute in the order of arrival",
    Rule.HOLD_BACK: "what comes early is executed at once, what it overtook never",
    Rule.GAP_REPAIR: "nobody asks for what was lost",
    Rule.AT_MOST_ONCE: "a repeated request is executed again",
    Rule.FENCING: "a dropped replica lives on",
    Rule.DETERMINISM: "the service reads a clock",
}


def rules_named(names: list[str]) -> tuple[Rule, ...]:
    """The rules of these names, each once. Raises UsageError for an unknown one."""
    known = {rule.value: rule for rule in Rule}
    for name in names:
        if name not in known:
            raise UsageError(f"There is no rule “{name}” to break.", f"There are: {', '.join(known)}.")
    return tuple(dict.fromkeys(known[name] for name in names))
