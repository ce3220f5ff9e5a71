"""A glossary at the command line, from its file to answers, and what is said to wrong input."""

import sys
from subprocess import Popen

import pytest
from typer.testing import CliRunner

from hsokv.cli import main
from hsokv.cli.commands import app
from hsokv.cli.glossary import read_glossary

GLOSSARY = "term,definition\naglet,the tip of a lace\noubliette,a dungeon with a trapdoor\n"


def run(*args, **options):
    """What the command prints."""
    found = CliRunner().invoke(app, [str(arg) for arg in args], catch_exceptions=False, **options)
    assert found.exit_code == 0
    return found.output


@pytest.fixture
def folder(tmp_path):
    """A folder that knows two terms."""
    (tmp_path / "terms.csv").write_text(GLOSSARY, "utf8")
    assert "knows 2 terms" in run("learn", tmp_path / "terms.csv", tmp_path / "own")
    return tmp_path / "own"


def test_terms_are_found_and_the_rest_is_declined(folder):
    """A line per text, from arguments or the input; shares stand beside the terms."""
    lines = run("ask", folder, "my aglets broke", "good morning").splitlines()
    assert lines[0].split("\t")[:2] == ["my aglets broke", "aglet"] and "%" in lines[0]
    assert "nothing stored fits" in lines[1]
    assert "oubliette" in run("ask", folder, input="\nthrown into the oubliette\n")
    both = run("ask", folder, "an aglet in an oubliette", "--best", 2)
    assert "aglet\t" in both and "oubliette\t" in both


def test_more_is_learned_beside(folder, tmp_path):
    """Other columns are named; what is known stays."""
    (tmp_path / "more.csv").write_text("Wort,Sinn\nquidnunc,one eager for gossip\n", "utf8")
    names = ["--term", "Wort", "--definition", "Sinn"]
    assert "knows 3 terms" in run("learn", tmp_path / "more.csv", folder, *names)
    assert "quidnunc" in run("ask", folder, "that quidnunc again")
    assert "aglet" in run("ask", folder, "an aglet")


def test_several_learn_at_once(folder, tmp_path):
    """Each waits for the one before, and no term is lost."""
    learn = [sys.executable, "-m", "hsokv.cli", "learn"]
    for i in range(4):
        (tmp_path / f"{i}.csv").write_text(f"term,definition\nword{i},the meaning of {i}\n", "utf8")
    running = [Popen([*learn, str(tmp_path / f"{i}.csv"), str(folder)]) for i in range(4)]
    assert [process.wait() for process in running] == [0] * 4
    assert "knows 6 terms" in run("learn", tmp_path / "0.csv", folder)


@pytest.mark.parametrize(
    "content, message",
    [
        (b"", "with the column 'term'"),
        (b"\xff\xfe\x00", "save it as 'CSV UTF-8'"),
        (b"term,definition\n", "there is none"),
        (b"term,definition\n\naglet,\n", "line 3: expected a term and a definition"),
        (b"terms,definition\naglet,tip\n", "its first line is 'terms,definition'; name its"),
        (b"term;definition\naglet;tip\n", "commas between"),
        (b"term,definition\naglet,tip, of a lace\n", "line 2: 3 fields, expected 2"),
        (b"term,definition\naglet,tip,\noubliette,pit,\n", "line 2: 3 fields, expected 2"),
        (b'term,definition\n"aglet,tip\n', "expected a CSV file"),
    ],
)
def test_wrong_files(tmp_path, content, message):
    """The file, what is expected, and what to do."""
    (tmp_path / "bad.csv").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read_glossary(tmp_path / "bad.csv")


def test_a_file_of_a_spreadsheet(tmp_path):
    """Names in capitals, a byte order mark, quotes, a line break in a cell, further columns."""
    content = 'No,Term,Definition\r\n1,aglet,"the tip, of\r\na lace"\r\n\r\n'
    (tmp_path / "terms.csv").write_text(content, "utf-8-sig", newline="")
    rows = read_glossary(tmp_path / "terms.csv")
    assert rows.to_numpy().tolist() == [["aglet", "the tip, of\r\na lace"]]


def test_each_text_has_its_line(folder):
    """An empty one too; tabs, line breaks and foreign bytes do not break it."""
    lines = run("ask", folder, input="aglet\n\nan\taglet\n").splitlines()
    assert [line.split("\t")[0] for line in lines] == ["aglet", "", "an    aglet"]
    assert len(run("ask", folder, "an\naglet", "", "cr\udce8me").splitlines()) == 3


def test_a_folder_keeps_its_flow(folder, tmp_path):
    """What it was learned with is said, and another one refused."""
    again = run("learn", tmp_path / "terms.csv", folder, "--flow", "lexical")
    assert "knows 2 terms, 0 of them new (lexical)" in again
    with pytest.raises(ValueError, match="was learned with --flow lexical: expected that or none"):
        run("learn", tmp_path / "terms.csv", folder, "--flow", "redesign")
    with pytest.raises(ValueError, match="run hsokv learn glossary.csv"):
        run("ask", tmp_path / "none", "aglet")


def test_errors_are_told_in_a_line(tmp_path, monkeypatch, capsys):
    """No traceback: a missing file and a missing folder."""
    none = str(tmp_path / "none\x1b[31m\n")
    for args in (["learn", "no.csv", str(tmp_path)], ["ask", none, "x"]):
        monkeypatch.setattr("sys.argv", ["hsokv", *args])
        with pytest.raises(SystemExit) as end:
            main()
        told = capsys.readouterr().err
        assert end.value.code == 1 and told.startswith("error: ") and told.count("\n") == 1
        assert told.rstrip("\n").isprintable()
