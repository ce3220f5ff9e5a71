"""Set the repository's address everywhere at once: `make address URL=... BRANCH=...`.

It stands in `_config.yml`, and is copied to where a reader opens a file without the book: the
README, the citation, and the badge and the set-up cell of each notebook.
"""

import argparse
import re
import sys
from pathlib import Path

from hsokv.boundary.files import replace_file
from hsokv.boundary.yaml_file import read_yaml
from tools.command import command
from tools.paths import ROOT

FORM = re.compile(r"https://github\.com/([\w-]+)/([\w.-]+?)(?:\.git)?/?")
COPIES = ("_config.yml", "README.md", "CITATION.cff", "notebooks/*.ipynb")


def check_address(url: str, branch: str) -> str:
    """Return the address in the form in which it is stored.

    Raises:
        ValueError: it is not that of a repository on GitHub, or the branch has no such name.
    """
    match = FORM.fullmatch(url)
    if not match:
        raise ValueError(f"{url!r} is no repository; give one like https://github.com/me/fork")
    if not re.fullmatch(r"[\w./-]+", branch):
        raise ValueError(f"{branch!r} is no branch; give one like main")
    return f"https://github.com/{match[1]}/{match[2]}"


def list_copies(root: Path) -> list[Path]:
    """Return the files that hold the address."""
    return [path for pattern in COPIES for path in sorted(root.glob(pattern))]


def change_address(root: Path, url: str, branch: str) -> list[Path]:
    """Set the address in all files of a tree that hold it; return those that changed."""
    url = check_address(url, branch)
    old = read_yaml(root / "_config.yml")["repository"]
    was, now = (where.removeprefix("https://github.com/") for where in (old["url"], url))
    address = re.compile(rf"(github(?:\.com)?/){re.escape(was)}(?![\w-])")
    pinned = re.compile(rf"({re.escape(now)}(?:@|/blob/)){re.escape(old['branch'])}(?![\w-])")
    changed = []
    for path in list_copies(root):
        before = path.read_text("utf8")
        text = pinned.sub(rf"\g<1>{branch}", address.sub(rf"\g<1>{now}", before))
        if path.name == "_config.yml":
            text = re.sub(r"(?m)^(  branch: ).*$", rf"\g<1>{branch}", text, count=1)
        if text != before:
            replace_file(path, text.encode("utf8"))
            changed.append(path)
    return changed


@command
def main(argv: list[str] | None = None) -> int:
    """Set the address and name the files that changed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", required=True, help="such as https://github.com/me/fork")
    parser.add_argument("--branch", default="main")
    args = parser.parse_args(argv)
    changed = change_address(ROOT, args.url, args.branch)
    print("\n".join(str(p.relative_to(ROOT)) for p in changed) or "nothing to change")
    return 0


if __name__ == "__main__":
    sys.exit(main())
