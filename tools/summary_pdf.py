"""Write `summary.pdf`: two pages to print or to mail, made of the front page as it was built.

Every number, the chart and the advice are read from the HTML of the front page, so they are those
of the rows. The interval of a number, which a screen shows while the pointer rests on it, stands
behind it here.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urljoin

import matplotlib
from bs4 import BeautifulSoup, NavigableString, Tag
from fpdf import FPDF

from hsokv.boundary.files import replace_file
from tools.cite_page import render_line
from tools.paths import pages_url, repository

NAME = "summary.pdf"
FRONT = "book/index.html"
FOOTER = '.bd-footer-content p:-soup-contains("Built on")'
FONTS = Path(matplotlib.get_data_path()) / "fonts/ttf"
FACES = {"": "DejaVuSans", "B": "DejaVuSans-Bold"}
MONO = "DejaVuSansMono"
SIZES = (10, 9.5, 9, 8.5, 8, 7.5)  # points; the largest that fits is taken
MARGIN = 18  # millimetres, as all lengths
LINE = 0.5  # height of a line per point of the font: 1.4 times the font
INDENT = 6  # of an item behind its mark
LINK, BLACK = (0, 64, 122), (0, 0, 0)  # colours of the text
BUILT = re.compile(r"Built on (\d{4}-\d\d-\d\d) from ([^\s+]*\w)")  # the day, the commit
INTERVAL = re.compile(r"95 % interval (\[[^]]+\])")
FOOT = "Numbers: the report's front page at commit {commit}. Brackets: intervals of 95 %."


class Run(NamedTuple):
    """A piece of text in one style: bold, code or plain, with the address that it leads to."""

    text: str
    bold: bool = False
    code: bool = False
    link: str = ""


class Front(NamedTuple):
    """What the summary takes from the front page; the parts are in the order of the page.

    Attributes:
        title: of the report.
        opening: its question and what was done.
        findings: heading and paragraphs.
        chart: file of the headline figure.
        alt: what the chart shows, in words.
        caption: of the chart.
        learners: heading, and rows of cells of which the first is the head.
        doubts: heading and paragraphs.
        day: on which the page was built.
        commit: from which it was built.
    """

    title: str
    opening: list[list[Run]]
    findings: tuple[str, list[list[Run]]]
    chart: Path
    alt: str
    caption: list[Run]
    learners: tuple[str, list[list[str]]]
    doubts: tuple[str, list[list[Run]]]
    day: datetime
    commit: str


def list_runs(node: Tag) -> Iterator[Run]:
    """Yield the text of a piece of the front page; a number is followed by its interval."""
    for text in node.find_all(string=True):
        parents = {parent.name: parent for parent in text.parents if parent in node.descendants}
        link = parents.get("a")
        classes = link.get("class", []) if link else []
        if type(text) is not NavigableString or "headerlink" in classes:
            continue
        leads = link is not None and "glossary-term" not in classes
        address = urljoin(pages_url() + FRONT, link["href"]) if leads else ""
        told = INTERVAL.search(link.get("title", "")) if leads else None
        words = re.sub(r"\s+", " ", text)
        if told:
            words = f"{words} {told[1]}".replace(" ", "\u00a0")  # on one line
        yield Run(words, "strong" in parents, "code" in parents, address)


def list_words(runs: list[Run]) -> Iterator[list[Run]]:
    """Yield the pieces of each word, which may be of several styles; lines break between words."""
    word = []
    for run in runs:
        for piece in re.findall("[^ ]+ ?| ", run.text):
            word.append(run._replace(text=piece))
            if piece.endswith(" "):
                yield word
                word = []
    yield word


def read_front(built: Path) -> Front:
    """Return what the summary needs of the built front page.

    Raises:
        ValueError: a part of it is not there.
    """
    page = BeautifulSoup((built / FRONT).read_text("utf8"), "html.parser")

    def find(selector: str) -> Tag:
        found = page.select_one(selector)
        if not found:
            raise ValueError(
                f"{FRONT}: expected {selector!r} for {NAME}, found none; keep that part of "
                "book/index.md, or change tools/summary_pdf.py with it"
            )
        return found

    def read_items(section: str) -> tuple[str, list[list[Run]]]:
        items = find(f"#{section} li").parent.find_all("li", recursive=False)
        return read_words(find(f"#{section} > h2")), [list(list_runs(item)) for item in items]

    title, picture = find("article h1"), find("#fig-headline img")
    day, commit = BUILT.search(find(FOOTER).get_text()).groups()
    learners = "which-learner-should-i-use"
    rows = find(f"#{learners} table").find_all("tr")
    return Front(
        title=read_words(title),
        opening=[list(list_runs(p)) for p in title.parent.find_all("p", recursive=False)],
        findings=read_items("three-findings"),
        chart=(built / FRONT).parent / picture["src"],
        alt=picture["alt"],
        caption=list(list_runs(find("#fig-headline .caption-text"))),
        learners=(
            read_words(find(f"#{learners} > h2")),
            [[read_words(cell) for cell in row.find_all(["th", "td"])] for row in rows],
        ),
        doubts=read_items("what-would-change-our-mind"),
        day=datetime.fromisoformat(day).replace(tzinfo=UTC),
        commit=commit,
    )


def read_words(node: Tag) -> str:
    """Return the text of a piece of the front page in one line."""
    return "".join(run.text for run in list_runs(node)).strip()


class Paper(FPDF):
    """Sheets of A4 with the few things that the summary is made of, in a font of one size."""

    def __init__(self, points: float, foot: str):
        super().__init__(format="A4")
        self.points, self.foot = points, foot
        for style, face in FACES.items():
            self.add_font("text", style, FONTS / f"{face}.ttf")
        self.add_font("code", "", FONTS / f"{MONO}.ttf")
        self.set_lang("en")
        self.set_margins(MARGIN, MARGIN)
        self.c_margin = 0  # a word that is measured to fit is not broken
        self.set_auto_page_break(True, MARGIN)
        self.add_page()

    def footer(self) -> None:
        """Say at the foot of each page where the numbers come from."""
        self.set_y(-MARGIN + 4)
        self.set_font("text", "", 7.5)
        self.cell(0, 4, self.foot)
        self.cell(0, 4, f"{self.page_no()} of 2", align="R")

    def add_heading(self, text: str, scale: float = 1.25) -> None:
        """Write a heading."""
        size = self.points * scale
        self.set_font("text", "B", size)
        self.ln(LINE * self.points * 0.6)
        self.multi_cell(0, LINE * size, text, align="L", new_x="LMARGIN", new_y="NEXT")
        self.ln(LINE * self.points * 0.2)

    def add_text(self, runs: list[Run], mark: str = "", scale: float = 1.0) -> None:
        """Write a paragraph; with a mark, such as '1.', it is indented behind it."""
        size = self.points * scale
        self.set_font("text", "", size)
        if mark:
            self.cell(INDENT, LINE * size, mark)
            self.set_left_margin(MARGIN + INDENT)
        for word in list_words(runs):
            if self.get_x() + sum(self.choose(run, size) for run in word) > self.w - MARGIN:
                self.ln(LINE * size)
            for run in word:
                self.choose(run, size)
                self.write(LINE * size, run.text, run.link)
        self.set_text_color(*BLACK)
        self.set_left_margin(MARGIN)
        self.ln(LINE * size * 1.4)

    def choose(self, run: Run, size: float) -> float:
        """Set font and colour for a piece of text, and return its width without space behind it."""
        self.set_font("code" if run.code else "text", "B" if run.bold else "", size)
        self.set_text_color(*(LINK if run.link else BLACK))
        return self.get_string_width(run.text.rstrip(" "))

    def add_table(self, rows: list[list[str]], widths: tuple[int, ...]) -> None:
        """Write a table whose first row is its head."""
        self.set_font("text", "", self.points * 0.92)
        with self.table(
            col_widths=widths,
            line_height=LINE * self.points * 0.92,
            borders_layout="HORIZONTAL_LINES",
            padding=(0.8, 1),
            text_align="LEFT",
            v_align="T",
        ) as table:
            for row in rows:
                table.row(row)
        self.ln(LINE * self.points * 0.4)


def draw(front: Front, points: float) -> Paper:
    """Return the sheets at one size of the font: findings on the first, advice on the second."""
    paper = Paper(points, FOOT.format(commit=front.commit))
    paper.set_title(front.title)
    paper.set_creation_date(front.day)  # not of this minute: the same page gives the same bytes
    paper.add_heading(front.title, 1.8)
    for paragraph in front.opening:
        paper.add_text(paragraph)
    heading, findings = front.findings
    paper.add_heading(heading)
    for number, finding in enumerate(findings, start=1):
        paper.add_text(finding, f"{number}.")
    paper.image(front.chart, w=paper.epw, alt_text=front.alt)
    paper.ln(2)
    paper.add_text(front.caption, scale=0.9)
    paper.add_page()
    heading, rows = front.learners
    paper.add_heading(heading)
    paper.add_table(rows, (35, 30, 35))
    heading, doubts = front.doubts
    paper.add_heading(heading)
    for doubt in doubts:
        paper.add_text(doubt, "•")
    paper.add_heading("Cite, and read the report")
    paper.add_text([Run(render_line(front.commit))])
    rows = f"{repository()[0]}/tree/{front.commit}"
    paper.add_text([Run("Report: "), Run(pages_url(), link=pages_url())])
    paper.add_text([Run("Code and rows: "), Run(rows, link=rows)])
    return paper


def write_summary(built: Path) -> Path:
    """Write the summary beside the pages of the built book, and return its path.

    Raises:
        ValueError: the front page lacks a part, or is too long for two printed pages.
    """
    front = read_front(built)
    sheets = next((s for s in (draw(front, size) for size in SIZES) if s.pages_count == 2), None)
    if sheets is None:
        raise ValueError(
            f"{NAME}: expected two pages, the front page takes more at {SIZES[-1]} points; "
            "shorten book/index.md"
        )
    replace_file(built / NAME, bytes(sheets.output()))
    return built / NAME
