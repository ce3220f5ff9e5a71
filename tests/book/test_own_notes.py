"""The page on chats and notes: what it shows runs as it is printed."""

import re
import shlex

import pytest
from typer.testing import CliRunner

from hsokv.cli.commands import app
from tools.paths import BOOK, ROOT

PAGE = (BOOK / "own_notes.md").read_text("utf8")
README = (ROOT / "README.md").read_text("utf8")


def blocks(kind, text=PAGE):
    """The code blocks of a kind."""
    return re.findall(rf"```{kind}\n(.*?)```", text, re.DOTALL)


@pytest.fixture
def chat(tmp_path, monkeypatch):
    """The page's chat, in the folder where things run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HSOKV_MEMORY", raising=False)
    [content] = blocks("json")
    (tmp_path / "chat.json").write_text(content, "utf8")


def test_the_commands_run(chat):
    """They find the turn that Python finds."""
    outputs = []
    for line in blocks("bash")[0].splitlines():
        name, *args = shlex.split(line)
        found = CliRunner().invoke(app, args, catch_exceptions=False)
        assert name == "hsokv" and found.exit_code == 0
        outputs.append(found.output)
    assert outputs[0].startswith("4 turns added")
    assert "We rented a cabin" in outputs[1].splitlines()[0]


@pytest.mark.parametrize("text", [PAGE, README], ids=["page", "README"])
def test_the_lines_of_python_run(chat, text):
    """Three lines after the import, and the last gives what its comment says."""
    [example] = [block for block in blocks("python", text) if "read_chat" in block]
    *lines, last = [line for line in example.splitlines() if line]
    assert len(lines) == 3
    names = {}
    exec("\n".join(lines), names)
    expression, _, printed = last.partition("  # ")
    result = eval(expression, names)
    assert printed in (str(result), "")
