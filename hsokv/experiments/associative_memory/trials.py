"""Recall from an associative memory: by noisy and reworded cues, over chains, up to its capacity.

Rows go to `results/associative_memory.csv`. What `level` is depends on the task: steps of a chain
(recall), cosine of a noisy cue (noise), further cues (augment), share of a cue's units that are
right (capacity), cosine of two vectors (overlap), steps of a spike train (spikes).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandera.pandas as pa

from hsokv.boundary.checks import check_at_least, check_keys
from hsokv.data.paraphrases import SOURCES
from hsokv.experiments.associative_memory import code_tasks
from hsokv.experiments.associative_memory.cues import (
    AUGMENTED,
    COMMON,
    EXACT,
    FAR,
    NOISY,
    PARAPHRASE,
    RANDOM,
    Memories,
    make_memories,
    nearness,
)
from hsokv.experiments.associative_memory.read_outs import (
    CENTRED,
    CHAINED,
    CODES,
    FOLLOWED,
    INTACT,
    PLAIN,
    SEARCHED,
    SUMMED,
    VECTORS,
    WORDED,
    Found,
    read_codes,
    read_vectors,
    right_ends,
)
from hsokv.memory.codes import SparseCoder
from hsokv.memory.hebbian import draw_codes
from hsokv.memory.hopfield import normalise
from hsokv.memory.theory import predict_counted
from hsokv.models.sentence import WIDTH
from hsokv.runs import experiment as ex
from hsokv.runs.experiment import COUNT, NotebookParams, row_schema
from hsokv.runs.proof import Proof, whole_share
from hsokv.runs.trial import Trial
from hsokv.seeds import numpy_rng

NAME = "associative_memory"
RECALL, NOISE, AUGMENT = "recall", "noise", "augment"
CAPACITY, OVERLAP, SPIKES = "capacity", "overlap", "spikes"
TASKS = (RECALL, NOISE, AUGMENT, CAPACITY, OVERLAP, SPIKES)
ALL_SOURCES = "all"  # of sentences, for further cues
HOPS = (1, 2, 6)
COSINES = (0.9, 0.7, 0.5, 0.3, 0.2)
FURTHER = (0, 1, 2)
READ_OUTS = (*SEARCHED, *CHAINED[1:], *SUMMED, *code_tasks.READ_OUTS)
COSINE = pa.Column(float, pa.Check.in_range(-1, 1), nullable=True)
SCHEMA = row_schema(
    NAME,
    {
        "task": pa.Column(str, pa.Check.isin(TASKS)),
        "source": pa.Column(str, pa.Check.isin([*COMMON, ALL_SOURCES, *SOURCES])),
        "read_out": pa.Column(str, pa.Check.isin(READ_OUTS)),
        "cue": ex.NAME,
        "n_memories": COUNT,
        "level": pa.Column(float, pa.Check.ge(0)),
    },
    {
        "n_asked": COUNT,
        "accuracy": ex.SHARE,
        "intact": ex.SHARE,
        "score": COSINE,
        "expected": ex.SHARE,
        "expected_rates": ex.SHARE,
        "expected_coded": ex.SHARE,
        "busiest": ex.SHARE,
        "cosine": COSINE,
        "alike": COSINE,
    },
    key=["read_out", "cue", "n_memories", "level"],
)
#: Filled in for one read-out of a step, where they belong to all.
UNKNOWN = dict.fromkeys(
    ("expected", "expected_rates", "expected_coded", "busiest", "cosine", "alike"), np.nan
)
Key = tuple[str, str, int, float]  # read-out, cue, number of memories, level


def list_keys(trial: Trial) -> list[Key]:
    """Return read-out, cue, number of memories and level of each row of a trial."""
    settings = dict(trial.settings)
    if settings["task"] in code_tasks.RUN:
        return code_tasks.list_keys(settings["task"], trial.flow)
    over_vectors = trial.flow == VECTORS
    first = [name for name in (SEARCHED if over_vectors else SUMMED)
             if name not in WORDED or _has_words(settings)]  # fmt: skip
    keys = []
    for cue, level in list_cues(settings["task"], settings["source"]):
        for n in settings["n_memories"]:
            if settings["task"] == RECALL:
                keys += [(name, cue, n, 1.0) for name in first]
                later = CHAINED if over_vectors else FOLLOWED
                keys += [(name, cue, n, float(hop)) for hop in HOPS[1:] for name in later]
            else:
                keys += [(name, cue, n, level) for name in first]
    return keys


def list_cues(task: str, source: str) -> list[tuple[str, float]]:
    """Return the kinds of cues of a task, each with its level."""
    far = [(FAR, 1.0)] if source in SOURCES else []
    kinds = {
        RECALL: [(EXACT, 1.0), (PARAPHRASE, 1.0), *far],
        NOISE: [(NOISY, cosine) for cosine in COSINES],
        AUGMENT: [(AUGMENTED, float(n)) for n in FURTHER],
    }
    return kinds[task]


def _has_words(settings: dict) -> bool:
    return settings["task"] != NOISE and settings["source"] not in COMMON


PROOF = Proof(
    ("read_out", "cue", "n_memories", "level"),
    list_keys,
    settings=("task", "source", "n_memories"),
    rules=(whole_share("accuracy", "n_asked"), whole_share("intact", "n_asked")),
)


@dataclass(frozen=True)
class Params(NotebookParams):
    """What to run; the fields are the notebook's parameters.

    Raises:
        ValueError: an unknown task, source or code, or too few memories.
    """

    tasks: tuple[str, ...] = TASKS
    sources: tuple[str, ...] = (RANDOM,)  # the others need HSOKV_DATA
    codes: tuple[str, ...] = ("code_16384_50", "centred_16384_50")
    filled: tuple[str, ...] = (
        "code_4096_20",
    )  # sizes of random codes, of which a matrix is filled
    n_memories: tuple[int, ...] = (20, 100)  # stored, of which up to 100 are asked for
    n_noise: tuple[int, ...] = (100,)  # stored, where cues are noisy or further ones are stored
    n_seeds: int = 2
    n_jobs: int = 1  # trials at a time
    backend: str = "loky"  # "ray" runs the same trials on a cluster

    def __post_init__(self):
        check_keys(self.tasks, TASKS, "task")
        check_keys(self.sources, [*COMMON, *SOURCES], "source")
        check_keys(self.codes, CODES, "code")
        check_keys(self.filled, code_tasks.SIZES, "code")
        check_at_least("n_seeds", self.n_seeds, 1)
        for n in (*self.n_memories, *self.n_noise):
            check_at_least("n_memories", n, 2)


def make_trials(params: Params) -> list[Trial]:
    """Return the trials of a run."""
    trials = []
    for task in params.tasks:
        for source in _sources_of(task, params.sources):
            sizes = {RECALL: params.n_memories, NOISE: params.n_noise, AUGMENT: params.n_noise}
            settings = {"task": task, "source": source, "budget": "none"}
            settings |= {"n_memories": sizes[task]} if task in sizes else {}
            for flow in _flows_of(task, params):
                seeds = range(params.n_seeds)
                trials += [Trial.create(NAME, flow, seed, **settings) for seed in seeds]
    return trials


def _sources_of(task: str, sources: tuple[str, ...]) -> list[str]:
    real = [name for name in sources if name in SOURCES]
    if task == AUGMENT:
        return [ALL_SOURCES] if len(real) == len(SOURCES) else []
    if task == NOISE:
        return [name for name in sources if name in (RANDOM, "qqp")]
    return list(sources) if task == RECALL else [RANDOM]


def _flows_of(task: str, params: Params) -> list[str]:
    if task == SPIKES:
        return [code_tasks.SPIKES]
    if task == CAPACITY:
        return list(params.filled)
    if task == OVERLAP:
        return [name for name in params.codes if CODES[name][2] != CENTRED]
    return [VECTORS, *params.codes]


def run_trial(trial: Trial) -> list[dict]:
    """Run one code, or all searches over vectors, at one task; return a row per key."""
    settings = dict(trial.settings)
    known = {"task": settings["task"], "source": settings["source"]}
    if settings["task"] in code_tasks.RUN:
        found = code_tasks.RUN[settings["task"]](trial.flow, list_keys(trial), trial.seed)
    else:
        found = _recall(settings, trial.flow, trial.seed)
    return [known | dict(zip(PROOF.key, key)) | UNKNOWN | found[key] for key in list_keys(trial)]


def _recall(settings: dict, flow: str, seed: int) -> dict[Key, dict]:
    """Return the results of every read-out of a flow, by key."""
    hops = HOPS if settings["task"] == RECALL else (1,)
    coded = None if flow == VECTORS else _Coded(flow, seed)
    found: dict[Key, dict] = {}
    for n in sorted(settings["n_memories"], reverse=True):  # smaller ones are its beginning
        for cue, level in list_cues(settings["task"], settings["source"]):
            memories = make_memories(settings["source"], n, cue, level, seed)
            read = coded.read(memories, hops) if coded else read_vectors(memories, hops)
            for (name, hop), (ends, scores) in read.items():
                right = ends == right_ends(memories, hop)
                row = {"n_asked": len(right), "accuracy": right.mean(), "score": scores.mean()}
                row |= {"intact": (right & (scores >= INTACT)).mean()}
                if name == "nearest":
                    row |= nearness(memories)
                if coded and name == "counted" and hop == 1 and cue != AUGMENTED:
                    row |= coded.predict(memories, numpy_rng(seed, "prediction", cue, n))
                found[name, cue, n, float(hop) if settings["task"] == RECALL else level] = row
    return found


class _Coded:
    """Reads and predictions with one coder; the last set of cues is encoded once."""

    def __init__(self, flow: str, seed: int):
        self.size, self.n_active, self.kind = CODES[flow]
        self.coder = SparseCoder(WIDTH, self.size, self.n_active, seed, self.kind != PLAIN)
        self.cues, self.codes = np.empty((0, WIDTH)), np.empty((0, self.n_active), np.int32)

    def read(self, memories: Memories, hops: tuple[int, ...]) -> Found:
        if not np.array_equal(self.cues, memories.cues):
            self.cues = memories.cues
            self.codes = self.coder.encode(self._centred(memories.cues))
        queries = self.coder.encode(self._centred(memories.queries))
        return read_codes(memories, hops, self.codes, queries, self.size)

    def predict(self, memories: Memories, rng: np.random.Generator) -> dict[str, float]:
        """Return what theory expects, by what is known of the targets, and how often units fire.

        Targets are random, have each unit as often as the stored ones, or are the stored ones.
        """
        sides = (self._centred(vectors) for vectors in (memories.queries, memories.cues))
        queries, cues = (normalise(side) for side in sides)
        n, own = len(memories.following), self.codes[memories.following]
        targets = {
            "expected": draw_codes(rng, n, self.size, self.n_active),
            "expected_rates": rng.permutation(own.ravel()).reshape(own.shape),
            "expected_coded": own,
        }
        found = {
            name: predict_counted(queries @ cues.T, memories.right, codes, self.size, rng)
            for name, codes in targets.items()
        }
        return found | {"busiest": np.bincount(own.ravel()).max() / n}

    def _centred(self, vectors: np.ndarray) -> np.ndarray:
        return vectors - self.cues.mean(0) if self.kind == CENTRED else vectors
