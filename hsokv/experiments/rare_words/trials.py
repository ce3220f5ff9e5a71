"""The rare-word experiment: every flow, every test condition, paired seeds.

A trial trains one learner once and tests it under every condition and number of distractors; its
rows go to `results/rare_words.csv`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product

import pandera.pandas as pa

from hsokv.boundary.checks import check_keys
from hsokv.config import FlowConfig
from hsokv.data.lexicon import load_lexicon
from hsokv.data.rare_words import RareWordTask, make_rare_word_task
from hsokv.experiments.evaluate import examine, fit_blocks, fit_task
from hsokv.experiments.word_rows import count_pairs, word_rules
from hsokv.flows.budgets import BUDGETED, with_budget
from hsokv.flows.make import make_flow
from hsokv.flows.named import BUDGETS, FLOWS
from hsokv.runs.experiment import COUNT, MEASURED, RANKED, SHARE, WORDS, NotebookParams, row_schema
from hsokv.runs.proof import Proof, same_in_trial, whole_number, whole_share
from hsokv.runs.provenance import config_hash
from hsokv.runs.trial import Trial
from hsokv.stats import metrics

NAME = "rare_words"
CONDITIONS = ("verbatim", "recognise", "infer", "unseen")
MEASURES = (
    "accuracy", "one_shot_accuracy", "retention", "retention_as_printed", "forgetting",
    "memory_utility", "kv_hit_rate", "top1_key_correct", "read_fraction", "gate_mean",
    "novelty_auroc", "convergence_steps", "flops", "train_s", "predict_ms", "memory_bytes",
)  # fmt: skip
SHARES = ("one_shot_accuracy", "retention", "retention_as_printed", "top1_key_correct",
          "read_fraction", "gate_mean", "novelty_auroc")  # fmt: skip
TIMINGS = ("train_s", "predict_ms")
TOLERANCES = {"kv_hit_rate": MEASURED, "gate_mean": MEASURED, "novelty_auroc": RANKED}


KEY = ("condition", "n_distractors")


def _schema() -> pa.DataFrameSchema:
    settings = {
        "budget": pa.Column(str, pa.Check.isin(["none", "fixed", *BUDGETS])),
        "condition": pa.Column(str, pa.Check.isin(CONDITIONS)),
        "n_way": COUNT,
        "n_distractors": COUNT,
    }
    measures = dict.fromkeys(MEASURES, pa.Column(float, nullable=True))
    shares = dict.fromkeys(SHARES, SHARE)
    results = {
        "n_test": COUNT,
        "n_one_shot": COUNT,
        **(measures | shares),
        "accuracy": pa.Column(float, pa.Check.in_range(0, 1)),
        "correct_words": WORDS,
        "tested_words": WORDS,
    }
    return row_schema(NAME, settings, results, key=KEY)


SCHEMA = _schema()


PROOF = Proof(
    KEY,
    lambda trial: list(product(CONDITIONS, dict(trial.settings)["n_distractors"])),
    settings=("budget", "n_way", "n_distractors"),
    rules=(
        *word_rules(),
        whole_share("read_fraction", "n_test"),
        whole_share("retention_as_printed", "n_test"),
        whole_share("novelty_auroc", count_pairs),
        *map(whole_number, ("convergence_steps", "memory_bytes")),
        *map(same_in_trial, ("convergence_steps", "flops", "train_s", "memory_bytes")),
    ),
)


@dataclass(frozen=True)
class Params(NotebookParams):
    """What to run; the fields are the notebook's parameters.

    Raises:
        ValueError: an unknown flow or budget, or a count below 1.
    """

    flows: tuple[str, ...] = ()  # which flows; empty means all
    n_ways: tuple[int, ...] = (5, 20, 100)  # words to tell apart
    n_distractors: tuple[int, ...] = (0, 1, 3, 5)  # filler sentences around a test story
    n_seeds: int = 20  # paired seeds 0 .. n_seeds - 1
    n_retention_seeds: int = 3  # seeds on which words also arrive in blocks
    swarm_budget: str = "demo"  # budget of the swarm-trained flows and of fine_tune
    fewer_seeds: dict[str, int] = field(default_factory=dict)  # flows that get fewer than n_seeds
    full_seeds: dict[str, int] = field(default_factory=dict)  # seeds at the full budget, per flow
    n_jobs: int = -1  # trials at a time, -1 for all cores
    backend: str = "loky"  # "ray" runs the same trials on a cluster

    def __post_init__(self):
        object.__setattr__(self, "flows", self.flows or tuple(FLOWS))
        check_keys(self.flows, FLOWS, "flow")
        check_keys([self.swarm_budget], BUDGETS, "swarm_budget")
        check_keys(self.fewer_seeds, FLOWS, "flow in fewer_seeds")
        check_keys(self.full_seeds, BUDGETED, "flow with a budget in full_seeds")
        if self.n_seeds < 1 or not self.n_ways:
            raise ValueError(
                f"n_seeds={self.n_seeds}, n_ways={self.n_ways}: expected at least one of each; "
                "raise n_seeds and name an n_way"
            )
        if not self.n_distractors or min(self.n_distractors) < 0:
            raise ValueError(
                f"n_distractors={self.n_distractors}: expected numbers from 0 up; name at least one"
            )
        for n_way in self.n_ways:
            if not 5 <= n_way <= len(load_lexicon()):
                raise ValueError(f"n_ways holds {n_way}: expected 5 to 100; change n_ways")


def flow_config(flow: str, budget: str) -> FlowConfig:
    """Return a flow's configuration under a budget."""
    return with_budget(flow, FLOWS[flow], budget)


