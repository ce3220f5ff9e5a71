"""Text from outside is shown and does not act; YAML from outside is right or named."""

import csv
import io
import re

import matplotlib.pyplot as plt
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it.renderer import RendererHTML
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser

from hsokv.boundary import text as outside
from hsokv.boundary.text import (
    HIDDEN,
    LONGEST_NAME,
    chart_label,
    csv_cell,
    file_name,
    markdown_code,
    markdown_prose,
    markdown_text,
    plain,
    table_cell,
    terminal_text,
)
from hsokv.boundary.yaml_file import parse_yaml
from hsokv.claims import findings
from hsokv.claims.ledger import NOT_TESTABLE, Claim, Judged, claims_table
from hsokv.plots.charts import plot_accuracy_vs, plot_paired_differences
from hsokv.runs import provenance
from hsokv.validity.report import Check, Report, side_by_side
from tests.nasty_texts import NASTY
from tools import claims_page, markdown, status, sweep

EXTENSIONS = {"amsmath", "attrs_block", "attrs_inline", "colon_fence", "deflist", "dollarmath",
              "fieldlist", "html_admonition", "html_image", "linkify", "strikethrough",
              "substitution", "tasklist"}  # fmt: skip
MYST = create_md_parser(MdParserConfig(enable_extensions=EXTENSIONS), RendererHTML)
TEXT = {"text", "text_special", "softbreak"}
nasty = pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)


def tokens(page):
    """The types and tags of everything a page holds, text apart."""
    found = []
    for token in MYST.parse(page):
        inside = [t for t in token.children or [] if t.type not in TEXT]
        found += [(t.type, t.tag) for t in [token, *inside]]
    return found


def shown(page):
    """The text that a reader sees."""
    parts = [t.content for token in MYST.parse(page) for t in token.children or []]
    return "".join(parts)


@nasty
def test_markdown_shows_the_text_and_nothing_else(text):
    """Alone, in a line, in a cell: the characters of the text, no element beside them."""
    for around in ("{}", "a {} b", "- {}", "> {}", "# a {}"):
        assert tokens(around.format(markdown_text(text))) == tokens(around.format("word")) or (
            not plain(text)
        )
    assert shown("a" + markdown_text(text) + "b") == "a" + plain(text) + "b"
    for cell in (markdown_text(text), table_cell(markdown_prose("x " + text))):
        row = tokens(f"| a | b |\n| --- | --- |\n| {cell} | x |")
        kinds = [kind for kind in row if kind[0] != "code_inline"]
        assert kinds == tokens("| a | b |\n| --- | --- |\n| word | x |")
    code = markdown_code(text)
    assert tokens(f"a {code} b") == tokens("a `b` b")
    assert shown(f"a {code} b").strip() == f"a {plain(text) or ' '} b"


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.text(st.sampled_from("ab1 \n\t\\`*_{}[]()<>#+-.!|~$:=/@&%^'\";.com")))
def test_no_mixture_of_active_characters_is_markup(text):
    """Whatever is put together of what Markdown gives a meaning."""
    assert set(tokens("a" + markdown_text(text))) == set(tokens("word"))
    assert shown(markdown_text("a" + text)) == plain("a" + text)
    if plain(text):
        assert set(tokens(markdown_text(text))) == set(tokens("word"))
        assert set(tokens(markdown_prose(text))) - {("code_inline", "code")} <= set(tokens("word"))
        assert tokens(f"a {markdown_code(text)} b") == tokens("a `b` b")


def render_status(text, tmp_path, monkeypatch):
    page = dict.fromkeys(status.HEADER, text) | {"page": "01_rare_words", "parameters": {"a": text}}
    monkeypatch.setattr(status, "list_pages", lambda out: [page])
    return status.render_page(tmp_path)


def render_claims(texts):
    judged = []
    for text in texts:
        claim = Claim(id=text or "x", source=f"readme, {text}", claim=text or "x", reason="x")
        judged.append(Judged(claim, NOT_TESTABLE, note=text or "x"))
    return claims_page.render_claims(judged)


def render_findings(text, *_):
    text = text.encode("utf8", "replace").decode()  # no YAML holds a surrogate
    row = {"key": "a", "statement": text, "quantity": text, "unit": "%", "point": 0.5, "low": 0.1,
           "high": 0.9, "n": 5, "verdict": "holds"}  # fmt: skip
    frame = pd.DataFrame([row])
    return findings.render_page(frame, frame, text)


