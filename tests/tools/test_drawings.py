"""Drawings are shortened so that they look the same, and fetched when a reader comes to them."""

import re
from xml.etree import ElementTree

import matplotlib.pyplot as plt
import pytest

from tools.drawings import AT_ONCE, defer, set_widths, shorten


@pytest.fixture(scope="module")
def drawing(tmp_path_factory) -> str:
    """A figure as matplotlib writes it: letters, lines, markers, and what is cut at the axes."""
    figure, panel = plt.subplots(figsize=(2, 1))
    panel.plot([0.123456, 1, 2.7182818], [3, 1.41421356, 2], marker="o")
    panel.set_title("a & b <c>")
    path = tmp_path_factory.mktemp("drawings") / "a.svg"
    figure.savefig(path)
    plt.close(figure)
    return path.read_text("utf8")


def read_outlines(text: str) -> list:
    """The commands and rounded numbers of all outlines."""
    found = re.findall(r'\bd="([^"]*)"', text)
    return [
        [x if x.isalpha() else round(float(x), 1) for x in re.findall(r"[A-Za-z]|-?[\d.]+", one)]
        for one in found
    ]


def test_drawing_is_shorter_and_draws_the_same(drawing):
    """The same elements in the same order, the same outlines but for hundredths of a point."""
    short = shorten(drawing)
    assert len(short) < 0.8 * len(drawing)
    before, after = (ElementTree.fromstring(text) for text in (drawing, short))
    kept = [e.tag for e in before.iter() if "svg}" in str(e.tag) and "metadata" not in e.tag]
    assert [e.tag for e in after.iter()] == kept
    for old, new in zip(read_outlines(drawing), read_outlines(short), strict=True):
        assert len(old) == len(new)
        for a, b in zip(old, new):
            assert a == b if isinstance(a, str) else abs(a - b) < 0.11


def test_references_lead_somewhere(drawing):
    """Letters and clips are found by their short names."""
    short = shorten(drawing)
    names = re.findall(r' id="([^"]+)"', short)
    asked = re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', short)
    assert len(names) == len(set(names))
    assert {a or b for a, b in asked} == set(names)


def test_later_drawings_wait(tmp_path, drawing):
    """The first come with the page; the others keep a place of their size."""
    (tmp_path / "a.svg").write_text(drawing)
    page = '<img alt="its width" src="a.svg" /><img src="b.png" />' * (AT_ONCE + 2)
    assert defer(page, tmp_path).count('loading="lazy" width="192" height="96"') == 2
    assert defer(page, tmp_path).count("<img") == page.count("<img")


def test_texts_keep_their_width_in_any_font(tmp_path):
    """What is kept as text says how wide matplotlib drew it, and names fonts to fall back on."""
    figure = plt.figure(figsize=(4, 1))
    styles = {"a & b <c>": {}, "bold words": {"weight": "bold"}, "slanted": {"style": "italic"}}
    texts = [
        figure.text(0, 0.2, t, size=12, family="DejaVu Sans", **look) for t, look in styles.items()
    ]
    with plt.rc_context({"svg.fonttype": "none"}):
        figure.savefig(tmp_path / "a.svg")
    figure.draw_without_rendering()
    drawn = set_widths((tmp_path / "a.svg").read_text("utf8"))
    widths = [float(width) for width in re.findall(r'textLength="([\d.]+)"', drawn)]
    boxes = [text.get_window_extent().width * 72 / figure.dpi for text in texts]
    assert widths == pytest.approx(boxes, rel=0.03)
    assert drawn.count("Verdana") == 3 and len(ElementTree.fromstring(drawn))
    plt.close(figure)
