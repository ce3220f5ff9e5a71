"""Draw the figures of the pages in `book/issues` from the result rows: an SVG per issue."""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")

from matplotlib.figure import Figure  # noqa: E402

from hsokv import plots  # noqa: E402
from hsokv.experiments.issues import figures as issue_plots  # noqa: E402
from hsokv.experiments.issues import hit_rate  # noqa: E402
from hsokv.experiments.issues.effects import ISSUES, effect_table  # noqa: E402
from hsokv.experiments.issues.trials import make_store  # noqa: E402


def draw_issues(folder: Path) -> list[Path]:
    """Write one figure per issue, named after it, and return the paths.

    Raises:
        RuntimeError: the rows of an issue are missing.
    """
    plots.use_style()
    rows, drawn = make_store().read(), []
    for issue in [*ISSUES, "5_1"]:
        try:
            fig = _draw(issue, rows)
        except ValueError as error:
            raise RuntimeError(f"issue {issue}: {error}; run notebook 03_the_issues") from error
        drawn.append(plots.save_figure(fig, folder / f"{issue}.svg"))
    return drawn


def _draw(issue: str, rows) -> Figure:
    if issue == "5_1":
        return issue_plots.plot_hit_rate(hit_rate.arm_means(rows, "verbatim"))[0]
    return issue_plots.plot_issue_effects(effect_table(rows, issue))[0]
