"""Take what did best on the development lexicon from the committed rows, for flows and for rates.

`python -m tools.tuned` compares it with the files in `hsokv/flows`, `--write` writes them. New arms
then need rows: `make run EXP=91_readings PRESET=research`, or `EXP=04_attribution` for new rates.
"""

import argparse
import sys
from collections.abc import Callable
from typing import NamedTuple

import pandas as pd
import yaml

from hsokv.boundary.files import replace_file
from hsokv.boundary.yaml_file import read_yaml
from hsokv.experiments import attribution, real_words, tuning
from hsokv.experiments.attribution.rates import choose_rates
from hsokv.experiments.real_words.tables import choose_candidates as choose_on_words
from hsokv.experiments.tuning.tables import choose_candidates
from hsokv.flows.tuning import list_candidates
from hsokv.runs.experiment import Experiment
from tools.command import command
from tools.paths import ROOT

FOLDER = ROOT / "hsokv/flows"


class Tuned(NamedTuple):
    """A file of what was chosen: its name, what it holds, and how that follows from which rows."""

    name: str
    holds: str
    experiment: Experiment
    choose: Callable[[pd.DataFrame], dict]

    def text(self, found: dict) -> str:
        """Return the file with what was found."""
        return (
            f"# {self.holds}, chosen on development words. Written by\n# python -m "
            f"tools.tuned --write from results/{self.experiment.name}.csv; do not edit.\n"
        ) + yaml.safe_dump(found, sort_keys=False)


def choose_flows(rows: pd.DataFrame) -> dict[str, dict]:
    """Return flow -> switches of its best candidate, for flows with more than one candidate."""
    chosen = choose_candidates(rows)
    candidates = {flow: list_candidates(flow) for flow in chosen}
    return {
        flow: candidates[flow][number]
        for flow, number in chosen.items()
        if len(candidates[flow]) > 1
    }


FILES = (
    Tuned(
        "tuned.yaml", "What the tuned form of each flow changes", tuning.EXPERIMENT, choose_flows
    ),
    Tuned(
        "tuned_words.yaml",
        "What the tuned form of each flow changes on WordNet's rare words",
        real_words.EXPERIMENT,
        choose_on_words,
    ),
    Tuned(
        "tuned_rates.yaml",
        "Learning rates of the groups of the factorial by pooling",
        attribution.EXPERIMENT,
        choose_rates,
    ),
)


@command
def main(argv: list[str] | None = None) -> int:
    """Compare or write; 1 where a file and the rows differ."""
    parser = argparse.ArgumentParser(prog="python -m tools.tuned", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the files")
    options = parser.parse_args(argv)
    differing = 0
    for file in FILES:
        found = file.choose(file.experiment.store(ROOT / "results").read())
        path = FOLDER / file.name
        if options.write:
            replace_file(path, file.text(found).encode())
            print(f"wrote {path.relative_to(ROOT)}")
        elif not path.is_file() or (read_yaml(path) or {}) != found:
            print(f"{path.name} is not what the rows say: run python -m tools.tuned --write")
            differing = 1
    return differing


if __name__ == "__main__":
    sys.exit(main())
