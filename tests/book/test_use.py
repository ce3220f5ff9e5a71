"""The page on one's own glossary: what it shows runs as it is printed, what it says holds."""

import re
import shlex

import pytest
from typer.testing import CliRunner

from hsokv import from_pretrained
from hsokv.cli import main
from hsokv.cli.commands import app
from hsokv.config import FlowConfig
from hsokv.flows.named import FLOWS
from tools.paths import BOOK

PAGE = (BOOK / "use.md").read_text("utf8")


def blocks(kind):
    """The code blocks of a kind."""
    return re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)


CSV, PRINTED = blocks("text")
ERROR = re.search(r"`(error: .*)`", PAGE)[1]
COMMANDS = [shlex.split(line) for line in blocks("bash")[0].replace("\\\n", "").splitlines()]


def run(*args, **options):
    """What a command prints."""
    found = CliRunner().invoke(app, list(args), catch_exceptions=False, **options)
    assert found.exit_code == 0
    return found.output


@pytest.fixture(autouse=True)
def glossary(tmp_path, monkeypatch):
    """The page's glossary, in the folder where things run."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "glossary.csv").write_text(CSV, "utf8")
    return tmp_path / "glossary.csv"


@pytest.fixture
def learn(glossary):
    """Writes a glossary, learns it, and returns what is printed."""

    def act(text, *options, encoding="utf8"):
        glossary.write_bytes(text.encode(encoding))
        return run("learn", "glossary.csv", "own", *options)

    return act


def said(text):
    """Its fields, between tabs or, as on the page, two spaces or more."""
    return [re.split(r"\t| {2,}", line) for line in text.splitlines()]


def test_the_commands_print_what_the_page_says():
    """Two of them, and every line that comes out."""
    assert [command[:2] for command in COMMANDS] == [["hsokv", "learn"], ["hsokv", "ask"]]
    learned, answered = (run(*args) for _, *args in COMMANDS)
    [told] = re.findall(r"says that `(.*)`", PAGE)
    assert learned.startswith(told) and said(answered) == said(PRINTED)


def test_a_memory_that_reads_meaning_names_the_third():
    """The text without a term, which the words alone decline."""
    from hsokv.models.sentence import find_encoder

    if find_encoder() is None:
        pytest.skip("the sentence encoder is not installed")
    run(*COMMANDS[0][1:], "--flow", "redesign")
    text = COMMANDS[1][5]
    assert said(run("ask", "my_terms", text))[0][:2] == [text, "derailleur"]


@pytest.mark.parametrize("code", blocks("python"), ids=["hsokv", "scikit-learn"])
def test_the_lines_of_python_run(code):
    """At most ten, and those with a comment give what it says."""
    lines = [line for line in code.splitlines() if line]
    assert len(lines) <= 10
    names, seen = {}, 0
    for line in lines:
        expression, _, printed = line.partition("  # ")
        if printed:
            assert str(eval(expression, names)) == printed
            seen += 1
        else:
            exec(line, names)
    assert seen == code.count("  # ") >= 1


def test_python_opens_the_memory_of_the_commands():
    """And sets its bound, whose default the page names."""
    run(*COMMANDS[0][1:])
    flow = from_pretrained("my_terms")
    text = COMMANDS[1][5]
    assert flow.predict([text]) == ["<abstain>"]
    assert flow.set_params(novel_nats=0).predict([text]) == ["derailleur"]
    [told] = re.findall(r"minus `novel_nats`, which is ([\d.]+)", PAGE)
    assert float(told) == FLOWS["lexical"].novel_nats == FlowConfig().novel_nats


@pytest.mark.parametrize(
    "text, encoding, n",
    [
        ("TERM,Definition,Notes\naglet,tip of a lace,seen\n", "utf8", 1),
        ("term,definition\ncafé,a place\n", "utf-8-sig", 1),
        ('term,definition\r\naglet,"tip,\r\nof a lace"\r\n', "utf8", 1),
        ("term,definition\nPIN,secret number\npin,metal rod\nPIN,code\n", "utf8", 2),
    ],
)
def test_files_that_are_read(learn, text, encoding, n):
    """Other columns, the mark of a spreadsheet, breaks in quotes, a term twice."""
    assert f"knows {n} terms" in learn(text, encoding=encoding)


def test_the_same_line_twice_counts_once(learn):
    """In a file, and when it is learned again; a changed definition stands beside the old one."""
    line = "aglet,tip of a lace\n"
    learn(f"term,definition\n{line}{line}")
    learn(f"term,definition\n{line}")
    assert len(from_pretrained("own").texts_) == 1
    learn("term,definition\naglet,end of a lace\n")
    assert len(from_pretrained("own").texts_) == 2
    learn("Wort,Sinn\nquoin,corner of a wall\n", "--term", "Wort", "--definition", "Sinn")
    assert set(from_pretrained("own").classes_) == {"aglet", "quoin"}


@pytest.mark.parametrize(
    "text, encoding",
    [
        ("term;definition\naglet;tip\n", "utf8"),
        ("term\tdefinition\naglet\ttip\n", "utf8"),
        ("term,definition\ncafé,a place\n", "latin-1"),
        ("term,definition\naglet,tip\n", "utf-16"),
        ("term,definition\naglet,\n", "utf8"),
        (CSV.replace("bearing in which the fork turns", ""), "utf8"),
    ],
)
def test_files_that_are_refused(learn, tmp_path, text, encoding):
    """With an error, and nothing is learned, not even the lines before it."""
    with pytest.raises(ValueError, match="expected"):
        learn(text, encoding=encoding)
    assert not (tmp_path / "own/config.json").exists()


def test_the_error_that_the_page_shows(glossary, monkeypatch, capsys):
    """A comma without quotes, in the third line."""
    lines = CSV.splitlines()
    lines[2] += ", mostly"
    glossary.write_text("\n".join(lines), "utf8")
    monkeypatch.setattr("sys.argv", ["hsokv", "learn", "glossary.csv", "own"])
    with pytest.raises(SystemExit):
        main()
    assert capsys.readouterr().err.strip() == ERROR


def test_what_it_is_not_for(learn):
    """Everyday senses, upper and lower case, other languages."""
    terms = (
        "must,juice of grapes",
        "SOC,a centre",
        "PIN,secret code",
        "pin,metal rod",
        "内存,memory",
    )
    learn("\n".join(["term,definition", *terms]))
    texts = (
        "You must go home.",
        "the SoC of a phone",
        "Mon pin est ici",
        "metal pin",
        "这个内存",
        "内存",
    )
    found = [line[1] for line in said(run("ask", "own", *texts))]
    assert found[:2] == ["must", "SOC"] and found[2] in ("PIN", "pin")
    assert found[3:] == ["pin", "-", "内存"]


def test_three_terms_are_named_and_the_input_is_read():
    """As the page says of `ask`."""
    run(*COMMANDS[0][1:])
    three = run("ask", "my_terms", "the fork and the headset of a derailleur", "--best", "3")
    assert len(three.splitlines()) == 3
    assert len(run("ask", "my_terms", input="a fork\na headset\n").splitlines()) == 2
