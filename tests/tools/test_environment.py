"""The pip route, the conda route and the package agree on what is installed."""

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.paths import CONFIG, LOCK, ROOT, repository

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))["project"]


def read_lock() -> dict[str, str]:
    """Name -> version of every pin in requirements.lock."""
    lines = [x for x in LOCK.read_text("utf8").splitlines() if x and not x.startswith("#")]
    loose = [x for x in lines if not re.fullmatch(r"[\w.-]+==[\w.]+", x)]
    assert not loose, f"not exact pins: {loose}"
    return {canonicalize_name(x.split("==")[0]): x.split("==")[1] for x in lines}


def list_requirements() -> list[Requirement]:
    """What pyproject.toml asks for, extras included."""
    extras = PROJECT["optional-dependencies"].values()
    return [Requirement(x) for x in sum(extras, PROJECT["dependencies"])]


def test_lock_satisfies_every_requirement():
    """Each requirement and extra has a pin that its range admits."""
    lock = read_lock()
    for requirement in list_requirements():
        version = lock.get(canonicalize_name(requirement.name))
        assert version, f"{requirement.name} is not in requirements.lock"
        assert requirement.specifier.contains(version), f"{requirement}: locked {version}"


def test_lock_leaves_cuda_to_torch():
    """The lock can be installed where torch brings other companions."""
    names = [n for n in read_lock() if n.startswith(("nvidia-", "cuda-")) or n == "triton"]
    assert not names


def test_installed_packages_are_the_locked_ones():
    """Tests run in what the lock describes; a difference means the lock is out of date."""
    wrong = []
    for name, version in read_lock().items():
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found = "nothing"
        if found.split("+")[0] != version:
            wrong.append(f"{name}: locked {version}, installed {found}")
    assert not wrong, "make setup installs the lock; python -m tools.lock writes it"


def test_wheel_has_every_room(tmp_path):
    """What pip installs without a checkout holds all folders and data files, and imports."""
    tree = tmp_path / "tree"
    skipped = shutil.ignore_patterns(".git", ".venv", "_build", "results", "*.egg-info", "build")
    shutil.copytree(ROOT, tree, ignore=skipped)
    wheel = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*wheel, "--wheel-dir", str(tmp_path), str(tree)], check=True)
    (built,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        shipped = {name for name in archive.namelist() if name.startswith("hsokv/")}
        archive.extractall(tmp_path / "installed")
    here = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "hsokv").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert shipped == here
    code = "import hsokv; hsokv.make_flow('lexical').fit(['a b'], ['c']); print(hsokv.__file__)"
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "installed")}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(tmp_path / "installed"))


def test_conda_installs_the_same_set():
    """environment.yml takes Python from conda and everything else from the same lock."""
    spec = yaml.safe_load((ROOT / "environment.yml").read_text("utf8"))
    assert spec["name"] == "hsokv"
    conda = [x for x in spec["dependencies"] if isinstance(x, str)]
    pip = [x["pip"] for x in spec["dependencies"] if isinstance(x, dict)]
    assert conda == ["python=3.11", "pip"]
    assert pip == [["-r requirements.lock", "-e ."]]
    assert Requirement(f"python{PROJECT['requires-python']}").specifier.contains("3.11")


def test_make_installs_the_lock_and_the_package():
    """The Makefile's set-up uses the lock, and adds nothing of its own."""
    lines = [
        x for x in (ROOT / "Makefile").read_text("utf8").splitlines() if x.startswith("\t$(PIP)")
    ]
    assert [x.split()[1:] for x in lines] == [
        ["-r", "requirements.lock"],
        ["--no-deps", "--no-build-isolation", "--editable", "."],
    ]


@pytest.mark.parametrize("name", ["README.md", "CITATION.cff"])
def test_repository_address_agrees(name):
    """Files that must spell out the repository's address spell the one of _config.yml."""
    url, _ = repository()
    text = (ROOT / name).read_text("utf8")
    owner = url.removeprefix("https://github.com/").split("/")[0]
    found = set(re.findall(rf"https://github\.com/{owner}/[\w-]+", text))
    assert found <= {url}
    if name == "CITATION.cff":
        citation = yaml.safe_load(text)
        assert citation["repository-code"] == url
        assert citation["version"] == PROJECT["version"]
        assert citation["license"] == PROJECT["license"]


def test_repository_address_stands_in_one_place():
    """No tool, page or module repeats the address; they read it from _config.yml."""
    url, _ = repository()
    readers = [*ROOT.glob("tools/*.py"), *ROOT.glob("hsokv/**/*.py"), *ROOT.glob("book/*.md")]
    readers += [ROOT / "Makefile", ROOT / "pyproject.toml", ROOT / "_toc.yml", LOCK]
    repeats = [p.name for p in readers if url in p.read_text("utf8")]
    assert not repeats
    assert CONFIG.read_text("utf8").count(url) == 1
