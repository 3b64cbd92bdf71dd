"""The console dock: queries and commands as lines, answers as lines."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QColor, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from core.commands import Look
from core.errors import UsageError
from core.facts import Answered, Said
from core.ids import client_name, replica_name
from core.model.cluster_view import ClusterView
from core.services.answers import answer_lines
from core.services.machine import OperationSpec
from core.session.source import ServiceFace
from core.workload.console_language import (
    CONSOLE_WORDS,
    Ask,
    AskWhy,
    Clear,
    Diff,
    GoTo,
    Help,
    Line,
    LineHistory,
    Query,
    Scope,
    UseClient,
    complete,
    parse,
    suggestion,
)
from gui.docks.prompt import Prompt
from gui.intents import Intents
from gui.message_menu import in_hand
from gui.stage.wording import duration
from gui.theme import Theme

_KEPT_LINES = 1_000
_WORD = re.compile(r"[^\W\d]\w+(?!…)\b")
_ROLE_OF_OUTCOME = {"ok": "ok", "refused": "caution", "unknown": "warn"}

Span = tuple[str, str]
"""Role of a colour in the theme ("text", "ok", "client 2" …) and words in it."""


class Console(QWidget):
    """Output above, prompt below."""

    looked = Signal(int, str)
    """`look R1 users` was typed: replica and path to show."""

    def __init__(
        self,
        face: ServiceFace,
        intents: Intents,
        theme: Theme,
        history: list[str],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._face = face
        self._intents = intents
        self._theme = theme
        self._client = 1
        self.go_to: Callable[[str], str] = _nowhere
        """Goes to another moment, and says in words to which. Raises UsageError."""
        self.explain: Callable[[str], Sequence[str]] = _not_explained
        """Why something is as it is, in sentences. Raises UsageError."""
        self.diff: Callable[[int, int], None] = _not_compared
        """Compares two replicas, and writes what comes of it. Raises UsageError."""
        self._lines: deque[tuple[str, tuple[Span, ...]]] = deque(maxlen=_KEPT_LINES)
        self.history = LineHistory(list(history))
        self.output = QPlainTextEdit(self)
        self.output.setReadOnly(True)
        self.output.setProperty("console", "true")
        self.output.setMaximumBlockCount(_KEPT_LINES)
        self.output.setUndoRedoEnabled(False)
        self.output.setAccessibleName("Console output")
        self._speaker = QLabel(self)
        self._speaker.setProperty("role", "number")
        self.prompt = Prompt(self._complete, self.history, self)
        self.prompt.setProperty("console", "true")
        self.prompt.setAccessibleName("Console input")
        self.prompt.entered.connect(self.enter)
        self._arrange()
        self._use_client(1)
        intents.said.connect(self._say)
        names = " · ".join(spec.name for spec in face.operations[:4])
        self.write(("faint", f"Type {names} … or help. Tab completes, ↑ repeats."))

    def set_theme(self, theme: Theme) -> None:
        """Write everything again in the theme's colours."""
        self._theme = theme
        self.output.clear()
        for line in self._lines:
            self._paint(*line)
        self._use_client(self._client)

    def enter(self, line: str) -> None:
        """Do what a line says."""
        try:
            read = parse(line, self._scope())
        except UsageError as error:
            self.write(("faint", "› "), ("text", line))
            self.write(("bad", f"  {error}"))
            return
        try:
            self._follow(read, line)
        except UsageError as error:
            self.write(("bad", f"  {error}"))

    def _follow(self, read: Line | None, line: str) -> None:
        if isinstance(read, Query):
            self._ask_service(read.client or self._client, read.line)
            return
        self.write(("faint", "› "), ("text", line))
        if isinstance(read, Ask):
            self._ask_cluster(read)
        elif isinstance(read, GoTo):
            self.write(("muted", f"  {self.go_to(read.words)}"))
        elif isinstance(read, AskWhy):
            for sentence in self.explain(read.subject):
                self.write(("text", f"  {sentence}"))
        elif isinstance(read, Diff):
            self.diff(read.one, read.other)
        elif isinstance(read, UseClient):
            self._use_client(read.client)
        elif isinstance(read, Help):
            self._help(read.topic)
        elif isinstance(read, Clear):
            self._lines.clear()
            self.output.clear()

    def show_answer(self, fact: Answered) -> None:
        """The answer to a query that was sent by hand."""
        role = _ROLE_OF_OUTCOME.get(fact.outcome, "text")
        where = f" · {replica_name(fact.replica)} first" if fact.replica else ""
        number = f" #{fact.seq}" if fact.seq else ""
        head = f"{fact.outcome}{number} · {duration(fact.latency_ns)}{where}"
        self.write((f"client {fact.client}", f"{client_name(fact.client)} ‹ "), (role, head))
        said = fact.text.removeprefix("refused: ")
        for text in answer_lines(said) if said != fact.outcome else ():
            self.write(("text", f"     {text}"), tip=said)

    def show_sentence(self, fact: Said) -> None:
        """A sentence from the cluster."""
        self._say(fact.level, fact.text)

    def write(self, *spans: Span, tip: str = "") -> None:
        """One line, in the colours of the roles; the pointer brings up `tip`."""
        self._lines.append((tip, spans))
        self._paint(tip, spans)

    def show_view(self, view: ClusterView) -> None:
        """The present client may be gone."""
        if len(view.clients) and self._client > len(view.clients):
            self._use_client(1)

    def _arrange(self) -> None:
        row = QHBoxLayout()
        row.setContentsMargins(10, 6, 10, 8)
        row.setSpacing(8)
        row.addWidget(self._speaker)
        row.addWidget(self.prompt, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.output, 1)
        column.addLayout(row)

    def _ask_service(self, client: int, line: str) -> None:
        name = client_name(client)
        self.write((f"client {client}", f"{name} › "), ("text", line))
        operation, call = self._face.parse_line(line)
        if self._intents.submit(client, operation, call):
            card = self._intents.client(client)
            if card is not None and card.waiting_since_ns:
                self.write(("faint", f"     {name} waits for an answer; this goes out after it."))

    def _ask_cluster(self, asked: Ask) -> None:
        if isinstance(asked.command, Look):
            self.looked.emit(asked.command.replica, asked.command.path)
        if self._intents.send(asked.command):
            self.write(("muted", f"  {asked.echo}"))

    def _use_client(self, client: int) -> None:
        self._client = client
        self._speaker.setText(f"{client_name(client)} ›")
        self.prompt.setPlaceholderText(self._hint())
        colours = self._speaker.palette()
        colours.setColor(self._speaker.foregroundRole(), self._theme.client_colour(client))
        self._speaker.setPalette(colours)

    def _hint(self) -> str:
        examples = [_example(spec) for spec in self._face.operations[:2]]
        return " | ".join([*examples, "kill R2", "help"])

    def _help(self, topic: str) -> None:
        specs = {spec.name: spec for spec in self._face.operations}
        if topic in specs:
            spec = specs[topic]
            self.write(("accent", f"  {_example(spec)}"), ("muted", f" — {spec.description}"))
            for parameter in spec.parameters:
                self.write(("text", f"    {parameter.name}: "), ("muted", parameter.description))
        elif topic in CONSOLE_WORDS:
            for line in CONSOLE_WORDS[topic].splitlines():
                self.write(("muted", f"  {line}"))
        elif topic:
            raise UsageError(f"There is no help on “{topic}”.", suggestion(topic, (*specs, *CONSOLE_WORDS)))
        else:
            for spec in specs.values():
                self.write(("accent", f"  {_example(spec)}"), ("muted", f" — {spec.description}"))
            for line in "\n".join(CONSOLE_WORDS.values()).splitlines():
                usage, _, meaning = line.partition(" — ")
                self.write(("violet", f"  {usage}"), ("muted", f" — {meaning}"))

    def _say(self, level: str, text: str) -> None:
        role = {"warning": "warn", "error": "bad"}.get(level, "muted")
        self.write((role, f"  {text}"))

    def _scope(self) -> Scope:
        view = self._intents.view
        return Scope(
            clients=len(view.clients) if view else 0,
            replicas=tuple(card.replica for card in view.replicas) if view else (),
            operations=tuple(spec.name for spec in self._face.operations),
            messages=tuple(one.token for one in in_hand(view)) if view else (),
        )

    def _complete(self, text: str) -> list[str]:
        words = _words_of(self._intents.view)
        return complete(text, self._scope(), lambda line: self._face.complete(line, words))

    def _paint(self, tip: str, spans: tuple[Span, ...]) -> None:
        bar = self.output.verticalScrollBar()
        at_end = bar.value() >= bar.maximum() - 2
        cursor = QTextCursor(self.output.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        if not self.output.document().isEmpty():
            cursor.insertBlock()
        for role, words in spans:
            style = QTextCharFormat()
            style.setForeground(self._colour(role))
            style.setToolTip(tip)
            cursor.insertText(words, style)
        if at_end:
            bar.setValue(bar.maximum())

    def _colour(self, role: str) -> QColor:
        if role.startswith("client "):
            return self._theme.client_colour(int(role[7:]))
        names = {"muted": "text_muted", "faint": "text_faint"}
        colour = getattr(self._theme, names.get(role, role))
        assert isinstance(colour, QColor)
        return colour


def _words_of(view: ClusterView | None) -> list[str]:
    """What a person is likely to mean: the names and keys that stand on the cards."""
    if view is None:
        return []
    texts = [text for card in view.replicas for tile in card.tiles for text in (tile.key, tile.value)]
    texts += [name for page in view.pages for name, _ in page.rows]
    texts += [client.call.partition(" ")[2] for client in view.clients]
    return sorted({word for text in texts for word in _WORD.findall(text)})


def _nowhere(words: str) -> str:
    raise UsageError("There is no other moment to go to.")


def _not_explained(subject: str) -> Sequence[str]:
    raise UsageError("There is nothing to explain it from.")


def _not_compared(one: int, other: int) -> None:
    raise UsageError("There is nothing to compare.")


def _example(spec: OperationSpec) -> str:
    return " ".join([spec.name, *(p.name if p.required else f"[{p.name}]" for p in spec.parameters)])
