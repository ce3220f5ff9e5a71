"""Three public benchmarks of rare words, for the sentence encoder as published and adapted.

*Definitional Nonce* asks for a word by its definition: the rank of its own vector among those of a
vocabulary. *Chimeras* compares what a few sentences say of a made-up word with six probes that
people rated. *CRW* compares a rare word, known by some sentences, with common words that people
rated. Rows go to `results/word_benchmarks.csv`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
import pandera.pandas as pa
from scipy.stats import spearmanr
from wordfreq import top_n_list

from hsokv.boundary.checks import check_at_least, check_keys
from hsokv.data.lexicon import load_lexicon
from hsokv.data.stories import BLANK
from hsokv.data.tokenizer import split_words
from hsokv.data.words import blank_word, load_words
from hsokv.models.sentence import encode_sentences
from hsokv.runs import experiment as ex
from hsokv.runs.experiment import COUNT, NotebookParams, row_schema
from hsokv.runs.proof import Proof, Rule
from hsokv.runs.trial import Trial
from hsokv.seeds import numpy_rng

NAME = "word_benchmarks"
ENCODERS = ("published", "adapted")
CHIMERAS, CRW = "chimeras", "crw"
#: Benchmark -> its parts; the first is for choices.
BENCHMARKS = {
    "definitional_nonce": ("train", "test"),
    CHIMERAS: ("train", "test"),
    CRW: ("dev",),
    "lexicon": ("development", "test"),
}
PART = 20_000  # words encoded at a time
PROBES = {"word": "{}", "this_is": "this is a {}"}
RANKED_AS = "word"  # the other probe would encode the vocabulary once more
N_CONTEXTS = {CHIMERAS: (2, 4, 6), CRW: (1, 2, 4, 8, 16, 32, 64, 128)}
_NUMBER = r"-?(0|[1-9]\d*)(\.\d+)?"
VALUES = rf"^\[{_NUMBER}(,{_NUMBER})*\]$"  # one number per item, as JSON
SCHEMA = row_schema(
    NAME,
    {
        "benchmark": pa.Column(str, pa.Check.isin(BENCHMARKS)),
        "part": ex.NAME,
        "probe": pa.Column(str, pa.Check.isin(PROBES)),
        "n_contexts": COUNT,
        "n_vocabulary": COUNT,
    },
    {
        "n_items": COUNT,
        "score": pa.Column(float, pa.Check.in_range(-1, 1)),
        "values": pa.Column(str, pa.Check.str_matches(VALUES)),
    },
    key=["probe", "n_contexts"],
)


def read_values(text: str) -> np.ndarray:
    """Return what a row says of each item, (n_items,): a rank, or a rank correlation."""
    return np.array(json.loads(text), float)


def item_scores(row: pd.Series) -> np.ndarray:
    """Return the score of each item, (n_items,): one over its rank, or its correlation."""
    values = read_values(row["values"])
    return values if row["benchmark"] in N_CONTEXTS else 1 / values


def list_keys(settings: dict) -> list[tuple[str, int]]:
    """Return probe and number of contexts of each row of a trial."""
    if settings["benchmark"] not in N_CONTEXTS:
        return [(RANKED_AS, 1)]
    return [(probe, n) for probe in PROBES for n in N_CONTEXTS[settings["benchmark"]]]


PROOF = Proof(
    ("probe", "n_contexts"),
    lambda trial: list_keys(dict(trial.settings)),
    settings=("benchmark", "part", "n_vocabulary"),
    rules=(
        Rule("n_items", lambda rows: rows["values"].map(lambda v: len(read_values(v))), "values"),
        Rule(
            "score",
            lambda rows: [item_scores(row).mean() for _, row in rows.iterrows()],
            "the mean over items",
        ),
    ),
)


@dataclass(frozen=True)
class Params(NotebookParams):
    """What to run; the fields are the notebook's parameters.

    Raises:
        ValueError: an unknown benchmark or encoder, or a vocabulary below 1,000 words.
    """

    benchmarks: tuple[str, ...] = ("lexicon",)  # all but 'lexicon' need HSOKV_DATA
    encoders: tuple[str, ...] = ENCODERS
    n_vocabulary: int = 2000  # commonest English words among which a defined word is looked for
    n_draws: int = 1  # draws of sentences, CRW
    n_jobs: int = 1  # encoders at a time
    backend: str = "loky"  # "ray" runs the same trials on a cluster

    def __post_init__(self):
        check_keys(self.benchmarks, BENCHMARKS, "benchmark")
        check_keys(self.encoders, ENCODERS, "encoder")
        check_at_least("n_vocabulary", self.n_vocabulary, 1000)
        check_at_least("n_draws", self.n_draws, 1)


def make_trials(params: Params) -> list[Trial]:
    """Return the trials of a run."""
    trials = []
    for benchmark in params.benchmarks:
        ranks = benchmark not in N_CONTEXTS
        for part in BENCHMARKS[benchmark]:
            settings = {
                "benchmark": benchmark,
                "part": part,
                "n_vocabulary": params.n_vocabulary if ranks else 0,
                "n_draws": params.n_draws if benchmark == CRW else 1,
                "budget": "none",
            }
            trials += [Trial.create(NAME, name, 0, **settings) for name in params.encoders]
    return trials


def run_trial(trial: Trial) -> list[dict]:
    """Run one encoder on one part of a benchmark; return a row per probe and number of contexts."""
    settings = dict(trial.settings)
    run = {CHIMERAS: _chimeras, CRW: _crw}.get(settings["benchmark"], _ranks)
    known = {name: settings[name] for name in ("benchmark", "part", "n_vocabulary")}
    rows = []
    for probe, found in run(settings, _ENCODE[trial.flow]).items():
        for n_contexts, values in found.items():
            row = {"probe": probe, "n_contexts": n_contexts, "n_items": len(values)} | known
            row["values"] = json.dumps(np.round(values, 4).tolist(), separators=(",", ":"))
            rows.append(row | {"score": float(item_scores(pd.Series(row)).mean())})
    return rows


Encode = Callable[[list[str]], np.ndarray]
_ENCODE: dict[str, Encode] = {
    "published": lambda texts: encode_sentences(texts).numpy(),
    "adapted": lambda texts: encode_sentences(texts, adapted=True).numpy(),
}
Found = dict[str, dict[int, np.ndarray]]  # probe -> number of contexts -> values of items


def _ranks(settings: dict, encode: Encode) -> Found:
    """Return the rank of every defined word in the vocabulary, 1 is the first.

    The vocabulary is the commonest words of English and those that are defined.
    """
    words, definitions = _definitions(settings["benchmark"], settings["part"])
    common = set(top_n_list("en", settings["n_vocabulary"], wordlist="large"))
    extra = [word for word in dict.fromkeys(words) if word not in common]
    queries, pattern = encode(definitions), PROBES[RANKED_AS]
    own = (queries * encode([pattern.format(word) for word in words])).sum(1)
    ranks = 1 + _count_above(queries, encode([pattern.format(word) for word in extra]), own)
    for vectors in _vocabulary(encode, pattern, settings["n_vocabulary"]):
        ranks += _count_above(queries, vectors, own)
    return {RANKED_AS: {1: ranks}}


def _count_above(queries: np.ndarray, vectors: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Return how many vectors are closer to each query than its own, to six digits, (n_items,)."""
    return (queries @ vectors.T > own[:, None] + 1e-6).sum(1)


