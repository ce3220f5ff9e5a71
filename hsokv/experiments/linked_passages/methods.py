"""Methods that are compared: searches for single passages, hops over links, and linked pairs.

Each gives all passages a score for each question. What a method leaves open is tuned over a grid of
six settings, laid where it does well; those without settings have a grid of one.

- `minilm`: cosine of the sentence encoder. `bm25`: sum over words of the question, as pairs take
  them; `bm25_stemmed`: over their stems.
- `zscore_sum`: both, each over its standard deviation and less its mean; BM25 is weighed. Methods
  that begin with it and leave its weight open take `WORDS`, with which they do best on all
  questions, so that they are strong rivals.
- `title_dictionary`: the control. The order of `zscore_sum`, but each passage is followed by the
  best of those that it names or that name it, found in a dictionary of titles.
- `pagerank`: personalised PageRank over the title links, as in HippoRAG (Gutiérrez et al., 2024):
  it starts at passages by a softmax of `zscore_sum`, and the logarithm of where it ends is added.
  `pagerank_names` walks over the names that passages share, too: the same links as pairs have.
- `hebbian`: a hop through a matrix of bits over sparse codes. The code of each passage's vector is
  wired to those of the passages that it is linked to by title. For a question the best passages by
  `zscore_sum` are read out, and what fires is the share of a passage's units that all units of a
  start are wired to; the most over starts is added to `zscore_sum`.
- `pairs`: `memory.linked`, with the weight of links tuned; `pairs_default` takes its default. The
  other arms leave one part out.

Axes: Q questions, N passages.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any, NamedTuple

import bm25s
import numpy as np
from scipy.sparse import csr_array, diags_array
from scipy.special import softmax
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS
from sklearn.model_selection import ParameterGrid
from snowballstemmer.english_stemmer import EnglishStemmer

from hsokv.data.multihop import SAMPLES, load_multihop
from hsokv.data.tokenizer import split_words
from hsokv.experiments.linked_passages.own import make_own
from hsokv.memory.codes import SparseCoder
from hsokv.memory.hebbian import BitMatrix
from hsokv.memory.linked import K1, B, LinkedPassages, Parts, rank_scores
from hsokv.memory.names import fold
from hsokv.models.sentence import encode_sentences

OWN = "own"
SOURCES = (OWN, *SAMPLES)
WORDS = 0.25  # of BM25 in a sum of standard scores
DAMPING, N_ROUNDS = 0.5, 5  # of PageRank: share of walks that go on; links that they follow
FLOOR = 1e-9  # before a logarithm
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
_WALKS = list(ParameterGrid({"temperature": [0.25, 0.5, 1.0], "keep": [0.1, 0.25]}))
#: Method -> its settings.
GRIDS: dict[str, list[Setting]] = {
    "minilm": [{}],
    "bm25": [{}],
    "bm25_stemmed": [{}],
    "zscore_sum": list(ParameterGrid({"words": [0.1, 0.15, 0.25, 0.35, 0.5, 1.0]})),
    "title_dictionary": list(ParameterGrid({"n_named": [1, 2, 3], "words": [0.25, 0.5]})),
    "pagerank": _WALKS,
    "pagerank_names": _WALKS,
    "hebbian": list(ParameterGrid({"n_starts": [1, 2, 5], "fired": [2.0, 8.0]})),
    "pairs": _LINKS,
    "pairs_default": [{}],
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
        codes: active units of the passages' vectors, (N, 50).
        matrix: in which the codes of passages are wired that are linked by title.
        gold: places of the passages that answer each question, Q tuples.
    """

    index: LinkedPassages
    questions: list[str]
    vectors: np.ndarray
    cosines: np.ndarray
    words: np.ndarray
    stems: np.ndarray
    codes: np.ndarray
    matrix: BitMatrix
    gold: list[tuple[int, ...]]


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
    codes, matrix = coder.encode(passages), BitMatrix(coder.size)
    matrix.add(*(codes[places] for places in index.named.nonzero()))
    return Case(index, told.questions, vectors, cosines, words, stems, codes, matrix, told.gold)


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


