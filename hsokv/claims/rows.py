"""Which rows a quantity is taken from: tables, their selectors, and one arm's rows by seed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from hsokv.boundary.checks import check_keys
from hsokv.experiments.attribution.cells import CellValues, cell_values, complete_seeds
from hsokv.experiments.attribution.specifications import Specification, rows_of
from hsokv.experiments.registry import list_experiments
from hsokv.flows.factorial import list_cells

FACTORIAL = ("main_effect", "shapley", "correlation")  # use all cells at once
MIN_SEEDS = 3  # fewer give no interval over seeds


class NotRun(ValueError):
    """The rows that a quantity needs are not there; the message says which."""


class Rows:
    """The result rows of a folder, each experiment's read when it is first needed."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder, self.frames, self._cells = folder, {}, {}

    def frame(self, table: str) -> pd.DataFrame:
        """Return the rows of an experiment, arranged."""
        if table not in self.frames:
            self.frames[table] = list_experiments()[table].read(self.folder)
        return self.frames[table]

    def select(self, table: str, setting: Mapping[str, Any]) -> pd.DataFrame:
        """Return the rows of one setting, one per seed, by seed.

        Raises:
            NotRun: there is none.
            ValueError: the setting does not tell rows of one seed apart.
        """
        frame = self.frame(table)
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

    def cells(self, setting: Mapping[str, Any], outcome: str) -> CellValues:
        """Return an outcome in every cell of the factorial with its resamples."""
        key = setting["condition"], _specification(setting), outcome
        if key not in self._cells:
            try:
                values = cell_values(self.frame("attribution"), *key[:2], outcome=outcome)
            except ValueError as error:
                raise NotRun(f"attribution is incomplete: {error}") from error
            self._cells[key] = values
        return self._cells[key]

    def grid(self, setting: Mapping[str, Any], column: str) -> np.ndarray:
        """Return a column of the factorial, (n_seeds, n_cells), for the seeds with all cells."""
        frame, condition = self.frame("attribution"), setting["condition"]
        seeds = complete_seeds(frame, condition, _specification(setting))
        if len(seeds) < MIN_SEEDS:
            raise NotRun(f"attribution has fewer than {MIN_SEEDS} seeds with all cells")
        rows = rows_of(frame, _specification(setting), condition)
        grid = rows.pivot(index="seed", columns="cell", values=column)
        return grid.loc[seeds, list_cells()].to_numpy(float)


def _specification(setting: Mapping[str, Any]) -> Specification:
    return Specification(*(setting[name] for name in Specification._fields))


def settings_of(measure: Mapping[str, Any]) -> dict[str, dict]:
    """Return the complete choice of rows of each side of a measure: 'a' and 'b', or ''.

    Raises:
        ValueError: a selector is unknown or missing.
    """
    table, where = measure["rows"], dict(measure.get("where") or {})
    selectors = list_experiments()[table].selectors
    default = {name: selector.default for name, selector in selectors.items()}
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
    selectors = list_experiments()[table].selectors
    for name in setting:
        selectors[name].check(name, setting)
