"""Tables of the documented size that are read off the committed rows."""

import pytest

from hsokv.experiments.documented_size import EXPERIMENT, tables


@pytest.fixture(scope="module")
def by_seed():
    return tables.seed_table(EXPERIMENT.read())


def test_a_line_per_training_and_seed(by_seed):
    """Every seed of either training has one line, with the values of its own rows."""
    rows = EXPERIMENT.read()
    same = (rows["base"] == "current") & (rows["pooling"] == "mean") & (rows["variant"] == "")
    mine = rows[same & (rows["condition"] == "verbatim")]
    assert len(by_seed) == len(mine) == len(by_seed.drop_duplicates(["training", "seed"]))
    for row in mine.itertuples():
        line = by_seed[(by_seed["training"] == row.training) & (by_seed["seed"] == row.seed)]
        assert line["as it is"].item() == pytest.approx(100 * row.accuracy)
        assert line["as it is, gate"].item() == pytest.approx(row.gate_mean)
        key = line["as it is, nearest key"].item()
        assert key == pytest.approx(100 * row.top1_key_correct)


def test_a_learner_without_a_memory_has_no_gate(by_seed):
    assert by_seed["no memory"].notna().all()
    assert by_seed[["no memory, gate", "no memory, nearest key"]].isna().all(axis=None)
