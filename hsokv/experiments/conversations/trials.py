"""Which turns of a long conversation answer a question about it, and which sessions?

LoCoMo's ten conversations. Settings and weights are chosen on the first five: for one of the other
five on all of them, and for one of the five on the other four. A trial is one method on one
conversation, whose number is its seed. Rows go to `results/conversations.csv`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pandera.pandas as pa

from hsokv.boundary.checks import check_keys
from hsokv.experiments.conversations.cases import N_TUNED, NAMES, OWN, load_case
from hsokv.experiments.conversations.methods import (
    FITTED,
    FLOWS,
    GRIDS,
    Ranks,
    Setting,
    cues_of,
    fit,
    rank,
    rank_fitted,
)
from hsokv.runs import experiment as ex
from hsokv.runs.experiment import COUNT, NotebookParams, row_schema
from hsokv.runs.proof import Proof, Rule
from hsokv.runs.provenance import canonical_json
from hsokv.runs.trial import Trial
from hsokv.stats.intervals import exact_mean

NAME = "conversations"
HELD_OUT, LEFT_OUT = "held_out", "left_out"
PARTS = (HELD_OUT, LEFT_OUT)
LEVELS, DEPTHS = ("turn", "session"), (5, 10)
MEASURES = tuple(
    f"{level}_{name}"
    for level in LEVELS
    for name in ("any_5", "any_10", "all_5", "all_10", "ndcg_10")
)
TUNED_BY = "turn_all_10"  # what settings are chosen by, and the headline
_PLACES = r"\[[1-9]\d*(,[1-9]\d*)*\]"  # in an order, from 1
_QUESTION = rf"\[[1-4],{_PLACES},{_PLACES}\]"  # category, places of turns and of sessions
SCHEMA = row_schema(
    NAME,
    {
        "source": pa.Column(str, pa.Check.isin(NAMES)),
        "part": pa.Column(str, pa.Check.isin(PARTS)),
        "conversation": pa.Column(str, pa.Check.str_matches(r"^[\w-]+$")),
    },
    {
        **dict.fromkeys(("n_questions", "n_turns", "n_sessions", "n_settings"), COUNT),
        "chosen": pa.Column(str, pa.Check.str_matches(r"^\{.*\}$")),
        **dict.fromkeys(MEASURES, ex.SHARE),
        "ranks": pa.Column(str, pa.Check.str_matches(rf"^\[{_QUESTION}(,{_QUESTION})*\]$")),
    },
    key=["conversation"],
)


def read_ranks(text: str) -> list[Ranks]:
    """Return the ranks of all questions of a row."""
    return [Ranks(*own) for own in json.loads(text)]


def measure_question(ranks: Ranks) -> dict[str, float]:
    """Return `MEASURES` of one question.

    any and all say whether one, or every one, of the turns or sessions that answer is among the
    first so many; ndcg_10 is the normalised discounted cumulative gain of the first ten.
    """
    found = {}
    for level, own in zip(LEVELS, (ranks.turns, ranks.sessions)):
        for depth in DEPTHS:
            found[f"{level}_any_{depth}"] = float(own[0] <= depth)
            found[f"{level}_all_{depth}"] = float(own[-1] <= depth)
        gain = sum(1 / np.log2(rank + 1) for rank in own if rank <= 10)
        best = sum(1 / np.log2(rank + 1) for rank in range(1, min(10, len(own)) + 1))
        found[f"{level}_ndcg_10"] = float(gain / best)
    return found


def measure(ranks: list[Ranks]) -> dict[str, float]:
    """Return the means of `MEASURES` over questions."""
    found = [measure_question(own) for own in ranks]
    return {name: exact_mean([own[name] for own in found]) for name in MEASURES}


def _expected(column: str, rows: pd.DataFrame) -> list[float]:
    return [measure(read_ranks(text))[column] for text in rows["ranks"]]


def _measure_rule(column: str) -> Rule:
    return Rule(column, lambda rows: _expected(column, rows), "what the ranks say")


PROOF = Proof(
    ("conversation",),
    lambda trial: [(NAMES[dict(trial.settings)["source"]][trial.seed - 1],)],
    settings=("source", "part"),
    rules=(
        Rule("n_questions", lambda rows: rows["ranks"].map(lambda r: len(read_ranks(r))), "ranks"),
        Rule(
            "n_settings",
            lambda rows: rows["flow"].map(lambda flow: len(GRIDS.get(flow, [{}]))),
            "the grid of the method",
        ),
        *map(_measure_rule, MEASURES),
    ),
)


@dataclass(frozen=True)
class Params(NotebookParams):
    """What to run; the fields are the notebook's parameters.

    Raises:
        ValueError: an unknown source or method.
    """

    sources: tuple[str, ...] = (OWN,)  # locomo needs HSOKV_DATA
    methods: tuple[str, ...] = FLOWS
    longmemeval: str = ""  # a file to measure beside it, see `harness`; no trial of it is kept
    n_jobs: int = 1  # trials at a time; each process encodes the conversations for itself
    backend: str = "loky"  # "ray" runs the same trials on a cluster

    def __post_init__(self):
        check_keys(self.sources, NAMES, "source")
        check_keys(self.methods, FLOWS, "method")


def make_trials(params: Params) -> list[Trial]:
    """Return the trials of a run; a single conversation to tune on is not left out in turn."""
    trials = []
    for source in params.sources:
        n_tuned = N_TUNED[source]
        first = 1 if n_tuned > 1 else 2
        for flow in params.methods:
            for number in range(first, len(NAMES[source]) + 1):
                part = LEFT_OUT if number <= n_tuned else HELD_OUT
                settings = {"source": source, "part": part, "budget": "none"}
                trials.append(Trial.create(NAME, flow, number, **settings))
    return trials


def run_trial(trial: Trial) -> list[dict]:
    """Choose a method's settings or weights on other conversations; return one row."""
    settings, flow, number = dict(trial.settings), trial.flow, trial.seed
    source = settings["source"]
    others = tuple(n for n in range(1, N_TUNED[source] + 1) if n != number)
    if flow in FITTED:
        weights = fit(flow, source, others)
        chosen: Setting = dict(zip(cues_of(flow), weights))
        found = rank_fitted(flow, source, number, weights)
    else:
        chosen = choose(flow, source, others)
        found = rank(flow, source, number, canonical_json(chosen))
    case = load_case(source, number)
    row = {"source": source, "part": settings["part"]}
    row |= {"conversation": NAMES[source][number - 1], "n_questions": len(found)}
    row |= {"n_turns": len(case.turns), "n_sessions": len(case.sessions.names)}
    row |= {"n_settings": len(GRIDS.get(flow, [{}])), "chosen": canonical_json(chosen)}
    ranks = json.dumps([list(own) for own in found], separators=(",", ":"))
    return [row | measure(found) | {"ranks": ranks}]


def choose(flow: str, source: str, numbers: tuple[int, ...]) -> Setting:
    """Return the setting that finds most by `TUNED_BY`, of equal ones the first.

    Args:
        flow: a method with settings.
        source, numbers: of the conversations to choose on.
    """
    grid, shares = GRIDS[flow], []
    for setting in grid if len(grid) > 1 else []:
        name = canonical_json(setting)
        ranks = [own for number in numbers for own in rank(flow, source, number, name)]
        shares.append(exact_mean([own.turns[-1] <= 10 for own in ranks]))
    return grid[int(np.argmax(np.round(shares, 6)))] if shares else grid[0]
