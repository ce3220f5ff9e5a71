"""LongMemEval (Wu et al., 2025) by the same measures, for whoever has the file.

It is not part of the package nor of this study's data, and no number of it is in the rows. Each
question has sessions of its own: all their turns are stored, of user and assistant, and the
question asked. Weights are those of LoCoMo. The benchmark's recall is recall_all, many numbers
elsewhere are recall_any, so that both are given.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from hsokv.data.chats import Turn
from hsokv.data.conversations import Conversation, load_longmemeval
from hsokv.experiments.conversations.cases import bm25
from hsokv.experiments.conversations.methods import DEFAULT, Ranks, places
from hsokv.experiments.conversations.trials import MEASURES, measure_question
from hsokv.memory.conversation import ConversationMemory
from hsokv.memory.dialogue import Sessions

LEXICAL, SEMANTIC, WORDS = "cues without encoder", "cues", "BM25"


class Harness(NamedTuple):
    """What was measured.

    Attributes:
        checksum: SHA-256 of the file.
        n_questions: that were asked.
        n_left_out: that ask for what was never said, or name no session.
        table: a row per method and type of question, 'all' among them, with the numbers of
            questions, n, and of those that name turns, n_turns, and means of `MEASURES`; those of
            turns are of the questions that name turns, NaN where there is none.
    """

    checksum: str
    n_questions: int
    n_left_out: int
    table: pd.DataFrame


def measure_longmemeval(path: str | os.PathLike, semantic: bool = True) -> Harness:
    """Return how well the memory finds sessions and turns of LongMemEval.

    Args:
        path: of one of the official files, such as longmemeval_s_cleaned.json.
        semantic: with the sentence encoder as well; hours for the 500 questions of the S file on
            one core, where the other methods take minutes.

    Raises:
        FileNotFoundError, ValueError: as `load_longmemeval`, or no question can be asked.
        ModuleNotFoundError, OSError: the encoder is not here.
    """
    told, found = load_longmemeval(path), []
    asked = [own for own in told if own.questions[0].answerable and _named(own)]
    if not asked:
        raise ValueError(
            f"{path} has {len(told)} questions, none of which names a session that answers it: "
            "expected some; take the official file"
        )
    for own in asked:
        for method, ranks in _rank(own, semantic).items():
            known = {"method": method, "type": own.questions[0].category}
            measured = measure_question(ranks)
            if ranks.turns == NOWHERE:
                measured |= {name: np.nan for name in MEASURES if name.startswith("turn")}
            found.append(known | measured)
    checksum = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    return Harness(checksum, len(asked), len(told) - len(asked), _summarise(pd.DataFrame(found)))


NOWHERE = [10**9]  # rank of turns that a question does not name


def _rank(told: Conversation, semantic: bool) -> dict[str, Ranks]:
    """Return the ranks of what answers a conversation's question, by method."""
    question, found = told.questions[0], {}
    for reads in (False, True) if semantic else (False,):
        memory = ConversationMemory(reads)
        memory.remember(told.turns)
        weights = np.array(list(memory.weights.values()), np.float32)
        turns, scores = memory.turns, memory.cues(question.text) @ weights
        sessions = Sessions(turns)
        of_sessions = np.logaddexp.reduceat(scores, sessions.first)
        name = SEMANTIC if reads else LEXICAL
        found[name] = _ranks_of(told, turns, sessions, scores, of_sessions)
        if not reads:
            texts = [turn.text for turn in turns]
            scores = bm25(texts, [question.text], **DEFAULT, without=frozenset())[0]
            best = np.maximum.reduceat(scores, sessions.first)
            found[WORDS] = _ranks_of(told, turns, sessions, scores, best)
    return found


def _ranks_of(
    told: Conversation,
    turns: list[Turn],
    sessions: Sessions,
    scores: np.ndarray,
    of_sessions: np.ndarray,
) -> Ranks:
    question, place = told.questions[0], {turn.id: i for i, turn in enumerate(turns)}
    number = {name: i for i, name in enumerate(sessions.names)}
    at, among = places(scores[None])[0], places(of_sessions[None])[0]
    of_turns = sorted(int(at[place[name]]) for name in question.evidence) or NOWHERE
    return Ranks(0, of_turns, sorted(int(among[number[name]]) for name in _named(told)))


def _named(told: Conversation) -> list[str]:
    """Return the sessions that answer and that hold a turn."""
    held = {turn.session for turn in told.turns}
    return [name for name in told.questions[0].sessions if name in held]


def _summarise(found: pd.DataFrame) -> pd.DataFrame:
    """Return means by method and type of question, all of them first."""
    both = pd.concat([found.assign(type="all"), found])
    groups = both.groupby(["method", "type"], sort=False)
    counts = groups["turn_any_5"].agg(n="size", n_turns="count")
    return counts.join(groups[list(MEASURES)].mean()).reset_index()
