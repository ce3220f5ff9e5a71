"""The attribution experiment: all 512 cells of the factorial on paired seeds, by specification.

A trial trains one learner per combination of the switches that act in training and forks it into
the eight combinations of those that act afterwards; its rows go to `results/attribution.csv`. Rows
of flow `tuning` are of the development lexicon: from them alone the rate of each group is chosen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import pandas as pd
import pandera.pandas as pa

from hsokv.boundary.checks import check_at_least
from hsokv.data.rare_words import Texts, make_rare_word_task
from hsokv.experiments.attribution.specifications import (
    BY_SWARM,
    MAIN,
    OTHERS,
    SWARM,
    TEST,
    TUNING,
)
from hsokv.experiments.evaluate import examine_all, fit_task
from hsokv.experiments.word_rows import answer_rules
from hsokv.flows.base import Flow
from hsokv.flows.factorial import (
    CANDIDATE_RATES,
    NAMES,
    cell_config,
    list_forks,
    list_groups,
    pooling_of,
    untended_cell,
)
from hsokv.flows.fork import fork
from hsokv.flows.make import make_flow
from hsokv.runs.experiment import COUNT, MEASURED, SHARE, WORDS, NotebookParams, row_schema
from hsokv.runs.proof import Proof, same_in_trial, whole_share
from hsokv.runs.provenance import config_hash
from hsokv.runs.trial import Trial

NAME = "attribution"
CONDITIONS = ("verbatim", "recognise")
FIRST_TUNING_SEED = 1000  # far from those of the test lexicon
MEASURES = ("accuracy", "network_accuracy", "memory_utility", "kv_hit_rate", "top1_key_correct",
            "gate_mean")  # fmt: skip
MEMORY_COUNTS = ("n_entries", "n_consolidated", "n_forgotten")
FALLBACK = "_with_fallback"  # ends the names of columns where the network may answer
TOLERANCES = dict.fromkeys(("kv_hit_rate", "gate_mean"), MEASURED)


def _schema() -> pa.DataFrameSchema:
    settings = {
        "cell": pa.Column(str, pa.Check.str_matches(rf"^c[01]{{{len(NAMES)}}}$")),
        "pooling": pa.Column(str, pa.Check.isin(["mean", "last"])),
        "lr": pa.Column(float, pa.Check.in_range(0, 1), nullable=True),
        "condition": pa.Column(str, pa.Check.isin(CONDITIONS)),
    }
    results = {
        **dict.fromkeys(("n_test", *MEMORY_COUNTS), COUNT),
        **dict.fromkeys(MEASURES, pa.Column(float, nullable=True)),
        f"accuracy{FALLBACK}": SHARE,
        "correct_words": WORDS,
        f"correct_words{FALLBACK}": WORDS,
        "tested_words": WORDS,
    }
    return row_schema(NAME, settings, results, key=["cell", "condition"])


SCHEMA = _schema()


def list_cells_of(trial: Trial) -> list[str]:
    """Return the cells of a trial: all forks of its training; in tuning that with nothing after."""
    group = dict(trial.settings)["group"]
    return [untended_cell(group)] if trial.flow == TUNING else list_forks(group)


def lexicon_of(rows: pd.DataFrame) -> pd.Series:
    """Return the lexicon of the words in each row."""
    return rows["flow"].map({TUNING: "development"}).fillna("test")


PROOF = Proof(
    ("cell", "condition"),
    lambda trial: list(product(list_cells_of(trial), CONDITIONS)),
    settings=("pooling", "lr"),
    rules=(
        *answer_rules(lexicon_of),
        *answer_rules(lexicon_of, FALLBACK),
        whole_share("network_accuracy", "n_test"),
        whole_share("top1_key_correct", "n_test"),
        whole_share("memory_utility", "n_test", least=-1),
        same_in_trial("tested_words"),
        *(same_in_trial(name, "cell") for name in MEMORY_COUNTS),
    ),
)


@dataclass(frozen=True)
class Params(NotebookParams):
    """What to run; the fields are the notebook's parameters.

    Raises:
        ValueError: a count below its least value.
    """

    n_seeds: int = 8  # paired seeds 0 .. n_seeds - 1 of every cell, mean pooling, tuned rates
    n_other_seeds: int = 4  # the same for the other poolings and rates
    n_swarm_seeds: int = 2  # the same for training by a swarm
    n_tuning_seeds: int = 2  # seeds 1000 .. on which rates are tried
    n_way: int = 50  # words to tell apart
    n_steps: int = 160  # optimiser steps of each learner
    n_jobs: int = -1  # trials at a time, -1 for all cores
    backend: str = "loky"  # "ray" runs the same trials on a cluster

    def __post_init__(self):
        least = {"n_seeds": 1, "n_other_seeds": 0, "n_swarm_seeds": 0, "n_tuning_seeds": 0}
        for name, value in (least | {"n_way": 5, "n_steps": 16}).items():
            check_at_least(name, getattr(self, name), value)


def make_trials(params: Params) -> list[Trial]:
    """Return the trials of a run: of tuning, then of each specification, each trial once."""
    tuning = [
        _trial(TUNING, FIRST_TUNING_SEED + i, group, params, pooling=pooling, lr=lr)
        for i in range(params.n_tuning_seeds)
        for pooling in ("mean", "last")
        for group in list_groups()
        if pooling_of(group, pooling) == pooling
        for lr in CANDIDATE_RATES
    ]
    counts = {MAIN: params.n_seeds} | dict.fromkeys(OTHERS, params.n_other_seeds)
    tests = [
        _trial(SWARM if specification == BY_SWARM else TEST, seed, group, params,
               **specification.training(group))
        for specification, n_seeds in (counts | {BY_SWARM: params.n_swarm_seeds}).items()
        for seed in range(n_seeds)
        for group in list_groups()
    ]  # fmt: skip
    return list(dict.fromkeys(tuning + tests))


def _trial(flow: str, seed: int, group: str, params: Params, **training) -> Trial:
    """Return a trial; `training` is its pooling and lr."""
    options = training | {"swarm": flow == SWARM, "n_steps": params.n_steps}
    switches = config_hash(cell_config(untended_cell(group), **options).switches())
    sizes = {"n_way": params.n_way, "n_steps": params.n_steps}
    return Trial.create(NAME, flow, seed, group=group, switches=switches, **sizes, **training)


def run_trial(trial: Trial) -> list[dict]:
    """Train one learner, fork it, and return a row per fork and condition."""
    settings = dict(trial.settings)
    training = {name: settings[name] for name in ("pooling", "lr") if name in settings}
    options = training | {"swarm": trial.flow == SWARM, "n_steps": settings["n_steps"]}
    lexicon = "development" if trial.flow == TUNING else "test"
    task = make_rare_word_task(settings["n_way"], seed=trial.seed, lexicon=lexicon)
    tests = {condition: task.test(condition) for condition in CONDITIONS}
    config = cell_config(untended_cell(settings["group"]), **options)
    flow = make_flow("current", seed=trial.seed, **config.as_dict())
    fit_task(flow, task)
    learner, rows = {"lr": float("nan")} | training, []
    for cell in list_cells_of(trial):
        config = cell_config(cell, **options)
        forked = fork(
            flow,
            consolidation=config.consolidation,
            forgetting=config.forgetting,
            key_refresh=config.key_refresh,
        )
        for row in _examine_both_ways(forked, tests, lexicon):
            rows.append({"cell": cell} | learner | row)
    return rows


def _examine_both_ways(flow: Flow, tests: dict[str, Texts], lexicon: str) -> Sequence[dict]:
    """Return a row per condition: the flow as it is, and beside it with a network to fall back on.

    A gate asks the network in any case: there both are the same. The flow keeps the fallback.
    """
    rows = examine_all(flow, tests, MEASURES, SCHEMA.columns, lexicon)
    again = rows
    if flow.config_.fusion == "label":
        flow.set_params(fallback="network")
        again = examine_all(flow, tests, MEASURES, SCHEMA.columns, lexicon)
    for row, other in zip(rows, again):
        row |= {name: round(row[name], 6) for name in MEASURES}
        for name in ("accuracy", "correct_words"):
            row[name + FALLBACK] = other[name]
    return rows
