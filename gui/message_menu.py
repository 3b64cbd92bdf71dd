"""What can be done to a message in flight: its context menu, and one entry for each that is on its way."""

from __future__ import annotations

from PySide6.QtWidgets import QMenu

from core.commands import Deliver, Double, Lose
from core.model.cluster_view import ClusterView, Token, TokenKind
from gui.fault_menus import Send, entry

MOST = 20
"""Messages that a menu lists."""


def in_hand(view: ClusterView) -> list[Token]:
    """The messages that wait or travel visibly and can be spoken to, oldest first."""
    held = [token for token in view.tokens if token.token > 0 and token.kind is not TokenKind.LOST]
    return sorted(held, key=lambda token: token.token)


def title(token: Token) -> str:
    """`#7 post  FE → R2`."""
    return f"{token.label}  {token.source} → {token.target}"


def fill_message(menu: QMenu, token: Token, send: Send) -> None:
    """What can be done to this message. Clients' requests and answers are not lost: only links between front
    end and replicas have faults."""
    if token.due_ns == 0:
        entry(menu, "Deliver", "It arrives now, before all others", send, Deliver(token.token))
    linked = "C" not in (token.source[0], token.target[0])
    lose = entry(menu, "Lose", "It never arrives", send, Lose(token.token))
    double = entry(menu, "Double", "A copy of it travels behind it", send, Double(token.token))
    for action in (lose, double):
        action.setEnabled(linked)


def add_messages(menu: QMenu, view: ClusterView, send: Send) -> None:
    """Every message on its way, oldest first, for whoever has no pointer."""
    held = in_hand(view)
    for token in held[:MOST]:
        fill_message(menu.addMenu(title(token)), token, send)
    if len(held) > MOST:
        menu.addAction(f"and {len(held) - MOST} more").setEnabled(False)
    menu.setEnabled(bool(held))
