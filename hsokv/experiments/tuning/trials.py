"""The tuning experiment: every candidate of every flow on the development lexicon.

A trial trains one candidate once and tests it under every condition; its rows go to
`results/tuning.csv`. No word of the test lexicon occurs in it.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandera.pandas as pa

from hsokv.boundary.checks import check_at_least, check_keys
from hsokv.config import FlowConfig
from hsokv.data.lexicon import load_lexicon
from hsokv.data.rare_words import make_rare_word_task
from hsokv.data.stories import CONDITIONS
from hsokv.experiments.evaluate import examine_task, fit_task, learned_on
from hsokv.experiments.word_rows import word_rules
from hsokv.flows.budgets import BUDGETED, budget_of, with_budget
from hsokv.flows.make import make_flow
from hsokv.flows.named import BUDGETS, FLOWS
from hsokv.flows.tuning import candidate_config, list_candidates
from hsokv.models.device import run_device
from hsokv.runs.experiment import (
    COUNT,
    DEVICE,
    MEASURED,
    RANKED,
    SHARE,
    WORDS,
    NotebookParams,
    row_schema,
)
from hsokv.runs.proof import Proof, same_in_trial
from hsokv.runs.provenance import config_hash
from hsokv.runs.trial import Trial

NAME = "tuning"
FIRST_SEED = 1000  # far from those of the other experiments
MEASURES = ("accuracy", "one_shot_accuracy", "memory_utility", "top1_key_correct", "gate_mean",
            "novelty_auroc", "fpr_at_95")  # fmt: skip
UNAUDITED = ("device",)
TOLERANCES = {"gate_mean": MEASURED, "novelty_auroc": RANKED, "fpr_at_95": RANKED}


def _schema() -> pa.DataFrameSchema:
    settings = {
        "candidate": COUNT,
        "budget": pa.Column(str, pa.Check.isin(["none", "fixed", *BUDGETS])),
        "condition": pa.Column(str, pa.Check.isin(list(CONDITIONS))),
        "n_way": COUNT,
        "device": DEVICE,
    }
    results = {
        "n_test": COUNT,
        "n_one_shot": COUNT,
        **dict.fromkeys(MEASURES, pa.Column(float, nullable=True)),
        "accuracy": SHARE,
        "correct_words": WORDS,
        "tested_words": WORDS,
    }
    return row_schema(NAME, settings, results, key=["condition"])


SCHEMA = _schema()
PROOF = Proof(
    ("condition",),
    lambda trial: [(condition,) for condition in CONDITIONS],
    settings=("candidate", "budget", "n_way"),
    rules=(*word_rules("development"), same_in_trial("device")),
)


@dataclass(frozen=True)
class Params(NotebookParams):
    """What to run; the fields are the notebook's parameters.

    Raises:
        ValueError: an unknown flow or budget, or a count below 1.
    """

    flows: tuple[str, ...] = ()  # which flows; empty means all
    n_way: int = 70  # words to tell apart
    n_seeds: int = 3  # paired seeds 1000 .. 1000 + n_seeds - 1
    swarm_budget: str = "demo"  # budget of the swarm-trained flows and of fine_tune
    n_jobs: int = -1  # trials at a time, -1 for all cores
    backend: str = "loky"  # "ray" runs the same trials on a cluster

    def __post_init__(self):
        object.__setattr__(self, "flows", self.flows or tuple(FLOWS))
        check_keys(self.flows, FLOWS, "flow")
        check_keys([self.swarm_budget], BUDGETS, "swarm_budget")
        check_at_least("n_seeds", self.n_seeds, 1)
        most = len(load_lexicon("development"))
        if not 5 <= self.n_way <= most:
            raise ValueError(f"n_way={self.n_way}: expected 5 to {most}; change n_way")


def arm_config(flow: str, candidate: int, budget: str) -> FlowConfig:
    """Return the configuration of a candidate."""
    return with_budget(flow, candidate_config(flow, candidate), budget)


def make_trials(params: Params) -> list[Trial]:
    """Return the trials of a run, flows without a budget first."""
    flows = sorted(params.flows, key=lambda flow: flow in BUDGETED)
    return [
        _trial(flow, candidate, FIRST_SEED + i, params)
        for flow in flows
        for i in range(params.n_seeds)
        for candidate in range(len(list_candidates(flow)))
    ]


def _trial(flow: str, candidate: int, seed: int, params: Params) -> Trial:
    budget = budget_of(flow, params.swarm_budget)
    switches = config_hash(arm_config(flow, candidate, budget).switches())
    options = {"budget": budget, "n_way": params.n_way, "switches": switches}
    return Trial.create(NAME, flow, seed, candidate=candidate, **options)


def run_trial(trial: Trial) -> list[dict]:
    """Train one candidate and return a row per condition."""
    settings = dict(trial.settings)
    task = make_rare_word_task(settings["n_way"], seed=trial.seed, lexicon="development")
    config = arm_config(trial.flow, settings["candidate"], settings["budget"])
    flow = make_flow(trial.flow, seed=trial.seed, device=run_device(), **config.as_dict())
    fit_task(flow, task)
    learner = {name: settings[name] for name in ("candidate", "budget", "n_way")}
    learner["device"] = learned_on(flow)
    rows = []
    for tested in examine_task(flow, task):
        kept = {name: value for name, value in tested.items() if name in SCHEMA.columns}
        rows.append(learner | dict.fromkeys(MEASURES, float("nan")) | kept)
    return rows
