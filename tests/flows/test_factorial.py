"""The factorial: its cells and their configurations."""

import pytest

from hsokv.flows.factorial import (
    CANDIDATE_RATES,
    CURRENT,
    DOCUMENTED_RATE,
    NAMES,
    REDESIGN,
    SIMPLE,
    SMALL,
    SOURCES_FIXES,
    SWITCHES,
    cell_config,
    check_cell,
    flip,
    list_cells,
    list_forks,
    list_groups,
    rate_of,
    untended_cell,
)
from hsokv.flows.named import FLOWS


def test_cells():
    """512 distinct cells with 512 distinct configurations, swarm or not; eight forks per group."""
    cells = list_cells()
    assert len(set(cells)) == 512
    assert sorted(cell for group in list_groups() for cell in list_forks(group)) == cells
    configs = {tuple(sorted(cell_config(c, swarm=s).as_dict().items()))
               for c in cells for s in (False, True)}  # fmt: skip
    assert len(configs) == 1024


def test_the_ends_are_the_flows():
    """The current end has the mechanisms of `current`, the other those of `redesign`."""
    mechanisms = ("similarity", "context", "confidence_weighting", "read_out", "fusion",
                  "write_rule", "duplicates", "eviction", "consolidation", "forgetting",
                  "first_exposure_boost", "encoder", "token_weights")  # fmt: skip
    for cell, flow in ((CURRENT, "current"), (REDESIGN, "first_redesign")):
        config = cell_config(cell)
        assert {m: getattr(config, m) for m in mechanisms} == {
            m: getattr(FLOWS[flow], m) for m in mechanisms
        }
    assert cell_config(SOURCES_FIXES).similarity == "dot"
    assert cell_config(SIMPLE).encoder == "transformer"
    wide = cell_config(REDESIGN).d_model / SMALL.d_model
    assert wide == FLOWS["first_redesign"].d_model / FLOWS["current"].d_model


def test_swarm_has_as_many_steps():
    """Plain steps and the swarm's agent steps are equal in number."""
    swarm = cell_config(CURRENT, swarm=True)
    assert swarm.training == "swarm"
    assert swarm.meta_iterations * swarm.n_agents * swarm.agent_steps == SMALL.n_steps


def test_flip():
    """Flipping twice gives the cell back; the order of names does not matter."""
    assert flip(CURRENT, "keys") == "c011111111"
    assert flip(flip(CURRENT, "gate", "keys"), "keys", "gate") == CURRENT
    assert flip(CURRENT, *(n for n in NAMES if n != "similarity")) == REDESIGN


@pytest.mark.parametrize("cell", ["111111111", "c11111111", "c11111111x", "", "c1111111112"])
def test_wrong_cells(cell):
    """A name that is no cell is refused."""
    with pytest.raises(ValueError, match="expected 'c' and 9 digits"):
        check_cell(cell)


def test_unknown_switch():
    """A misspelt switch names the nearest."""
    with pytest.raises(ValueError, match="did you mean 'refresh'"):
        flip(CURRENT, "refesh")


def test_switches_name_settings():
    """Every switch changes something against the small `current`."""
    for switch in SWITCHES:
        assert SMALL.with_overrides(**switch.other) != SMALL


def test_pooling_and_rate():
    """The last token is taken of a transformer only; the rate given is that of plain steps."""
    assert cell_config(CURRENT, pooling="last", lr=0.5).pooling == "last"
    assert cell_config(REDESIGN, pooling="last") == cell_config(REDESIGN)
    assert cell_config(CURRENT, lr=0.5) == cell_config(CURRENT).with_overrides(lr=0.5)
    assert cell_config(CURRENT, lr=0.5, swarm=True) == cell_config(CURRENT, swarm=True)


def test_rates():
    """Every group has a tuned rate, one of the candidates, under either pooling."""
    for group in list_groups():
        assert {rate_of(group, p, "tuned") for p in ("mean", "last")} <= set(CANDIDATE_RATES)
        assert rate_of(group, "last", "documented") == DOCUMENTED_RATE
    with pytest.raises(ValueError, match="did you mean 'tuned'"):
        rate_of("000000", "mean", "tuend")


def test_nothing_follows_training_in_the_untended_cell():
    """It is the fork that leaves a training as it is."""
    config = cell_config(untended_cell("111111"))
    assert not config.consolidation and config.forgetting == "none" and not config.key_refresh
