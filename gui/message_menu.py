"""What can be done to a message in flight: its context menu, and one entry for each that is on its way."""

from __future__ import annotations

from PySide6.QtWidgets import QMenu

from core.commands import Delay, Deliver, Double, Lose
from core.model.cluster_view import ClusterView, Token, TokenKind
from gui.fault_menus import Send, entry

MOST = 20
"""Messages that a menu lists."""


def in_hand(view: ClusterView) -> list[Token]:
    """The messages that wait or travel visibly and can be spoken to, in the order of their delivery."""
    return [token for token in view.tokens if token.token > 0 and token.kind is not TokenKind.LOST]


def title(token: Token) -> str:
    """`#7 post  FE → R2`."""
    return f"{token.label}  {token.source} → {token.target}"


def fill_message(menu: QMenu, token: Token, view: ClusterView, send: Send) -> None:
    """What can be done to this message. Clients' requests and answers are not lost: only links between front
    end and replicas have faults."""
    if token.due_ns == 0:
        entry(menu, "Deliver", "It arrives now, before all others", send, Deliver(token.token))
        entry(menu, "Delay", "It goes behind all others that wait", send, Delay(token.token))
        _add_places(menu.addMenu("Put behind"), token, view, send)
    else:
        entry(menu, "Delay", "It arrives one more visible delay later", send, Delay(token.token))
    linked = "C" not in (token.source[0], token.target[0])
    lose = entry(menu, "Lose", "It never arrives", send, Lose(token.token))
    double = entry(menu, "Double", "A copy of it travels behind it", send, Double(token.token))
    for action in (lose, double):
        action.setEnabled(linked)


def _add_places(menu: QMenu, token: Token, view: ClusterView, send: Send) -> None:
    """Every other message that this one could be put behind."""
    others = [one for one in in_hand(view) if one.token != token.token]
    for other in others[:MOST]:
        tip = f"It is delivered after {title(other)}"
        entry(menu, title(other), tip, send, Delay(token.token, other.token))
    _end(menu, len(others))


def add_messages(menu: QMenu, view: ClusterView, send: Send) -> None:
    """Every message on its way, in the order of their delivery, for whoever has no pointer."""
    held = in_hand(view)
    for token in held[:MOST]:
        fill_message(menu.addMenu(title(token)), token, view, send)
    _end(menu, len(held))


def _end(menu: QMenu, count: int) -> None:
    if count > MOST:
        menu.addAction(f"and {count - MOST} more").setEnabled(False)
    menu.setEnabled(count > 0)
