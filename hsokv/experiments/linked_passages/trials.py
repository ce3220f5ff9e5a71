"""Do linked pairs of passages answer questions that no single passage answers?

Samples of HotpotQA and MuSiQue, whose questions name the passages that answer them. A method's
setting is tuned by recall at 5 and reported in three ways, the parts of the rows:

- `held_out`: tuned on half of a sample's questions, reported on the other half
- `transfer`: tuned on the other sample, reported on all questions
- `in_sample`: tuned on the very questions that are reported, which flatters whatever has settings

Rows go to `results/linked_passages.csv`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

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
    describe_links,
    first_places,
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
HELD_OUT, TRANSFER, IN_SAMPLE = "held_out", "transfer", "in_sample"
PARTS = (HELD_OUT, TRANSFER, IN_SAMPLE)
DEPTHS = (2, 5, 10)
MEASURES = (*(f"recall_{depth}" for depth in DEPTHS), "all_5")
OTHERS = "others_5"
TUNED_BY = 5  # depth of the recall that decides
_OWN = r"\[[1-9]\d*(,[1-9]\d*)+\]"  # of the passages that answer a question
RANKS = rf"^\[{_OWN}(,{_OWN})*\]$"  # of all questions, as JSON
AS_JSON = partial(json.dumps, separators=(",", ":"))
LIST, TABLE = r"^\[.*\]$", r"^\{.*\}$"  # as JSON
SCHEMA = row_schema(
    NAME,
    {
        "source": pa.Column(str, pa.Check.isin(SOURCES)),
        "part": pa.Column(str, pa.Check.isin(PARTS)),
    },
    {
        "n_questions": COUNT,
        "n_settings": COUNT,
        "chosen": pa.Column(str, pa.Check.str_matches(TABLE)),
        **dict.fromkeys(MEASURES, ex.SHARE),
        "asked": pa.Column(str, pa.Check.str_matches(LIST)),  # which questions
        "ranks": pa.Column(str, pa.Check.str_matches(RANKS)),
        "first": pa.Column(str, pa.Check.str_matches(LIST)),  # passages, where all are asked
        "links": pa.Column(str, pa.Check.str_matches(TABLE)),  # see `methods.describe_links`
    },
    key=["part"],
)


def read_ranks(text: str) -> list[list[int]]:
    """Return the ranks of the passages that answer each question of a row, 1 is the first."""
    return json.loads(text)


def question_scores(ranks: list[list[int]], column: str) -> np.ndarray:
    """Return what a column of the rows is the mean of, one value per question, (Q,).

    Of `OTHERS`, recall at 5 without the passage that is found first, there is no column.
    """
    if column == "all_5":
        return (question_recalls(ranks, TUNED_BY) == 1).astype(float)
    if column == OTHERS:
        return question_recalls([sorted(own)[1:] for own in ranks], TUNED_BY)
    return question_recalls(ranks, int(column.removeprefix("recall_")))


def question_recalls(ranks: list[list[int]], depth: int) -> np.ndarray:
    """Return for each question which share of its passages is among the first so many, (Q,)."""
    return np.array([np.mean([rank <= depth for rank in own]) for own in ranks])


def measure(ranks: list[list[int]]) -> dict[str, float]:
    """Return mean recall at each depth, and the share of questions with all passages among 5."""
    return {column: exact_mean(question_scores(ranks, column)) for column in MEASURES}


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
        *(_rule(column) for column in MEASURES),
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
            trials.append(Trial.create(NAME, flow, 0, part=IN_SAMPLE, **settings))
    return trials


def run_trial(trial: Trial) -> list[dict]:
    """Tune a method on some questions and report on others; return one row."""
    settings, flow = dict(trial.settings), trial.flow
    source, part, grid = settings["source"], settings["part"], GRIDS[flow]
    everything = range(len(_told(gold_ranks, flow, source, grid[0])))
    tuned_on, reported = (source, everything), everything
    if part == HELD_OUT:
        tuned_half, reported = halve(source, len(everything), trial.seed)
        tuned_on = (source, tuned_half)
    elif part == TRANSFER:
        [other] = set(SAMPLES) - {source}
        tuned_on = (other, range(len(_told(gold_ranks, flow, other, grid[0]))))
    chosen = choose(flow, *tuned_on)
    ranks = _told(gold_ranks, flow, source, chosen)
    found, is_whole = [ranks[i] for i in reported], part != HELD_OUT
    row = {"source": source, "part": part, "n_questions": len(found)}
    row |= {"n_settings": len(grid), "chosen": canonical_json(chosen)} | measure(found)
    first = _told(first_places, flow, source, chosen) if is_whole else []
    links = describe_links(source) if is_whole else {}
    stored = {"asked": list(reported), "ranks": found, "first": first, "links": links}
    return [row | {name: AS_JSON(value) for name, value in stored.items()}]


def halve(source: str, n: int, seed: int) -> tuple[list[int], list[int]]:
    """Return the questions to tune on and those to report, of n."""
    order = numpy_rng(seed, "halves", source).permutation(n).tolist()
    return order[: n // 2], sorted(order[n // 2 :])


def choose(flow: str, source: str, questions: list[int] | range) -> Setting:
    """Return the setting with the best recall at 5 on some questions, of equal ones the first."""
    grid, recalls = GRIDS[flow], []
    for setting in grid:
        ranks = _told(gold_ranks, flow, source, setting)
        recalls.append(measure([ranks[i] for i in questions])[f"recall_{TUNED_BY}"])
    return grid[int(np.argmax(np.round(recalls, 6)))]


def _told(what: Callable, flow: str, source: str, setting: Setting) -> list[list[int]]:
    return what(flow, source, canonical_json(setting))