def list_arm_names() -> list[str]:
    """Return the names that arms can have: flows, those with a budget under each of them."""
    arms = [flow for flow in FLOWS if flow not in BUDGETED]
    return arms + [f"{flow} ({budget})" for flow in BUDGETED for budget in BUDGETS]


def make_trials(params: Params) -> list[Trial]:
    """Return the trials of a run, cheap ones first.

    Flows with a budget, retention and distractors are run at the largest number of words only.
    """
    seeds = {f: range(min(params.n_seeds, params.fewer_seeds.get(f, 10**6))) for f in params.flows}
    most, budgeted = max(params.n_ways), [flow for flow in params.flows if flow in BUDGETED]
    trials = [
        _trial(flow, "none" if FLOWS[flow].training == "none" else "fixed", n_way, seed, params)
        for flow in params.flows
        if flow not in BUDGETED
        for n_way in params.n_ways
        for seed in seeds[flow]
    ]
    for flow in budgeted:
        trials += [_trial(flow, params.swarm_budget, most, seed, params) for seed in seeds[flow]]
    for flow in budgeted:
        n_full = params.full_seeds.get(flow, 0)
        trials += [_trial(flow, "full", most, seed, params) for seed in range(n_full)]
    return list(dict.fromkeys(trials))


def _trial(flow: str, budget: str, n_way: int, seed: int, params: Params) -> Trial:
    is_main = n_way == max(params.n_ways)
    in_blocks = is_main and seed < params.n_retention_seeds
    in_blocks &= budget != "full" and flow != "as_shipped"  # too expensive to train six times
    return Trial.create(
        NAME,
        flow,
        seed,
        budget=budget,
        n_way=n_way,
        n_distractors=params.n_distractors if is_main else (0,),
        retention=in_blocks,
        switches=config_hash(flow_config(flow, budget).switches()),
    )


def run_trial(trial: Trial) -> list[dict]:
    """Train one learner and return a row per condition and number of distractors."""
    settings = dict(trial.settings)
    task = make_rare_word_task(settings["n_way"], seed=trial.seed)
    switches = flow_config(trial.flow, settings["budget"]).as_dict()
    flow = make_flow(trial.flow, seed=trial.seed, **switches)
    fit_task(flow, task)
    learner = {
        "budget": settings["budget"],
        "n_way": settings["n_way"],
        "convergence_steps": flow.convergence_steps_,
        "flops": flow.cost_.flops,
        "train_s": flow.cost_.train_s,
        "memory_bytes": flow.memory_bytes,
    }
    blocks = _retention(trial, task, switches) if settings["retention"] else {}
    rows = []
    for n_distractors in settings["n_distractors"]:
        tested = {c: examine(flow, task.test(c, n_distractors)) for c in CONDITIONS}
        unseen = tested["unseen"].pop("novelty")
        known = {c: tested[c].pop("novelty") for c in CONDITIONS if c != "unseen"}
        for condition in CONDITIONS:
            negatives = known["recognise" if condition == "unseen" else condition]
            row = learner | {"condition": condition, "n_distractors": n_distractors}
            row |= tested[condition] | {"novelty_auroc": metrics.auroc(negatives, unseen)}
            if n_distractors == 0:
                row |= blocks.get(condition, {})
                if condition == "verbatim":
                    again = examine(flow, task.test("verbatim", 5, draw="retention"))
                    row["retention_as_printed"] = again["accuracy"]
            row = {name: row[name] for name in SCHEMA.columns if name in row}
            rows.append(dict.fromkeys(MEASURES, float("nan")) | row)
    return rows


def _retention(trial: Trial, task: RareWordTask, switches: dict) -> dict[str, dict]:
    """Let the words arrive in blocks; return retention and forgetting per condition.

    A budget (of the swarm or of `fine_tune`) is spent evenly over the blocks; flows with a fixed
    number of steps take that many on each.
    """
    n_blocks = len(task.blocks)
    shared = ("meta_iterations", "n_steps") if trial.flow in BUDGETED else ()
    switches = switches | {name: max(1, switches[name] // n_blocks) for name in shared}
    return fit_blocks(make_flow(trial.flow, seed=trial.seed, **switches), task, CONDITIONS)