@cache
def gold_ranks(flow: str, source: str, setting: str) -> list[list[int]]:
    """Return the ranks of the passages that answer each question, ascending, 1 is the first.

    Args:
        flow: one of `FLOWS`.
        source: one of `SOURCES`.
        setting: one of the method's, as JSON.
    """
    case, found = load_case(source), []
    for scores, gold in zip(score_all(flow, case, json.loads(setting)), case.gold):
        ranks = np.empty(len(scores), int)
        ranks[rank_scores(scores)] = np.arange(1, len(scores) + 1)
        found.append(sorted(ranks[list(gold)].tolist()))
    return found


def score_all(flow: str, case: Case, setting: Setting) -> np.ndarray:
    """Return what a method says of every passage for every question, (Q, N); higher is better."""
    if flow.startswith("pairs"):
        options: dict[str, Any] = setting | {"parts": ABLATIONS.get(flow, Parts())}
        asked = zip(case.questions, case.vectors)
        return np.stack([case.index.score(*question, **options) for question in asked])
    if flow == "minilm":
        return case.cosines
    if flow == "bm25":
        return case.words
    if flow == "bm25_stemmed":
        return case.stems
    both = _zscores(case.cosines) + setting.get("words", WORDS) * _zscores(case.words)
    if flow == "zscore_sum":
        return both
    if flow == "title_dictionary":
        return np.stack([_follow(one, case.index.named, int(setting["n_named"])) for one in both])
    if flow == "hebbian":
        starts = [rank_scores(one)[: int(setting["n_starts"])] for one in both]
        return both + setting["fired"] * np.stack([_fired(case, places) for places in starts])
    links = case.index.named + (case.index.shared if flow == "pagerank_names" else 0)
    ends = _walk(softmax(both / setting["temperature"], axis=1), csr_array(links))
    return setting["keep"] * both + np.log(ends + FLOOR)


def _zscores(scores: np.ndarray) -> np.ndarray:
    spread = np.maximum(scores.std(1, keepdims=True), FLOOR)
    return (scores - scores.mean(1, keepdims=True)) / spread


def _follow(scores: np.ndarray, links: csr_array, n_named: int) -> np.ndarray:
    """Return scores of an order in which the best linked ones follow each passage, (N,)."""
    place_of = np.empty(len(scores), int)
    order = rank_scores(scores)
    place_of[order] = np.arange(len(order))
    seen: dict[int, None] = {}
    for i in order.tolist():
        linked = links.indices[links.indptr[i] : links.indptr[i + 1]]
        best = linked[np.argsort(place_of[linked])][:n_named]
        seen |= dict.fromkeys([i, *best.tolist()])  # the first time counts
    found = np.empty(len(scores))
    found[list(seen)] = -np.arange(len(seen))
    return found


def _walk(starts: np.ndarray, links: csr_array) -> np.ndarray:
    """Return where walks over links end that begin anew half of the time, (Q, N).

    A walk that goes on from a passage without links is lost.
    """
    degrees = np.asarray(links.sum(axis=1)).ravel()
    steps = csr_array(diags_array(1 / np.maximum(degrees, FLOOR)) @ links)
    ends = starts
    for _ in range(N_ROUNDS):
        ends = (1 - DAMPING) * starts + DAMPING * (ends @ steps)
    return ends


def _fired(case: Case, starts: np.ndarray) -> np.ndarray:
    """Return the share of each passage's units that all units of a start are wired to, (N,).

    Of several starts the most counts.
    """
    shares = np.zeros(len(case.codes))
    for units in case.codes[starts]:
        is_on = np.zeros(case.matrix.size, bool)
        is_on[case.matrix.read_all(units)] = True
        shares = np.maximum(shares, is_on[case.codes].mean(1))
    return shares
