"""Methods that are compared: searches for single passages, hops over links, and linked pairs.

Each gives all passages a score for each question. What a method leaves open is tuned over a grid:
six settings for linked pairs, six to 24 for what rivals them, laid where they do well on all
questions; those without settings have a grid of one.

- `minilm`: cosine of the sentence encoder. `bm25`: sum over words of the question, as pairs take
  them; `bm25_stemmed`: over their stems.
- `zscore_sum`: both, each over its standard deviation and less its mean; BM25 is weighed. The
  rivals that hop begin with it.
- `search_again`: the question's vector is moved towards those of the best passages.
- `dictionary`: each passage is followed by the best of those that it names or that name it, found
  in a dictionary of titles.
- `hebbian`: a hop through a matrix of bits over sparse codes. The code of each passage's vector is
  wired to those of the passages that it is linked to. For a question the best passages are read
  out, and what fires is the share of a passage's units that all units of a start are wired to.
- `pagerank`: personalised PageRank over the links, as in HippoRAG (Gutiérrez et al., 2024): it
  starts at passages by a softmax, and the logarithm of where it ends is added to the scores.
- `…_names`: the same over the names that passages share, too: the links that pairs have.
- `pairs`: `memory.linked`, with the weight of links tuned; `pairs_default` takes its default. The
  other arms leave parts out; `pairs_alone` scores each passage without a partner.

Axes: Q questions, N passages.
"""

from __future__ import annotations

import json
from functools import cache
from itertools import combinations
from typing import Any, NamedTuple

import bm25s
import numpy as np
from scipy.sparse import csr_array
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS
from sklearn.model_selection import ParameterGrid
from snowballstemmer.english_stemmer import EnglishStemmer

from hsokv.data.multihop import SAMPLES, load_multihop
from hsokv.data.tokenizer import split_words
from hsokv.experiments.linked_passages.own import make_own
from hsokv.experiments.linked_passages.rivals import (
    FLOOR,
    fire_from_best,
    follow_links,
    search_again,
    standardise,
    walk_links,
)
from hsokv.memory.codes import SparseCoder
from hsokv.memory.hebbian import BitMatrix
from hsokv.memory.hopfield import normalise
from hsokv.memory.linked import K1, B, LinkedPassages, Parts, rank_scores
from hsokv.memory.names import fold, title_owners, titles_named
from hsokv.models.sentence import encode_sentences

OWN = "own"
SOURCES = (OWN, *SAMPLES)
N_FIRST = 5  # passages that are kept for each question
BY_TITLE, BY_NAME, BY_QUESTION = 1, 2, 4  # how two passages are linked, added up
ALONE = "pairs_alone"
ABLATIONS = {
    "pairs_sum": Parts(sums=True),
    "pairs_no_words": Parts(words=0),
    "pairs_no_dense": Parts(dense=0),
    "pairs_titles": Parts(shared=0),
    "pairs_names": Parts(named=0),
    "pairs_unasked": Parts(asked=0),
}
Setting = dict[str, float]

_LINKS = list(ParameterGrid({"link": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]}))
_WORDS = {"words": [0.15, 0.25, 0.5]}
_FOLLOWED = list(ParameterGrid(_WORDS | {"n_named": [1, 2, 3, 5]}))
_FIRED = list(ParameterGrid(_WORDS | {"n_starts": [1, 2, 5], "fired": [2.0, 8.0]}))
_WALKS = list(
    ParameterGrid(_WORDS | {"temperature": [0.5, 1.0], "damping": [0.3, 0.5], "keep": [0.1, 0.25]})
)
#: Method -> its settings.
GRIDS: dict[str, list[Setting]] = {
    "minilm": [{}],
    "bm25": [{}],
    "bm25_stemmed": [{}],
    "zscore_sum": list(ParameterGrid({"words": [0.1, 0.15, 0.25, 0.35, 0.5, 1.0]})),
    "search_again": list(ParameterGrid(_WORDS | {"n_starts": [1, 3], "share": [0.25, 1.0]})),
    "dictionary": _FOLLOWED,
    "dictionary_names": _FOLLOWED,
    "hebbian": _FIRED,
    "hebbian_names": _FIRED,
    "pagerank": _WALKS,
    "pagerank_names": _WALKS,
    "pairs": _LINKS,
    "pairs_default": [{}],
    ALONE: [{}],
    "pairs_no_links": [{"link": 0.0}],
    **dict.fromkeys(ABLATIONS, _LINKS),
}
FLOWS = tuple(GRIDS)


class Case(NamedTuple):
    """A source with all that methods ask of it.

    Attributes:
        index: of the passages.
        questions: Q.
        vectors: of the questions, (Q, 384).
        cosines, words, stems: of question and passage; BM25, also of stems, (Q, N).
        passages: their vectors at length one, (N, 384).
        codes: active units of the passages' vectors, (N, 50).
        matrices: in which the codes of passages are wired that are linked, by title alone and by
            title or name.
        gold: places of the passages that answer each question, Q tuples.
        asked: places of the passages whose title each question names, Q sets.
    """

    index: LinkedPassages
    questions: list[str]
    vectors: np.ndarray
    cosines: np.ndarray
    words: np.ndarray
    stems: np.ndarray
    passages: np.ndarray
    codes: np.ndarray
    matrices: tuple[BitMatrix, BitMatrix]
    gold: list[tuple[int, ...]]
    asked: list[set[int]]


