"""What is painted, and above all what is not painted again."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QRect, QRectF, QSize, QSizeF
from PySide6.QtGui import QImage, QPainter, QPixmap

from core.facts import Pace
from core.model.cluster_view import ClusterView, ReplicaState
from gui.stage.card_cache import CALM_NS, CardCache, Look
from gui.stage.painters import Card, compared, render_stage
from gui.stage.stage_picture import Setting, StagePicture
from gui.theme import DARK, THEMES, Theme
from tests.support.sample_views import KINDS, sample

pytestmark = pytest.mark.usefixtures("qapp")


class Clock:
    """Stands still unless it is moved on."""

    def __init__(self) -> None:
        self.now_ns = 10**12

    def __call__(self) -> int:
        return self.now_ns


class Stage:
    """A picture with its clock, and the view that it shows."""

    def __init__(self, view: ClusterView) -> None:
        self.clock = Clock()
        self.picture = StagePicture(self.clock)
        self.view = view
        self.picture.begin(view, Setting(QSizeF(980, 560), DARK, 1.0, "LIVE", {}))
        self.clock.now_ns += 10 * CALM_NS

    def show(self, **changes: object) -> QRect:
        before, self.view = self.view, replace(self.view, **changes)  # type: ignore[arg-type]
        return self.picture.show(before, self.view)

    def with_replica(self, index: int, **changes: object) -> QRect:
        cards = list(self.view.replicas)
        cards[index] = replace(cards[index], **changes)  # type: ignore[arg-type]
        return self.show(replicas=tuple(cards))


def painted(view: ClusterView) -> QImage:
    return render_stage(view, DARK, QSize(980, 560))


def test_an_unchanged_view_paints_nothing() -> None:
    stage = Stage(sample("waiting"))
    count = stage.picture.cards.painted
    assert stage.show().isNull()
    assert stage.show(replicas=(*stage.view.replicas,), clients=(*stage.view.clients,)).isNull()
    assert stage.picture.cards.painted == count


def test_time_alone_changes_nothing_when_nothing_waits_or_moves() -> None:
    stage = Stage(sample("idle"))
    assert stage.show(now_ns=stage.view.now_ns + 10**9).isNull()


def test_only_the_card_that_changed_is_painted_and_the_others_keep_their_pixmaps() -> None:
    stage = Stage(sample("idle"))
    cards = stage.picture.cards
    kept = {name: cards.pixmap(name).cacheKey() for name in stage.picture.layout.places}  # type: ignore[union-attr]
    count = cards.painted
    dirty = stage.with_replica(1, first_answers=99)
    assert cards.painted == count + 1
    assert dirty == stage.picture.layout.places["R2"].rect.toRect()
    changed = {name for name, key in kept.items() if cards.pixmap(name).cacheKey() != key}  # type: ignore[union-attr]
    assert changed == {"R2"}


def test_an_equal_card_that_is_another_object_is_not_painted_again() -> None:
    stage = Stage(sample("idle"))
    count = stage.picture.cards.painted
    stage.with_replica(0)
    assert stage.picture.cards.painted == count


def test_a_growing_wait_is_painted_at_a_readable_pace() -> None:
    stage = Stage(sample("slow"))  # C1 has waited for 0.3 s
    count = stage.picture.cards.painted
    stage.show(now_ns=stage.view.now_ns + 1_000_000)
    assert stage.picture.cards.painted == count
    stage.show(now_ns=stage.view.now_ns + 120_000_000)
    assert stage.picture.cards.painted > count


def test_under_load_a_card_stands_still_long_enough_to_be_read() -> None:
    stage = Stage(replace(sample("idle"), load_running=True))
    count = stage.picture.cards.painted
    for frame in range(20):
        stage.clock.now_ns += CALM_NS // 5
        stage.with_replica(0, first_answers=1000 + frame)
    assert count + 3 <= stage.picture.cards.painted <= count + 5


def test_in_slow_pace_every_change_is_seen_at_once() -> None:
    stage = Stage(replace(sample("idle"), pace=Pace.SLOW))
    for frame in range(5):
        count = stage.picture.cards.painted
        stage.with_replica(0, first_answers=1000 + frame)
        assert stage.picture.cards.painted == count + 1


def test_all_cards_show_one_cut_before_the_next_is_taken() -> None:
    stage = Stage(sample("load", 7, 64))
    ticks = iter(range(10**6))
    stage.clock.__class__.__call__ = lambda clock: clock.now_ns + next(ticks) * 300_000  # type: ignore[method-assign]
    try:
        changed = tuple(replace(card, first_answers=card.first_answers + 1) for card in stage.view.replicas)
        count = stage.picture.cards.painted
        stage.show(replicas=changed)
        assert 1 <= stage.picture.cards.painted - count < 7  # the budget of one frame does not suffice
        assert stage.picture.pending
        newer = tuple(replace(card, first_answers=0) for card in changed)
        stage.show(replicas=newer)
        assert all(motif.card.first_answers for name, motif in stage.picture.cards._queue.items())  # type: ignore[union-attr]
        for _ in range(20):
            stage.clock.now_ns += CALM_NS
            stage.show()
        assert not stage.picture.pending
    finally:
        stage.clock.__class__.__call__ = lambda clock: clock.now_ns  # type: ignore[method-assign]


def test_under_load_a_turn_does_one_thing_so_that_no_frame_pays_for_two(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage, did = Stage(sample("load", 7, 64)), list[str]()

    def noted(owner: type, name: str) -> None:
        method = getattr(owner, name)

        def noting(self: object, *arguments: object, **named: object) -> object:
            done = method(self, *arguments, **named)
            if name != "work" or done:
                did.append(name)
            return done

        monkeypatch.setattr(owner, name, noting)

    for owner, name in ((StagePicture, "_want"), (StagePicture, "_put_legend"), (CardCache, "work")):
        noted(owner, name)
    turns: list[tuple[str, ...]] = []
    for frame in range(60):
        stage.clock.now_ns += 16_000_000
        changed = tuple(replace(card, first_answers=1_000 + frame) for card in stage.view.replicas)
        stage.view = replace(stage.view, replicas=changed, sampling=40 + frame)
        did.clear()
        stage.picture.renew(stage.view)
        turns.append(tuple(did))
    assert {("_want",), ("_put_legend",), ("work",)} <= set(turns) <= {
        ("_want",), ("_put_legend",), ("work",), ()
    }  # fmt: skip


def test_under_load_a_replica_that_lags_and_runs_again_has_its_ground_painted_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And in a turn of its own, for it is the dearest part of a card. How far it lags is not part of it."""
    stage, grounds = Stage(sample("load", 7, 64)), list[str]()
    make = CardCache._make_ground

    def making(cache: CardCache, name: str, card: Card) -> QPixmap:
        if cache is stage.picture.cards:
            grounds.append(name)
        return make(cache, name, card)

    monkeypatch.setattr(CardCache, "_make_ground", making)
    others = stage.view.replicas[1:]
    lagging, running, shown = ReplicaState.LAGGING, ReplicaState.RUNNING, list[QImage]()
    for state, detail in ((lagging, "−5,000"), (running, ""), (lagging, "−9,000"), (running, "")):
        stage.clock.now_ns += CALM_NS
        first = replace(stage.view.replicas[0], state=state, detail=detail)
        stage.view = replace(stage.view, replicas=(first, *others))
        painted_alone = []
        for _ in range(4):
            painted, made = stage.picture.cards.painted, len(grounds)
            stage.picture.renew(stage.view)
            painted_alone.append((stage.picture.cards.painted - painted, len(grounds) - made))
        assert (1, 1) not in painted_alone and not stage.picture.pending
        begun = Stage(stage.view)
        assert stage.picture._backdrop.pixmap.toImage() == begun.picture._backdrop.pixmap.toImage()
        shown.append(begun.picture._backdrop.pixmap.toImage())
    assert grounds == ["R1"]
    assert shown[0] != shown[2] and shown[1] == shown[3]


