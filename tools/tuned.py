"""Take the best configuration of each tuned flow from the committed rows of the tuning experiment.

`python -m tools.tuned` compares them with `hsokv/flows/tuned.yaml`, `--write` writes that file. New
arms then need rows: `make run EXP=91_readings PRESET=research`.
"""

import argparse
import sys

import yaml

from hsokv.boundary.files import replace_file
from hsokv.boundary.yaml_file import read_yaml
from hsokv.experiments.tuning import EXPERIMENT
from hsokv.experiments.tuning.tables import choose_candidates
from hsokv.flows.tuning import list_candidates
from tools.command import command
from tools.paths import ROOT

PATH = ROOT / "hsokv/flows/tuned.yaml"
HEAD = """\
# What the tuned form of each flow changes, chosen on the development lexicon. Written by
# python -m tools.tuned --write from results/tuning.csv; do not edit.
"""


def tuned_flows() -> dict[str, dict]:
    """Return flow -> switches of its best candidate, for flows with more than one candidate."""
    chosen = choose_candidates(EXPERIMENT.store(ROOT / "results").read())
    candidates = {flow: list_candidates(flow) for flow in chosen}
    return {
        flow: candidates[flow][number]
        for flow, number in chosen.items()
        if len(candidates[flow]) > 1
    }


@command
def main(argv: list[str] | None = None) -> int:
    """Compare or write; 1 where the file and the rows differ."""
    parser = argparse.ArgumentParser(prog="python -m tools.tuned", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the file")
    options = parser.parse_args(argv)
    found = tuned_flows()
    if options.write:
        text = HEAD + yaml.safe_dump(found, sort_keys=False)
        replace_file(PATH, text.encode())
        print(f"wrote {PATH.relative_to(ROOT)}")
        return 0
    if (read_yaml(PATH) or {}) != found:
        print(f"{PATH.name} is not what the rows say: run python -m tools.tuned --write")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