def render_report(text, *_):
    report = Report(tuple(Check("duplicates", share, 0.0, text or "x") for share in (0.0, 1.0)))
    return report.to_markdown() + "\n\n" + side_by_side({text: report})


PAGES = {
    "footer": lambda text, *_: provenance.footer(
        {"note": text, f"k{text}": 1}, 0, run_s=0, rows_read=0, rows_computed=0, device=text
    ),
    "table": lambda text, *_: markdown.table(["a"], [[markdown.prose(text)]]),
    "status": render_status,
    "findings": render_findings,
    "report": render_report,
}


@pytest.mark.parametrize("page", PAGES)
def test_pages_hold_nothing_that_a_text_adds(page, tmp_path, monkeypatch):
    """With any text a page has the elements that it has with a word, code apart."""

    def elements(text):
        made = PAGES[page](text, tmp_path, monkeypatch)
        assert not HIDDEN.search(made.replace("\n", "")) and len(made) < 200_000
        return [kind for kind in tokens(made) if kind[0] != "code_inline"]

    expected = elements("word")
    for name, text in NASTY.items():
        assert elements(text) == expected, name


def test_the_page_of_claims_holds_nothing_that_a_text_adds():
    """All texts at once, of the very long ones the first."""
    texts = [text for name, text in NASTY.items() if not name.startswith("long of")]
    kinds = [k for k in tokens(render_claims(texts)) if k[0] != "code_inline"]
    assert kinds == tokens(render_claims(["word"] * len(texts)))


@nasty
def test_terminal_shows_and_does_not_obey(text):
    """No control character but the line's end, and an end to it."""
    for said in (terminal_text(text), plain(text), plain(text, 100)):
        assert all(c.isprintable() or c in "\n\u200d\u3000" for c in said)
        assert len(said) < 70_000
        said.encode("utf8")
    assert "\n" not in plain(text)


def test_terminal_keeps_lines_and_loses_colours():
    """What papermill says stays readable."""
    assert terminal_text("\x1b[31ma\x1b[0m\n\tb\x07") == "a\n    b\\x07"


@nasty
def test_csv_cell_is_no_formula(text):
    """What a spreadsheet reads back is text; numbers stay numbers."""
    line = io.StringIO()
    csv.writer(line).writerow([csv_cell(text[:9000]), 1])
    (read,) = csv.reader(io.StringIO(line.getvalue()))
    assert len(read) == 2 and not re.match(r"\s*[=+@＝＋－＠-]", read[0])
    assert csv_cell("-0.5") == "-0.5" and csv_cell("a - b") == "a - b" and csv_cell(7) == "7"


def test_tables_for_download_hold_no_formula():
    """The claims as CSV and the index of a sweep."""
    claim = Claim(id="a", source="readme, 1", claim="=1+1", reason="x")
    assert claims_table([Judged(claim, NOT_TESTABLE)])["claim"].tolist() == ["'=1+1"]
    index = sweep.render_index([{"note": "@a,b\n", "rate": -0.5, "state": "done"}])
    assert index.splitlines()[1:] == ["\"'@a,b", '",-0.5,done']


NAME = re.compile(r"[a-z0-9_][a-z0-9_-]*")
any_text = st.text(st.characters(), max_size=80) | st.sampled_from(sorted(NASTY.values()))


@settings(derandomize=True, deadline=None, max_examples=300)
@given(any_text, any_text)
def test_file_names_stay_in_their_folder(one, other):
    """Small letters, bounded, no way up, nothing reserved; two texts never share one."""
    name = file_name(one)
    assert NAME.fullmatch(name) and len(name) <= LONGEST_NAME and name not in outside.RESERVED
    assert (name == file_name(other)) == (one == other)
    assert file_name(name) != name or name == one  # a name that looks like ours is not ours


def test_a_file_name_that_is_one_stays():
    """Names of sweeps and ids of claims are as they were written."""
    assert file_name("words_2-a") == "words_2-a"
    assert file_name("CON") != "con" and file_name("a.b").startswith("a-b-")