def test_the_pace_is_written_anew_beside_shapes_that_stay() -> None:
    """Only its own part of the legend is put, and nothing of the words before is left."""
    stage = Stage(replace(sample("load"), sampling=88))
    stage.show(sampling=2)
    again = Stage(replace(sample("load"), sampling=2))
    assert stage.picture._backdrop.pixmap.toImage() == again.picture._backdrop.pixmap.toImage()


def test_moving_messages_repaint_where_they_were_and_where_they_are_and_no_card() -> None:
    view = sample("slow")
    token = replace(view.tokens[0], sent_ns=view.now_ns, due_ns=view.now_ns + 10**9)
    calm = tuple(replace(card, waiting_since_ns=0) for card in view.clients)
    stage = Stage(replace(view, tokens=(token,), clients=calm))
    count = stage.picture.cards.painted
    was = stage.picture._flight
    dirty = stage.show(now_ns=view.now_ns + 9 * 10**8)
    flight = stage.picture._flight
    for at in (was, flight):
        body = QRectF(at.x[0] - 16, at.y[0] - 16, 32, 32).toRect()
        assert dirty.contains(body)
    assert not dirty.contains(QRect(0, 0, 980, 560))
    assert stage.picture.cards.painted == count


def test_a_gap_that_closes_runs_through_the_slots_and_ends() -> None:
    stage = Stage(sample("waiting"))
    after = {"expected": 133, "held": (), "held_count": 0, "state": ReplicaState.RUNNING, "detail": ""}
    stage.with_replica(0, **after)
    stage.show(tokens=(), clients=tuple(replace(c, waiting_since_ns=0) for c in stage.view.clients))
    slots = stage.show(now_ns=stage.view.now_ns + 100_000_000)
    card = stage.picture.layout.places["R1"].rect.toRect()
    assert card.contains(slots)
    assert slots.height() < 40
    stage.show(now_ns=stage.view.now_ns + 3 * 10**9)
    assert stage.show(now_ns=stage.view.now_ns + 10**6).isNull()


