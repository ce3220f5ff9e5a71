"""The factorial between `current` and `redesign`: nine switches, every combination a learner.

A *cell* names one combination: 'c' and one digit per switch in the order of `SWITCHES`, 1 for the
level of `current`, 0 for the other. The learner is small, so that all 512 cells can be trained on
many seeds: a quarter of the documented width, one layer, 50 words. The switches up to `writing` act
in training; cells that agree in them are a *group*, named by their digits, and share one training.

What is no switch but may decide a sign is varied around the whole factorial: the pooling and the
learning rate. `tuned_rates.yaml` holds the rate that did best on the development lexicon for each
group and pooling, written by `python -m tools.tuned --write` from the rows of the experiment.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product

from hsokv.boundary.checks import check_keys
from hsokv.config import FlowConfig, Pooling
from hsokv.flows.named import FLOWS
from hsokv.flows.readings import read_tuned

N_WAY = 50  # words; a fifth serve validation, 40 are scored

SMALL = FLOWS["current"].with_overrides(
    d_model=64,
    n_layers=1,
    n_heads=4,
    d_ff=128,
    pooling="mean",
    training="steps",
    n_steps=160,
    lr=2e-3,
    batch_size=8,
    products="float32",
    write_in_training=True,
)
# The swarm takes as many optimiser steps in all: 4 iterations of 4 agents, a sixteenth each.
SWARM = {"training": "swarm", "meta_iterations": 4, "n_managers": 2, "agents_per_manager": 2}
DOCUMENTED_RATE = 5e-4  # the middle of the documented range, 1e-5 to 1e-3
CANDIDATE_RATES = (5e-4, 1e-4, 2e-3, 8e-3)  # of those that tie the first is taken


@dataclass(frozen=True)
class Switch:
    """One mechanism with two levels.

    Attributes:
        name: short name.
        label: what moving from `current` to the other level does.
        other: settings of the other level; those of `current` are `SMALL`'s.
        issues: the source documents' issues about it.
    """

    name: str
    label: str
    other: dict = field(hash=False)
    issues: tuple[str, ...] = ()


#: The nine mechanisms, in the order of a cell's digits.
SWITCHES = (
    Switch(
        "keys",
        "fixed surprisal-weighted keys",
        # four times as wide as the transformer's, as in the flows themselves
        {"encoder": "embedding", "token_weights": "surprisal", "d_model": 256},
    ),
    Switch("similarity", "raw dot product", {"similarity": "dot"}, ("2.1",)),
    Switch("top_k", "top-1 for mean of 5", {"read_out": "top1", "top_k": 1}, ("2.2",)),
    Switch(
        "boosts",
        "no boosts",
        {"context": "none", "confidence_weighting": False, "first_exposure_boost": 0.0},
        ("1.3", "2.3"),
    ),
    Switch("gate", "stored label for gate", {"fusion": "label"}, ("4.1",)),
    Switch(
        "writing",
        "every text written once",
        {"write_rule": "all", "duplicates": "merge", "capacity": 10_000, "eviction": "oldest"},
        ("3.2",),
    ),
    Switch("consolidation", "no consolidation", {"consolidation": False}, ("1.1",)),
    Switch("forgetting", "no forgetting", {"forgetting": "none"}, ("1.2",)),
    Switch("refresh", "keys refreshed", {"key_refresh": True}),
)
NAMES = tuple(switch.name for switch in SWITCHES)
N_IN_TRAINING = NAMES.index("consolidation")  # the switches before it act in training
CURRENT = "c111111111"  #: the cell of `current`
REDESIGN = "c010000000"  #: the cell of `redesign`; keeps cosine
SOURCES_FIXES = "c000000000"  #: every fix of the source documents, the raw dot product included
SIMPLE = "c110000000"  #: every repair but the keys, a transformer with a plain memory


def list_cells() -> list[str]:
    """Return the names of all 512 cells."""
    return ["c" + "".join(digits) for digits in product("01", repeat=len(SWITCHES))]


def list_groups() -> list[str]:
    """Return the digits of the switches that act in training, one text per training."""
    return ["".join(digits) for digits in product("01", repeat=N_IN_TRAINING)]


def list_forks(group: str) -> list[str]:
    """Return the eight cells of a group: its training under each choice of what follows it."""
    after = product("10", repeat=len(SWITCHES) - N_IN_TRAINING)
    return [f"c{group}{''.join(digits)}" for digits in after]


def untended_cell(group: str) -> str:
    """Return the cell of a group in which nothing follows training: no lifecycle, no refresh."""
    return f"c{group}001"


def pooling_of(group: str, pooling: Pooling) -> Pooling:
    """Return how a group pools: averaged keys by the mean, a transformer's as asked."""
    return "mean" if group[0] == "0" else pooling


def rate_of(group: str, pooling: Pooling, rate: str) -> float:
    """Return the learning rate of a group: 'tuned' or 'documented'.

    Raises:
        ValueError: another word.
    """
    check_keys([rate], ("tuned", "documented"), "rate")
    if rate == "documented":
        return DOCUMENTED_RATE
    return read_tuned("tuned_rates.yaml")[pooling_of(group, pooling)][group]


def check_cell(cell: str) -> str:
    """Return the cell.

    Raises:
        ValueError: not 'c' and one 0 or 1 per switch.
    """
    if len(cell) != len(SWITCHES) + 1 or cell[0] != "c" or set(cell[1:]) - {"0", "1"}:
        raise ValueError(
            f"cell {cell!r}: expected 'c' and {len(SWITCHES)} digits 0 or 1, one per switch "
            f"({', '.join(NAMES)}); write {CURRENT!r} for H-SOKV's levels"
        )
    return cell


def flip(cell: str, *names: str) -> str:
    """Return the cell with the named switches at their other level.

    Raises:
        ValueError: an unknown switch or cell.
    """
    check_keys(names, NAMES, "switch")
    digits = list(check_cell(cell))
    for name in names:
        place = NAMES.index(name) + 1
        digits[place] = "0" if digits[place] == "1" else "1"
    return "".join(digits)


def cell_config(
    cell: str,
    *,
    swarm: bool = False,
    n_steps: int = SMALL.n_steps,
    pooling: Pooling = SMALL.pooling,
    lr: float = SMALL.lr,
) -> FlowConfig:
    """Return the configuration of a cell, trained by plain steps or by a swarm.

    Args:
        cell: one of `list_cells()`.
        swarm: spend the steps in a swarm, whose agents draw their rates.
        n_steps: optimiser steps in all, at least 16.
        pooling: of a transformer's states; averaged keys are means under either.
        lr: learning rate of plain steps.

    Raises:
        ValueError: not a cell, or fewer than 16 steps.
    """
    if n_steps < 16:
        raise ValueError(f"n_steps={n_steps}: expected at least 16, one per agent; raise n_steps")
    settings = SWARM | {"agent_steps": n_steps // 16} if swarm else {"n_steps": n_steps, "lr": lr}
    settings["pooling"] = pooling_of(check_cell(cell)[1:], pooling)
    for digit, switch in zip(cell[1:], SWITCHES):
        if digit == "0":
            settings |= switch.other
    return SMALL.with_overrides(**settings)
