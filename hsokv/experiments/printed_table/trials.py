"""The predecessor's table, measured again: its methods under its protocol, seed by seed.

An *arm* is a row of the printed table or a variant of one; a *repair* mends one defect of the
memory at answer time, on a copy of the same trained learner, so that differences are exactly
paired. A trial trains one arm and gives one row per repair; rows go to
`results/printed_table.csv`.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

import numpy as np
from torch import Tensor

from hsokv.boundary.checks import check_at_least, check_keys
from hsokv.config import FlowConfig
from hsokv.data.predecessor import PredecessorTask, make_predecessor_task
from hsokv.experiments.evaluate import right_answers
from hsokv.experiments.printed_table.printed import PRINTED, first_solved, printed_scores
from hsokv.flows.base import Flow
from hsokv.flows.make import make_flow
from hsokv.flows.named import BUDGETS, FLOWS
from hsokv.runs.experiment import MEASURED, NotebookParams
from hsokv.runs.provenance import config_hash
from hsokv.runs.trial import Trial

NAME = "printed_table"
REPAIRS = ("", "refresh", "no_cut", "scale", "label", "all")
_TRAINED = {"lr": 2e-4, "batch_size": 32, "training": "steps"}  # as the predecessor's baselines

# Arm -> (flow it starts from, switches to change). The swarm's budget comes on top.
ARMS: dict[str, tuple[str, dict]] = {
    "as_shipped": ("as_shipped", {}),
    "as_shipped_masked": ("as_shipped", {"pad_to": 0}),
    "baseline_1": ("fine_tune", _TRAINED | {"pooling": "mean", "pad_to": 96, "stop_loss": 0.0}),
    "baseline_2": ("nearest_neighbor", {}),
    "baseline_2_cosine": ("nearest_neighbor_cosine", {}),
    "baseline_3": ("as_shipped", _TRAINED | {"write_rule": "all", "forgetting": "none"}),
}
REPAIRED = ("as_shipped", "baseline_3")  # arms with a gated memory to mend
SCORES = (
    "accuracy", "one_shot_accuracy", "single_accuracy", "multi_accuracy", "retention",
    "accuracy_without", "kv_hit_rate", "top1_key_correct", "read_fraction", "gate_mean",
    "read_norm", "state_norm", "printed_one_shot", "printed_retention",
)  # fmt: skip
COUNTS = ("n_test", "n_one_shot", "one_shot_correct", "n_single", "n_entries")
TOLERANCES = dict.fromkeys(("kv_hit_rate", "gate_mean", "read_norm", "state_norm"), MEASURED)


def list_repairs(arm: str) -> tuple[str, ...]:
    """Return the repairs of an arm; most have nothing to mend."""
    return REPAIRS if arm in REPAIRED else REPAIRS[:1]


@dataclass(frozen=True)
class Params(NotebookParams):
    """What to run; the fields are the notebook's parameters.

    Raises:
        ValueError: an unknown arm or budget, or a count below 1.
    """

    arms: tuple[str, ...] = ()  # rows of the table and their variants; empty means all
    n_seeds: int = 30  # paired seeds 0 .. n_seeds - 1
    fewer_seeds: dict[str, int] = field(default_factory=dict)  # arms that get fewer than n_seeds
    swarm_budget: str = "demo"  # the predecessor's default preset
    n_steps: int = 300  # optimiser steps of baseline_1 and baseline_3
    n_jobs: int = -1  # learners trained at a time, -1 for all cores
    backend: str = "loky"  # "ray" runs the same trials on a cluster

    def __post_init__(self):
        object.__setattr__(self, "arms", self.arms or tuple(ARMS))
        check_keys(self.arms, ARMS, "arm")
        check_keys(self.fewer_seeds, ARMS, "arm in fewer_seeds")
        check_keys([self.swarm_budget], BUDGETS, "swarm_budget")
        for name in ("n_seeds", "n_steps"):
            check_at_least(name, getattr(self, name), 1)


def arm_config(arm: str, swarm_budget: str = "demo", n_steps: int = 300) -> FlowConfig:
    """Return an arm's configuration: a flow of `FLOWS` with some switches changed."""
    flow, changes = ARMS[arm]
    config = FLOWS[flow].with_overrides(**changes)
    if config.training == "swarm":
        return config.with_overrides(**BUDGETS[swarm_budget])
    return config.with_overrides(n_steps=n_steps) if config.training == "steps" else config


def make_trials(params: Params) -> list[Trial]:
    """Return the trials of a run, one per arm and seed."""
    trials = []
    for arm in params.arms:
        config = arm_config(arm, params.swarm_budget, params.n_steps)
        budget = {"swarm": params.swarm_budget, "steps": "fixed"}.get(config.training, "none")
        steps = {"n_steps": params.n_steps} if config.training == "steps" else {}
        switches = config_hash(config.switches())
        for seed in range(min(params.n_seeds, params.fewer_seeds.get(arm, params.n_seeds))):
            trials.append(Trial.create(NAME, arm, seed, budget=budget, switches=switches, **steps))
    return trials


def run_trial(trial: Trial) -> list[dict]:
    """Train one arm and return a row per repair."""
    settings, task = dict(trial.settings), make_predecessor_task(trial.seed)
    flow = train_arm(trial.flow, task, trial.seed, settings["budget"], settings.get("n_steps", 1))
    states = _states(flow, task.test.texts) if trial.flow in REPAIRED else None
    rows = []
    for repair in list_repairs(trial.flow):
        row = measure(repair_flow(flow, repair, task), task, states)
        row["convergence"] = _convergence(trial.flow, flow, task, row["accuracy"])
        scores = (row["accuracy"], row["one_shot_accuracy"], row["retention"])
        row |= printed_scores(printed_row(trial.flow), *scores)
        rows.append({"arm": trial.flow, "repair": repair, "budget": settings["budget"]} | row)
    return rows


