"""Do linked pairs of passages answer questions that no single passage answers?

Samples of HotpotQA and MuSiQue, whose questions name the passages that answer them. A method's
setting is tuned by recall at 5 on half of a sample's questions and reported on the other half, or
tuned on the other sample and reported on all. Rows go to `results/linked_passages.csv`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pandera.pandas as pa

from hsokv.boundary.checks import check_at_least, check_keys
from hsokv.data.multihop import SAMPLES
from hsokv.experiments.linked_passages.methods import (
    FLOWS,
    GRIDS,
    OWN,
    SOURCES,
    Setting,
    gold_ranks,
)
from hsokv.runs import experiment as ex
from hsokv.runs.experiment import COUNT, NotebookParams, row_schema
from hsokv.runs.proof import Proof, Rule
from hsokv.runs.provenance import canonical_json
from hsokv.runs.trial import Trial
from hsokv.seeds import numpy_rng
from hsokv.stats.intervals import exact_mean

NAME = "linked_passages"
HELD_OUT, TRANSFER = "held_out", "transfer"
DEPTHS = (2, 5, 10)
TUNED_BY = 5  # depth of the recall that decides
_OWN = r"\[\d+(,\d+)+\]"  # of the passages that answer a question
RANKS = rf"^\[{_OWN}(,{_OWN})*\]$"  # of all questions, as JSON
SCHEMA = row_schema(
    NAME,
    {
        "source": pa.Column(str, pa.Check.isin(SOURCES)),
        "part": pa.Column(str, pa.Check.isin([HELD_OUT, TRANSFER])),
    },
    {
        "n_questions": COUNT,
        "n_settings": COUNT,
        "chosen": pa.Column(str, pa.Check.str_matches(r"^\{.*\}$")),
        **{f"recall_{depth}": ex.SHARE for depth in DEPTHS},
        "all_5": ex.SHARE,
        "ranks": pa.Column(str, pa.Check.str_matches(RANKS)),
    },
    key=["part"],
)


def read_ranks(text: str) -> list[list[int]]:
    """Return the ranks of the passages that answer each question of a row, 1 is the first."""
    return json.loads(text)


def question_recalls(ranks: list[list[int]], depth: int) -> np.ndarray:
    """Return for each question which share of its passages is among the first so many, (Q,)."""
    return np.array([np.mean([rank <= depth for rank in own]) for own in ranks])


def measure(ranks: list[list[int]]) -> dict[str, float]:
    """Return mean recall at each depth, and the share of questions with all passages among 5."""
    recalls = {f"recall_{depth}": exact_mean(question_recalls(ranks, depth)) for depth in DEPTHS}
    return recalls | {"all_5": exact_mean(question_recalls(ranks, TUNED_BY) == 1)}


def _rule(column: str) -> Rule:
    def expected(rows: pd.DataFrame) -> list[float]:
        return [measure(read_ranks(text))[column] for text in rows["ranks"]]

    return Rule(column, expected, "what the ranks say")


PROOF = Proof(
    ("part",),
    lambda trial: [(dict(trial.settings)["part"],)],
    settings=("source", "part"),
    rules=(
        Rule("n_questions", lambda rows: rows["ranks"].map(lambda r: len(read_ranks(r))), "ranks"),
        Rule(
            "n_settings",
            lambda rows: rows["flow"].map(lambda flow: len(GRIDS[flow])),
            "the grid of the method",
        ),
        *(_rule(column) for column in (*(f"recall_{depth}" for depth in DEPTHS), "all_5")),
    ),
)


@dataclass(frozen=True)
class Params(NotebookParams):
    """What to run; the fields are the notebook's parameters.

    Raises:
        ValueError: an unknown source or method, or no split.
    """

    sources: tuple[str, ...] = (OWN,)  # the others need HSOKV_DATA
    methods: tuple[str, ...] = FLOWS
    n_splits: int = 2  # of the questions, into a half to tune on and a half to report
    n_jobs: int = 1  # trials at a time; each process encodes the passages for itself
    backend: str = "loky"  # "ray" runs the same trials on a cluster

    def __post_init__(self):
        check_keys(self.sources, SOURCES, "source")
        check_keys(self.methods, FLOWS, "method")
        check_at_least("n_splits", self.n_splits, 1)


def make_trials(params: Params) -> list[Trial]:
    """Return the trials of a run; what is tuned on the other sample needs both."""
    trials = []
    for source in params.sources:
        for flow in params.methods:
            settings = {"source": source, "budget": "none"}
            trials += [
                Trial.create(NAME, flow, seed, part=HELD_OUT, **settings)
                for seed in range(params.n_splits)
            ]
            if source != OWN and set(SAMPLES) <= set(params.sources):
                trials.append(Trial.create(NAME, flow, 0, part=TRANSFER, **settings))
    return trials


def run_trial(trial: Trial) -> list[dict]:
    """Tune a method on some questions and report on others; return one row."""
    settings, flow = dict(trial.settings), trial.flow
    source, grid = settings["source"], GRIDS[flow]
    ranks = _ranks_of(flow, source, grid[0])
    if settings["part"] == TRANSFER:
        [other] = set(SAMPLES) - {source}
        tuned_on = (other, range(len(_ranks_of(flow, other, grid[0]))))
        reported = range(len(ranks))
    else:
        order = numpy_rng(trial.seed, "halves", source).permutation(len(ranks)).tolist()
        tuned_on = (source, order[: len(order) // 2])
        reported = sorted(order[len(order) // 2 :])
    chosen = choose(flow, *tuned_on)
    ranks = _ranks_of(flow, source, chosen)
    found = [ranks[i] for i in reported]
    row = {"source": source, "part": settings["part"], "n_questions": len(found)}
    row |= {"n_settings": len(grid), "chosen": canonical_json(chosen)}
    return [row | measure(found) | {"ranks": json.dumps(found, separators=(",", ":"))}]


def choose(flow: str, source: str, questions: list[int] | range) -> Setting:
    """Return the setting with the best recall at 5 on some questions, of equal ones the first."""
    grid, recalls = GRIDS[flow], []
    for setting in grid:
        ranks = _ranks_of(flow, source, setting)
        recalls.append(measure([ranks[i] for i in questions])[f"recall_{TUNED_BY}"])
    return grid[int(np.argmax(np.round(recalls, 6)))]


def _ranks_of(flow: str, source: str, setting: Setting) -> list[list[int]]:
    return gold_ranks(flow, source, canonical_json(setting))