@cache
def _vocabulary(encode: Encode, pattern: str, n_words: int) -> tuple[np.ndarray, ...]:
    """Return the vectors of the commonest English words, in parts."""
    words = top_n_list("en", n_words, wordlist="large")
    texts = [pattern.format(word) for word in words]
    return tuple(encode(texts[i : i + PART]) for i in range(0, len(texts), PART))


@cache
def _definitions(benchmark: str, part: str) -> tuple[list[str], list[str]]:
    """Return words in lower case and definitions that do not hold them."""
    if benchmark == "lexicon":
        rows = load_lexicon(part)
    else:
        rows = load_words(f"{benchmark}_{part}")
    words = rows["word"].str.lower().tolist()
    definitions = [" ".join(split_words(text)) for text in rows["definition"]]
    return words, [blank_word(word, text) for word, text in zip(words, definitions)]


def _chimeras(settings: dict, encode: Encode) -> Found:
    """Return for each trial the rank correlation of cosines and ratings over its probes."""
    rows = load_words("chimeras")
    rows = rows[rows["split"] == settings["part"]]
    probes = sorted({str(word) for words in rows["probes"] for word in words})
    found: Found = {}
    for probe, pattern in PROBES.items():
        vectors = dict(zip(probes, encode([pattern.format(word) for word in probes])))
        for n_sentences, part in rows.groupby("n_sentences"):
            queries = encode([" ".join(passages) for passages in part["passages"]])
            values = [
                spearmanr(query @ np.stack([vectors[word] for word in words]).T, ratings).statistic
                for query, words, ratings in zip(queries, part["probes"], part["ratings"])
            ]
            found.setdefault(probe, {})[int(n_sentences)] = np.nan_to_num(values)
    return found


def _crw(settings: dict, encode: Encode) -> Found:
    """Return for each draw of contexts the rank correlation of cosines and ratings over pairs."""
    contexts, pairs = load_words("crw_dev_contexts"), load_words("crw_dev_pairs")
    pairs = pairs[pairs["rare_word"].isin(contexts["word"])]
    texts = [blank_word(w, s) for w, s in zip(contexts["word"], contexts["sentence"])]
    vectors = encode([text if BLANK in text else f"{text} {BLANK}" for text in texts])
    rows = {word: part.index.to_numpy() for word, part in contexts.groupby("word")}
    common = sorted(set(pairs["word1"]))
    found: Found = {}
    for probe, pattern in PROBES.items():
        probes = dict(zip(common, encode([pattern.format(word) for word in common])))
        for n in N_CONTEXTS[CRW]:
            values = []
            for draw in range(settings["n_draws"]):
                rng = numpy_rng(draw, "contexts")
                means = {w: vectors[rng.permutation(own)[:n]].mean(0) for w, own in rows.items()}
                sides = zip(pairs["word1"], pairs["rare_word"])
                cosines = [probes[a] @ means[b] / np.linalg.norm(means[b]) for a, b in sides]
                values.append(spearmanr(cosines, pairs["similarity"]).statistic)
            found.setdefault(probe, {})[n] = np.array(values)
    return found
