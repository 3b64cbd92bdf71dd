"""A query by form: the service's own operations and their parameters, beside the client's card."""

from __future__ import annotations

import re
from itertools import pairwise

from PySide6.QtCore import QPoint, QRect, Qt, Signal
from PySide6.QtGui import QIcon, QKeyEvent, QPixmap
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.errors import UsageError
from core.ids import client_name
from core.model.cluster_view import ClientCard, ClusterView
from core.services.machine import OperationSpec
from core.session.source import ServiceFace
from gui.icons import Icons
from gui.query_fields import Field, RecentValues, remember
from gui.stage.wording import duration
from gui.theme import Theme

_SIZE_PX = (540, 380)
_LIST_PX = 168
_GROUPS = (("Change the data", False), ("Only read", True))


class QueryForm(QDialog):
    """Not modal: the cluster goes on while a person types. `submitted` carries a query ready to send."""

    submitted = Signal(int, bytes, str)

    def __init__(self, face: ServiceFace, theme: Theme, icons: Icons, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Tool | Qt.WindowType.FramelessWindowHint)
        self.setObjectName("query")
        self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
        self._face = face
        self._theme, self._icons = theme, icons
        self._specs = {spec.name: spec for spec in face.operations}
        self._recent: RecentValues = {}
        self._client = 1
        self._dragged_from: QPoint | None = None
        self.fields: list[Field] = []
        self._make_head()
        self._make_body()
        self._arrange()
        self.set_theme(theme, icons)
        self.operations.setCurrentRow(1)

    @property
    def client(self) -> int:
        """Whose query this is."""
        return self._client

    def set_theme(self, theme: Theme, icons: Icons) -> None:
        """Icons and sizes of the theme."""
        self._theme, self._icons = theme, icons
        self.pin.setIcon(icons.icon("bookmark"))
        self.close_button.setIcon(icons.icon("x"))
        self.send.setIcon(icons.icon("send", theme.on_accent))
        self.operations.setFixedWidth(theme.px(_LIST_PX))
        self.resize(theme.px(_SIZE_PX[0]), theme.px(_SIZE_PX[1]))
        for row in range(self.operations.count()):
            item = self.operations.item(row)
            if not item.flags() & Qt.ItemFlag.ItemIsEnabled:
                item.setForeground(theme.text_faint)
        self._show_client()

    def open_for(self, client: int, card: QRect, screen: QRect) -> None:
        """Show the form for a client, beside its card (global coordinates), whole on the screen."""
        self._client = client
        self._show_client()
        left = card.right() + 12
        if left + self.width() > screen.right():
            left = max(screen.left(), card.left() - 12 - self.width())
        top = min(max(screen.top(), card.top() - 40), screen.bottom() - self.height())
        self.move(left, top)
        self.show()
        self.raise_()
        self.activateWindow()
        self._focus_first()

    def choose(self, name: str) -> None:
        """Show an operation's fields."""
        for row in range(self.operations.count()):
            if self.operations.item(row).data(Qt.ItemDataRole.UserRole) == name:
                self.operations.setCurrentRow(row)

    def show_view(self, view: ClusterView) -> None:
        """Say what the client is doing meanwhile."""
        card = next((card for card in view.clients if card.client == self._client), None)
        sentence = _sentence(self._client, card)
        if sentence != self.status.text():
            self.status.setText(sentence)
        self.send.setEnabled(card is not None)

    def submit(self) -> None:
        """Send what is filled in, or say what is missing; nothing typed is lost."""
        spec = self._chosen()
        if spec is None:
            return
        self._complain("", None)
        for field in self.fields:
            if field.spec.required and not field.value():
                self._complain(f"{field.spec.name} is missing.", field)
                return
        typed = {field.spec.name: field.value() for field in self.fields}
        try:
            operation, call = self._face.parse_call(spec.name, dict(typed))
        except UsageError as error:
            self._complain(str(error), self._field_of(str(error)))
            return
        for name, value in typed.items():
            remember(self._recent, name, value)
        self.submitted.emit(self._client, operation, call)
        if self.pin.isChecked():
            self._show_operation()
        else:
            self.close()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc closes; Enter is the fields' and the button's own."""
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.operations.hasFocus():
            self._focus_first()
        else:
            event.ignore()

    def _make_head(self) -> None:
        self._dot = QLabel(self)
        self.who = QLabel(self)
        self.who.setProperty("role", "title")
        self.status = QLabel(self)
        self.status.setProperty("role", "muted")
        self.status.setWordWrap(True)
        self.pin = QToolButton(self)
        self.pin.setCheckable(True)
        self.pin.setAccessibleName("Keep open after sending")
        self.pin.setToolTip("Keep this form open for the next query")
        self.close_button = QToolButton(self)
        self.close_button.setAccessibleName("Close")
        self.close_button.setToolTip("Close (Esc)")
        self.close_button.clicked.connect(self.close)

    def _make_body(self) -> None:
        self.operations = QListWidget(self)
        self.operations.setAccessibleName("Operations")
        for heading, read_only in _GROUPS:
            specs = [spec for spec in self._face.operations if spec.read_only is read_only]
            if specs:
                item = QListWidgetItem(heading, self.operations)
                item.setFlags(Qt.ItemFlag.NoItemFlags)
            for spec in specs:
                item = QListWidgetItem(spec.name, self.operations)
                item.setData(Qt.ItemDataRole.UserRole, spec.name)
                item.setToolTip(spec.description)
        self.operations.currentItemChanged.connect(self._show_operation)
        self.title = QLabel(self)
        self.title.setProperty("role", "title")
        self.description = QLabel(self)
        self.description.setProperty("role", "muted")
        self.description.setWordWrap(True)
        self._slots = QVBoxLayout()
        self._slots.setSpacing(12)
        self.error = QLabel(self)
        self.error.setProperty("role", "bad")
        self.error.setWordWrap(True)
        self.error.hide()
        self.send = QPushButton("Send", self)
        self.send.setDefault(True)
        self.send.clicked.connect(self.submit)

    def _arrange(self) -> None:
        frame = QFrame(self)
        frame.setObjectName("popover")
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self._dot)
        head.addWidget(self.who)
        head.addStretch(1)
        head.addWidget(self.pin)
        head.addWidget(self.close_button)
        foot = QHBoxLayout()
        foot.addWidget(self.error, 1)
        foot.addWidget(self.send, 0, Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignRight)
        right = QVBoxLayout()
        right.setSpacing(6)
        right.addWidget(self.title)
        right.addWidget(self.description)
        right.addSpacing(8)
        right.addLayout(self._slots)
        right.addStretch(1)
        right.addLayout(foot)
        body = QHBoxLayout()
        body.setSpacing(16)
        body.addWidget(self.operations)
        body.addLayout(right, 1)
        column = QVBoxLayout(frame)
        column.setContentsMargins(16, 12, 16, 16)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self.status)
        column.addLayout(body, 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(frame)

    def _show_client(self) -> None:
        side = self._theme.px(12)
        dot = QPixmap(side, side)
        dot.fill(self._theme.client_colour(self._client))
        self._dot.setPixmap(dot)
        self.who.setText(f"{client_name(self._client)} asks")
        self.setWindowTitle(f"Query from {client_name(self._client)}")
        self.setWindowIcon(QIcon(dot))

    def _chosen(self) -> OperationSpec | None:
        item: QListWidgetItem | None = self.operations.currentItem()
        return self._specs.get(item.data(Qt.ItemDataRole.UserRole)) if item is not None else None

    def _show_operation(self) -> None:
        spec = self._chosen()
        if spec is None:
            return
        for field in self.fields:
            self._slots.removeWidget(field)
            field.hide()
            field.deleteLater()
        self._complain("", None)
        self.title.setText(spec.name)
        self.description.setText(spec.description)
        self.fields = [Field(p, self._recent.get(p.name, ()), self) for p in spec.parameters]
        for field in self.fields:
            field.entered.connect(self.submit)
            self._slots.addWidget(field)
            field.show()
        self._order_tabs()
        if self.isVisible() and not self.operations.hasFocus():
            self._focus_first()

    def _order_tabs(self) -> None:
        chain: list[QWidget] = [self.operations, *(field.input for field in self.fields), self.send]
        for before, after in pairwise(chain):
            self.setTabOrder(before, after)

    def _focus_first(self) -> None:
        first: QWidget = self.fields[0].input if self.fields else self.send
        first.setFocus(Qt.FocusReason.OtherFocusReason)

    def _field_of(self, sentence: str) -> Field | None:
        words = re.findall(r"\w+", sentence)
        named = [field for field in self.fields if field.spec.name in words]
        return min(named, key=lambda field: words.index(field.spec.name), default=None)

    def _complain(self, sentence: str, field: Field | None) -> None:
        for other in self.fields:
            other.complain(sentence if other is field else "")
        general = sentence if field is None else ""
        self.error.setText(general)
        self.error.setVisible(bool(general))
        if field is not None:
            field.input.setFocus(Qt.FocusReason.OtherFocusReason)


def _sentence(client: int, card: ClientCard | None) -> str:
    name = client_name(client)
    if card is None:
        return f"{name} has left. Close this form and choose another client."
    if card.waiting_since_ns:
        return (
            f"{name} waits for the answer to “{card.call}”. A client asks one thing at a time: "
            "your query goes out after that answer."
        )
    if card.last_seq:
        return f"Last answer: #{card.last_seq}, {card.last_outcome}, after {duration(card.last_latency_ns)}."
    return "Nothing asked yet."
