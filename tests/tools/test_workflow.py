"""The workflow that publishes the book runs what the Makefile has, and publishes what it built."""

import re

import yaml

from tools.paths import ROOT

WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/book.yml").read_text("utf8"))
JOBS = WORKFLOW["jobs"]
STEPS = [step for job in JOBS.values() for step in job["steps"]]
TARGETS = re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text("utf8"), re.MULTILINE)


def test_it_runs_the_commands_of_the_makefile():
    """`make book`, then `make test`, and nothing that the Makefile lacks."""
    commands = [line for step in STEPS for line in step.get("run", "").splitlines()]
    assert commands == ["make book", "make test"]
    assert all(command.split()[1] in TARGETS for command in commands)


def test_actions_have_a_version():
    """Each is pinned to a major version."""
    used = [step["uses"] for step in STEPS if "uses" in step]
    assert len(used) >= 4
    assert all(re.fullmatch(r"actions/[\w-]+@v\d+", action) for action in used)


def test_it_publishes_what_was_built():
    """The HTML goes to Pages after the tests, by a job that may write nothing else."""
    [upload] = [s for s in JOBS["build"]["steps"] if "upload-pages" in s.get("uses", "")]
    assert upload["with"] == {"path": "_build/html"}
    assert JOBS["build"]["steps"][-1] == upload
    assert JOBS["publish"]["needs"] == "build" and "default_branch" in JOBS["publish"]["if"]
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert JOBS["publish"]["permissions"] == {"pages": "write", "id-token": "write"}


def test_it_uses_the_locked_python():
    """The version that requirements.lock is for."""
    [python] = [s for s in STEPS if "setup-python" in s.get("uses", "")]
    assert python["with"]["python-version"] == "3.11"