def test_a_selected_card_glows_over_a_transparent_margin() -> None:
    stage = Stage(sample("idle"))
    image = QImage(980, 560, QImage.Format.Format_RGB32)

    def corner() -> str:
        with QPainter(image) as painter:
            stage.picture.paint(painter, QRect(0, 0, 980, 560))
        at = stage.picture.layout.places["R1"].rect.topLeft().toPoint()
        return str(image.pixelColor(at.x() - 3, at.y() + 60).name())

    assert corner() == DARK.background.name()
    assert stage.picture.set_look("R1", Look(selected=True)) == stage.picture.cards.bounds("R1").toRect()
    assert corner() != DARK.background.name()
    assert stage.picture.set_look("R1", Look(selected=True)).isNull()


def test_what_the_screen_shows_is_what_a_picture_file_shows() -> None:
    view = sample("waiting", 3, 3)
    stage = Stage(view)
    screen = QImage(980, 560, QImage.Format.Format_RGB32)
    with QPainter(screen) as painter:
        stage.picture.paint(painter, QRect(0, 0, 980, 560))
    file = render_stage(view, DARK, QSize(980, 560), badge="LIVE")
    for x in range(0, 980, 5):
        for y in range(0, 560, 3):
            one, other = screen.pixelColor(x, y), file.pixelColor(x, y)
            assert abs(one.lightness() - other.lightness()) <= 12, (x, y)


@pytest.mark.parametrize("theme", THEMES.values(), ids=list(THEMES))
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_moment_is_painted_in_both_themes(kind: str, theme: Theme) -> None:
    for replicas, clients in ((1, 1), (3, 9), (5, 16), (7, 64)):
        image = render_stage(sample(kind, replicas, clients), theme, QSize(980, 560))
        assert image.pixelColor(2, 300) == theme.background
        assert image.pixelColor(979 - 30, 558) == theme.background


def test_a_picture_is_as_large_as_asked_for() -> None:
    image = render_stage(sample("idle"), DARK, QSize(640, 400), 2.0)
    assert image.size() == QSize(1280, 800)


def test_a_killed_replica_and_an_alert_are_seen() -> None:
    calm, killed = sample("idle", 3, 3), sample("killed", 3, 3)
    one, other = painted(calm), painted(replace(killed, tokens=()))
    place = Stage(calm).picture.layout.places["R2"].rect.toRect()
    assert one.copy(place) != other.copy(place)
    headline = Stage(calm).picture.layout.headline.toRect()
    assert one.copy(headline) != other.copy(headline)


def test_strips_line_up_and_name_the_few_that_differ() -> None:
    view = sample("diverged", 3, 3)
    first, disputed = compared(view.replicas)
    assert first % 8 == 1
    assert disputed["R1"] == frozenset(range(124, 128))
    assert disputed["R2"] == frozenset()
    two = view.replicas[:2]
    assert compared(two)[1]["R2"] == frozenset(range(124, 128))  # one against one: nobody is right
    assert compared(sample("idle").replicas)[1] == {}


def test_equal_digests_give_equal_columns_on_every_card() -> None:
    image = painted(replace(sample("slow", 3, 3), tokens=()))
    layout = Stage(sample("slow", 3, 3)).picture.layout
    rows = []
    for name in ("R1", "R2", "R3"):
        rect = layout.places[name].rect
        strip = QRectF(rect.left() + 12, rect.top() + 58, 312, 12).toRect()
        rows.append(
            [
                image.pixelColor(strip.left() + 19 * column + 9, strip.center().y()).name()
                for column in range(8)
            ]
        )
    assert rows[0] == rows[1] == rows[2]
    assert len(set(rows[0])) > 3
