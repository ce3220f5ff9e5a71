"""Rows are named by hashes that must not drift, and rest on defaults and data, which are pinned."""

import pytest
import yaml

from hsokv.config import FlowConfig
from hsokv.experiments.registry import list_experiments
from tools import pins
from tools.audit import research_trials


def test_tree_agrees_with_its_pins(capsys):
    """Defaults, flows, budgets and data are what the rows were computed with."""
    assert pins.main([]) == 0, capsys.readouterr().err


@pytest.mark.parametrize("experiment", list_experiments().values(), ids=lambda e: e.name)
def test_research_trials_are_the_stored_ones(experiment):
    """Every research trial has its rows under the hash that the code gives it today."""
    listed = {trial.config_hash for trial in research_trials(experiment)}
    stored = experiment.store(pins.ROOT / "results").completed()
    assert listed == stored, (
        f"{len(listed - stored)} trials have no rows, {len(stored - listed)} have rows of other "
        f"settings: make run EXP={experiment.notebook} PRESET=research"
    )


def test_pins_are_written(monkeypatch, tmp_path, capsys):
    """Taking the tree as it is gives pins that it agrees with."""
    monkeypatch.setattr(pins, "PINS", pins.ROOT / "_build" / f"{tmp_path.name}.yaml")
    try:
        assert pins.main(["--write"]) == 0 and pins.main([]) == 0
    finally:
        pins.PINS.unlink()


def test_changed_default_is_named(monkeypatch, tmp_path, capsys):
    """A default that changes leaves hashes alone; the pins notice, and say which and from what."""
    then = yaml.safe_load(pins.PINS.read_text("utf8"))
    then["defaults"]["dropout"] = FlowConfig().dropout + 0.4
    monkeypatch.setattr(pins, "PINS", tmp_path / "pins.yaml")
    pins.PINS.write_text(yaml.safe_dump(then))
    assert pins.main([]) == 1
    assert "dropout is 0.1, the rows were computed with 0.5" in capsys.readouterr().err
