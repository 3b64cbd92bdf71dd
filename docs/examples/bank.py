"""A bank: the smallest service that does everything Lockstep asks of one."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from msgspec import Meta

from core.services.machine import MASK_64, Context, Operation, Page, Refused, Row, Value, record_hash


class Deposit(Operation, frozen=True, tag="deposit"):
    """Pay in; answers the new balance."""

    owner: Annotated[str, Meta(description="whose account", extra={"max_length": 20})]
    amount: Annotated[int, Meta(description="in cents")]


class Transfer(Operation, frozen=True, tag="transfer"):
    """Move money; answers the payer's new balance."""

    payer: Annotated[str, Meta(description="who pays", extra={"max_length": 20})]
    payee: Annotated[str, Meta(description="who is paid", extra={"max_length": 20})]
    amount: Annotated[int, Meta(description="in cents")]


class Balance(Operation, frozen=True, tag="balance"):
    """What an account holds."""

    READ_ONLY: ClassVar[bool] = True

    owner: str


class Bank:
    """Accounts that never hold less than nothing."""

    name: ClassVar[str] = "bank"
    version: ClassVar[int] = 1
    operations: ClassVar[tuple[type[Operation], ...]] = (Deposit, Transfer, Balance)

    def __init__(self) -> None:
        self.state_hash = 0
        self._balances: dict[str, int] = {}

    def apply(self, operation: Any, context: Context) -> Value | Refused:
        match operation:
            case Deposit(owner, amount):
                if not 0 < amount <= 1_000_000:
                    return Refused("bad_amount")
                return self._set(owner, self._balances.get(owner, 0) + amount)
            case Transfer(payer, payee, amount):
                if not 0 < amount <= self._balances.get(payer, 0):
                    return Refused("not_enough")
                left = self._set(payer, self._balances[payer] - amount)
                self._set(payee, self._balances.get(payee, 0) + amount)
                return self._balances[payer] if payer == payee else left
            case Balance(owner):
                return self._balances.get(owner, 0)
        raise TypeError(operation)

    def _set(self, owner: str, balance: int) -> int:
        if owner in self._balances:
            self.state_hash -= record_hash("account", owner, self._balances[owner])
        self._balances[owner] = balance
        self.state_hash = (self.state_hash + record_hash("account", owner, balance)) & MASK_64
        return balance

    def snapshot(self) -> Value:
        return [[owner, balance] for owner, balance in sorted(self._balances.items())]

    def restore(self, snapshot: Any) -> None:
        if not isinstance(snapshot, list) or not all(
            isinstance(pair, list) and [*map(type, pair)] == [str, int] for pair in snapshot
        ):
            raise ValueError("This is no snapshot of a bank.")
        self.state_hash = 0
        self._balances = {}
        for owner, balance in snapshot:
            self._set(owner, balance)

    def summary(self) -> tuple[Row, ...]:
        total = Row("total", str(sum(self._balances.values())))
        accounts = [Row(owner, str(balance)) for owner, balance in sorted(self._balances.items())]
        return (total, *accounts[:7])

    def inspect(self, path: str, offset: int, limit: int) -> Page:
        if path:
            return Page(path, offset, 0, ())
        rows = [Row(owner, str(balance)) for owner, balance in sorted(self._balances.items())]
        return Page(path, offset, len(rows), tuple(rows[offset : offset + limit]))