@nasty
def test_charts_write_labels_as_they_stand(text):
    """A dollar sets no mathematics and raises nothing; a long label is cut."""
    label = plt.Text(text=chart_label(text))
    assert label._preprocess_math(label.get_text())[1] is False
    assert len(chart_label(text)) <= 10 * outside.LONGEST_LABEL + 3


@pytest.mark.filterwarnings("ignore:Glyph")
@pytest.mark.filterwarnings("ignore:Matplotlib currently does not support")
@pytest.mark.parametrize("name", ["broken mathematics", "dollars", "right to left", "nul", "long"])
def test_charts_are_drawn_with_any_label(name):
    """Titles, ticks and axes take what comes."""
    text = NASTY[name]
    row = {"flow": "bm25", "label": text, text: 1, "condition": text, "n_way": 5}
    frame = pd.DataFrame([row | {"point": 0.5, "low": 0.1, "high": 0.9}])
    for figure, _ in (plot_paired_differences(frame), plot_accuracy_vs(frame, text)):
        figure.draw_without_rendering()
        plt.close(figure)


BOMB = "\n".join(
    ["- &a0 [x]"] + [f"- &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 10)]
)
MERGED = "\n".join(
    ["- &a0 {x: 1}"] + [f"- &a{i} {{<<: [*a{i - 1}, *a{i - 1}]}}" for i in range(1, 40)]
)
WRONG = {
    b"a: 1\nb:\n  c: 1\n  c: 2\n": r"p.yml, line 4: the key 'c' stands twice; remove one",
    b"a:\n\t- b\n": r"p.yml, line 2: found character '\\t' .*; indent with spaces",
    b"a: 1\nb: \xff\n": "p.yml, line 2: a byte that is not UTF-8; save the file as UTF-8",
    "a: ä".encode("utf-16"): "p.yml, line 1: a byte that is not UTF-8",
    b"a: \x00\n": r"p.yml, line 1: the character '\\x00'; remove it",
    BOMB.encode(): "p.yml, line [0-9]+: more than 100,000 values; repeat no anchor so often",
    MERGED.encode(): "p.yml, line [0-9]+: more than 100,000 values",
    b"a: &a [*a]": "p.yml, line 1: an anchor that holds itself; write the value out",
    b"a: *b": "p.yml, line 1: found undefined alias 'b'",
    b"[" * 600: "p.yml: nested too deeply to be read; flatten it",
    b"a: [1,\nb": "p.yml, line 2: expected ',' or ']'",
    b"a: 'b": "p.yml, line 1: found unexpected end of stream",
    b"a: 1\n b: 2": "p.yml, line 2: mapping values are not allowed here",
    b"a: !!python/object/apply:os.system [ls]": "p.yml, line 1: could not determine a constructor",
    b"a: !!python/name:os.system": "p.yml, line 1: could not determine a constructor",
    b"a: 2026-02-30": "p.yml, line 1: '2026-02-30' is not a timestamp",
    b"a: " + b"9" * 5000: "p.yml, line 1: .* is not a int",
    b"a: !!bool maybe": "p.yml, line 1: 'maybe' is not a bool",
    b"? [a]\n: b": "p.yml, line 1: found unhashable key",
    b"a: 1\n---\nb: 1": "p.yml, line 2: but found another document",
    b"a: " + b"x" * 2_000_001: "p.yml has 2,000,004 bytes, at most 2,000,000 are read; split it",
}


@pytest.mark.parametrize("content", WRONG, ids=range(len(WRONG)))
def test_yaml_that_is_wrong_is_named(content):
    """Path, line, what is wrong, remedy; short, and soon."""
    with pytest.raises(ValueError, match=WRONG[content]) as raised:
        parse_yaml(content, "p.yml")
    assert len(str(raised.value)) < 500 and "; " in str(raised.value)


@settings(derandomize=True, deadline=None, max_examples=200)
@given(st.binary(max_size=60) | st.text("ab:-[]{}&*!|>'\"#%@`\n\t ,?<1.~").map(str.encode))
def test_any_bytes_are_yaml_or_a_value_error(content):
    """No other error, and what is read is what PyYAML reads."""
    try:
        value = parse_yaml(content, "p.yml")
    except ValueError as error:
        assert str(error).startswith("p.yml")
    else:
        assert repr(value) == repr(yaml.safe_load(content.decode("utf8")))
