"""The summary takes the front page apart, and says what it misses there."""

import pytest
from bs4 import BeautifulSoup

from tools.paths import pages_url
from tools.summary_pdf import Run, list_runs, read_front, write_summary

PAGE = """
<article>
 <section><h1>Title<a class="headerlink" href="#t">#</a></h1>
 <p><strong>Why?</strong></p><p>What was done.</p>
 <section id="three-findings"><h2>Findings</h2><ol>
  <li><p><strong>One:</strong> <a href="../n.html" title="95 % interval [1.0, 3.0], n = 9"
  ><strong>2.0 %</strong></a> of <code>x</code>.</p></li>{more}</ol>
  <figure id="fig-headline"><img src="../_images/h.svg" alt="A dot."/>
  <figcaption><span class="caption-text">Dots.</span></figcaption></figure></section>
 <section id="which-learner-should-i-use"><h2>Which?</h2><table>
  <tr><th>you have</th><th>take</th><th>why</th></tr>
  <tr><td>a</td><td>b</td><td>c</td></tr></table></section>
 <section id="what-would-change-our-mind"><h2>Doubts</h2><ul><li>None.</li></ul></section>
 </section>
</article>
<div class="bd-footer-content"><p>Built on 2026-01-02 from 1a2b3c4d5+edited.</p></div>
"""
CHART = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 4"><path d="M0 0L9 4"/></svg>'


def build(folder, page):
    """A built book of one page."""
    for name, text in {"book/index.html": page, "_images/h.svg": CHART}.items():
        (folder / name).parent.mkdir()
        (folder / name).write_text(text, "utf8")
    return folder


def test_a_number_brings_its_interval_and_its_address():
    """Marks of headings are left out, and terms of the glossary lead nowhere."""
    html = (
        '<li><b>a</b> <a href="../n.html" title="95 % interval [1, 3], n = 9"><strong>2 %</strong>'
        '</a><a class="glossary-term" href="g.html">term</a><code>x</code>'
        '<a class="headerlink" href="#">#</a></li>'
    )
    number, term, code = list(list_runs(BeautifulSoup(html, "html.parser").li))[2:]
    assert number == Run("2\u00a0%\u00a0[1,\u00a03]", True, False, f"{pages_url()}n.html")
    assert term == Run("term") and code == Run("x", code=True)


@pytest.mark.parametrize(
    "part", ["fig-headline", "three-findings", "which-learner-should-i-use", "Built on"]
)
def test_a_front_page_without_a_part_is_refused(tmp_path, part):
    """The message names the part and what to do."""
    built = build(tmp_path, PAGE.format(more="").replace(part, "other"))
    with pytest.raises(ValueError, match=f"expected .*{part}.* keep that part of book/index.md"):
        read_front(built)


def test_day_and_commit_are_those_of_the_page(tmp_path):
    """Edits that were not committed when it was built have no name to cite."""
    front = read_front(build(tmp_path, PAGE.format(more="")))
    assert (front.day.isoformat()[:10], front.commit) == ("2026-01-02", "1a2b3c4d5")


def test_a_long_front_page_is_set_smaller_and_then_refused(tmp_path):
    """There are two pages, or none."""
    pypdf = pytest.importorskip("pypdf")

    def write(name, items):
        (tmp_path / name).mkdir()
        more = "<li><p>Something that takes a line of the page.</p></li>" * items
        return pypdf.PdfReader(write_summary(build(tmp_path / name, PAGE.format(more=more))))

    def size(reader):
        text = []
        reader.pages[0].extract_text(visitor_text=lambda t, c, m, f, s: text.append((t, s)))
        return next(s for t, s in text if "done" in t)

    short, long = write("short", 0), write("long", 22)
    assert len(short.pages) == len(long.pages) == 2 and size(long) < size(short)
    with pytest.raises(ValueError, match="expected two pages.* shorten book/index.md"):
        write("longest", 60)
