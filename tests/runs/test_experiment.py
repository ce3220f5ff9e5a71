"""What experiments share: parameters from a notebook, the engine's columns around their own."""

from dataclasses import dataclass

import pandera.pandas as pa
import pytest

from hsokv.runs.experiment import NotebookParams, row_schema


@dataclass(frozen=True)
class Params(NotebookParams):
    """Two parameters with defaults."""

    n_seeds: int = 1
    conditions: tuple[str, ...] = ()


def test_parameters_come_from_a_notebook_and_go_back():
    """Lists become tuples; a misspelt name is answered with the nearest."""
    params = Params.from_params({"conditions": ["verbatim"]})
    assert params == Params(1, ("verbatim",))
    assert Params.from_params(params.as_dict()) == params
    with pytest.raises(ValueError, match="did you mean 'n_seeds'"):
        Params.from_params({"n_seed": 2})


def test_rows_hold_the_engines_columns_in_order():
    """Settings stand between flow and seed, results after; no other column is accepted."""
    schema = row_schema("toy", {"arm": pa.Column(str)}, {"accuracy": pa.Column(float)}, key=["arm"])
    names = ["experiment", "flow", "arm", "seed", "accuracy", "settings", "config_hash"]
    assert list(schema.columns) == [*names, "code_version"] and schema.strict
    assert schema.unique == ["config_hash", "arm"]
