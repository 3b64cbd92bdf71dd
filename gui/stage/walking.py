"""Walking the nodes with the keyboard: Tab in order, arrows by where things are."""

from __future__ import annotations

from PySide6.QtCore import Qt

from gui.stage.layout import StageLayout

_WAYS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


def after(layout: StageLayout, name: str, step: int) -> str:
    """The node `step` (1 or −1) from `name` in reading order; "" past either end. From "": the first or
    last one."""
    names = list(layout.places)
    if name not in layout.places:
        return names[0 if step > 0 else -1] if names else ""
    index = names.index(name) + step
    return names[index] if 0 <= index < len(names) else ""


def beside(layout: StageLayout, name: str, key: int) -> str:
    """The nearest node in the direction of an arrow key; `name` itself when there is none."""
    way = _WAYS.get(Qt.Key(key))
    if way is None:
        return name
    if name not in layout.places:
        return after(layout, "", 1)
    start = layout.places[name].rect.center()
    best, best_cost = name, float("inf")
    for other, place in layout.places.items():
        delta = place.rect.center() - start
        along = delta.x() * way[0] + delta.y() * way[1]
        across = abs(delta.x() * way[1]) + abs(delta.y() * way[0])
        if other == name or along <= 1 or (way[1] and across > place.rect.width()):
            continue
        if along + 2 * across < best_cost:
            best, best_cost = other, along + 2 * across
    return best
