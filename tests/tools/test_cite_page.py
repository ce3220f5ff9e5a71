"""The page of the citation says what CITATION.cff says, and how to cite a number."""

import re

from hsokv.boundary.yaml_file import read_yaml
from tools.cite_page import read_commit, render_cite, render_entry, render_line
from tools.paths import ROOT

CITATION = read_yaml(ROOT / "CITATION.cff")


def test_entry_holds_the_citation():
    """Authors, title, version, address, licence and commit, in braces that close."""
    entry = render_entry(CITATION, "2026", "abc")
    fields = dict(re.findall(r"^  (\w+) = \{(.*)\},$", entry, re.MULTILINE))
    assert fields["title"] == f"{{{CITATION['title']}}}"
    assert fields["author"] == f"{{{CITATION['authors'][0]['name']}}}"
    assert fields["version"] == CITATION["version"] and fields["year"] == "2026"
    assert fields["url"] == CITATION["repository-code"] and fields["note"] == "Commit abc"
    assert entry.count("{") == entry.count("}") and "doi" not in fields


def test_people_and_a_doi_are_named():
    """An author with a family name stands with it first; a DOI is shown once there is one."""
    people = [{"family-names": "Noether", "given-names": "Emmy"}, {"name": "The others"}]
    entry = render_entry(CITATION | {"authors": people, "doi": "10.1/x"}, "2026", "abc")
    assert "author = {{Noether, Emmy} and {The others}}" in entry and "doi = {10.1/x}" in entry


def test_a_line_cites_the_commit(monkeypatch):
    """Who, when, what, which state of it, and where: at the archive once there is one."""
    line = render_line("abc")
    assert line.startswith(f"{CITATION['authors'][0]['name']} (20")
    for part in (CITATION["title"], f"Version {CITATION['version']}", "commit abc"):
        assert part in line
    assert line.endswith(CITATION["repository-code"])
    monkeypatch.setattr("tools.cite_page.read_yaml", lambda path: dated)
    dated = CITATION | {"doi": "10.1/x", "date-released": "2031-01-02"}
    assert "(2031)" in render_line("abc") and render_line("abc").endswith("https://doi.org/10.1/x")


def test_page_says_that_there_is_no_doi_and_names_the_commit():
    """Nothing is promised that is not there."""
    page = render_cite()
    assert ("there is none yet" in page) == ("doi" not in CITATION)
    assert page.count(f"/tree/{read_commit()}") >= 3
    assert "```bibtex\n@software{" in page and "{entry}" not in page
