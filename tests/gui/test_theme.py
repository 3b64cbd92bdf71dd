"""Every pair of colours that the app puts on one another stands out enough (WCAG 2.2)."""

from __future__ import annotations

from itertools import pairwise

import pytest
from PySide6.QtGui import QColor, QFont, QFontInfo

from gui.theme import DARK, LIGHT, THEMES, Theme, load_fonts, palette, style_sheet

TEXTS = ("text", "text_muted", "text_faint", "accent", "ok", "caution", "warn", "bad", "violet")
GROUNDS = ("background", "surface", "raised", "sunken", "hover")
SELECTED_TEXTS = ("text", "text_muted", "ok", "caution", "warn", "bad", "violet")

both = pytest.mark.parametrize("theme", THEMES.values(), ids=list(THEMES))


def luminance(colour: QColor) -> float:
    """Relative luminance, 0…1 (WCAG 2.2)."""

    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    return 0.2126 * linear(colour.redF()) + 0.7152 * linear(colour.greenF()) + 0.0722 * linear(colour.blueF())


def contrast(one: QColor, other: QColor) -> float:
    """Contrast ratio, 1…21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_measured_as_the_standard_says() -> None:
    assert contrast(QColor("#000000"), QColor("#ffffff")) == pytest.approx(21)
    assert contrast(QColor("#777777"), QColor("#ffffff")) == pytest.approx(4.48, abs=0.01)


@both
def test_text_reads_on_every_ground(theme: Theme) -> None:
    weak = {
        (text, ground): round(ratio, 2)
        for text in TEXTS
        for ground in GROUNDS
        if (ratio := contrast(getattr(theme, text), getattr(theme, ground))) < 4.5
    }
    assert weak == {}


@both
def test_text_reads_on_a_selection_and_on_filled_marks(theme: Theme) -> None:
    pairs = {name: contrast(getattr(theme, name), theme.selection) for name in SELECTED_TEXTS}
    pairs["on_accent"] = contrast(theme.on_accent, theme.accent)
    pairs["on_held"] = contrast(theme.on_held, theme.held)
    assert {name: ratio for name, ratio in pairs.items() if ratio < 4.5} == {}


@both
def test_marks_stand_out_on_the_cards_and_the_stage(theme: Theme) -> None:
    marks = {
        "outline_strong": theme.outline_strong,
        "text_disabled": theme.text_disabled,
        "held": theme.held,
        **{f"client {i}": colour for i, colour in enumerate(theme.clients, start=1)},
        **{f"digest {i}": colour for i, colour in enumerate(theme.digests)},
    }
    weak = {
        (name, ground): round(ratio, 2)
        for name, colour in marks.items()
        for ground in ("raised", "sunken")
        if (ratio := contrast(colour, getattr(theme, ground))) < 3
    }
    assert weak == {}


@both
def test_a_client_name_reads_on_its_card(theme: Theme) -> None:
    assert min(contrast(colour, theme.raised) for colour in theme.clients) >= 4.5


@both
def test_equal_digests_look_equal_and_unequal_ones_mostly_do_not(theme: Theme) -> None:
    looks = [theme.digest_look(n) for n in range(1000)]
    assert looks == [theme.digest_look(n) for n in range(1000)]
    neighbours_alike = sum(one == other for one, other in pairwise(looks))
    assert neighbours_alike < 1000 * 0.04
    assert len({theme.digest_colour(n).name() for n in range(1000)}) == len(theme.digests)


def test_the_eight_client_hues_differ_and_repeat() -> None:
    for theme in (DARK, LIGHT):
        assert len({theme.client_colour(client).name() for client in range(1, 9)}) == 8
        assert theme.client_colour(9) == theme.client_colour(1)


@both
def test_the_style_sheet_names_every_colour_and_size(theme: Theme, qapp: object) -> None:
    sheet = style_sheet(theme)
    assert "$" not in sheet
    assert theme.surface.name() in sheet
    assert f"{theme.px(13)}px" in sheet
    assert f"{theme.scaled(2).px(13)}px" in style_sheet(theme.scaled(2))
    assert palette(theme).window().color() == theme.surface


def test_the_fonts_come_with_the_app(qapp: object) -> None:
    families = load_fonts()
    assert {"Inter", "JetBrains Mono"} <= set(families)
    assert QFontInfo(DARK.text_font()).family() == "Inter"
    assert QFontInfo(DARK.number_font(15, QFont.Weight.Bold)).family() == "JetBrains Mono"
    assert DARK.scaled(1.3).text_font(10).pixelSize() == 13