@cache
def load_case(source: str) -> Case:
    """Return a source, encoded; once in a process.

    Raises:
        ValueError, FileNotFoundError: as `load_multihop`.
    """
    told = make_own() if source == OWN else load_multihop(source)
    texts = [f"{title}. {text}" for title, text in zip(told.titles, told.texts)]
    passages, vectors = encode_sentences(texts).numpy(), encode_sentences(told.questions).numpy()
    index = LinkedPassages(told.titles, told.texts, passages)
    cosines = np.stack([index.cosines(vector) for vector in vectors])
    words = np.stack([index.words(question).sum(1) for question in told.questions])
    stems = _stem_scores(texts, told.questions)
    coder = SparseCoder(passages.shape[1])
    codes = coder.encode(passages)
    matrices = BitMatrix(coder.size), BitMatrix(coder.size)
    for matrix, links in zip(matrices, (index.named, index.named + index.shared)):
        matrix.add(*(codes[places] for places in links.nonzero()))
    owners = title_owners(told.titles)
    return Case(
        index=index, questions=told.questions, vectors=normalise(vectors),
        cosines=cosines, words=words, stems=stems,
        passages=normalise(passages), codes=codes, matrices=matrices,
        gold=told.gold, asked=[titles_named(question, owners) for question in told.questions],
    )  # fmt: skip


def _stem_scores(texts: list[str], questions: list[str]) -> np.ndarray:
    """Return BM25 of questions and texts by the stems of their words, (Q, N)."""
    stem = EnglishStemmer().stemWord
    stems = [
        [stem(word) for word in split_words(fold(text)) if word not in ENGLISH_STOP_WORDS]
        for text in [*texts, *questions]
    ]
    index = bm25s.BM25(k1=K1, b=B)
    index.index(stems[: len(texts)], show_progress=False)
    return np.stack([index.get_scores(list(dict.fromkeys(q))) for q in stems[len(texts) :]])


def gold_ranks(flow: str, source: str, setting: str) -> list[list[int]]:
    """Return the ranks of the passages that answer each question, ascending, 1 is the first.

    Args:
        flow: one of `FLOWS`.
        source: one of `SOURCES`.
        setting: one of the method's, as JSON.
    """
    return _search(flow, source, setting)[0]


def first_places(flow: str, source: str, setting: str) -> list[list[int]]:
    """Return the places of the first `N_FIRST` passages for each question, (Q, N_FIRST)."""
    return _search(flow, source, setting)[1]


@cache
def _search(flow: str, source: str, setting: str) -> tuple[list[list[int]], list[list[int]]]:
    case, ranks, first = load_case(source), [], []
    for scores, gold in zip(score_all(flow, case, json.loads(setting)), case.gold):
        order = rank_scores(scores)
        rank = np.empty(len(order), int)
        rank[order] = np.arange(1, len(order) + 1)
        ranks.append(sorted(rank[list(gold)].tolist()))
        first.append(order[:N_FIRST].tolist())
    return ranks, first


def describe_links(source: str) -> dict[str, Any]:
    """Return how the passages of a source are linked, and those that answer its questions.

    Returns:
        n_passages; titles, names: other passages that a passage is linked to, on average; gold: for
        each question a code for each pair of its passages, in the order of `combinations`, the sum
        of `BY_TITLE`, `BY_NAME` and `BY_QUESTION`.
    """
    case = load_case(source)
    index, n = case.index, len(case.index)
    found: dict[str, Any] = {"n_passages": n}
    found |= {"titles": round(index.named.nnz / n, 6), "names": round(index.shared.nnz / n, 6)}
    found["gold"] = [
        [
            BY_TITLE * bool(index.named[i, j])
            + BY_NAME * bool(index.shared[i, j])
            + BY_QUESTION * ({i, j} <= asked)
            for i, j in combinations(gold, 2)
        ]
        for gold, asked in zip(case.gold, case.asked)
    ]
    return found


def score_all(flow: str, case: Case, setting: Setting) -> np.ndarray:
    """Return what a method says of every passage for every question, (Q, N); higher is better."""
    if flow.startswith("pairs") and flow != ALONE:
        options: dict[str, Any] = setting | {"parts": ABLATIONS.get(flow, Parts())}
        asked = zip(case.questions, case.vectors)
        return np.stack([case.index.score(*question, **options) for question in asked])
    searches = {"minilm": case.cosines, "bm25": case.words, "bm25_stemmed": case.stems}
    if flow in searches:
        return searches[flow]
    words = setting.get("words", 1.0) * standardise(case.words)
    both = standardise(case.cosines) + words
    if flow in ("zscore_sum", ALONE):
        return both
    if flow == "search_again":
        vectors = case.vectors, case.passages
        return search_again(words, *vectors, both, int(setting["n_starts"]), setting["share"])
    use_names = flow.endswith("_names")
    links = csr_array(case.index.named + case.index.shared if use_names else case.index.named)
    if flow.startswith("dictionary"):
        return follow_links(both, links, int(setting["n_named"]))
    if flow.startswith("hebbian"):
        matrix = case.matrices[use_names]
        fired = fire_from_best(both, case.codes, matrix, int(setting["n_starts"]))
        return both + setting["fired"] * fired
    ends = walk_links(both, links, setting["temperature"], setting["damping"])
    return setting["keep"] * both + np.log(ends + FLOOR)
