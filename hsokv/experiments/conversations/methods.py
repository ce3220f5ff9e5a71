"""Methods that are compared: orders without a question, searches, their fusions, and fitted cues.

Each gives all turns and all sessions a score for each question. Searches and fusions have settings,
chosen by the recall of the headline (`TUNED_BY`) on conversations that are not reported; cues have
weights, fitted there by `training.listwise` and rounded as those that ship are.

- `recent`, `random`: the latest turns; turns in random order.
- `bm25`, `bm25_named`: BM25 over stems of a turn's words; with the speaker's name as a word.
- `minilm`, `minilm_named`: cosine of the sentence encoder; with the speaker's name before a turn.
- `late`: late interaction of the encoder's tokens (Khattab and Zaharia, 2020), rare ones above all.
- `bm25_session`: BM25 of a turn and of its session as one text, both standardised, weighed.
- `zscore_sum`, `zscore_plain`: MiniLM and BM25, both standardised, BM25 weighed; with and without
  the speaker's name. `rank_fusion`: the same two by reciprocal rank (Cormack et al., 2009).
  `late_sum`: late interaction and BM25, with the speaker's name, summed in that way.
- `fitted_five`: MiniLM and BM25, each with and without the speaker's name, and late interaction,
  with fitted weights: what fitting does without our cues.
- `cues`, `cues_lexical`: `memory.conversation` with the sentence encoder and without. The others
  leave cues out, see `DROPPED`, and fit the rest anew.

A session has the score of its best turn; of BM25 of sessions that score, and of fitted weights the
log of its turns' summed odds, as in the memory.

Axes: Q questions, N turns, S sessions.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from sklearn.model_selection import ParameterGrid

from hsokv.experiments.conversations.cases import Case, load_case, score_sessions, score_words
from hsokv.memory.dialogue import TOKEN_CUES, WORD_CUES
from hsokv.runs.provenance import canonical_json
from hsokv.seeds import numpy_rng
from hsokv.training.listwise import fit_listwise

Setting = dict[str, float]
_BM25 = {"k1": [0.3, 0.6, 1.2, 2.0], "b": [0.0, 0.1, 0.25, 0.5, 0.75]}
_FEW = {"k1": [0.6, 1.2], "b": [0.1, 0.25, 0.5]}  # where something else is chosen, too
_WORDS = {"words": [0.1, 0.25, 0.5, 0.75, 1.0, 1.5]}
#: Method -> its settings; weights of the cues are not among them.
GRIDS: dict[str, list[Setting]] = {
    "recent": [{}],
    "random": [{}],
    "bm25": list(ParameterGrid(_BM25)),
    "bm25_named": list(ParameterGrid(_BM25)),
    "minilm": [{}],
    "minilm_named": [{}],
    "late": [{}],
    "bm25_session": list(ParameterGrid(_FEW | {"session": [0.5, 1.0, 2.0, 4.0]})),
    "rank_fusion": list(ParameterGrid(_FEW | {"words": [0.5, 1.0, 2.0], "first": [0, 2, 10, 60]})),
    "zscore_plain": list(ParameterGrid(_FEW | _WORDS)),
    "zscore_sum": list(ParameterGrid(_FEW | _WORDS)),
    "late_sum": list(ParameterGrid(_FEW | _WORDS)),
}
RIVALS = tuple(GRIDS)
SEMANTIC, LEXICAL, FIVE = "cues", "cues_lexical", "fitted_five"
PLACE, KIND = ("opens", "answers", "asks"), ("time", "when_time", "name_capital", "capital")
LATE, DENSE = ("late", "late_pair", "late_nine"), ("dense", "dense_session")
WORDS = ("words_four", "words_session")
WINDOWS = (*WORDS, "late_pair", "late_nine", "dense_session")  # what stands around the turn
LOCOMO_LIKE = ("who", "date", "opens")  # what is known of talks of two named people
#: Ablation -> cues that it leaves out, one or a group.
DROPPED: dict[str, tuple[str, ...]] = {
    "less_locomo": LOCOMO_LIKE,
    "no_who": ("who",),
    "no_date": ("date",),
    "less_windows": WINDOWS,
    "less_place": PLACE,
    "less_kind": KIND,
    "less_late": LATE,
    "less_dense": DENSE,
    "less_words": WORDS,
    **{f"no_{cue}": (cue,) for cue in (*PLACE, *KIND, *LATE, *DENSE, *WORDS)},
}
FITTED = (FIVE, LEXICAL, SEMANTIC, *DROPPED)
FLOWS = (*RIVALS, *FITTED)
DIGITS = 3  # of a weight
DEFAULT = {"k1": 1.2, "b": 0.75}
MISSING = 1e-6  # added to a deviation


class Ranks(NamedTuple):
    """Of one question.

    Attributes:
        category: 1 to 4.
        turns: ranks of the turns that answer it, ascending, 1 is the first.
        sessions: the same of their sessions.
    """

    category: int
    turns: list[int]
    sessions: list[int]


def columns(flow: str, case: Case, source: str, number: int) -> np.ndarray:
    """Return what a fitted method weighs, standardised over the turns, (Q, N, F)."""
    if flow == FIVE:
        words = [score_words(source, number, named, **DEFAULT) for named in (False, True)]
        encoded = [case.cues[..., case.names.index(name)] for name in ("dense", "late")]
        return np.stack([standard(x) for x in (case.cosines, *encoded, *words)], -1)
    return case.cues[..., [case.names.index(name) for name in cues_of(flow)]]


def cues_of(flow: str) -> list[str]:
    """Return the names of the columns that a fitted method weighs."""
    if flow == FIVE:
        return ["minilm", "minilm_named", "late", "bm25", "bm25_named"]
    out = TOKEN_CUES if flow == LEXICAL else DROPPED.get(flow, ())
    return [name for name in WORD_CUES | TOKEN_CUES if name not in out]


@cache
def fit(flow: str, source: str, numbers: tuple[int, ...]) -> tuple[float, ...]:
    """Return the weights of a fitted method, from conversations of a source."""
    lists = []
    for number in numbers:
        case = load_case(source, number)
        all_places = np.arange(len(case.turns))
        for table, gold in zip(columns(flow, case, source, number), case.evidence):
            lists.append((table, np.isin(all_places, gold)))
    return tuple(fit_listwise(lists).round(DIGITS).tolist())


def rank_fitted(flow: str, source: str, number: int, weights: tuple[float, ...]) -> list[Ranks]:
    """Return the ranks of a fitted method for the questions of a conversation."""
    case = load_case(source, number)
    scores = columns(flow, case, source, number) @ np.array(weights, np.float32)
    return _rank(case, scores, np.logaddexp.reduceat(scores, case.sessions.first, axis=1))


@cache
def rank(flow: str, source: str, number: int, setting: str) -> list[Ranks]:
    """Return the ranks of a rival for the questions of a conversation.

    Args:
        flow: one of `RIVALS`.
        source, number: of the conversation.
        setting: one of the method's, as JSON.
    """
    case = load_case(source, number)
    chosen = next(s for s in GRIDS[flow] if canonical_json(s) == setting)
    scores = score(flow, source, number, chosen)
    if flow == "bm25_session":
        sessions = score_sessions(source, number, chosen["k1"], chosen["b"])
    else:
        sessions = np.maximum.reduceat(scores, case.sessions.first, axis=1)
    return _rank(case, scores, sessions)


def score(flow: str, source: str, number: int, setting: Setting) -> np.ndarray:
    """Return what a rival says of every turn for every question, (Q, N); higher is better."""
    case = load_case(source, number)
    n_questions, n_turns = case.cosines.shape
    if flow == "recent":
        return np.tile(np.arange(n_turns), (n_questions, 1))
    if flow == "random":
        return numpy_rng(number, "order", source).random((n_questions, n_turns))
    if flow == "minilm":
        return case.cosines
    if flow in ("minilm_named", "late"):
        return case.cues[..., case.names.index("dense" if flow == "minilm_named" else flow)]
    tuned, named = (
        (setting["k1"], setting["b"]),
        flow not in ("bm25", "bm25_session", "zscore_plain"),
    )
    words = score_words(source, number, named, *tuned)
    if flow in ("bm25", "bm25_named"):
        return words
    if flow == "bm25_session":
        sessions = standard(score_sessions(source, number, *tuned))[:, case.sessions.of]
        return standard(words) + setting["session"] * sessions
    name = "late" if flow == "late_sum" else "dense"
    dense = case.cues[..., case.names.index(name)] if named else case.cosines
    if flow == "rank_fusion":
        first = setting["first"]
        return 1 / (first + places(dense)) + setting["words"] / (first + places(words))
    return standard(dense) + setting["words"] * standard(words)


def standard(scores: np.ndarray) -> np.ndarray:
    """Return scores less their mean over the deviation, of each question, (Q, N)."""
    spread = scores.std(1, keepdims=True) + MISSING
    return (scores - scores.mean(1, keepdims=True)) / spread


def places(scores: np.ndarray) -> np.ndarray:
    """Return the place of each turn in the order of a question, 1 is the first, (Q, N)."""
    order = np.argsort(-scores, axis=1, kind="stable")
    found = np.empty_like(order)
    np.put_along_axis(found, order, np.arange(1, order.shape[1] + 1)[None], axis=1)
    return found


def _rank(case: Case, scores: np.ndarray, sessions: np.ndarray) -> list[Ranks]:
    """Return ranks of what answers by the scores of turns, (Q, N), and of sessions, (Q, S)."""
    turns, of_sessions, found = places(scores), places(sessions), []
    for i, gold in enumerate(case.evidence):
        own = np.unique(case.sessions.of[gold])
        ranks = sorted(turns[i, gold].tolist()), sorted(of_sessions[i, own].tolist())
        found.append(Ranks(int(case.categories[i]), *ranks))
    return found
