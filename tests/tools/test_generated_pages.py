"""The generated pages hold every flow, every switch and every public name, and cannot drift."""

import pkgutil
import re
from dataclasses import dataclass, fields

import pytest

import hsokv
from hsokv.config import FlowConfig
from hsokv.flows.description import describe
from hsokv.flows.display import DISPLAY
from hsokv.flows.named import FLOWS, NOTES
from hsokv.plots.diagrams import write_alt_text
from tools.api_pages import list_rooms
from tools.flows_page import anchor, read_switches, render_flows
from tools.generate_pages import PAGES, generate_pages
from tools.markdown import prose


@pytest.fixture(scope="module")
def flows_page() -> str:
    return render_flows()


@pytest.mark.parametrize("name", list(FLOWS))
def test_flow_has_section_diagram_and_row(flows_page, name):
    """Each flow has a row with its phrases, a section, and a figure with alternative text."""
    assert f"({anchor(name)})=\n## {DISPLAY[name]}, `{name}`: {NOTES[name].title}\n" in flows_page
    section = flows_page.split(f"({anchor(name)})=")[1].split("\n## ", 2)[1]
    assert f"```{{figure}} diagrams/{name}.svg\n:name: fig-{anchor(name)}\n" in section
    assert f':alt: "{write_alt_text(name)}"' in section
    row = next(line for line in flows_page.splitlines() if f"<{anchor(name)}>" in line)
    for words in describe(FLOWS[name]).values():
        assert f"| {prose(words)} |" in row
    default = FlowConfig()
    for field in fields(FlowConfig):
        is_listed = f"| `{field.name}` |" in section.split("{dropdown}")[1]
        assert is_listed == (getattr(FLOWS[name], field.name) != getattr(default, field.name))


def test_notes_hold_no_settings():
    """What is written by hand names no number, so it cannot contradict a configuration."""
    assert set(NOTES) == set(FLOWS)
    for note in NOTES.values():
        assert not re.search(r"\b\d", note.title + note.idea), note


def test_every_switch_is_listed_with_its_reason(flows_page):
    """The last section lists each switch once, with the default and the comment of the source."""
    listed = flows_page.split("## Every switch")[1]
    switches = {switch.name: switch for switch in read_switches(FlowConfig)}
    for field in fields(FlowConfig):
        default = "(empty)" if field.default == "" else f"`{field.default}`"
        assert listed.count(f"| `{field.name}` | {default} |") == 1
        assert switches[field.name].name == field.name
    assert switches["read_cut"].group == "Reading."
    assert switches["read_cut"].reason.startswith("entries below this similarity")


def test_read_switches_takes_the_comment_beside_a_field():
    """A comment line opens a group; a field without a comment has no reason."""

    @dataclass
    class Example:
        """An example."""

        # First.
        a: int = 1  # why a
        b: str = "# no comment"
        # Second.
        c: float = 0.5  # why c

    assert [tuple(switch) for switch in read_switches(Example)] == [
        ("First.", "a", "why a"),
        ("First.", "b", ""),
        ("Second.", "c", "why c"),
    ]


def test_every_module_stands_on_one_page():
    """The pages of the reference share out the modules of the package."""
    listed = [module for room in list_rooms().values() for module in room.modules]
    found = pkgutil.walk_packages(hsokv.__path__, "hsokv.")
    assert sorted(listed) == sorted(module.name for module in found if not module.ispkg)
    assert all(room.says and room.modules for room in list_rooms().values())


def test_prose_is_safe_markdown():
    """Angle brackets and dollars show as themselves; code is left alone; values become code."""
    assert prose("<word> means\n$5 `<b>` 'dot'") == "&#60;word> means &#36;5 `<b>` `'dot'`"
    assert prose("the seeds' 'x y' and words'") == "the seeds' 'x y' and words'"
    assert prose("a\n\n\nb") == "a\n\nb"


def test_pages_and_diagrams_are_written(tmp_path, monkeypatch):
    """`generate_pages` writes each page and one diagram per flow."""
    (tmp_path / "book").mkdir()
    generate_pages(tmp_path)
    for name in PAGES:
        assert (tmp_path / name).read_text("utf8").startswith("# ")
    drawn = sorted(path.stem for path in (tmp_path / "book/diagrams").glob("*.svg"))
    assert drawn == sorted(FLOWS)


def test_a_flow_without_a_note_is_refused(monkeypatch):
    """A flow that is added to the registry must be introduced on the page."""
    monkeypatch.delitem(NOTES, "hybrid")
    with pytest.raises(RuntimeError, match="flows without a note: \\['hybrid'\\]"):
        render_flows()
