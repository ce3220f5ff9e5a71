"""One command sets every copy of the repository's address."""

import re
import shutil

import pytest

from hsokv.boundary.yaml_file import read_yaml
from tools.address import change_address, check_address, list_copies
from tools.paths import ROOT, repository

URL, BRANCH = "https://github.com/some-one/a.fork", "trunk/next"


@pytest.fixture
def tree(tmp_path):
    """A copy of the files that hold the address."""
    for path in list_copies(ROOT):
        target = tmp_path / path.relative_to(ROOT)
        target.parent.mkdir(exist_ok=True)
        shutil.copy2(path, target)
    return tmp_path


def read_addresses(root) -> dict[str, set[str]]:
    """The repositories and branches that each file names."""
    found = {}
    for path in list_copies(root):
        text = path.read_text("utf8")
        names = re.findall(r"github(?:\.com)?/([\w-]+/[\w.-]+?)(?=[@/)\"'\s]|$)", text)
        branches = re.findall(r"(?:/blob/|\.git@|\w@)([\w./-]+?)(?=/notebooks|\\?\")", text)
        found[path.name] = {*names, *branches}
    return found


def test_all_copies_agree():
    """README, citation and every notebook name the repository and branch of _config.yml."""
    url, branch = repository()
    own = {url.removeprefix("https://github.com/"), branch}
    owner = url.split("/")[-2]
    for name, found in read_addresses(ROOT).items():
        ours = {x for x in found if x.startswith(f"{owner}/") or "/" not in x}
        assert ours <= own and ours, name


def test_the_command_changes_all_copies(tree):
    """Nothing of the old address is left, each file names the new one, and back again."""
    url, branch = repository()
    before = {p: p.read_bytes() for p in list_copies(tree)}
    assert set(change_address(tree, URL + ".git", BRANCH)) == set(before)
    old = url.removeprefix("https://github.com/")
    for path in before:
        text = path.read_text("utf8")
        assert old not in text and "some-one/a.fork" in text, path.name
        for place in ("@", "/blob/"):
            assert f"a.fork{place}{branch}" not in text
        if path.suffix == ".ipynb":
            assert f"a.fork@{BRANCH}" in text and f"a.fork/blob/{BRANCH}/notebooks/" in text
    settings = read_yaml(tree / "_config.yml")["repository"]
    assert settings == {"url": URL, "branch": BRANCH}
    change_address(tree, url, branch)
    assert {p: p.read_bytes() for p in before} == before


def test_nothing_changes_twice(tree):
    """The address that stands there already changes no file."""
    assert change_address(tree, *repository()) == []


@pytest.mark.parametrize(
    "url", ["github.com/a/b", "https://gitlab.com/a/b", "https://github.com/a"]
)
def test_what_is_no_repository_is_refused(url):
    """The message says what is expected."""
    with pytest.raises(ValueError, match="give one like https://github.com/me/fork"):
        check_address(url, "main")


def test_what_is_no_branch_is_refused(tree):
    """A branch cannot have spaces; the files stay as they are."""
    before = {p: p.read_bytes() for p in list_copies(tree)}
    with pytest.raises(ValueError, match="no branch"):
        change_address(tree, URL, "my branch")
    assert {p: p.read_bytes() for p in before} == before
