"""Figures in two widths: the narrow one stacks its panels, both bear the same finding."""

import base64
import io

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from PIL import Image

from hsokv import plots
from hsokv.experiments.registry import list_experiments
from hsokv.plots import findings, screens


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture
def summary():
    frame = pd.DataFrame({
        "flow": ["lexical", "lexical", "current", "current"],
        "condition": ["verbatim", "recognise"] * 2, "point": [1.0, 0.95, 0.9, 0.1],
    })  # fmt: skip
    return frame.assign(low=frame["point"] - 0.05, high=frame["point"] + 0.05)


def columns_of(fig):
    return len({round(ax.get_position().x0, 2) for ax in fig.axes})


def test_narrow_panels_stand_below_one_another(summary):
    """On a phone the figure is narrower and higher; afterwards figures are wide again."""
    wide, _ = plots.plot_accuracy_by_condition(summary)
    narrow = screens.draw_narrow(wide)
    assert narrow.get_figwidth() == screens.NARROW_IN < wide.get_figwidth() == screens.WIDTH_IN
    assert narrow.get_figheight() > wide.get_figheight()
    assert (columns_of(wide), columns_of(narrow)) == (2, 1)
    assert narrow.finding == wide.finding and screens.width_in() == screens.WIDTH_IN
    assert narrow.number not in plt.get_fignums()  # a notebook would show it


def test_output_holds_a_picture_for_a_phone(summary):
    """Its width is that of a phone's figure; a figure that cannot be drawn again has none."""
    wide, _ = plots.plot_accuracy_by_condition(summary)
    shown = screens.bundle(wide)[screens.MIME]
    image = Image.open(io.BytesIO(base64.b64decode(shown["narrow"])))
    assert 3 * screens.NARROW_DPI < image.width < 4.2 * screens.NARROW_DPI
    assert shown["finding"] == wide.finding
    assert screens.bundle(plt.figure()) == {}
    with pytest.raises(ValueError, match="for_screens"):
        screens.draw_narrow(plt.figure())


def test_title_is_within_the_figure(summary):
    """A long finding takes more lines, and the figure grows by them."""
    for text in ("short", "word " * 60):
        fig, _ = plots.plot_accuracy_by_condition(summary)
        height = fig.get_figheight()
        screens.set_finding(fig, text)
        fig.draw_without_rendering()
        box = fig._suptitle.get_window_extent()
        assert box.x1 <= fig.bbox.x1 and fig.get_figheight() > height


def test_findings_follow_the_frame(summary):
    """Counts and extremes are those of the rows; another frame gives another sentence."""
    told = findings.tell_conditions(summary)
    assert told.endswith("2 of 2 on seen sentences, 1 of 2 on new sentences")
    sizes = pd.DataFrame({
        "flow": ["lexical"] * 2 + ["current"] * 2, "n_way": [5, 100] * 2,
        "point": [1.0, 1.0, 0.9, 0.4],
    })  # fmt: skip
    told = findings.tell_slopes(sizes, "n_way", "words")
    assert told == "From 5 to 100 words: our word memory stays level, H-SOKV loses 50 points"
    at_one = findings.tell_slopes(sizes[sizes["n_way"] == 5], "n_way", "words")
    assert at_one == "At 5 words: our word memory is best, 100 %"
    differences = pd.DataFrame({"low": [0.1, -0.3, -0.1], "high": [0.2, -0.1, 0.1]})
    told = findings.tell_differences(differences, "lexical")
    assert told == "Our word memory: better in 1 of 3 comparisons, worse in 1; 1 cannot be told"
    cost = pd.DataFrame({"flow": ["lexical", "current"], "point": [1.0, 0.5], "flops": [0.0, 1e9]})
    assert findings.tell_cost(cost, "flops") == (
        "Without training our word memory reaches 100 %, with training H-SOKV reaches 50 %"
    )


@pytest.mark.parametrize("name", list_experiments())
def test_figures_of_pages_have_findings_and_narrow_versions(name):
    """Each figure that a page shows as a file says what it shows, in both widths."""
    experiment = list_experiments()[name]
    rows = experiment.read() if experiment.figures else None
    for draw in experiment.figures.values():
        wide = draw(rows)
        narrow = screens.draw_narrow(wide)
        assert wide.finding and narrow.finding == wide.finding
        assert columns_of(narrow) == 1
