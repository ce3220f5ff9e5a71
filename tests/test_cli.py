"""The command line, from a file of terms to answers, and what it says to wrong input."""

import pytest
from typer.testing import CliRunner

from hsokv import cli
from hsokv.cli import app, read_glossary

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


@pytest.mark.parametrize(
    "content, message",
    [
        (b"", "expected a CSV file"),
        (b"\xff\xfe\x00", "expected a CSV file"),
        (b"term,definition\n", "there is none"),
        (b"term,definition\naglet,\n", "row 1 lacks one"),
        (b"terms,definition\naglet,tip\n", "did you mean 'terms'"),
        (b'term,definition\n"aglet,tip\n', "expected a CSV file"),
    ],
)
def test_wrong_files(tmp_path, content, message):
    """The file, what is expected, and what to do."""
    (tmp_path / "bad.csv").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read_glossary(tmp_path / "bad.csv")


def test_errors_are_told_in_a_line(tmp_path, monkeypatch, capsys):
    """No traceback: a missing file and a missing folder."""
    for args in (["learn", "no.csv", str(tmp_path)], ["ask", str(tmp_path / "none"), "x"]):
        monkeypatch.setattr("sys.argv", ["hsokv", *args])
        with pytest.raises(SystemExit) as end:
            cli.main()
        told = capsys.readouterr().err
        assert end.value.code == 1 and told.startswith("error: ") and told.count("\n") == 1
