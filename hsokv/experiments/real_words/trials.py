"""The real-words experiment: rare words from one dictionary definition each, told apart by usages.

A trial stores one text per word, n words at a time, and asks for each word a usage, with the word
in it or blanked; its rows go to `results/real_words.csv`. Where n is less than the words that are
asked for, they are asked in groups of n, each stored by a learner of its own; where it is more,
further words are stored beside them.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa

from hsokv.boundary.checks import check_at_least, check_keys
from hsokv.data.words import PARTS, SOURCES, Questions, load_questions
from hsokv.experiments.real_words.forms import form_config, list_forms
from hsokv.experiments.word_rows import count_bits
from hsokv.flows.base import Answers, Flow
from hsokv.flows.make import make_flow
from hsokv.flows.named import FLOWS
from hsokv.models.sentence import encode_sentences
from hsokv.runs import experiment as ex
from hsokv.runs.experiment import COUNT, RANKED, SHARE, WORDS, NotebookParams, row_schema
from hsokv.runs.proof import Proof, Rule, same_in_trial, whole_number
from hsokv.runs.provenance import config_hash
from hsokv.runs.trial import Trial
from hsokv.seeds import numpy_rng
from hsokv.stats.metrics import auroc, fpr_at_95
from hsokv.stats.word_sets import encode_words

NAME = "real_words"
#: Condition -> what is asked.
CONDITIONS = {
    "verbatim": "the stored text again",
    "recognise": "a usage with the word",
    "infer": "the same usage with the word blanked",
    "unseen": "a usage of a word that was never stored: declining is right",
}
STORED = {"named": "{word} means {definition}", "bare": "{definition}"}
BANDS = (1.0, 2.0, 3.0)  # upper ends of bands of zipf frequency
TIMED = 15  # texts learned and asked one at a time, for the median time
TIMES = ("learn_ms", "predict_ms", "encode_ms")
MEASURES = ("declined", "forced", "novelty_auroc", "fpr_at_95",
            *(f"accuracy_zipf_{i}" for i in range(len(BANDS))), *TIMES, "memory_bytes")  # fmt: skip
UNAUDITED = TIMES
TOLERANCES = {"novelty_auroc": RANKED, "fpr_at_95": RANKED}
SETTINGS = ("form", "words", "part", "stored", "n_stored", "n_asked")
SCHEMA = row_schema(
    NAME,
    {
        "form": ex.NAME,
        "words": pa.Column(str, pa.Check.isin(SOURCES)),
        "part": pa.Column(str, pa.Check.isin(PARTS[:2])),
        "stored": pa.Column(str, pa.Check.isin(STORED)),
        "n_stored": COUNT,
        "n_asked": COUNT,
        "condition": pa.Column(str, pa.Check.isin(CONDITIONS)),
    },
    {
        "n_test": COUNT,
        "accuracy": pa.Column(float, pa.Check.in_range(0, 1)),
        **dict.fromkeys(MEASURES, pa.Column(float, nullable=True)),
        **dict.fromkeys(("declined", "forced", "novelty_auroc", "fpr_at_95"), SHARE),
        "correct_words": WORDS,
        "tested_words": WORDS,
    },
    key=["condition"],
)


def _right_and_tested(rows: pd.DataFrame) -> list[str]:
    """Return the right words, cut to those that were tested, as they are written."""
    pairs = zip(rows["correct_words"], rows["tested_words"])
    return [f"0x{int(c, 16) & int(t, 16):0{len(t) - 2}x}" for c, t in pairs]


PROOF = Proof(
    ("condition",),
    lambda trial: [(condition,) for condition in CONDITIONS],
    settings=SETTINGS,
    rules=(
        Rule("correct_words", _right_and_tested, "words that were tested"),
        Rule("n_test", lambda rows: count_bits(rows["tested_words"]), "the tested words"),
        Rule(
            "accuracy",
            lambda rows: count_bits(rows["correct_words"]) / rows["n_test"].clip(lower=1),
            "right words / tested words",
        ),
        whole_number("memory_bytes"),
        *map(same_in_trial, ("learn_ms", "predict_ms", "encode_ms", "memory_bytes")),
    ),
)


@dataclass(frozen=True)
class Params(NotebookParams):
    """What to run; the fields are the notebook's parameters.

    Raises:
        ValueError: an unknown flow, form or source of words, or a count below 1.
    """

    words: str = "wordnet"  # or "lexicon", the words that ship with the package
    flows: tuple[str, ...] = ()  # as they stand, at every number of stored words
    large_flows: tuple[str, ...] = ()  # those of them that store more than are asked
    # flow -> further forms, with as many words stored as are asked for
    forms: dict[str, tuple[str, ...]] = field(default_factory=dict)
    # flow -> forms that store the definition without its word, the same
    bare: dict[str, tuple[str, ...]] = field(default_factory=dict)
    n_stored: tuple[int, ...] = (5, 20, 100, 1000)  # words stored at once
    n_asked: int = 1000  # words asked for
    n_seeds: int = 3  # draws of the words that are asked for, 0 .. n_seeds - 1
    tuned_flows: tuple[str, ...] = ()  # whose candidates are tried on development words, all ...
    n_development: int = 662  # ... of so many at once
    n_jobs: int = -1  # trials at a time, -1 for all cores
    backend: str = "loky"  # "ray" runs the same trials on a cluster

    def __post_init__(self):
        check_keys([self.words], SOURCES, "words")
        check_keys([*self.flows, *self.large_flows, *self.tuned_flows], FLOWS, "flow")
        for group in ("forms", "bare"):
            for flow, forms in getattr(self, group).items():
                check_keys(forms, list_forms(flow), f"form of {flow}")
        for name in ("n_asked", "n_seeds", "n_development"):
            check_at_least(name, getattr(self, name), 1)
        for n_stored in self.n_stored:
            check_at_least("n_stored", n_stored, 2)


def make_trials(params: Params) -> list[Trial]:
    """Return the trials of a run: those on development words, then few words before many."""
    trials = []
    for flow in params.tuned_flows:
        for form in ["", *(f for f in list_forms(flow) if f.startswith("candidate_"))]:
            sizes = dict.fromkeys(("n_stored", "n_asked"), params.n_development)
            trials.append(_trial(flow, 0, params, form=form, part="development", **sizes))
    for n_stored in sorted(params.n_stored):
        flows = params.flows if n_stored <= params.n_asked else params.large_flows
        trials += [
            _trial(flow, seed, params, n_stored=n_stored)
            for seed in range(params.n_seeds)
            for flow in flows
        ]
    trials += [
        _trial(flow, seed, params, form=form, stored=stored, n_stored=params.n_asked)
        for seed in range(params.n_seeds)
        for flow, form, stored in _further(params)
    ]
    return list(dict.fromkeys(trials))


def _further(params: Params) -> list[tuple[str, str, str]]:
    """Return (flow, form, what is stored) of what is run at `n_asked` words only."""
    groups = {"named": params.forms, "bare": params.bare}
    return [
        (flow, form, stored)
        for stored, group in groups.items()
        for flow, forms in group.items()
        for form in forms
    ]


def _trial(flow: str, seed: int, params: Params, **settings: Any) -> Trial:
    given = {
        "form": "", "words": params.words, "part": "test", "stored": "named",
        "n_asked": params.n_asked, "budget": "none",
    } | settings  # fmt: skip
    switches = config_hash(form_config(flow, given["form"]).switches())
    return Trial.create(NAME, flow, seed, switches=switches, **given)


def run_trial(trial: Trial) -> list[dict]:
    """Store words, ask for them, and return a row per condition."""
    settings = dict(trial.settings)
    asked = load_questions(settings["words"], settings["part"])
    rng = numpy_rng(trial.seed, "real words")
    order = rng.permutation(len(asked.words))[: settings["n_asked"]]
    size = settings["n_stored"]
    groups = [order[i : i + size] for i in range(0, len(order) - min(size, len(order)) + 1, size)]
    config = form_config(trial.flow, settings["form"])
    seen = {condition: _Tally(asked, condition) for condition in CONDITIONS}
    for i, group in enumerate(groups):
        flow = make_flow(trial.flow, seed=trial.seed, **config.as_dict())
        texts, labels = _to_store(asked, group, settings)
        flow.fit(texts, labels)
        new = [k % len(asked.unseen) for k in range(i * size, i * size + len(group))]
        for condition, tally in seen.items():
            rows = sorted(set(new)) if condition == "unseen" else group
            tally.add(flow, rows, _queries(asked, condition, rows, texts))
    known = {name: settings[name] for name in SETTINGS} | _costs(flow, asked)
    novel = seen["unseen"].novelty
    rows = []
    for condition, tally in seen.items():
        against = seen["recognise" if condition == "unseen" else condition].novelty
        compared = {"novelty_auroc": auroc(against, novel), "fpr_at_95": fpr_at_95(against, novel)}
        rows.append(
            dict.fromkeys(MEASURES, float("nan"))
            | {"condition": condition} | known | compared | tally.measures()
        )  # fmt: skip
    return rows


def _to_store(asked: Questions, group: np.ndarray, settings: dict) -> tuple[list[str], list[str]]:
    """Return the texts to store with their words, those that are asked for first."""
    words = asked.words.iloc[group][["word", "definition"]]
    more = settings["n_stored"] - len(group)
    if more > 0:
        rest = asked.words.drop(index=asked.words.index[group])[["word", "definition"]]
        words = pd.concat([words, rest, asked.others])[: settings["n_stored"]]
    pattern = STORED[settings["stored"]]
    pairs = zip(words["word"], words["definition"])
    return [pattern.format(word=w, definition=d) for w, d in pairs], words["word"].tolist()


def _queries(asked: Questions, condition: str, rows: Any, stored: list[str]) -> list[str]:
    if condition == "unseen":
        return [asked.unseen[row] for row in rows]
    if condition == "verbatim":
        return stored[: len(rows)]
    column = "usage" if condition == "recognise" else "blanked"
    return asked.words[column].iloc[rows].tolist()


class _Tally:
    """Which questions of a condition were asked, and how they were answered."""

    def __init__(self, asked: Questions, condition: str):
        self.words = None if condition == "unseen" else asked.words
        n = len(asked.unseen if self.words is None else asked.words)
        self.tested, self.right, self.forced, self.declined = np.zeros((4, n), bool)
        self.novelty: list[float] = []

    def add(self, flow: Flow, rows: Any, queries: list[str]) -> None:
        """Ask a flow some questions, by their rows."""
        rows = np.asarray(rows)
        answers: Answers = flow.answer(queries)
        declines = answers.abstains | (answers.scores.sum(1) == 0)
        self.tested[rows], self.declined[rows] = True, declines
        self.novelty += answers.novelty.tolist()
        if self.words is None:
            self.right[rows] = declines
            return
        best = flow.classes_[answers.scores.argmax(1)]
        self.forced[rows] = (best == self.words["word"].to_numpy()[rows]) & (
            answers.scores.sum(1) > 0
        )
        self.right[rows] = self.forced[rows] & ~answers.abstains

    def measures(self) -> dict:
        """Return the columns that follow from the answers."""
        found = {
            "n_test": int(self.tested.sum()),
            "accuracy": float(self.right[self.tested].mean()),
            "declined": float(self.declined[self.tested].mean()),
            "correct_words": encode_words(self.right),
            "tested_words": encode_words(self.tested),
        }
        if self.words is None:
            return found
        found["forced"] = float(self.forced[self.tested].mean())
        zipf = self.words["zipf"].to_numpy()
        for i, (low, high) in enumerate(zip((-np.inf, *BANDS), BANDS)):
            band = self.tested & (zipf >= low) & (zipf < high)
            found[f"accuracy_zipf_{i}"] = float(self.right[band].mean()) if band.any() else np.nan
        return found


def _costs(flow: Flow, asked: Questions) -> dict[str, float]:
    """Return bytes of the memory, and the median times of one text learned, asked and encoded."""
    found = {"memory_bytes": flow.memory_bytes, "encode_ms": float("nan")}
    texts = asked.unseen[:TIMED]
    if flow.config_.reads_sentences:
        adapted = flow.config_.reads_adapted
        found["encode_ms"] = _median_ms(lambda text: encode_sentences([text], adapted), texts)
    found["predict_ms"] = _median_ms(lambda text: flow.predict([text]), texts)
    slow = flow.cost_.train_s > 1 and flow.config_.library  # it is fitted anew to all texts
    learned = texts[: 1 if slow else TIMED]
    words = itertools.count()
    found["learn_ms"] = _median_ms(lambda t: flow.partial_fit([t], [f"w{next(words)}"]), learned)
    return found


def _median_ms(act: Callable[[str], Any], texts: list[str]) -> float:
    times = []
    for text in texts:
        start = time.perf_counter()
        act(text)
        times.append(1000 * (time.perf_counter() - start))
    return float(np.median(times))
