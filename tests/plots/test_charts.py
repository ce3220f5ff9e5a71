"""Figures: what they show, what they refuse, and equal bytes for equal input."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from matplotlib.text import Text

from hsokv import plots
from hsokv.flows.display import display_name
from hsokv.flows.named import FLOWS
from hsokv.plots import style


@pytest.fixture
def summary():
    return pd.DataFrame(
        [
            {"flow": flow, "condition": condition, "n_way": n, "point": 0.5, "low": 0.4,
             "high": 0.6, "flops": flops}
            for flow, flops in (("nearest_neighbor", 0.0), ("current (full)", 1e13))
            for condition in ("verbatim", "recognise")
            for n in (5, 100)
        ]
    )  # fmt: skip


def test_every_flow_has_a_style_of_its_own():
    """No two flows share marker and filling, so figures read in greyscale."""
    assert set(style.FLOW_STYLE) == set(FLOWS), "give each flow a look in FLOW_STYLE"
    looks = {(s["marker"], s["markerfacecolor"] == "white") for s in style.FLOW_STYLE.values()}
    assert len(looks) == len(FLOWS)


def test_budgets_share_the_style_of_their_flow():
    """The demo budget is drawn hollow, the full one filled; an unknown flow is refused."""
    full, demo = plots.flow_style("current (full)"), plots.flow_style("current (demo)")
    assert full["color"] == demo["color"] and demo["markerfacecolor"] == "white"
    with pytest.raises(ValueError, match="no style"):
        plots.flow_style("curent")


@pytest.mark.parametrize("budget", ["full", "demo"])
def test_current_and_as_shipped_look_different_at_one_budget(budget):
    """A hollow marker means the demo budget, so the two swarm flows differ in its shape."""
    ours = plots.flow_style(f"current ({budget})")
    shipped = plots.flow_style(f"as_shipped ({budget})")
    assert ours["marker"] != shipped["marker"]
    assert ours["markerfacecolor"] == shipped["markerfacecolor"]


def test_accuracy_by_condition_has_a_panel_per_condition(summary):
    """One panel per condition, one tick per flow, a chance line."""
    fig, axes = plots.plot_accuracy_by_condition(summary[summary["n_way"] == 100], chance=0.01)
    assert len(axes) == 2
    assert [t.get_text() for t in axes[0].get_yticklabels()] == [
        "random vectors",
        "H-SOKV (long)",
    ]
    assert any(line.get_linestyle() not in ("-", "None") for line in axes[0].lines)


def test_lines_against_words_use_a_log_axis_and_label_it(summary):
    """The ticks are the numbers of words that were run."""
    fig, axes = plots.plot_accuracy_vs(summary, "n_way")
    assert [t.get_text() for t in axes[0].get_xticklabels()] == ["5", "100"]
    assert axes[0].get_ylim()[0] == 0 and "axis from 0" in axes[0].get_ylabel()


def test_near_sizes_share_a_name(summary):
    """On a log axis a size without room for its name has a tick alone; the ends have theirs."""
    sizes = pd.concat([summary.assign(n_way=n) for n in (5, 100, 5000, 10000, 20000)])
    _, axes = plots.plot_accuracy_vs(sizes, "n_way")
    told = ["5", "100", "5000", "", "20000"]
    assert [t.get_text() for t in axes[0].get_xticklabels()] == told


def test_legend_keeps_off_the_axis_labels(summary):
    """The legend stands under the label of the x axis."""
    fig, axes = plots.plot_accuracy_vs(summary, "n_way")
    fig.draw_without_rendering()
    legend = fig.legends[0].get_window_extent()
    for panel in axes:
        assert "n_way" in panel.get_xlabel()
        assert not legend.overlaps(panel.xaxis.label.get_window_extent())


def test_a_given_ax_is_drawn_on_and_more_panels_are_refused(summary):
    """With `ax` the figure is the caller's; two conditions do not fit on it."""
    fig, ax = plt.subplots()
    one = summary[summary["condition"] == "verbatim"]
    assert plots.plot_accuracy_vs(one, "n_way", ax=ax) == (fig, ax)
    assert ax.get_xlabel() and ax.get_ylabel() and ax.get_legend()
    with pytest.raises(ValueError, match="2 panels on one ax"):
        plots.plot_accuracy_vs(summary, "n_way", ax=ax)


def test_paired_differences_print_their_numbers():
    """A filled marker means that the interval excludes zero; the numbers are printed."""
    table = pd.DataFrame(
        {"label": ["a", "b"], "point": [0.1, 0.0], "low": [0.05, -0.1], "high": [0.2, 0.1]}
    )
    _, panel = plots.plot_paired_differences(table, min_effect=0.05)
    assert "+10.0 [+5.0, +20.0]" in [text.get_text() for text in panel.texts]


def test_cost_puts_free_flows_at_a_marked_edge(summary):
    """A flow that costs nothing has no place on a log axis."""
    one = summary[(summary["n_way"] == 100) & (summary["condition"] == "verbatim")]
    _, panel = plots.plot_accuracy_vs_cost(one)
    assert panel.get_xticklabels()[0].get_text() == "none"


def test_cost_labels_do_not_overlap():
    """Eight flows, four of them free and alike: no label touches another."""
    flows = list(style.FLOW_STYLE)[:8]
    table = pd.DataFrame({"flow": flows, "flops": [0.0, 1e9, 0.0, 1e13] * 2})
    table["point"] = [0.97 - 0.01 * (i % 5) - 0.3 * (i % 2) for i in range(len(flows))]
    fig, panel = plots.plot_accuracy_vs_cost(
        table.assign(low=table["point"] - 0.02, high=table["point"] + 0.02)
    )
    assert sorted(text.get_text() for text in panel.texts) == sorted(map(display_name, flows))
    fig.draw_without_rendering()  # turns offsets into positions
    text_boxes = [Text.get_window_extent(text) for text in panel.texts]  # without the leaders
    for i, box in enumerate(text_boxes):
        assert box.count_overlaps(text_boxes[:i]) == 0


def test_missing_column_is_named(summary):
    """The message says which column to add."""
    with pytest.raises(ValueError, match="point"):
        plots.plot_accuracy_by_condition(summary.drop(columns="point"))


def test_equal_figures_have_equal_bytes(summary, tmp_path):
    """SVG carries no date and no random ids."""
    for name in ("a.svg", "b.svg"):
        fig, _ = plots.plot_accuracy_by_condition(summary[summary["n_way"] == 5])
        plots.save_figure(fig, tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
