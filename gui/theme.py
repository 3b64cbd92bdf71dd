"""Every colour and size of the app. Nothing else in `gui` names a colour, a font or a style sheet.

The hues are Okabe and Ito's (2008), which people with colour-blindness tell apart, lightened or darkened per
theme until they stand out: text 4.5:1, marks 3:1 against every ground they are drawn on (WCAG 2.2, 1.4.3 and
1.4.11; a test computes them). State is never told by colour alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication

from gui.theme_sheet import sheet

BASE_PX = 13
"""Height of body text in device-independent pixels at scale 1."""

PRESENTATION_SCALE = 1.3
"""How much larger type is in presentation mode."""

SPACE = 4
"""Unit of every margin and gap, in pixels at scale 1."""

RADIUS_SMALL = 4
RADIUS = 8

REGULAR = QFont.Weight.Normal
MEDIUM = QFont.Weight.Medium
SEMIBOLD = QFont.Weight.DemiBold
BOLD = QFont.Weight.Bold

_FONT_FOLDER = Path(__file__).resolve().parent.parent / "assets" / "fonts"
_TEXT_FAMILIES = ("Inter", "Segoe UI", "Helvetica Neue", "DejaVu Sans", "sans-serif")
_NUMBER_FAMILIES = ("JetBrains Mono", "Cascadia Mono", "Menlo", "DejaVu Sans Mono", "monospace")


@dataclass(frozen=True, eq=False)
class Theme:
    """The colours of one look, and how large its type is. Compared by identity."""

    name: str  # "dark" or "light"
    background: QColor  # the stage and behind everything
    surface: QColor  # docks, bars
    raised: QColor  # cards, menus
    sunken: QColor  # wells in a card, inputs
    hover: QColor  # under the pointer
    selection: QColor  # selected rows
    outline: QColor  # hairlines: decoration, not needed to read
    outline_strong: QColor  # edges that a person has to see: inputs, buttons, empty slots
    link: QColor  # curves between nodes
    text: QColor
    text_muted: QColor
    text_faint: QColor  # still 4.5:1; the least important words
    text_disabled: QColor  # disabled actions: 3:1
    accent: QColor  # selection, focus, the front end
    on_accent: QColor  # text on a filled accent
    held: QColor  # ground of a held-back message's slot
    on_held: QColor
    ok: QColor
    caution: QColor  # waiting
    warn: QColor  # lagging, retransmissions, suspicion
    bad: QColor  # dead, lost, diverged
    violet: QColor  # catching up, transfers
    clients: tuple[QColor, ...]
    digests: tuple[QColor, ...]
    scale: float = 1.0  # 1, or PRESENTATION_SCALE

    def client_colour(self, client: int) -> QColor:
        """Colour of client `client` (from 1); the eight hues repeat."""
        return self.clients[(client - 1) % len(self.clients)]

    def digest_look(self, digest: int) -> tuple[int, int]:
        """How a 64-bit digest looks: which of `digests`, and one of four patterns, for hues may coincide."""
        mixed = (digest * 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF  # neighbours land far apart
        return (mixed >> 32) % len(self.digests), (mixed >> 56) & 3

    def digest_colour(self, digest: int) -> QColor:
        """Colour of a 64-bit digest: the same for equal ones, one of a few far-apart ones for others."""
        return self.digests[self.digest_look(digest)[0]]

    def px(self, value: float) -> int:
        """A length in pixels at scale 1, in this theme's pixels."""
        return round(value * self.scale)

    def text_font(self, px: float = BASE_PX, weight: QFont.Weight = REGULAR) -> QFont:
        """Inter at `px` pixels (times the theme's scale)."""
        return _font(_TEXT_FAMILIES, self.px(px), weight)

    def number_font(self, px: float = BASE_PX, weight: QFont.Weight = REGULAR) -> QFont:
        """JetBrains Mono at `px` pixels (times the theme's scale)."""
        return _font(_NUMBER_FAMILIES, self.px(px), weight)

    def scaled(self, scale: float) -> Theme:
        """The same look with type `scale` times as large."""
        return replace(self, scale=scale)


@lru_cache(maxsize=256)
def _font(families: tuple[str, ...], px: int, weight: QFont.Weight) -> QFont:
    font = QFont()
    font.setFamilies(families)
    font.setPixelSize(max(1, px))
    font.setWeight(weight)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return font


def _colours(codes: Sequence[str]) -> tuple[QColor, ...]:
    return tuple(QColor(code) for code in codes)


