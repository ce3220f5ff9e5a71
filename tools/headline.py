"""Draw the headline figure from the result rows: `python -m tools.headline` for the README's copy.

Staging draws it anew for the book; a test compares the committed copy with the committed rows.
"""

import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

from hsokv import plots  # noqa: E402
from hsokv.data.rare_words import CONDITIONS  # noqa: E402
from hsokv.experiments.rare_words import tables as summaries  # noqa: E402
from hsokv.experiments.rare_words.trials import make_store  # noqa: E402
from tools.paths import BOOK  # noqa: E402


def draw_headline(path: Path) -> Path:
    """Write accuracy per flow and condition at the largest number of words, as SVG."""
    plots.use_style()
    rows = make_store().read()
    n_way = int(rows["n_way"].max())
    summary = summaries.summarise(rows, CONDITIONS, n_ways=[n_way])
    fig, _ = plots.plot_accuracy_by_condition(summary, chance=1 / n_way)
    return plots.save_figure(fig, path)


if __name__ == "__main__":
    sys.stdout.write(f"{draw_headline(BOOK / 'headline.svg')}\n")