def printed_row(arm: str) -> str:
    """Return the row of `printed.PRINTED` that an arm stands for."""
    return next((row for row in PRINTED if arm.startswith(row)), "h_sokv")


def train_arm(arm: str, task: PredecessorTask, seed: int, budget: str, n_steps: int) -> Flow:
    """Return an arm trained on a task.

    The swarm holds out the last text of each repeated word itself; what is trained by plain steps
    gets the same split; the nearest neighbour stores every text, those held out included.
    """
    config = arm_config(arm, budget if budget in BUDGETS else "demo", n_steps)
    flow = make_flow(ARMS[arm][0], seed=seed, **config.as_dict())
    if config.training != "steps":
        return flow.fit(task.train.texts, task.train.labels)
    held = (task.validation.texts, task.validation.labels) if task.validation.texts else None
    return flow.fit(task.optimised.texts, task.optimised.labels, validation=held)


def repair_flow(flow: Flow, repair: str, task: PredecessorTask) -> Flow:
    """Return a copy of a trained flow with one defect of its memory mended.

    Args:
        flow: a fitted flow with a gated memory; not changed.
        repair: '' nothing; 'refresh' re-encodes the stored keys with the trained encoder;
            'no_cut' reads however low the similarity; 'scale' gives the stored values the mean
            norm of the training texts' states; 'label' answers with the stored labels; 'all' is
            refresh, no_cut and label.
        task: what it was trained on.

    Raises:
        ValueError: an unknown repair.
    """
    check_keys([repair], REPAIRS, "repair")
    mended = copy.deepcopy(flow)
    if repair in ("refresh", "all"):
        mended.refresh_keys(task.train.texts, task.train.labels)
    if repair in ("no_cut", "all"):
        mended.set_params(read_cut=0.0)
    if repair == "scale":
        mended.memory_.values.mul_(float(_states(mended, task.train.texts).norm(dim=1).mean()))
    if repair in ("label", "all"):
        config = mended.config_.with_overrides(fusion="label")  # of what is read, not learned
        mended.config_ = mended.state_.config = config
    return mended


def measure(flow: Flow, task: PredecessorTask, states: Tensor | None = None) -> dict:
    """Return a fitted flow's measures on the test and retention texts, all as shares.

    `single` are the words with one text left to optimise on, `multi` those with more. `read_norm`
    is the mean norm of what a text reads, zero reads included, `state_norm` that of the states it
    is mixed into. What a flow does not have is NaN.

    Args:
        flow: not changed.
        task: what to test it on.
        states: of the test texts, (n_test, d), where they are known; no repair changes them.
    """
    test, answers = task.test, flow.answer(task.test.texts)
    right = right_answers(flow, answers, test)
    again = right_answers(flow, flow.answer(task.retention.texts), task.retention)
    exposures, labels = np.array(test.exposures), np.array(test.labels, dtype=object)
    once, single = exposures == 1, exposures <= 2
    row = dict.fromkeys(SCORES, float("nan")) | {
        "n_test": len(right),
        "n_one_shot": int(once.sum()),
        "one_shot_correct": int(right[once].sum()),
        "n_single": int(single.sum()),
        "n_entries": 0,
        "accuracy": float(right.mean()),
        "one_shot_accuracy": _mean(right[once]),
        "single_accuracy": _mean(right[single]),
        "multi_accuracy": _mean(right[~single]),
        "retention": float(again.mean()),
    }
    if flow.memory_ is None:
        return row
    row |= {
        "n_entries": len(flow.memory_),
        "accuracy_without": _without(flow, answers, labels),
        "read_fraction": float(answers.has_read.mean()),
        "gate_mean": float(answers.gate.mean()),  # NaN without a gate
    }
    if not len(flow.memory_):
        return row
    row["kv_hit_rate"] = float(answers.hit.mean())
    row["top1_key_correct"] = float((flow.classes_[answers.nearest] == labels).mean())
    if flow.config_.fusion == "gate":
        states = _states(flow, test.texts) if states is None else states
        read = flow.memory_.read_values(flow.state_.read(states))
        row["read_norm"] = float(read.norm(dim=1).mean())
        row["state_norm"] = float(states.norm(dim=1).mean())
    return row


def _without(flow: Flow, answers, labels: np.ndarray) -> float:
    """Return the accuracy with the memory off; a flow without a classifier answers nothing."""
    alone = flow.classes_[answers.scores_without.argmax(1)] == labels
    return float((alone & (answers.scores_without.sum(1) > 0)).mean())


def _states(flow: Flow, texts: list[str]) -> Tensor:
    return flow.state_.encode(flow.tokenizer_.encode(texts))


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if values.size else float("nan")


def _convergence(arm: str, flow: Flow, task: PredecessorTask, accuracy: float) -> int:
    """Return "convergence" in the unit that the table uses for this arm; see `first_solved`.

    Baseline-1 was validated every epoch; here it is every 25 steps, given in epochs.
    """
    kind = printed_row(arm)
    if kind == "h_sokv":
        return first_solved([point["accuracy"] for point in flow.history_])
    if kind == "baseline_1":
        place = first_solved([point["accuracy"] for point in flow.history_])
        per_epoch = -(-len(task.optimised.texts) // flow.config.batch_size)
        return place if place < 0 else -(-flow.history_[place - 1]["step"] // per_epoch)
    return first_solved([accuracy] if kind == "baseline_3" else [])
