"""The shares of the factorial as `results/shapley.csv`, from the committed rows of attribution.

`python -m tools.shares` compares the file with the rows, `--write` writes it.
"""

import argparse
import sys

import pandas as pd

from hsokv.boundary.files import replace_file
from hsokv.experiments.attribution import CONDITIONS, EXPERIMENT
from hsokv.experiments.attribution.shares import share_table
from tools.command import command
from tools.paths import ROOT

PATH = ROOT / "results/shapley.csv"


def shares_text(table: pd.DataFrame) -> str:
    """Return the table as it stands in the file."""
    return table.to_csv(index=False, lineterminator="\n")


@command
def main(argv: list[str] | None = None) -> int:
    """Compare or write; 1 where the file and the rows differ."""
    parser = argparse.ArgumentParser(prog="python -m tools.shares", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the file")
    options = parser.parse_args(argv)
    text = shares_text(share_table(EXPERIMENT.read(ROOT / "results"), CONDITIONS))
    if options.write:
        replace_file(PATH, text.encode())
        print(f"wrote {PATH.relative_to(ROOT)}")
        return 0
    if not PATH.is_file() or PATH.read_text("utf8") != text:
        print(f"{PATH.name} is not what the rows say: run python -m tools.shares --write")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
