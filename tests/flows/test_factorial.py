"""The factorial: its cells and their configurations."""

import pytest

from hsokv.flows.factorial import (
    CURRENT,
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
)
from hsokv.flows.named import FLOWS


def test_cells():
    """256 distinct cells with 256 distinct configurations, swarm or not."""
    cells = list_cells()
    assert len(set(cells)) == 256
    configs = {tuple(sorted(cell_config(c, swarm=s).as_dict().items()))
               for c in cells for s in (False, True)}  # fmt: skip
    assert len(configs) == 512


def test_the_ends_are_the_flows():
    """The current end has the mechanisms of `current`, the other those of `redesign`."""
    mechanisms = ("similarity", "context", "confidence_weighting", "read_out", "fusion",
                  "write_rule", "duplicates", "eviction", "consolidation", "forgetting",
                  "first_exposure_boost", "encoder", "token_weights")  # fmt: skip
    for cell, flow in ((CURRENT, "current"), (REDESIGN, "redesign")):
        config = cell_config(cell)
        assert {m: getattr(config, m) for m in mechanisms} == {
            m: getattr(FLOWS[flow], m) for m in mechanisms
        }
    assert cell_config(SOURCES_FIXES).similarity == "dot"
    assert cell_config(SIMPLE).encoder == "transformer"
    wide = cell_config(REDESIGN).d_model / SMALL.d_model
    assert wide == FLOWS["redesign"].d_model / FLOWS["current"].d_model


def test_swarm_has_as_many_steps():
    """Plain steps and the swarm's agent steps are equal in number."""
    swarm = cell_config(CURRENT, swarm=True)
    assert swarm.training == "swarm"
    assert swarm.meta_iterations * swarm.n_agents * swarm.agent_steps == SMALL.n_steps


def test_flip():
    """Flipping twice gives the cell back; the order of names does not matter."""
    assert flip(CURRENT, "keys") == "c01111111"
    assert flip(flip(CURRENT, "gate", "keys"), "keys", "gate") == CURRENT
    assert flip(CURRENT, *(n for n in NAMES if n != "similarity")) == REDESIGN


@pytest.mark.parametrize("cell", ["11111111", "c1111111", "c1111111x", "", "c111111112"])
def test_wrong_cells(cell):
    """A name that is no cell is refused."""
    with pytest.raises(ValueError, match="expected 'c' and 8 digits"):
        check_cell(cell)


def test_unknown_switch():
    """A misspelt switch names the nearest."""
    with pytest.raises(ValueError, match="did you mean 'refresh'"):
        flip(CURRENT, "refesh")


def test_switches_name_settings():
    """Every switch changes something against the small `current`."""
    for switch in SWITCHES:
        assert SMALL.with_overrides(**switch.other) != SMALL
