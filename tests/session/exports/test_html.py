"""`html`: a page that needs nothing else, and shows nothing that it was not told as text."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

from core.facts import Said
from core.services.kv import KeyValue
from core.session.annotations import Note, write_notes
from core.session.exports.formats import write_export
from core.session.exports.job import Job, Span
from core.session.reader import Recording, read
from core.trace.wire_log import Record, Tap, encode_fact
from tests.support.made_run import header, made_run, save

VOID = {"meta", "br", "hr", "img", "link", "input"}


class Reader(HTMLParser):
    """Checks that tags are closed in their order, and keeps tags, attributes and text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data: str) -> None:
        self.text += data


def page(recording: Recording, out: Path, span: Span | None = None, *, known: bool = True) -> Reader:
    job = Job(recording, span or Span(), KeyValue() if known else None)
    write_export(job, "html", out, overwrite=True)
    reader = Reader()
    reader.feed(out.read_text("utf-8"))
    reader.close()
    assert reader.open == []
    return reader


def test_a_page_has_verdict_figures_and_drawings(tmp_path: Path) -> None:
    recording = read(save(tmp_path / "run.lockstep", made_run(150, clients=3)))
    found = page(recording, tmp_path / "x.html")
    for words in ("Valid", "Every check holds.", "150", "linearizability", "Who sent what to whom", "R3"):
        assert words in found.text
    names = [tag for tag, _ in found.tags]
    assert names.count("svg") == 2 and names.count("h1") == 1
    edges = [
        attrs["class"] for tag, attrs in found.tags if tag == "line" and "edge" in (attrs["class"] or "")
    ]
    assert {"edge call", "edge order", "edge result", "edge answer"} == set(edges)
    assert 250 < len(edges) <= 400, "as many as can be told apart"
    assert names.count("rect") > 50, "executions"


def test_nothing_is_loaded_and_nothing_runs(tmp_path: Path) -> None:
    recording = read(save(tmp_path / "run.lockstep", made_run(20)))
    found = page(recording, tmp_path / "x.html")
    assert not {"script", "link", "img", "iframe", "object"} & {tag for tag, _ in found.tags}
    text = (tmp_path / "x.html").read_text("utf-8")
    assert set(re.findall(r"https?://[^\"' >]+", text)) == {"http://www.w3.org/2000/svg"}, (
        "a name, no address"
    )
    assert "url(" not in text and "@import" not in text and " on" + "load" not in text


def test_what_is_in_the_recording_is_text_and_never_markup(tmp_path: Path) -> None:
    evil = "<script>alert(1)</script><b onclick=x>"
    records = made_run(20)
    last_ns = records[-1].time_ns
    records.append(Record(last_ns, Tap.FACT, 0, 0, encode_fact(Said("error", evil))))
    head = header(service=evil)
    path = save(tmp_path / "run.lockstep", records, head)
    write_notes(path, [Note(5, evil)])
    found = page(read(path), tmp_path / "x.html")
    assert found.text.count(evil) >= 3
    assert "script" not in {tag for tag, _ in found.tags}
    assert "b" not in {tag for tag, attrs in found.tags if attrs}


def test_bookmarks_and_captions_are_on_the_timeline_and_among_what_happened(tmp_path: Path) -> None:
    path = save(tmp_path / "run.lockstep", made_run(60))
    at_ns = read(path).duration_ns // 2
    write_notes(path, [Note(at_ns, "Look here", 1_000), Note(at_ns + 1, "and here"), Note(10**12, "later")])
    found = page(read(path), tmp_path / "x.html")
    marks = [attrs for tag, attrs in found.tags if tag == "line" and attrs["class"] == "mark"]
    assert len(marks) >= 2
    assert found.text.count("Look here") == 3, "in the drawing, when it is pointed at, and in the table"
    assert found.text.count("and here") == 2


def test_a_recording_of_an_unknown_service_has_a_page_without_verdict(tmp_path: Path) -> None:
    recording = read(save(tmp_path / "run.lockstep", made_run(20), header(service="os:system")))
    found = page(recording, tmp_path / "x.html", known=False)
    assert "was not judged" in found.text
    assert "Who sent what to whom" in found.text


def test_a_span_and_an_empty_span(tmp_path: Path) -> None:
    recording = read(save(tmp_path / "run.lockstep", made_run(200)))
    half = recording.duration_ns // 2
    assert "from 0.00" in page(recording, tmp_path / "x.html", Span(half, half + 100_000)).text
    assert "Who sent" not in page(recording, tmp_path / "x.html", Span(10**9)).text
