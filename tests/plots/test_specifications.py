"""Specification curves: sorted effects over the options that each specification takes."""

import numpy as np
import pandas as pd
import pytest

from hsokv.plots import plot_specifications

CHOICES = {"pooling": {"last": 1, "mean": 2}, "filler": {"none": 0, "some": 3}}


def table():
    rows = [
        ("last", "none", 0.3, "holds"),
        ("mean", "none", -0.2, "fails"),
        ("last", "some", 0.1, "cannot be told"),
        ("mean", "some", np.nan, "not run"),
    ]
    frame = pd.DataFrame(rows, columns=["pooling", "filler", "point", "verdict"])
    return frame.assign(low=frame["point"] - 0.05, high=frame["point"] + 0.05)


def test_effects_are_sorted_and_what_was_not_run_is_left_out():
    """Three columns of effects, lowest first, and one mark per choice in each."""
    fig, (curve, options) = plot_specifications(
        table(), CHOICES, (0.05, np.inf), "points", "It helps"
    )
    assert fig.finding == "Holds in 1 of 3 specifications, fails in 1: It helps"
    x, y = np.concatenate(
        [line.get_xydata() for line in curve.lines if len(line.get_xdata()) == 1]
    ).T
    assert y[np.argsort(x)].tolist() == pytest.approx([-20, 10, 30])
    marks = np.concatenate([part.get_offsets() for part in options.collections])
    assert len(marks) == 6 and sorted(marks[:, 0]) == [0, 0, 1, 1, 2, 2]
    assert [t.get_text() for t in options.get_yticklabels()][0] == "pooling: last"
    texts = [text.get_text() for text in curve.get_legend().get_texts()]
    assert texts == ["holds: 1", "cannot be told: 1", "fails: 1"]


def test_nothing_run_is_an_error():
    """The message says what to do."""
    empty = table().assign(point=np.nan)
    with pytest.raises(ValueError, match="run its rows first"):
        plot_specifications(empty, CHOICES, (0, 1), "points", "It helps")
