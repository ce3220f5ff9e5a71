"""Which rows a quantity is taken from: tables, their selectors, and one arm's rows by seed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from hsokv.checks import check_keys
from hsokv.data import rare_words as stories
from hsokv.experiments.attribution import tables as shapley
from hsokv.experiments.attribution import trials as attribution
from hsokv.experiments.issues import trials as issues
from hsokv.experiments.printed_table import trials as printed_table
from hsokv.experiments.rare_words import trials as rare_words
from hsokv.experiments.rare_words.tables import with_arm
from hsokv.flows.factorial import check_cell, list_cells
from hsokv.flows.named import BUDGETS, FLOWS

TABLES = {
    "rare_words": rare_words,
    "printed_table": printed_table,
    "issues": issues,
    "attribution": attribution,
}
# What chooses rows in each table, with the default; `...` where there is none.
SELECTORS: dict[str, dict[str, Any]] = {
    "rare_words": {"arm": ..., "condition": ..., "n_way": 100, "n_distractors": 0},
    "printed_table": {"arm": ..., "repair": ""},
    "issues": {"base": ..., "variant": "", "condition": ...},
    "attribution": {"cell": ..., "condition": ..., "swarm": 0},
}
FACTORIAL = ("main_effect", "shapley", "correlation")  # use all cells at once
MIN_SEEDS = 3  # fewer give no interval over seeds


class NotRun(ValueError):
    """The rows that a quantity needs are not there; the message says which."""


class Rows:
    """The result rows of a folder, read when they are first needed."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder, self._cells = folder, {}

    @cached_property
    def frames(self) -> dict[str, pd.DataFrame]:
        """Rows by table, those of rare words with their arm."""
        frames = {name: module.make_store(self.folder).read() for name, module in TABLES.items()}
        return frames | {"rare_words": with_arm(frames["rare_words"])}

    def select(self, table: str, setting: Mapping[str, Any]) -> pd.DataFrame:
        """Return the rows of one setting, one per seed, by seed.

        Raises:
            NotRun: there is none.
            ValueError: the setting does not tell rows of one seed apart.
        """
        frame = self.frames[table]
        for name, value in setting.items():
            frame = frame[frame[name] == value]
        words = ", ".join(f"{k}={v}" for k, v in setting.items() if v != "")
        if frame.empty:
            raise NotRun(f"{table} has no rows with {words}")
        if frame["seed"].duplicated().any():
            raise ValueError(
                f"{table} has several rows per seed with {words}: expected one; keep one "
                "configuration of this arm in the file"
            )
        return frame.sort_values("seed")

    def cells(self, setting: Mapping[str, Any]) -> shapley.CellValues:
        """Return the accuracy of every cell of the factorial with its resamples."""
        key = setting["condition"], setting["swarm"]
        if key not in self._cells:
            try:
                values = shapley.cell_values(self.frames["attribution"], key[0], swarm=key[1])
            except ValueError as error:
                raise NotRun(f"attribution is incomplete: {error}") from error
            self._cells[key] = values
        return self._cells[key]

    def grid(self, setting: Mapping[str, Any], column: str) -> np.ndarray:
        """Return a column of the factorial, (n_seeds, n_cells), for the seeds with all cells."""
        frame, (condition, swarm) = (
            self.frames["attribution"],
            (setting["condition"], setting["swarm"]),
        )
        seeds = shapley.complete_seeds(frame, condition, swarm)
        if len(seeds) < MIN_SEEDS:
            raise NotRun(f"attribution has fewer than {MIN_SEEDS} seeds with all cells")
        rows = frame[(frame["condition"] == condition) & (frame["swarm"] == swarm)]
        grid = rows.pivot(index="seed", columns="cell", values=column)
        return grid.loc[seeds, list_cells()].to_numpy(float)


def settings_of(measure: Mapping[str, Any]) -> dict[str, dict]:
    """Return the complete choice of rows of each side of a measure: 'a' and 'b', or ''.

    Raises:
        ValueError: a selector is unknown or missing.
    """
    table, where = measure["rows"], dict(measure.get("where") or {})
    default = SELECTORS[table]
    if measure["quantity"] in FACTORIAL:
        default = {name: value for name, value in default.items() if name != "cell"}
    sides = ("a", "b") if measure["quantity"] == "difference" else ("",)
    settings = {}
    for side in sides:
        given = where | dict(measure.get(side) or {})
        check_keys(given, default, f"selector of {table}")
        settings[side] = default | given
        missing = [name for name, value in settings[side].items() if value is ...]
        if missing:
            raise ValueError(f"rows of {table} need {', '.join(missing)}; add it under `where`")
    return settings


def check_values(table: str, setting: Mapping[str, Any]) -> None:
    """Check the values that choose rows against the names that exist.

    Raises:
        ValueError: an unknown arm, condition or the like.
    """
    budgeted = rare_words.BUDGETED
    arms = [flow for flow in FLOWS if flow not in budgeted]
    arms += [f"{flow} ({budget})" for flow in budgeted for budget in BUDGETS]
    valid: dict[str, Any] = {
        "rare_words": {"arm": arms, "condition": stories.CONDITIONS},
        "printed_table": {"arm": printed_table.ARMS, "repair": printed_table.REPAIRS},
        "issues": {"base": issues.BASES, "condition": issues.CONDITIONS},
        "attribution": {"condition": attribution.CONDITIONS},
    }[table]
    for name, names in valid.items():
        check_keys([setting[name]], names, f"{name} of {table}")
    if table == "issues":
        base = setting["base"]
        check_keys([setting["variant"]], issues.VARIANTS[base], f"variant of {base}")
    if "cell" in setting:
        check_cell(setting["cell"])
