"""Draw the figures that pages and README show as files: those that the experiments declare.

Staging draws them anew for the book. `python -m tools.figures` draws the README's copy of the
headline; a test compares it with the committed rows.
"""

import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

from hsokv.experiments.registry import list_experiments  # noqa: E402
from hsokv.plots.style import save_figure, use_style  # noqa: E402
from tools.command import command  # noqa: E402
from tools.figure_notes import note_drawn  # noqa: E402
from tools.paths import BOOK  # noqa: E402

HEADLINE = "headline"


def draw_figures(
    folder: Path, only: str = "", kind: str = "svg", stage: Path | None = None
) -> list[Path]:
    """Write the figures of all experiments under a folder, and return their paths.

    Args:
        folder: figures go to `<folder>/<name>.<kind>`.
        only: name of one figure; all by default.
        kind: 'svg' or 'png'.
        stage: tree of pages that gets what is said under each figure, and its narrow version.

    Raises:
        RuntimeError: the rows of a figure are missing.
    """
    use_style()
    drawn = []
    for experiment in list_experiments().values():
        wanted = {n: draw for n, draw in experiment.figures.items() if only in ("", n)}
        rows = experiment.read() if wanted else None
        for name, draw in wanted.items():
            try:
                figure = draw(rows)
            except ValueError as error:
                raise RuntimeError(f"{name}: {error}; run {experiment.notebook}") from error
            drawn.append(save_figure(figure, folder / f"{name}.{kind}"))
            if stage is not None:
                note_drawn(stage, name, figure, experiment.notebook)
    return drawn


def draw_preview(folder: Path) -> Path:
    """Draw the headline as the picture that a shared link shows, and return its path."""
    [drawn] = draw_figures(folder, HEADLINE, "png")
    return drawn.rename(folder / "preview.png")


@command
def main(argv: list[str] | None = None) -> int:
    """Draw the README's figure."""
    print(draw_figures(BOOK, HEADLINE)[0])
    return 0


if __name__ == "__main__":
    sys.exit(main())
