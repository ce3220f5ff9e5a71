"""The attribution experiment: all 256 cells of the factorial, paired seeds, three conditions.

A trial trains one learner per combination of the switches that act in training and forks it into
the four combinations of those that act afterwards; its rows go to `results/attribution.csv`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import pandera.pandas as pa

from hsokv.boundary.checks import check_at_least
from hsokv.data.rare_words import make_rare_word_task
from hsokv.experiments.evaluate import examine_all, fit_task
from hsokv.experiments.word_rows import word_rules
from hsokv.flows.factorial import NAMES, cell_config
from hsokv.flows.fork import fork
from hsokv.flows.make import make_flow
from hsokv.runs.experiment import COUNT, MEASURED, WORDS, NotebookParams, row_schema
from hsokv.runs.proof import Proof, same_in_trial
from hsokv.runs.provenance import config_hash
from hsokv.runs.trial import Trial

NAME = "attribution"
CONDITIONS = ("verbatim", "recognise", "infer")
N_IN_TRAINING = NAMES.index("lifecycle")  # the switches before it act in training
MEASURES = ("accuracy", "one_shot_accuracy", "memory_utility", "kv_hit_rate", "top1_key_correct",
            "gate_mean")  # fmt: skip
MEMORY_COUNTS = ("n_entries", "n_consolidated", "n_forgotten")
COUNTS = ("n_way", "n_test", "n_one_shot", *MEMORY_COUNTS)
TOLERANCES = dict.fromkeys(("kv_hit_rate", "gate_mean"), MEASURED)


def _schema() -> pa.DataFrameSchema:
    settings = {
        "cell": pa.Column(str, pa.Check.str_matches(rf"^c[01]{{{len(NAMES)}}}$")),
        "swarm": pa.Column(int, pa.Check.isin([0, 1])),
        "condition": pa.Column(str, pa.Check.isin(CONDITIONS)),
    }
    results = {
        **dict.fromkeys(COUNTS, COUNT),
        **dict.fromkeys(MEASURES, pa.Column(float, nullable=True)),
        "correct_words": WORDS,
        "tested_words": WORDS,
    }
    return row_schema(NAME, settings, results, key=["cell", "condition"])


SCHEMA = _schema()


def list_forks(trial: Trial) -> list[str]:
    """Return the four cells of a trial: its training under each choice of what follows it."""
    return [f"c{dict(trial.settings)['group']}{after}" for after in ("11", "10", "01", "00")]


PROOF = Proof(
    ("cell", "condition"),
    lambda trial: list(product(list_forks(trial), CONDITIONS)),
    settings=("swarm", "n_way"),
    rules=(
        *word_rules(),
        *map(same_in_trial, ("tested_words", "n_one_shot")),
        *(same_in_trial(name, "cell") for name in MEMORY_COUNTS),
    ),
)


@dataclass(frozen=True)
class Params(NotebookParams):
    """What to run; the fields are the notebook's parameters.

    Raises:
        ValueError: a count below its least value.
    """

    n_seeds: int = 20  # paired seeds 0 .. n_seeds - 1 of every cell
    n_swarm_seeds: int = 4  # seeds on which every cell is trained by a swarm as well
    n_way: int = 50  # words to tell apart
    n_steps: int = 160  # optimiser steps of each learner
    n_jobs: int = -1  # trials at a time, -1 for all cores
    backend: str = "loky"  # "ray" runs the same trials on a cluster

    def __post_init__(self):
        for name, least in (("n_seeds", 1), ("n_swarm_seeds", 0), ("n_way", 5), ("n_steps", 16)):
            check_at_least(name, getattr(self, name), least)


def make_trials(params: Params) -> list[Trial]:
    """Return the trials of a run, plain training first."""
    groups = ["".join(digits) for digits in product("01", repeat=N_IN_TRAINING)]
    after = "0" * (len(NAMES) - N_IN_TRAINING)
    return [
        Trial.create(
            NAME,
            "small",
            seed,
            group=group,
            swarm=swarm,
            n_way=params.n_way,
            n_steps=params.n_steps,
            switches=config_hash(
                cell_config(f"c{group}{after}", swarm=swarm, n_steps=params.n_steps).switches()
            ),
        )
        for swarm, n_seeds in ((False, params.n_seeds), (True, params.n_swarm_seeds))
        for seed in range(n_seeds)
        for group in groups
    ]


def run_trial(trial: Trial) -> list[dict]:
    """Train one learner, fork it four ways, and return a row per fork and condition."""
    settings = dict(trial.settings)
    task = make_rare_word_task(settings["n_way"], seed=trial.seed)
    tests = {condition: task.test(condition) for condition in CONDITIONS}
    options = {"swarm": settings["swarm"], "n_steps": settings["n_steps"]}
    config = cell_config(f"c{settings['group']}01", **options)  # nothing after training
    flow = make_flow("current", seed=trial.seed, **config.as_dict())
    fit_task(flow, task)
    rows = []
    for cell in list_forks(trial):
        config = cell_config(cell, **options)
        forked = fork(
            flow,
            consolidation=config.consolidation,
            forgetting=config.forgetting,
            key_refresh=config.key_refresh,
        )
        learner = {"cell": cell, "swarm": int(settings["swarm"]), "n_way": settings["n_way"]}
        for row in examine_all(forked, tests, MEASURES, SCHEMA.columns):
            rows.append(learner | row | {name: round(row[name], 6) for name in MEASURES})
    return rows
