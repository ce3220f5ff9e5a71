"""The committed rows, and what they rest on beyond their hashes, pinned in `results/pins.yaml`.

A row's hash covers its experiment, flow, settings and seed, and the switches that differ from the
defaults. Not covered: the defaults themselves, the named flows and budgets as they resolve, and the
data that ship. When one of these changes on purpose, recompute the rows it touches, then write the
pins anew with `python -m tools.pins --write`. The same after rows were added: each file of rows is
pinned by its fingerprint, so that a change that nobody meant shows as one line.
"""

import argparse
import hashlib
import sys
from dataclasses import asdict

import yaml

from hsokv.boundary.files import replace_file
from hsokv.boundary.yaml_file import read_yaml
from hsokv.config import FlowConfig
from hsokv.experiments.registry import list_experiments
from hsokv.flows.named import BUDGETS, FLOWS
from hsokv.models.sentence import adapter_path
from hsokv.runs.provenance import config_hash
from tools.command import command, report
from tools.paths import ROOT

PINS = ROOT / "results/pins.yaml"
DATA = ROOT / "hsokv/data"


def fingerprint_results() -> dict[str, str]:
    """Return the rows and checksum of each experiment's committed file."""
    found = {}
    for name in list_experiments():
        path = ROOT / f"results/{name}.csv"
        content = path.read_bytes() if path.is_file() else b""
        n_rows = max(0, content.count(b"\n") - 1)
        found[path.name] = f"{n_rows} rows, {hashlib.sha256(content).hexdigest()[:16]}"
    return found


def changed_results() -> list[str]:
    """Return a line for each file of rows that is not what its pin says."""
    then = read_pins()["results"]
    return [
        f"results/{name} is {now}, its pin {then.get(name, 'missing')}: rows were added, changed "
        f"or lost. If that was meant, run make pins; if not, git diff results/{name} shows what, "
        f"and git stash push results/{name} brings the committed rows back and keeps yours"
        for name, now in fingerprint_results().items()
        if now != then.get(name)
    ]


def pin() -> dict:
    """Return the pins of the tree as it is."""
    files = sorted(path for path in DATA.iterdir() if path.suffix in (".csv", ".txt"))
    files.append(adapter_path())
    return {
        "defaults": asdict(FlowConfig()),
        "flows": {name: config_hash(config.switches()) for name, config in FLOWS.items()},
        "budgets": BUDGETS,
        "results": fingerprint_results(),
        "data": {path.name: hashlib.sha256(path.read_bytes()).hexdigest()[:16] for path in files},
    }


def read_pins() -> dict:
    """Return the pins as they stand in the file.

    Raises:
        ValueError: it has another form.
    """
    pins, parts = read_yaml(PINS), list(pin())
    if not isinstance(pins, dict) or not all(isinstance(pins.get(p), dict) for p in parts):
        raise ValueError(
            f"{PINS}: expected the parts {', '.join(parts)} with a value per name; take the file "
            "from the commit whose rows you have"
        )
    return pins


@command
def main(argv: list[str] | None = None) -> int:
    """Compare the tree with the pins, or write them; return 1 when they differ."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="take the tree as it is")
    args = parser.parse_args(argv)
    now = pin()
    if args.write:
        for experiment in list_experiments().values():
            experiment.store(ROOT / "results").read()  # refuses doubtful rows
        replace_file(PINS, yaml.safe_dump(now, sort_keys=False).encode("utf8"))
        print(f"wrote {PINS.relative_to(ROOT)}")
        return 0
    then = read_pins()
    changed = changed_results()
    changed += [
        f"{part}: {key} is {now[part].get(key, 'gone')}, "
        + (f"the rows were computed with {then[part][key]}" if key in then[part] else "and new")
        for part in now.keys() - {"results"}
        for key in {**then[part], **now[part]}
        if now[part].get(key) != then[part].get(key)
    ]
    for line in changed:
        report("error", line)
    if changed:
        print(
            "recompute the rows it touches (what is new and changes nothing touches none), then: "
            "python -m tools.pins --write",
            file=sys.stderr,
        )
    return 1 if changed else 0


if __name__ == "__main__":
    sys.exit(main())
