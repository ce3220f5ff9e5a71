"""The page of the citation says what CITATION.cff says, and how to cite a number."""

import re

from hsokv.boundary.yaml_file import read_yaml
from tools.cite_page import read_commit, render_cite, render_entry
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


def test_page_says_that_there_is_no_doi_and_names_the_commit():
    """Nothing is promised that is not there."""
    page = render_cite()
    assert ("there is none yet" in page) == ("doi" not in CITATION)
    assert page.count(f"/tree/{read_commit()}") >= 3
    assert "```bibtex\n@software{" in page and "{entry}" not in page
