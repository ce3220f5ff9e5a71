"""What the rows of a trial must satisfy, found out from the rows alone.

Their settings give their hash and say which rows there must be, and what follows from other columns
follows from them. A trial with too few rows is incomplete, and is computed again; one that
contradicts itself is not to be trusted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from hsokv.runs.trial import Trial

HALF_DIGIT = 5.1e-7  # six significant digits of a value up to 1; larger ones scale it


class Rule(NamedTuple):
    """A column that follows from others.

    Attributes:
        column: its name.
        expected: rows -> its values, (n_rows,).
        because: what it follows from, for the message.
    """

    column: str
    expected: Callable[[pd.DataFrame], Any]
    because: str


def whole_share(column: str, of: str | Callable[[pd.DataFrame], Any], least: float = 0.0) -> Rule:
    """Return the rule that a column is k / n for a whole k up to n, and undefined where n is 0.

    Args:
        column: a share; undefined values are allowed everywhere.
        of: the column that counts n, or a function of the rows that returns n, NaN if unknown.
        least: lowest share, -1 for a difference of two.
    """

    def expected(rows: pd.DataFrame) -> np.ndarray:
        stored = rows[column].to_numpy(float)
        n = np.asarray(rows[of] if isinstance(of, str) else of(rows), float)
        with np.errstate(invalid="ignore", divide="ignore"):
            shares = np.round(np.clip(stored, least, 1) * n) / n
        return np.where(n > 0, shares, np.where(np.isnan(n), stored, np.nan))

    return Rule(column, expected, f"a whole number out of {of if isinstance(of, str) else 'n'}")


def whole_number(column: str) -> Rule:
    """Return the rule that a measured column is a whole number, at least 0."""
    return Rule(column, lambda rows: rows[column].round().clip(lower=0), "a whole number")


def same_in_trial(column: str, *within: str) -> Rule:
    """Return the rule that a column has one value in all rows of a trial, or of a part of it."""

    def expected(rows: pd.DataFrame) -> pd.Series:
        groups = rows.groupby(["config_hash", *within], sort=False, dropna=False)[column]
        if (groups.transform("nunique", dropna=False) == 1).all():
            return rows[column]
        return groups.transform(lambda values: values.mode(dropna=False).iloc[0])

    return Rule(column, expected, "as in most rows of the trial, which have one value")


class Examined(NamedTuple):
    """What is wrong with the rows of an experiment.

    Attributes:
        contradictions: (row, what it says against itself or its trial), rows numbered from 0.
        incomplete: hash -> (rows there are, rows there must be) of trials with too few.
    """

    contradictions: list[tuple[int, str]]
    incomplete: dict[str, tuple[int, int]]


class Proof(NamedTuple):
    """How the rows of an experiment prove themselves.

    Attributes:
        key: columns that tell the rows of a trial apart.
        keys: trial -> the values of `key` in each of its rows.
        settings: columns that repeat a setting of the trial, or one of those it lists.
        rules: columns that follow from others.
    """

    key: tuple[str, ...]
    keys: Callable[[Trial], Sequence[tuple]]
    settings: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()

    def examine(self, rows: pd.DataFrame) -> Examined:
        """Return what is wrong with rows, (n_rows, n_columns), numbered from 0."""
        trials, found = _read_trials(rows)
        keys = {name: set(self.keys(trial)) for name, trial in trials.items()}
        found += _check_settings(rows, self.settings, trials)
        found += self._check_keys(rows, keys)
        for rule in self.rules:
            found += _check_rule(rows, rule)
        counts = rows["config_hash"].value_counts().to_dict()
        missing = {h: (counts[h], len(keys[h])) for h in keys if counts[h] < len(keys[h])}
        return Examined(found, missing)

    def _check_keys(self, rows: pd.DataFrame, wanted: dict) -> Iterator[tuple[int, str]]:
        """Yield the rows whose key their trial does not have."""
        keys = zip(*(rows[name].tolist() for name in self.key))
        for row, (name, key) in enumerate(zip(rows["config_hash"].tolist(), keys)):
            if name in wanted and key not in wanted[name]:
                said = ", ".join(f"{n}={v!r}" for n, v in zip(self.key, key))
                yield row, f"{said}: expected one of {sorted(wanted[name])}, which its trial has"


def _read_trials(rows: pd.DataFrame) -> tuple[dict[str, Trial], list[tuple[int, str]]]:
    """Return the trials by hash, and the rows whose hash is not that of their settings."""
    named = rows[["experiment", "flow", "seed", "settings", "config_hash"]].drop_duplicates()
    trials, found = {}, []
    for row, *parts, stored in named.itertuples():
        try:
            trial = Trial.from_json(*parts)
        except (ValueError, TypeError, RecursionError) as error:
            found.append((row, f"settings={parts[-1]!r}: expected JSON ({error})"))
            continue
        expected = trial.config_hash
        if expected == stored:
            trials[stored] = trial
        else:
            says = f"config_hash={stored!r}: expected {expected!r}, the hash of its experiment, "
            found.append((row, says + "flow, seed and settings"))
    return trials, found


def _check_settings(
    rows: pd.DataFrame, names: Sequence[str], trials: dict[str, Trial]
) -> Iterator[tuple[int, str]]:
    """Yield the rows in which a column is not what the setting of that name says."""
    settings = {name: dict(trial.settings) for name, trial in trials.items()}
    hashes = rows["config_hash"].tolist()
    for name in names:
        said = {h: values[name] for h, values in settings.items() if name in values}
        allowed = {h: value if isinstance(value, tuple) else (value,) for h, value in said.items()}
        for row, (trial, value) in enumerate(zip(hashes, rows[name].tolist())):
            if trial in allowed and value not in allowed[trial]:
                yield row, f"{name}={value!r}: expected {said[trial]!r}, as its settings say"


def _check_rule(rows: pd.DataFrame, rule: Rule) -> Iterator[tuple[int, str]]:
    """Yield the rows that break a rule."""
    stored = rows[rule.column].to_numpy()
    expected = np.asarray(rule.expected(rows))
    if stored.dtype.kind in "fiu":
        stored, expected = stored.astype(float), expected.astype(float)
        near = np.abs(stored - expected) <= HALF_DIGIT * np.maximum(1, np.abs(expected))
        right = near | (np.isnan(stored) & np.isnan(expected)) | (stored == expected)
    else:
        right = stored == expected
    for row in np.flatnonzero(~right):
        value = stored[row].item() if hasattr(stored[row], "item") else stored[row]
        wanted = expected[row].item() if hasattr(expected[row], "item") else expected[row]
        wanted = f"{wanted:.6g}" if isinstance(wanted, float) else repr(wanted)
        said = f"{value:.6g}" if isinstance(value, float) else repr(value)
        yield int(row), f"{rule.column}={said}: expected {wanted} ({rule.because})"
