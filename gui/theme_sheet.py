"""The style sheet: what the palette cannot say. Its only reader is `gui.theme`."""

from __future__ import annotations

from string import Template
from typing import TYPE_CHECKING

from PySide6.QtGui import QColor

if TYPE_CHECKING:
    from gui.theme import Theme

_SHEET = Template("""
QWidget { font-size: ${px13}px; }
QMainWindow, QDialog { background: $surface; }
QDialog { border: 1px solid $outline_strong; }
QMainWindow::separator { background: $background; width: ${px4}px; height: ${px4}px; }
QMainWindow::separator:hover { background: $accent; }

QToolBar { background: $surface; border: none; border-bottom: 1px solid $outline;
           padding: ${px5}px ${px8}px; spacing: ${px4}px; }
QToolBar::separator { background: $outline; width: 1px; margin: ${px4}px ${px6}px; }
QToolButton { color: $text; background: transparent; border: 1px solid transparent;
              border-radius: ${px6}px; padding: ${px5}px ${px10}px; }
QToolButton:hover { background: $hover; }
QToolButton:checked, QToolButton:pressed { background: $selection; border-color: $accent; }
QToolButton:focus { border-color: $accent; }
QToolButton:disabled { color: $text_disabled; }
QToolButton::menu-indicator { width: 0; }

QDockWidget { color: $text; font-weight: 600; }
QDockWidget::title { background: $surface; padding: ${px8}px ${px12}px; border-bottom: 1px solid $outline; }
QDockWidget > QWidget { background: $surface; }

QPushButton { color: $text; background: $raised; border: 1px solid $outline_strong;
              border-radius: ${px6}px; padding: ${px6}px ${px14}px; }
QPushButton:hover { background: $hover; }
QPushButton:pressed { background: $selection; }
QPushButton:focus { border-color: $accent; }
QPushButton:default, QPushButton[primary="true"]:enabled {
    background: $accent; color: $on_accent; border-color: $accent; font-weight: 600; }
QPushButton:disabled { color: $text_disabled; background: $surface; border-color: $outline; }
QPushButton[danger="true"] { color: $bad; border-color: $bad; }

QLineEdit, QPlainTextEdit, QTextEdit, QTextBrowser, QSpinBox, QDoubleSpinBox {
    color: $text; background: $sunken; border: 1px solid $outline_strong; border-radius: ${px6}px;
    padding: ${px4}px ${px8}px; selection-background-color: $selection; selection-color: $text; }
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus {
    border-color: $accent; }
QLineEdit:disabled, QSpinBox:disabled { color: $text_disabled; border-color: $outline; }
QLineEdit[console="true"], QPlainTextEdit[console="true"] { font-family: "JetBrains Mono", monospace; }
QPlainTextEdit[console="true"], QTextBrowser { border: none; border-radius: 0; }

QAbstractItemView { color: $text; background: $sunken; alternate-background-color: $surface; border: none;
    gridline-color: $outline; selection-background-color: $selection; selection-color: $text; }
QAbstractItemView::item { padding: ${px3}px ${px6}px; }
QAbstractItemView::item:hover { background: $hover; }
QAbstractItemView::item:selected { background: $selection; color: $text; }
QHeaderView { background: $surface; }
QHeaderView::section { color: $text_muted; background: $surface; border: none;
    border-bottom: 1px solid $outline; padding: ${px5}px ${px6}px; font-weight: 600; }

QScrollBar:vertical { background: transparent; width: ${px10}px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: ${px10}px; margin: 0; }
QScrollBar::handle { background: $outline_strong; border-radius: ${px3}px; margin: ${px2}px; }
QScrollBar::handle:vertical { min-height: ${px28}px; }
QScrollBar::handle:horizontal { min-width: ${px28}px; }
QScrollBar::handle:hover { background: $text_faint; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QMenuBar { color: $text; background: $surface; border-bottom: 1px solid $outline; }
QMenuBar::item { padding: ${px5}px ${px10}px; border-radius: ${px4}px; background: transparent; }
QMenuBar::item:selected { background: $hover; }
QMenu { color: $text; background: $raised; border: 1px solid $outline_strong; padding: ${px4}px; }
QMenu::item { padding: ${px6}px ${px24}px; border-radius: ${px4}px; }
QMenu::item:selected { background: $selection; color: $text; }
QMenu::item:disabled { color: $text_disabled; }
QMenu::separator { height: 1px; background: $outline; margin: ${px4}px ${px8}px; }
QToolTip { color: $text; background: $raised; border: 1px solid $outline_strong; padding: ${px6}px; }

QTabWidget::pane { border: none; border-top: 1px solid $outline; }
QTabBar { background: $surface; }
QTabBar::tab { color: $text_muted; background: transparent; padding: ${px8}px ${px14}px; border: none;
    border-bottom: 2px solid transparent; }
QTabBar::tab:hover { color: $text; background: $hover; }
QTabBar::tab:selected { color: $text; border-bottom-color: $accent; }
QTabBar::tab:focus { color: $accent; }

QStatusBar { color: $text_muted; background: $surface; border-top: 1px solid $outline; }
QStatusBar::item { border: none; }
QGroupBox { color: $text; border: 1px solid $outline; border-radius: ${px8}px; margin-top: ${px10}px;
    padding: ${px10}px; font-weight: 600; }
QGroupBox::title { subcontrol-origin: margin; left: ${px10}px; padding: 0 ${px4}px; }
QProgressBar { color: $text; background: $sunken; border: 1px solid $outline_strong; border-radius: ${px4}px;
    text-align: center; }
QProgressBar::chunk { background: $accent; border-radius: ${px3}px; }
QRadioButton::indicator { width: ${px12}px; height: ${px12}px; border-radius: ${px7}px;
    background: $sunken; border: 1px solid $text_muted; margin: ${px1}px; }
QRadioButton::indicator:checked { background: $accent; border-color: $accent; }
QRadioButton::indicator:focus { border: ${px2}px solid $accent; margin: 0; }
QCheckBox::indicator { width: ${px12}px; height: ${px12}px; border-radius: ${px3}px;
    background: $sunken; border: 1px solid $text_muted; margin: ${px1}px; }
QCheckBox::indicator:checked { background: $accent; border-color: $accent; }
QCheckBox::indicator:focus { border: ${px2}px solid $accent; margin: 0; }
QComboBox { color: $text; background: $sunken; border: 1px solid $outline_strong; border-radius: ${px6}px;
    padding: ${px4}px ${px8}px; }
QComboBox:focus { border-color: $accent; }
QComboBox QAbstractItemView { background: $raised; border: 1px solid $outline_strong; padding: ${px4}px; }
QComboBox:disabled { color: $text_disabled; border-color: $outline; }
QComboBox::drop-down { border: none; width: ${px24}px; }
QComboBox::down-arrow { image: none; width: 0; height: 0; border-left: ${px4}px solid $sunken;
    border-right: ${px4}px solid $sunken; border-top: ${px5}px solid $text_muted; }
QSlider::groove:horizontal { height: ${px4}px; background: $outline; border-radius: ${px2}px; }
QSlider::sub-page:horizontal { background: $accent; border-radius: ${px2}px; }
QSlider::handle:horizontal { width: ${px14}px; height: ${px14}px; margin: -${px5}px 0; background: $text;
    border-radius: ${px7}px; }
QSlider::handle:horizontal:focus { background: $accent; }
QLabel[role="muted"] { color: $text_muted; }
QLabel[role="faint"] { color: $text_faint; }
QLabel[role="title"] { font-size: ${px16}px; font-weight: 600; }
QLabel[role="ok"] { color: $ok; }
QLabel[role="warn"] { color: $warn; }
QLabel[role="bad"] { color: $bad; font-weight: 600; }
QLabel[role="number"] { font-family: "JetBrains Mono", monospace; }
QLabel[role="brand"] { font-size: ${px18}px; font-weight: 700; }
QLabel[role="strong"] { font-weight: 600; }
QLabel[role="caution"] { color: $caution; }
QLabel[role="figure"] { font-family: "JetBrains Mono", monospace; font-size: ${px18}px; font-weight: 600; }
QLabel[role="caption"] { color: $text_muted; font-size: ${px12}px; }
QFrame[role="well"] { background: $sunken; border: 1px solid $outline; border-radius: ${px8}px; }
QFrame[role="line"] { background: $outline; margin: ${px10}px 0; }
QFrame[role="row"] { border-bottom: 1px solid $outline; }
QFrame#topBar { background: $surface; border-bottom: 1px solid $outline; }
QFrame#topBar > QToolButton { padding: ${px4}px ${px8}px; }
QFrame#segmented { background: $sunken; border: 1px solid $outline; border-radius: ${px8}px; }
QFrame#segmented QToolButton { padding: ${px3}px ${px10}px; color: $text_muted; }
QFrame#segmented QToolButton:checked { color: $text; }
QFrame#segmented QSpinBox { background: transparent; border: none; padding: 0; font-weight: 600; }
QFrame#segmented QSpinBox::up-button, QFrame#segmented QSpinBox::down-button { width: 0; height: 0;
    border: none; subcontrol-origin: margin; }
QFrame#segmented QSpinBox:focus { background: $selection; }
QSpinBox QLineEdit, QDoubleSpinBox QLineEdit { background: transparent; border: none; padding: 0; }
QDoubleSpinBox::up-button, QDoubleSpinBox::down-button { width: 0; height: 0; border: none;
    subcontrol-origin: margin; }
QDoubleSpinBox:disabled { color: $text_disabled; border-color: $outline; }
QFrame#segmented QToolButton[step="true"] { padding: ${px3}px; }
QToolButton[chip="true"], QPushButton[chip="true"] { color: $text_muted; background: transparent;
    border: 1px solid $outline; border-radius: ${px9}px; padding: ${px1}px ${px6}px; font-size: ${px11}px; }
QToolButton[chip="true"]:hover, QPushButton[chip="true"]:hover { background: $hover; }
QToolButton[chip="true"]:checked { color: $text; background: $selection; border-color: $selection; }
QToolButton[chip="true"]:focus, QPushButton[chip="true"]:focus { border-color: $accent; }
QPushButton[chip="true"] { color: $accent; border-color: $accent; }
QToolButton#wholeAgain { color: $text; background: $raised; border: 1px solid $outline_strong;
    border-radius: ${px9}px; padding: ${px2}px ${px8}px; font-size: ${px11}px; }
QToolButton#wholeAgain:hover { background: $hover; }
QToolButton#wholeAgain:focus { border-color: $accent; }
QFrame#diagramBar { background: $surface; border-bottom: 1px solid $outline; }
QFrame#diagramBar QToolButton { padding: ${px4}px; }
QFrame#timeline { background: $surface; border-top: 1px solid $outline; }
QToolButton[transport="true"], QToolButton[transport="play"] { padding: 0; background: $raised;
    border: 1px solid $outline; border-radius: ${px14}px; }
QToolButton[transport="play"] { background: $selection; border-color: $accent; border-radius: ${px18}px; }
QToolButton[transport]:hover { background: $hover; }
QToolButton[transport]:focus { border-color: $accent; }
QToolButton[badge="live"] { color: $ok; border: 1px solid $ok; border-radius: ${px9}px;
    padding: ${px1}px ${px8}px; font-size: ${px11}px; font-weight: 700; }
QToolButton[badge="past"], QToolButton[badge="replay"] { color: $on_accent; background: $violet;
    border: 1px solid $violet; border-radius: ${px9}px; padding: ${px1}px ${px8}px; font-size: ${px11}px;
    font-weight: 700; }
QWidget#dockTitle { background: $surface; border-bottom: 1px solid $outline; }
QWidget#dockTitle QToolButton { padding: ${px3}px; }
QFrame#violation { background: $raised; border: 1px solid $bad; border-left-width: ${px4}px;
    border-radius: ${px8}px; }
QLabel#why { background: $sunken; border-left: ${px4}px solid $caution; padding: ${px8}px;
    border-radius: ${px4}px; }
QFrame#popover { background: $raised; border: 1px solid $outline_strong; border-radius: ${px10}px; }
QFrame#popover QListWidget { background: transparent; }
QFrame#popover QListWidget::item { padding: ${px5}px ${px8}px; border-radius: ${px4}px; }
QFrame#popover QToolButton { padding: ${px4}px; }
QStatusBar QLabel { font-size: ${px12}px; padding: ${px3}px ${px10}px; color: $text_muted; }
QStatusBar QLabel[role="ok"] { color: $ok; }
QStatusBar QLabel[role="warn"] { color: $warn; }
QStatusBar QLabel[role="bad"] { color: $bad; }
""")


def sheet(theme: Theme) -> str:
    """The sheet in the colours and sizes of `theme`.

    Widgets choose among the looks with dynamic properties: `role` of a label ("muted", "faint", "title",
    "ok", "caution", "warn", "bad", "number", "strong", "brand", "figure", "caption") or frame ("well",
    "line", "row"), `console` of an input, `danger` and `chip` of a button.
    """
    colours = {key: value.name() for key, value in vars(theme).items() if isinstance(value, QColor)}
    sizes = {f"px{n}": str(theme.px(n)) for n in range(1, 33)}
    return _SHEET.substitute(colours | sizes)
