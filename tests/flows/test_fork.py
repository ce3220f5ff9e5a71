"""A fork is the flow that a fit with its switches gives."""

import pytest

from hsokv.flows.factorial import cell_config, list_cells, list_forks, untended_cell
from hsokv.flows.fork import fork
from hsokv.flows.make import make_flow
from tests.conftest import make_tiny

SIZES = {"d_model": 16, "n_layers": 1, "n_heads": 2, "d_ff": 32, "batch_size": 8}
LONG = {"training": "steps", "n_steps": 40, "lr": 0.02}  # long enough for sure memories
SWARM = {"training": "swarm", "meta_iterations": 2, "agent_steps": 15, "n_managers": 1,
         "agents_per_manager": 2}  # fmt: skip


@pytest.mark.parametrize("training", [LONG, SWARM], ids=["steps", "swarm"])
@pytest.mark.parametrize("group", ["111111", "000100", "110000"])
def test_a_fork_equals_a_fit(task, group, training):
    """Answers and memory agree bit for bit, also where consolidation deletes entries."""
    held = task.validation.texts, task.validation.labels
    plain = cell_config(untended_cell(group)).with_overrides(**(SIZES | training))
    flow = make_flow("current", seed=3, **plain.as_dict())
    flow.fit(task.train.texts, task.train.labels, validation=held)
    stories = task.test("verbatim").texts
    before = flow.predict_proba(stories)
    for cell in set(list_forks(group)) - {untended_cell(group)}:
        config = cell_config(cell).with_overrides(**(SIZES | training))
        direct = make_flow("current", seed=3, **config.as_dict())
        direct.fit(task.train.texts, task.train.labels, validation=held)
        forked = fork(
            flow,
            consolidation=config.consolidation,
            forgetting=config.forgetting,
            key_refresh=config.key_refresh,
        )
        assert (forked.predict_proba(stories) == direct.predict_proba(stories)).all()
        assert len(forked.memory_) == len(direct.memory_)
        assert (forked.memory_.keys == direct.memory_.keys).all()
    assert (flow.predict_proba(stories) == before).all(), "the original was changed"


def test_refused_forks(task):
    """Another switch, a flow already tended, an unfitted one, a swarm that tends in between."""
    with pytest.raises(ValueError, match="unknown switch of what happens after training 'lr'"):
        fork(make_tiny("hybrid", key_refresh=False), lr=0.1)
    with pytest.raises(ValueError, match="key_refresh=True: expected none of them"):
        fork(make_tiny("hybrid"), forgetting="utility")
    with pytest.raises(ValueError, match="call fit, then fork it"):
        fork(make_tiny("hybrid", key_refresh=False), forgetting="utility")
    flow = make_tiny("current", consolidation=False, forgetting="none", lifecycle_every=1)
    with pytest.raises(ValueError, match="raise lifecycle_every"):
        fork(flow, forgetting="utility")


def test_cells_share_their_training():
    """The three last switches are those a fork can change, and no others."""
    for cell in list_cells()[::17]:
        one, other = cell_config(cell), cell_config(untended_cell(cell[1:-3]))
        changed = {k for k, v in one.switches().items() if other.switches().get(k, v) != v}
        changed |= one.switches().keys() ^ other.switches().keys()
        assert changed <= {"consolidation", "forgetting", "key_refresh"}
