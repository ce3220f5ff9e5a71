"""The first page of the API reference: it knows what `hsokv` exports, and its examples run."""

import pkgutil
import re

import pytest

import hsokv
from tests.printed import list_examples, run_example
from tools import api_pages
from tools.api_pages import list_rooms, render_index

PAGE = render_index()
LINK = r"\{py:(?:func|class|data)\}`~(hsokv\.\S+)`"
EXAMPLES = list_examples(PAGE)


def imports_of(code: str) -> set[str]:
    """What an example imports from `hsokv` itself."""
    found = re.findall(r"^from hsokv import (.+)$", code, re.MULTILINE)
    return {name for line in found for name in line.split(", ")}


def test_every_export_is_linked():
    """Each name of `hsokv.__all__` leads to the module that defines it."""
    targets = {path.rpartition(".")[2]: path for path in re.findall(LINK, PAGE)}
    assert not set(hsokv.__all__) - set(targets)
    for name in hsokv.__all__:
        assert pkgutil.resolve_name(targets[name]) is getattr(hsokv, name)


def test_seven_names_have_an_example():
    """Each numbered section links the names of its title and shows them at work."""
    sections = re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:8]
    for number, section in enumerate(sections, start=1):
        title = section.partition("\n")[0]
        assert title.startswith(f"{number}. `")
        names = set(re.findall(r"`(\w+)`", title.partition(":")[0]))
        [(code, printed)] = list_examples(section)
        assert names and names <= imports_of(code) and printed
        assert names <= {path.rpartition(".")[2] for path in re.findall(LINK, section)}


@pytest.mark.parametrize("code, printed", EXAMPLES, ids=lambda text: text.split("\n")[0][:40])
def test_example_prints_what_the_page_says(code, printed, tmp_path, monkeypatch):
    """At most ten lines that run by themselves."""
    monkeypatch.chdir(tmp_path)
    assert len(code.splitlines()) <= 10
    assert run_example(code) == printed


def test_rooms_stand_in_their_place(tmp_path, monkeypatch):
    """A line per room replaces the mark; a page without it is refused."""
    assert api_pages.MARK not in PAGE
    assert re.findall(r"^- \[(\w+)\]\(api/\1\.md\): ", PAGE, re.MULTILINE) == list(list_rooms())
    (tmp_path / "book").mkdir()
    (tmp_path / "book/api.md").write_text("# API reference\n")
    monkeypatch.setattr(api_pages, "ROOT", tmp_path)
    with pytest.raises(RuntimeError, match="0 lines '% rooms': expected one"):
        render_index()
