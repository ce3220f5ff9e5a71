"""The experiments are found by their folders, and each declares what the study needs of it."""

import pkgutil

import pytest

import hsokv.experiments
from hsokv.experiments.registry import list_experiments, read_findings
from tools.paths import NOTEBOOKS

EXPERIMENTS = list_experiments()


def test_every_folder_is_an_experiment_of_its_name():
    """Rows are kept in `results/<folder>.csv`, which is how a page's rows are known."""
    folders = {found.name for found in pkgutil.iter_modules(hsokv.experiments.__path__) if found[2]}
    assert folders == set(EXPERIMENTS)
    assert list(EXPERIMENTS) == sorted(EXPERIMENTS, key=lambda name: EXPERIMENTS[name].notebook)
    assert read_findings("one_shot") and read_findings("attribution") == b""


@pytest.mark.parametrize("experiment", EXPERIMENTS.values(), ids=lambda e: e.name)
def test_declared_names_exist(experiment):
    """Notebook, selectors, timings and tolerances are of this experiment; reasons are given."""
    assert (NOTEBOOKS / f"{experiment.notebook}.ipynb").is_file()
    columns = {*experiment.schema.columns, *experiment.read().columns}
    assert {*experiment.selectors, *experiment.unaudited, *experiment.tolerances} <= columns
    assert all(tolerance.reason for tolerance in experiment.tolerances.values())


@pytest.mark.parametrize("experiment", EXPERIMENTS.values(), ids=lambda e: e.name)
def test_selectors_and_seed_name_one_row(experiment):
    """No two committed rows share selectors and seed, and every value is an allowed one."""
    rows, names = experiment.read(), list(experiment.selectors)
    assert not rows.duplicated([*names, "seed"]).any()
    for values in rows[names].drop_duplicates().head(300).to_dict("records"):
        for name, selector in experiment.selectors.items():
            selector.check(name, values)


def test_wrong_selector_value_is_answered_with_the_nearest():
    """A misspelt variant names the one of its base that was probably meant."""
    selector = EXPERIMENTS["issues"].selectors["variant"]
    with pytest.raises(ValueError, match="did you mean 'no_forgetting'"):
        selector.check("variant", {"base": "current", "variant": "no_forgeting"})
