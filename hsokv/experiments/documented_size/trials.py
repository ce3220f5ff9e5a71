"""The mechanisms at the documented size: one switched at a time, in both readings of pooling.

Three *bases*: `current`, H-SOKV; `simple`, the same transformer with a plain memory;
`redesign`, our first design, a plain memory with fixed keys. Width, layers and number of words are
as documented. Two *trainings*: `swarm`, the documented one, and `steps`, plain Adam for as many
steps at the middle of the documented range of rates. An *arm* is a base with the changes of one
*variant*; the variant '' is the base itself. Rows go to `results/documented_size.csv`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pandera.pandas as pa

from hsokv.boundary.checks import check_at_least, check_keys
from hsokv.config import FlowConfig
from hsokv.data.lexicon import load_lexicon
from hsokv.data.rare_words import make_rare_word_task
from hsokv.experiments.evaluate import examine_all, fit_task, learned_on
from hsokv.experiments.memory_rows import (
    CONDITION,
    CONDITIONS,
    MEASURES,
    memory_proof,
    memory_schema,
)
from hsokv.flows.factorial import CURRENT, REDESIGN, SIMPLE, SWITCHES, cell_config
from hsokv.flows.make import make_flow
from hsokv.flows.named import BUDGETS, FLOWS
from hsokv.flows.variants import VARIANTS as ISSUE_VARIANTS
from hsokv.models.device import run_device
from hsokv.runs.experiment import DEVICE, NotebookParams
from hsokv.runs.provenance import config_hash
from hsokv.runs.trial import Trial

NAME = "documented_size"
UNAUDITED = ("device",)
POOLINGS = ("last", "mean")
TRAININGS = ("swarm", "steps")
_SIZE = {
    name: getattr(FLOWS["current"], name)
    for name in ("d_model", "n_layers", "n_heads", "d_ff", "products")
}
_NOT_HERE = ("swarm", "layers_4", "wide", "documented_size", "last_token")
#: Variant of the issues -> the variant that is the same at the documented size.
SAME = {"layers_4": ""}
_AT_CURRENT = {name: getattr(cell_config(CURRENT), name) for name in FlowConfig().as_dict()}


def training_of(training: str, budget: str) -> dict:
    """Return the switches of a training: plain steps are as many as the swarm's agents take in all.

    Raises:
        ValueError: unknown training or budget.
    """
    check_keys([training], TRAININGS, "training")
    check_keys([budget], BUDGETS, "budget")
    swarm = BUDGETS[budget]
    if training == "swarm":
        return {"training": "swarm", **swarm}
    agents = swarm["n_managers"] * swarm["agents_per_manager"]
    return {
        "training": "steps",
        "n_steps": swarm["meta_iterations"] * agents * swarm["agent_steps"],
        "batch_size": swarm["batch_size"],
        "lr": 5e-4,  # the middle of the documented 1e-5 .. 1e-3
    }


def _back(switch: dict) -> dict:
    """Return H-SOKV's level of what a switch changes."""
    return {name: _AT_CURRENT[name] for name in switch}


def _variants() -> dict[str, dict[str, dict]]:
    """Return what each variant changes in its base: the issues' variants, then the switches."""
    other = {switch.name: switch.other for switch in SWITCHES}
    fixed_keys = other["keys"] | {"d_model": FLOWS["first_redesign"].d_model}
    current, simple = (
        {name: v for name, v in ISSUE_VARIANTS[base].items() if name not in _NOT_HERE}
        for base in ("current", "simple")
    )
    current |= {
        "fixed_keys": fixed_keys,
        "no_boosts": other["boosts"],
        "once": other["writing"],
        "refresh": other["refresh"],
        "no_memory": {"fusion": "none"},
    }
    redesign = {
        "": fixed_keys,
        "transformer_keys": {},
        "dot": fixed_keys | other["similarity"],
        "top5": fixed_keys | _back(other["top_k"]),
        "boosts": fixed_keys | _back(other["boosts"]),
        "gate": fixed_keys | _back(other["gate"]),
        "surprise": fixed_keys | _back(other["writing"]),
        "consolidation": fixed_keys | _back(other["consolidation"]),
        "forgetting": fixed_keys | _back(other["forgetting"]),
        "no_refresh": fixed_keys | _back(other["refresh"]),
    }
    return {"current": current, "simple": simple, "redesign": redesign}


VARIANTS = _variants()
BASES = tuple(VARIANTS)
CELLS = {"current": CURRENT, "simple": SIMPLE, "redesign": REDESIGN}
# What is trained by the swarm, per base: itself, the changes of single switches and what decides
# about an issue of H-SOKV.
SWARM_VARIANTS = {
    "current": ("", "fixed_keys", "dot", "top1", "no_boosts", "label", "once", "no_consolidation",
                "no_forgetting", "refresh", "strong_boost", "no_context", "threshold_005",
                "no_memory"),
    "simple": ("",),
    "redesign": (),
}  # fmt: skip


