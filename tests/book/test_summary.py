"""The two pages to print say what the front page says, and nothing of the machine they are from."""

import re

import pytest
from bs4 import BeautifulSoup

from tests.book.chromium import HTML
from tools.paths import ROOT, pages_url
from tools.summary_pdf import NAME, write_summary

PDF, FRONT = HTML / NAME, HTML / "book/index.html"
pytestmark = pytest.mark.skipif(not PDF.is_file(), reason="the book is not built: make book")
A4 = (595, 842)  # points
NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?: %| points)")
ENDS = re.compile(r"\[[^]]+\]")


@pytest.fixture(scope="module")
def sheets():
    """The text of each page."""
    pypdf = pytest.importorskip("pypdf")
    pages = pypdf.PdfReader(PDF).pages
    assert [tuple(map(round, page.mediabox[2:])) for page in pages] == [A4, A4]
    lines = [line for page in pages for line in page.extract_text().splitlines()]
    assert not [line for line in lines if re.match(r" *[.,;:)]", line)], "a line breaks in a word"
    return [" ".join(page.extract_text().split()) for page in pages]


@pytest.fixture(scope="module")
def front():
    """The article of the front page."""
    return BeautifulSoup(FRONT.read_text("utf8"), "html.parser").article


def read_told(front, *sections):
    """The numbers of sections of the front page, with their intervals, in order."""
    links = [link for name in sections for link in front.find("section", id=name).find_all("a")]
    told = [(link.get_text(), link.get("title", "")) for link in links]
    return [(text, ENDS.search(title)[0]) for text, title in told if title.startswith("95 %")]


def test_there_are_two_pages_with_the_numbers_of_the_front_page(sheets, front):
    """Every number with its interval, in the order of the page, and no other share."""
    assert len(sheets) == 2
    shown = [
        ("three-findings",),
        ("which-learner-should-i-use", "what-would-change-our-mind"),
    ]
    for sheet, sections in zip(sheets, shown):
        told = read_told(front, *sections)
        assert len(told) >= 4
        found = re.findall(rf"({NUMBER.pattern}) ({ENDS.pattern})", sheet)
        assert found == told


def test_it_says_what_the_front_page_says(sheets, front):
    """Title, question, findings and chart's caption first, then advice, doubts and the citation."""
    first, second = sheets
    assert first.startswith(front.h1.get_text().removesuffix("#"))
    assert " ".join(front.find("strong").get_text().split()) in first
    for part, sheet in (("three-findings", first), ("what-would-change-our-mind", second)):
        for item in front.find("section", id=part).find_all("li"):
            assert item.find("strong").get_text() in sheet
    for row in front.find("section", id="which-learner-should-i-use").find_all("tr"):
        assert row.find(["th", "td"]).get_text() in second
    assert "intervals of 95 % over seeds and words" in first
    assert pages_url() in second and "(20" in second.split("Cite, and read the report")[1]


def test_the_chart_is_a_drawing_with_words_for_who_does_not_see_it(front):
    """What the chart shows is told as on the front page."""
    assert front.find("figure").img["alt"][:60].encode("utf-16-be") in read_alternative()


def read_alternative():
    """The alternative text of the one figure of the first page, as it is stored."""
    pypdf = pytest.importorskip("pypdf")
    reader = pypdf.PdfReader(PDF)
    found = [o for o in map(reader.get_object, range(1, len(reader.xref[0]) + 1)) if "/Alt" in o]
    [figure] = found
    return figure["/Alt"].encode("utf-16-be")


def test_it_names_no_folder_and_is_the_same_every_time(tmp_path):
    """Made again of the same page, byte for byte; no path of this machine is in it."""
    (tmp_path / "_images").symlink_to(HTML / "_images")
    (tmp_path / "book").mkdir()
    (tmp_path / "book/index.html").write_text(FRONT.read_text("utf8"), "utf8")
    made = write_summary(tmp_path).read_bytes()
    assert made == PDF.read_bytes()
    pypdf = pytest.importorskip("pypdf")
    reader = pypdf.PdfReader(PDF)
    said = [str(reader.metadata), *(page.extract_text() for page in reader.pages)]
    said += [str(link.get_object()) for page in reader.pages for link in page["/Annots"]]
    assert len(said) > 10 and not [text for text in said if str(ROOT) in text or "file:" in text]


def test_the_front_page_offers_it(front):
    """At a name that stays."""
    [link] = [link for link in front.find_all("a") if link["href"].endswith(".pdf")]
    assert (
        (FRONT.parent / link["href"]).resolve() == PDF.resolve() == (HTML / "summary.pdf").resolve()
    )
