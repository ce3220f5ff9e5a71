"""What every experiment declares: the parameters of its notebook and the columns of its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Self

import pandera.pandas as pa

from hsokv.checks import check_params
from hsokv.runs.audit import Tolerance

# Why a column that is measured, not counted, may differ on another processor.
MEASURED = Tolerance(
    "a mean of float32 sums, whose last bits depend on the order in which the processor adds; "
    "six digits are stored, and the last may fall on either side",
    absolute=2e-6,
    relative=2e-5,
)
RANKED = Tolerance(
    "two novelties that are closer than float32 rounding may change places: one pair of at least "
    "4 x 30 texts",
    absolute=0.01,
)


class NotebookParams:
    """Base of the dataclasses whose fields are the parameters of an experiment's notebook."""

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> Self:
        """Build from notebook parameters; a misspelt name is an error that names the nearest."""
        return check_params(cls, params)

    def as_dict(self) -> dict[str, Any]:
        """Return the parameters as a plain dict."""
        return asdict(self)


def row_schema(
    experiment: str,
    settings: Mapping[str, pa.Column],
    results: Mapping[str, pa.Column],
    *,
    unique: Sequence[str],
) -> pa.DataFrameSchema:
    """Return the schema of an experiment's rows: the engine's own columns around its own.

    Args:
        experiment: name of the experiment.
        settings: columns that say what was run, beside flow and seed.
        results: columns that say what came out.
        unique: columns that tell rows apart.
    """
    text = pa.Column(str)
    columns = {
        "experiment": pa.Column(str, pa.Check.eq(experiment)),
        "flow": text,
        **settings,
        "seed": pa.Column(int, pa.Check.ge(0)),
        **results,
        "config_hash": text,
        "code_version": text,
    }
    return pa.DataFrameSchema(columns, unique=list(unique), strict=True)
