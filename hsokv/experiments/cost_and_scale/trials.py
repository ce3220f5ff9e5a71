"""What searches, chains, keeping and asking cost, from a thousand memories to a million.

Rows go to `results/cost_and_scale.csv`. Times are of one core and of the machine that took them:
`ms` is a median, `ms_low` and `ms_high` are quartiles, and so with `ratio`, taken round by round to
the time of one read of all stored floats (search), of a dictionary's step (chain), or of the
encoder (ask).
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import pandera.pandas as pa

from hsokv.boundary.checks import check_at_least, check_keys
from hsokv.experiments.cost_and_scale import asking, keeping, searches
from hsokv.experiments.cost_and_scale.timing import UNTIMED
from hsokv.experiments.cost_and_scale.vectors import CUES, SOURCES, SPECTRUM
from hsokv.memory.search import SEARCHES
from hsokv.runs import experiment as ex
from hsokv.runs.experiment import COUNT, NotebookParams, row_schema
from hsokv.runs.proof import Proof, whole_share
from hsokv.runs.trial import Trial

NAME = "cost_and_scale"
SEARCH, CHAIN, KEEP, ASK = "search", "chain", "keep", "ask"
TASKS = (SEARCH, CHAIN, KEEP, ASK)
CODES = "codes"  # of chains, drawn at random
VECTORS = "vectors"
TIME = pa.Column(float, pa.Check.ge(0), nullable=True)
METHODS = (*searches.READS, searches.FLOOR, searches.LOOKUP, searches.NUMPY, *searches.WHOLE,
           searches.BINARY, *keeping.CHAIN, *keeping.STEPS,
           *asking.list_methods(asking.MEANING))  # fmt: skip
SCHEMA = row_schema(
    NAME,
    {
        "task": pa.Column(str, pa.Check.isin(TASKS)),
        "source": pa.Column(str, pa.Check.isin([*SOURCES, CODES, asking.STORIES])),
        "method": pa.Column(str, pa.Check.isin(METHODS)),
        "cue": pa.Column(str, pa.Check.isin([searches.NO_CUE, *CUES])),
        "n_memories": COUNT,
        "n_candidates": COUNT,
    },
    {
        "n_asked": COUNT,
        "recall": ex.SHARE,
        "first": ex.SHARE,
        "n_bytes": COUNT,
        **dict.fromkeys(UNTIMED, TIME),
    },
    key=["method", "cue", "n_candidates"],
)


def list_keys(trial: Trial) -> list[tuple[str, str, int]]:
    """Return method, cue and number of candidates of each row of a trial."""
    settings = dict(trial.settings)
    if settings["task"] == SEARCH:
        return searches.list_keys(settings["n_memories"], settings["candidates"])
    names = {CHAIN: keeping.CHAIN, KEEP: keeping.STEPS, ASK: asking.list_methods(trial.flow)}
    names = names[settings["task"]]
    return [(name, searches.NO_CUE, 0) for name in names]


PROOF = Proof(
    ("method", "cue", "n_candidates"),
    list_keys,
    settings=("task", "source", "n_memories"),
    rules=(
        whole_share("first", "n_asked"),
        whole_share("recall", lambda rows: rows["n_asked"] * _answers(rows)),
    ),
)


def _answers(rows: pd.DataFrame) -> pd.Series:
    """Return how many answers each query of a row has."""
    return 1 + (searches.K - 1) * (rows["task"] == SEARCH)


@dataclass(frozen=True)
class Params(NotebookParams):
    """What to run; the fields are the notebook's parameters.

    Raises:
        ValueError: an unknown task or source, or numbers that are too small.
    """

    tasks: tuple[str, ...] = TASKS
    sources: tuple[str, ...] = ("random", "spectrum")  # sentences need HSOKV_DATA
    n_memories: tuple[int, ...] = (1000, 2000)  # searched
    candidates: tuple[int, ...] = (100, 400, 800)  # that pass a comparison of signs
    n_pairs: tuple[int, ...] = (1000, 2000)  # of codes, in chains
    n_kept: tuple[int, ...] = (1000,)  # stored, saved, loaded
    n_turns: tuple[int, ...] = (200,)  # of conversations that are asked
    readers: tuple[str, ...] = ("words",)  # "meaning" needs the sentence encoder
    n_rounds: int = 12  # timings of each call, at most
    n_seeds: int = 2
    n_jobs: int = 1  # trials at a time: more disturb one another
    backend: str = "loky"  # "ray" runs the same trials on a cluster

    def __post_init__(self):
        check_keys(self.tasks, TASKS, "task")
        check_keys(self.sources, SOURCES, "source")
        check_keys(self.readers, asking.READERS, "reader")
        check_at_least("n_rounds", self.n_rounds, 1)
        check_at_least("n_seeds", self.n_seeds, 1)
        for n in (*self.n_memories, *self.n_pairs, *self.n_kept, *self.n_turns):
            check_at_least("n_memories", n, 100)
        for n in self.candidates:
            check_at_least("candidates", n, searches.K)


def make_trials(params: Params) -> list[Trial]:
    """Return the trials of a run, small ones first."""
    trials, rounds = [], {"budget": "none", "n_rounds": params.n_rounds}
    if SEARCH in params.tasks:
        for n in params.n_memories:
            for source in params.sources:
                settings = {"task": SEARCH, "source": source, "n_memories": n, **rounds}
                settings["candidates"] = params.candidates
                trials += [Trial.create(NAME, VECTORS, seed, **settings)
                           for seed in range(params.n_seeds)]  # fmt: skip
    if CHAIN in params.tasks:
        for n in params.n_pairs:
            settings = {"task": CHAIN, "source": CODES, "n_memories": n, **rounds}
            seeds = range(params.n_seeds)
            trials += [Trial.create(NAME, CODES, seed, **settings) for seed in seeds]
    if KEEP in params.tasks:
        for n in params.n_kept:
            settings = {"task": KEEP, "source": SPECTRUM, "n_memories": n, **rounds}
            trials += [Trial.create(NAME, search, 0, **settings) for search in SEARCHES]
    if ASK in params.tasks:
        for n in params.n_turns:
            settings = {"task": ASK, "source": asking.STORIES, "n_memories": n, **rounds}
            trials += [Trial.create(NAME, reader, seed, **settings)
                       for reader in params.readers for seed in range(params.n_seeds)]  # fmt: skip
    return trials


def run_trial(trial: Trial) -> list[dict]:
    """Measure all searches of the same vectors, steps of chains, or one kind of memory."""
    settings = dict(trial.settings)
    task, n, n_rounds = (settings[name] for name in ("task", "n_memories", "n_rounds"))
    if task == SEARCH:
        found = searches.run_searches(settings, trial.seed)
    elif task == CHAIN:
        found = keeping.run_chain(n, n_rounds, trial.seed)
    elif task == ASK:
        found = asking.run_asking(trial.flow, n, n_rounds, trial.seed)
    else:
        found = keeping.run_keeping(trial.flow, n, max(2, min(5, n_rounds // 50)), trial.seed)
    known = {"task": task, "source": settings["source"], "n_memories": n}
    return [
        known | dict(zip(PROOF.key, key)) | found[key if task == SEARCH else key[0]]
        for key in list_keys(trial)
    ]
