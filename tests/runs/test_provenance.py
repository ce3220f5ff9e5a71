"""Commits, hashes and the machine are reported as they are."""

import dataclasses
import subprocess

import numpy as np
import pytest

from hsokv.runs.provenance import code_version, config_hash, environment, footer


@pytest.fixture
def checkout(tmp_path):
    """A git checkout with a committed package."""
    (tmp_path / "hsokv").mkdir()
    (tmp_path / "hsokv" / "a.py").write_text("a = 1\n")
    (tmp_path / "README.md").write_text("x\n")
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    for arguments in (["init", "-q"], ["add", "."], [*who, "commit", "-qm", "first"]):
        subprocess.run(["git", "-C", str(tmp_path), *arguments], check=True)
    return tmp_path


def test_code_version_follows_the_package(checkout):
    """The version is the commit; a change in the package marks it, one outside does not."""
    clean = code_version(checkout)
    assert len(clean) == 9
    (checkout / "README.md").write_text("y\n")
    assert code_version(checkout) == clean
    (checkout / "hsokv" / "a.py").write_text("a = 2\n")
    assert code_version(checkout) == clean + "+dirty"


def test_code_version_outside_its_own_checkout(checkout, tmp_path_factory):
    """Installed inside someone else's checkout, or in none, the commit is not ours to claim."""
    inside = checkout / "site-packages"
    inside.mkdir()
    commit = code_version(checkout)
    assert code_version(inside) != commit.removesuffix("+dirty")
    assert code_version(inside) == code_version(tmp_path_factory.mktemp("nowhere"))


def test_config_hash_is_canonical():
    """Order, lists and NumPy scalars do not matter; values and their types do."""
    assert config_hash({"a": 1, "b": (1, 2.5)}) == config_hash({"b": [1, 2.5], "a": np.int64(1)})
    assert config_hash({"a": 1}) != config_hash({"a": 1.0})
    assert config_hash({"a": 0.1}) != config_hash({"a": 0.1 + 1e-16 * 2})
    assert config_hash({"n_way": 5}) == "92b5fdbd215f"


def test_config_hash_takes_dataclasses_and_refuses_objects():
    """A dataclass counts as its fields; an object without a stable text is refused."""

    @dataclasses.dataclass
    class Config:
        n_way: int = 5

    assert config_hash({"c": Config()}) == config_hash({"c": {"n_way": 5}})
    with pytest.raises(TypeError, match="cannot be part of a configuration"):
        config_hash({"a": object()})


def test_environment_is_filled():
    """Every entry is a non-empty text."""
    machine = environment()
    assert set(machine) == {"python", "torch", "numpy", "platform", "cpu", "cores", "gpu"}
    assert all(isinstance(value, str) and value for value in machine.values())


def test_footer_tells_where_numbers_come_from(checkout):
    """Commit, parameters, seeds, device, run time and row counts, one table row each."""
    text = footer({"n_way": 5, "sep": "a|b"}, range(20), run_s=1.23, rows_read=4, rows_computed=2,
                  root=checkout)  # fmt: skip
    assert f"`{code_version(checkout)}`" in text
    assert "`n_way=5`" in text and "a\\|b" in text
    assert "0 to 19" in text and "1.2 s" in text and "4 read, 2 computed" in text
    assert "| Device | CPU |" in text
    other = footer({}, [5, 3], run_s=0, rows_read=0, rows_computed=0, device="cuda")
    assert "| Seeds | 3, 5 |" in other and "| Device | CUDA |" in other
