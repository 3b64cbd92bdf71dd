"""Text cut to a width for cards, tiles and sentences."""

from __future__ import annotations


def shorten(text: str, width: int) -> str:
    """`text` on one line of at most `width` characters; "…" stands for what was cut off.

    Line breaks and other control characters become spaces.
    """
    head = text[: width + 1]
    if not head.isprintable():
        head = "".join(character if character.isprintable() else " " for character in head)
    if len(head) <= width:
        return head
    return head[: width - 1].rstrip() + "…" if width > 0 else ""


def join_short(words: list[str], width: int) -> str:
    """As many whole `words` as fit in `width` characters, with "…" when some are left out."""
    line = ""
    for word in words:
        longer = f"{line} {word}" if line else word
        if len(longer) >= width:
            return shorten(line + "…" if line else word, width)
        line = longer
    return line
