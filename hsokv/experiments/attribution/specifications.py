"""Specifications: the whole factorial under one pooling, rate and kind of training.

A share might depend on what is held fixed around the switches. So the factorial is run for either
pooling and for two rates, tuned per group and documented, and by a swarm, whose agents draw theirs.
One training can serve several specifications: averaged keys know one pooling, and a tuned rate may
be the documented one. The rows say what was trained; `by_specification` says whom they serve.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from hsokv.flows.factorial import N_IN_TRAINING, list_groups, pooling_of, rate_of

TEST, SWARM, TUNING = "small", "swarm", "tuning"  # flows: what a trial is for
DRAWN = "drawn"  # the rates of a swarm


class Specification(NamedTuple):
    """What is held fixed around the switches: pooling, and rate, 'drawn' for a swarm."""

    pooling: str
    rate: str

    def __str__(self) -> str:
        return f"{self.pooling}, {'swarm' if self.rate == DRAWN else self.rate}"

    def training(self, group: str) -> dict:
        """Return pooling and lr of the trial that serves a group; no lr for a swarm."""
        pooling = pooling_of(group, self.pooling)
        lr = {} if self.rate == DRAWN else {"lr": rate_of(group, pooling, self.rate)}
        return {"pooling": pooling} | lr


MAIN = Specification("mean", "tuned")
OTHERS = (
    Specification("mean", "documented"),
    Specification("last", "tuned"),
    Specification("last", "documented"),
)
BY_SWARM = Specification("mean", DRAWN)
SPECIFICATIONS = (MAIN, *OTHERS, BY_SWARM)


def by_specification(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of each specification, with its pooling and its rate as a word.

    Args:
        rows: as they are stored; those of tuning serve none.

    Returns:
        The same columns and `rate`; a row stands once for each specification that it serves.
    """
    groups = rows["cell"].str[1 : 1 + N_IN_TRAINING]
    parts = []
    for specification in SPECIFICATIONS:
        trained = {group: specification.training(group) for group in list_groups()}
        pooling = groups.map({group: found["pooling"] for group, found in trained.items()})
        serves = rows["pooling"] == pooling
        if specification.rate == DRAWN:
            serves &= rows["flow"] == SWARM
        else:
            lr = groups.map({group: found["lr"] for group, found in trained.items()}).astype(float)
            serves &= (rows["flow"] == TEST) & np.isclose(rows["lr"], lr)
        parts.append(rows[serves].assign(**specification._asdict()))
    return pd.concat(parts, ignore_index=True)


def rows_of(frame: pd.DataFrame, specification: Specification, condition: str) -> pd.DataFrame:
    """Return the rows of one specification and condition, of rows by specification."""
    found = frame["condition"] == condition
    for name, value in specification._asdict().items():
        found &= frame[name] == value
    return frame[found]
