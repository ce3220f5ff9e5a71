"""What is stored and asked: a conversation with all that methods need to know of its turns.

Questions that name no turn as evidence are left out, and so are those of LoCoMo's category 5, which
ask for what was never said.

Axes: Q questions, N turns of S sessions, F cues.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array
from snowballstemmer.english_stemmer import EnglishStemmer

from hsokv.data.chats import Turn
from hsokv.data.conversations import CATEGORIES, Conversation, load_locomo
from hsokv.experiments.conversations.own import make_own
from hsokv.memory.asked import Speakers
from hsokv.memory.conversation import ConversationMemory
from hsokv.memory.dialogue import Sessions
from hsokv.models.sentence import encode_sentences
from hsokv.models.tokens import FUNCTION_WORDS

OWN, LOCOMO = "own", "locomo"
#: Source -> names of its conversations, which are numbered from 1 in this order.
NAMES = {
    OWN: ("own-1", "own-2"),
    LOCOMO: ("conv-26", "conv-30", "conv-41", "conv-42", "conv-43", "conv-44", "conv-47",
             "conv-48", "conv-49", "conv-50"),
}  # fmt: skip
N_TUNED = {OWN: 1, LOCOMO: 5}  # conversations that settings and weights may be chosen on, the first
NUMBERS = {name: number for number, name in CATEGORIES.items()}
_WORD = re.compile(r"[^\W_]+")


class Case(NamedTuple):
    """A conversation, read.

    Attributes:
        turns: as the memory arranges them, N.
        sessions: which of them belong together.
        questions: Q texts.
        categories: of the questions, 1 to 4, (Q,).
        evidence: places of the turns that answer each question, Q arrays.
        cues: of the memory, standardised, (Q, N, F).
        names: of the cues, F.
        cosines: of question and turn, the speaker's name left out, (Q, N).
    """

    turns: list[Turn]
    sessions: Sessions
    questions: list[str]
    categories: np.ndarray
    evidence: list[np.ndarray]
    cues: np.ndarray
    names: tuple[str, ...]
    cosines: np.ndarray


@cache
def load_source(source: str) -> list[Conversation]:
    """Return the conversations of a source, once in a process.

    Raises:
        FileNotFoundError, ValueError: as `load_locomo`.
    """
    return make_own() if source == OWN else load_locomo()


@cache
def load_case(source: str, number: int) -> Case:
    """Return a conversation of a source, encoded; once in a process.

    Raises:
        FileNotFoundError, ValueError: as `load_locomo`.
        ModuleNotFoundError, OSError: the encoder is not here.
    """
    return read_case(load_source(source)[number - 1])


def read_case(told: Conversation) -> Case:
    """Return a conversation, encoded.

    Raises:
        ModuleNotFoundError, OSError: the encoder is not here.
    """
    memory = ConversationMemory()
    memory.remember(told.turns)
    turns = memory.turns
    asked = [q for q in told.questions if q.answerable and q.evidence]
    place = {turn.id: i for i, turn in enumerate(turns)}
    texts, questions = [turn.text for turn in turns], [q.text for q in asked]
    return Case(
        turns,
        Sessions(turns),
        questions,
        np.array([NUMBERS[q.category] for q in asked]),
        [np.array(sorted(place[name] for name in q.evidence)) for q in asked],
        np.stack([memory.cues(text) for text in questions]),
        tuple(memory.weights),
        encode_sentences(questions).numpy() @ encode_sentences(texts).numpy().T,
    )


@cache
def score_words(source: str, number: int, named: bool, k1: float, b: float) -> np.ndarray:
    """Return BM25 of each question and turn by the stems of their words, (Q, N).

    Args:
        source, number: of the conversation.
        named: whether names of speakers count as words, and a turn begins with its speaker's.
        k1, b: of BM25.
    """
    case = load_case(source, number)
    names = frozenset() if named else Speakers([turn.speaker for turn in case.turns]).words
    texts = [f"{turn.speaker}: {turn.text}" if named else turn.text for turn in case.turns]
    return bm25(texts, case.questions, k1, b, names)


@cache
def score_sessions(source: str, number: int, k1: float, b: float) -> np.ndarray:
    """Return BM25 of each question and session, a session's turns as one text, (Q, S)."""
    case = load_case(source, number)
    names = Speakers([turn.speaker for turn in case.turns]).words
    ends = zip(case.sessions.first, case.sessions.end)
    texts = ["\n".join(turn.text for turn in case.turns[a:z]) for a, z in ends]
    return bm25(texts, case.questions, k1, b, names)


def bm25(
    texts: list[str], questions: list[str], k1: float, b: float, without: frozenset[str]
) -> np.ndarray:
    """Return BM25 of questions and texts as in Lucene, (Q, N); a word of a question counts once.

    Args:
        texts: N.
        questions: Q.
        k1, b: of BM25.
        without: words in lower case that are left out, beside function words.
    """
    told = [_stems(text, without) for text in texts]
    number = {word: i for i, word in enumerate(sorted({w for own in told for w in own}))}
    lengths = np.array([len(own) for own in told], float)
    held = _count(told, number)  # (N, W)
    n_held = np.bincount(held.indices, minlength=len(number))
    rarity = np.log1p((len(texts) - n_held + 0.5) / (n_held + 0.5))
    length = 1 - b + b * lengths / max(lengths.mean(), 1)
    of, word = held.nonzero()
    weights = held.data / (held.data + k1 * length[of]) * rarity[word]
    asked = _count([dict.fromkeys(_stems(text, without)) for text in questions], number)
    return (asked @ csr_array((weights, (of, word)), held.shape).T).toarray()


def _count(texts: Sequence[Iterable[str]], number: dict[str, int]) -> csr_array:
    """Return how often each text holds each word that has a number, (N, W)."""
    places = [(i, number[word]) for i, text in enumerate(texts) for word in text if word in number]
    rows, columns = np.array(places, int).reshape(-1, 2).T
    shape = (len(texts), len(number))
    counts = csr_array((np.ones(len(places)), (rows, columns)), shape)
    counts.sum_duplicates()
    return counts


def _stems(text: str, without: frozenset[str]) -> list[str]:
    words = _WORD.findall(text.lower().replace("'s", "").replace("’s", ""))
    return [_stem(word) for word in words if word not in FUNCTION_WORDS and word not in without]


@lru_cache(maxsize=2**16)
def _stem(word: str) -> str:
    return EnglishStemmer().stemWord(word)