DARK = Theme(
    name="dark",
    background=QColor("#0b0e14"),
    surface=QColor("#11151d"),
    raised=QColor("#1a202b"),
    sunken=QColor("#0d1118"),
    hover=QColor("#232b38"),
    selection=QColor("#173a56"),
    outline=QColor("#2b3341"),
    outline_strong=QColor("#6c788b"),
    link=QColor("#576377"),
    text=QColor("#eef1f6"),
    text_muted=QColor("#aab3c2"),
    text_faint=QColor("#8c97a9"),
    text_disabled=QColor("#727d90"),
    accent=QColor("#56b4e9"),
    on_accent=QColor("#06121b"),
    held=QColor("#2f72a8"),
    on_held=QColor("#ffffff"),
    ok=QColor("#2fc79a"),
    caution=QColor("#f0e442"),
    warn=QColor("#eea615"),
    bad=QColor("#ff7f4d"),
    violet=QColor("#d99ac0"),
    clients=_colours(
        ("#56b4e9", "#e69f00", "#12b886", "#e08bbb", "#f0e442", "#8a97ff", "#ff7f4d", "#c9d1dc"),
    ),
    digests=_colours(
        (
            *("#56b4e9", "#e69f00", "#12b886", "#e08bbb", "#f0e442", "#6f7dff", "#e8602c", "#dfe6ef"),
            *("#2f7fae", "#a97400", "#0a8a63", "#a85786", "#a8a02e", "#7f8ba0"),
        ),
    ),
)

LIGHT = Theme(
    name="light",
    background=QColor("#f1f4f8"),
    surface=QColor("#fafbfd"),
    raised=QColor("#ffffff"),
    sunken=QColor("#eef2f7"),
    hover=QColor("#e4ebf3"),
    selection=QColor("#d3e8f8"),
    outline=QColor("#d3dae4"),
    outline_strong=QColor("#7c8798"),
    link=QColor("#828d9e"),
    text=QColor("#10161f"),
    text_muted=QColor("#434e5e"),
    text_faint=QColor("#586374"),
    text_disabled=QColor("#7b8696"),
    accent=QColor("#0067a5"),
    on_accent=QColor("#ffffff"),
    held=QColor("#2b7ab3"),
    on_held=QColor("#ffffff"),
    ok=QColor("#007252"),
    caution=QColor("#756100"),
    warn=QColor("#8f5300"),
    bad=QColor("#b03600"),
    violet=QColor("#96407a"),
    clients=_colours(
        ("#0072b2", "#a86200", "#00805c", "#a8457f", "#7d6b00", "#4a56d6", "#c04400", "#4e5968"),
    ),
    digests=_colours(
        (
            *("#0072b2", "#b86e00", "#008560", "#b24a88", "#8a7800", "#4a56d6", "#c94a00", "#3c4654"),
            *("#3a8cbf", "#bd7a12", "#1f9470", "#c0659b", "#9a8c2a", "#7a8594"),
        ),
    ),
)

THEMES = {theme.name: theme for theme in (DARK, LIGHT)}


def load_fonts() -> list[str]:
    """Register the app's own fonts, once at start; their family names. Without them system fonts serve."""
    families: list[str] = []
    for path in sorted(_FONT_FOLDER.glob("*.ttf")):
        families += QFontDatabase.applicationFontFamilies(QFontDatabase.addApplicationFont(str(path)))
    return families


def palette(theme: Theme) -> QPalette:
    """The theme as Qt's palette, for everything that the Fusion style draws by itself."""
    role, group = QPalette.ColorRole, QPalette.ColorGroup
    result = QPalette()
    for which, colour in (
        (role.Window, theme.surface),
        (role.WindowText, theme.text),
        (role.Base, theme.sunken),
        (role.AlternateBase, theme.surface),
        (role.Text, theme.text),
        (role.PlaceholderText, theme.text_faint),
        (role.Button, theme.raised),
        (role.ButtonText, theme.text),
        (role.BrightText, theme.bad),
        (role.ToolTipBase, theme.raised),
        (role.ToolTipText, theme.text),
        (role.Highlight, theme.selection),
        (role.HighlightedText, theme.text),
        (role.Accent, theme.accent),
        (role.Link, theme.accent),
        (role.LinkVisited, theme.violet),
        (role.Light, theme.hover),
        (role.Midlight, theme.outline),
        (role.Mid, theme.outline),
        (role.Dark, theme.outline_strong),
        (role.Shadow, theme.background),
    ):
        result.setColor(which, colour)
    for which in (role.WindowText, role.Text, role.ButtonText):
        result.setColor(group.Disabled, which, theme.text_disabled)
    return result


def style_sheet(theme: Theme) -> str:
    """The one style sheet, for what the palette cannot say."""
    return sheet(theme)


def apply(app: QApplication, theme: Theme) -> None:
    """Dress the whole app: Fusion, palette, font, style sheet."""
    app.setStyle("Fusion")
    app.setPalette(palette(theme))
    app.setFont(theme.text_font())
    app.setStyleSheet(style_sheet(theme))