SCHEMA = memory_schema(
    NAME,
    BASES,
    {
        "pooling": pa.Column(str, pa.Check.isin([*POOLINGS, "none"])),
        "training": pa.Column(str, pa.Check.isin(TRAININGS)),
        "condition": CONDITION,
        "device": DEVICE,
    },
)
PROOF = memory_proof(("base", "variant", "pooling", "training", "n_way"), "device")


@dataclass(frozen=True)
class Params(NotebookParams):
    """What to run; the fields are the notebook's parameters.

    Raises:
        ValueError: an unknown base, pooling, training or budget, or a count out of range.
    """

    bases: tuple[str, ...] = BASES  # which bases, with all their variants
    poolings: tuple[str, ...] = POOLINGS  # how a text's states become one
    n_seeds: dict[str, int] = field(default_factory=lambda: dict.fromkeys(TRAININGS, 5))
    n_way: int = 100  # words to tell apart
    budget: str = "demo"  # of the swarm; plain training takes as many steps
    n_jobs: int = -1  # trials at a time, -1 for all cores
    backend: str = "loky"  # "ray" runs the same trials on a cluster

    def __post_init__(self):
        check_keys(self.bases, BASES, "base")
        check_keys(self.poolings, POOLINGS, "pooling")
        check_keys(self.n_seeds, TRAININGS, "training in n_seeds")
        check_keys([self.budget], BUDGETS, "budget")
        for name, value in self.n_seeds.items():
            check_at_least(f"n_seeds[{name!r}]", value, 0)
        if not 5 <= self.n_way <= len(load_lexicon()):
            raise ValueError(f"n_way={self.n_way}: expected 5 to 100; change n_way")


def arm_config(
    base: str, variant: str, pooling: str, training: str, budget: str = "demo"
) -> FlowConfig:
    """Return the configuration of an arm; where keys are fixed, the pooling 'none' changes nothing.

    Raises:
        ValueError: unknown base, variant, pooling, training or budget.
    """
    check_keys([base], BASES, "base")
    check_keys([variant], VARIANTS[base], f"variant of {base}")
    cell = CELLS[base]
    if base == "redesign":  # the keys are a variant's
        cell = "c1" + cell[2:]
    config = cell_config(cell).with_overrides(**_SIZE | training_of(training, budget))
    config = config.with_overrides(**VARIANTS[base][variant])
    if config.encoder == "transformer":
        check_keys([pooling], POOLINGS, "pooling")
        return config.with_overrides(pooling=pooling)
    check_keys([pooling], ["none"], f"pooling of {base} with {variant}")
    return config


def similarity_of(base: str, variant: str) -> str:
    """Return by what an arm compares keys: 'cosine' or 'dot'."""
    return cell_config(CELLS[base]).with_overrides(**VARIANTS[base][variant]).similarity


def make_trials(params: Params) -> list[Trial]:
    """Return the trials of a run, seed by seed."""
    trials = []
    for training, n_seeds in params.n_seeds.items():
        for seed in range(n_seeds):
            for base in params.bases:
                for variant in VARIANTS[base]:
                    if is_run(base, variant, training):
                        trials += _trials(base, variant, training, seed, params)
    return trials


def is_run(base: str, variant: str, training: str) -> bool:
    """Return whether a variant is trained so: a swarm trains a few only."""
    return training == "steps" or variant in SWARM_VARIANTS[base]


def _trials(base: str, variant: str, training: str, seed: int, params: Params) -> list[Trial]:
    is_fixed = VARIANTS[base][variant].get("encoder") == "embedding"
    return [
        Trial.create(
            NAME,
            "documented",
            seed,
            base=base,
            variant=variant,
            pooling=pooling,
            training=training,
            n_way=params.n_way,
            budget=params.budget,
            switches=config_hash(
                arm_config(base, variant, pooling, training, params.budget).switches()
            ),
        )
        for pooling in (("none",) if is_fixed else params.poolings)
    ]


def run_trial(trial: Trial) -> list[dict]:
    """Train one learner and return a row per condition."""
    settings = dict(trial.settings)
    arm = {name: settings[name] for name in ("base", "variant", "pooling", "training")}
    task = make_rare_word_task(settings["n_way"], seed=trial.seed)
    options = arm_config(**arm, budget=settings["budget"]).as_dict()
    flow = make_flow("current", seed=trial.seed, device=run_device(), **options)
    fit_task(flow, task)
    learner = arm | {"n_way": settings["n_way"], "device": learned_on(flow)}
    tests = {condition: task.test(condition) for condition in CONDITIONS}
    return [learner | row for row in examine_all(flow, tests, MEASURES, SCHEMA.columns)]
