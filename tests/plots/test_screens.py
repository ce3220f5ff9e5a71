"""Figures in two widths: the narrow one stacks its panels, both bear the same finding."""

import base64
import io

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from PIL import Image

from hsokv import plots
from hsokv.experiments.registry import list_experiments
from hsokv.flows.named import FLOWS
from hsokv.plots import findings, screens


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


def test_findings_of_conditions_name_who_answers(summary):
    """Up to three learners by name; where none answers, the best with its share."""
    told = findings.tell_conditions(summary)
    assert told.endswith("seen sentences: our word memory, H-SOKV; new sentences: our word memory")
    low = summary.assign(point=[0.2, 0.5, 0.1, 0.6])
    assert "seen sentences: none, at best our word memory (20 %)" in findings.tell_conditions(low)
    many = pd.DataFrame({"flow": list(FLOWS)[:5], "condition": "verbatim", "point": 0.9})
    assert findings.tell_conditions(many).endswith("seen sentences: 5 of 5")


def test_findings_along_an_axis_tell_both_ends():
    """Of the learners that are asked for, else of the best and the worst at the far end."""
    sizes = pd.DataFrame({
        "flow": ["lexical"] * 2 + ["current"] * 2, "n_way": [5, 100] * 2,
        "point": [1.0, 1.0, 0.9, 0.4],
    })  # fmt: skip
    told = findings.tell_slopes(sizes, "n_way", "words")
    assert told == "5 to 100 words: our word memory 100 to 100 %, H-SOKV 90 to 40 %"
    told = findings.tell_slopes(sizes, "n_way", "words", flows=["current", "bm25"])
    assert told == "5 to 100 words: H-SOKV 90 to 40 %"
    at_one = findings.tell_slopes(sizes[sizes["n_way"] == 5], "n_way", "words")
    assert at_one == "5 words: our word memory 100 %, H-SOKV 90 %"


def test_findings_of_differences_and_cost_follow_the_rows():
    """What lies within the smallest effect of interest is alike, not unknown."""
    table = pd.DataFrame({"low": [0.1, -0.3, -0.1, -0.01], "high": [0.2, -0.1, 0.1, 0.02]})
    told = findings.tell_differences(table, "lexical", 0.05)
    assert told == (
        "Our word memory: better in 1 of 4 comparisons, worse in 1; 1 alike within 5 points; "
        "1 cannot be told"
    )
    assert findings.tell_differences(table, "lexical").endswith("worse in 1; 2 cannot be told")
    cost = pd.DataFrame({
        "flow": ["lexical", "current", "fine_tune"], "point": [1.0, 0.5, 0.499],
        "flops": [0.0, 1e9, 1e8],
    })  # fmt: skip
    assert findings.tell_cost(cost, "flops") == (
        "Reached: 100 % without training (our word memory), 50 % for 1.0e+08 FLOPs (transformer)"
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
