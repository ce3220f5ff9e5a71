"""A memory of conversations and notes: it keeps turns, and finds those that answer a question.

Turns are ranked by a weighted sum of the cues in `memory.dialogue`; the weights that ship were
fitted on conversations with questions whose answering turns are known (`conversation.yaml`). It
reads English, best chats of two people over months; a score tells an order and not whether the
answer is there at all.

Axes: N turns, F cues, k answers.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, Self

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from hsokv.boundary.checks import Range, check_float, check_int, check_keys, convert, shown
from hsokv.boundary.files import replace_file
from hsokv.boundary.inputs import as_list, check_texts
from hsokv.boundary.yaml_file import read_yaml
from hsokv.data.chats import Turn, read_date
from hsokv.memory.dialogue import (
    TOKEN_CUES,
    WORD_CUES,
    TokenCues,
    WordCues,
    arrange,
    spoken,
    standardise,
)
from hsokv.models.sentence import SHA256
from hsokv.models.tokens import (
    TokenVectors,
    check_tokens,
    encode_tokens,
    join_tokens,
    no_tokens,
    word_ids,
)

FORMAT = "conversation 1"
SHIPPED: Mapping[str, float] = MappingProxyType({})  # stands for the weights that ship


class Found(NamedTuple):
    """A turn that was recalled.

    Attributes:
        turn: as it was told, its date as ISO.
        score: in nats; the difference of two turns is the log of how much likelier one of them
            holds the answer.
    """

    turn: Turn
    score: float


class FoundSession(NamedTuple):
    """A session that was recalled.

    Attributes:
        session: its name.
        date: of its first turn, '' if unknown.
        score: log of the sum of the exponentials of its turns' scores.
    """

    session: str
    date: str
    score: float


class ConversationMemory:
    """Turns of any number of sessions and speakers.

    Args:
        semantic: whether the sentence encoder reads as well, which finds more and takes about 20 ms
            for a short turn and 20 ms for a question; False needs no further package.
        weights: of cues, by name; those not named are not used. By default those that ship.

    Raises:
        ValueError: a cue is unknown, or needs the encoder.
        TypeError: a weight is no number, or semantic neither True nor False.
    """

    def __init__(self, semantic: bool = True, weights: Mapping[str, float] = SHIPPED):
        self.semantic = convert("semantic", semantic, bool)
        if not isinstance(weights, Mapping):
            raise TypeError(f"weights={shown(weights)}: expected cue names with weights; pass them")
        cues = WORD_CUES | TOKEN_CUES if self.semantic else WORD_CUES
        check_keys(weights, cues, "cue" if self.semantic else "cue without the encoder")
        chosen = dict(weights) or _shipped()["semantic" if self.semantic else "lexical"]
        self.weights = {name: check_float(name, value) for name, value in chosen.items()}
        self._own = bool(weights)
        self._turns: list[Turn] = []  # as they came
        self._parts = [no_tokens()]  # the turns' tokens, as they came
        self._known: dict[str | Turn, Turn] = {}  # id, or what a turn without one says -> turn
        self._order: list[int] | None = None  # of turns as they are read; None: not yet arranged

    def __len__(self) -> int:
        return len(self._turns)

    @property
    def turns(self) -> list[Turn]:
        """The turns as they are read, (N,), by session and date, see `dialogue.arrange`."""
        order = arrange(self._turns) if self._order is None else self._order
        return [self._turns[i] for i in order]

    def remember(self, turns: Iterable[Turn]) -> int:
        """Store turns that are not stored yet, and return how many these were.

        A turn with an id is known by it, and keeps its first date; one without by text, speaker,
        date and session. New turns are read once; all turns are arranged anew when next asked, in
        about 0.2 ms each.

        Raises:
            TypeError: something is no turn, or no text in one.
            ValueError: a date that is none, or an id that is stored with other content.
            ModuleNotFoundError, OSError: the encoder is not here. Nothing is stored then.
        """
        known, new = {}, []
        for i, turn in enumerate(as_list(turns, "turns")):
            turn = _check_turn(turn, f"turns[{i}]")
            key = turn.id or turn
            stored = self._known.get(key) or known.get(key)
            if stored is None:
                known[key] = turn
                new.append(turn)
            elif stored != turn._replace(date=stored.date):
                raise ValueError(
                    f"turns[{i}] has the id {shown(turn.id)} of another, {shown(stored.text)}: "
                    "expected an id of its own; give it one, or none"
                )
        self._parts.append(self._encode([spoken(turn) for turn in new]))
        self._turns += new
        self._known |= known
        if new:
            self._order = None
        return len(new)

    def recall(self, question: str, k: int = 10) -> list[Found]:
        """Return the turns that answer a question best, the best first, k or all there are.

        Raises:
            ValueError: the memory is empty, the question has nothing in it, or k is below 1.
            TypeError: the question is no text, or k no whole number.
            ModuleNotFoundError, OSError: the encoder is not here.
        """
        check_int("k", k, Range(1))
        scores, turns = self.cues(question) @ self._column(), self.turns
        best = np.argsort(-scores, kind="stable")[:k]
        return [Found(turns[i], float(scores[i])) for i in best]

    def sessions(self, question: str, k: int = 10) -> list[FoundSession]:
        """Return the sessions that answer a question best, the best first, k or all there are.

        Raises:
            ValueError, TypeError, ModuleNotFoundError, OSError: as `recall`.
        """
        check_int("k", k, Range(1))
        scores, turns = self.cues(question) @ self._column(), self.turns
        first = self._words.sessions.first
        sums = np.logaddexp.reduceat(scores, first)
        best = np.argsort(-sums, kind="stable")[:k]
        opening = [turns[first[i]] for i in best]
        return [FoundSession(t.session, t.date, float(sums[i])) for i, t in zip(best, opening)]

    def shares_words(self, question: str) -> bool:
        """Return whether some turn has a word of a question, by its stem and apart from names.

        Without the encoder, answers to a question that shares none are guesses.
        """
        if not len(self):
            return False
        self._arrange()
        return self._words.share(question)

    def cues(self, question: str) -> np.ndarray:
        """Return what tells of each turn of `turns` whether it answers, (N, F), F as `weights`.

        `training.listwise.fit_listwise` learns weights from these, see `conversation.yaml`.

        Raises:
            ValueError, TypeError, ModuleNotFoundError, OSError: as `recall`.
        """
        check_texts([question], "question")
        if not question.strip():
            raise ValueError(f"question={shown(question)}: expected words; ask something")
        if not len(self):
            raise ValueError("the memory is empty: expected turns; remember some first")
        self._arrange()
        cues = self._words.cues(question)
        if self.semantic:
            cues |= self._meanings.cues(self._encode([question]))
        return standardise(cues, list(self.weights))

    def save(self, path: str | os.PathLike) -> None:
        """Write the memory to one file, whole or not at all.

        Raises:
            OSError: the file cannot be written; an older one is as it was.
        """
        weights = self.weights if self._own else {}
        settings = {"semantic": self.semantic, "weights": weights, "encoder": SHA256}
        turns = json.dumps([list(turn) for turn in self._turns], ensure_ascii=False).encode()
        tensors = {name: np.ascontiguousarray(a) for name, a in self._tokens()._asdict().items()}
        tensors["turns"] = np.frombuffer(turns, np.uint8)
        replace_file(path, save(tensors, {"format": FORMAT, "settings": json.dumps(settings)}))

    @classmethod
    def load(cls, path: str | os.PathLike) -> Self:
        """Return a saved memory.

        Raises:
            OSError: the file cannot be read.
            ValueError: it is cut short, damaged, of something else or of another encoder.
        """
        content = Path(path).read_bytes()
        try:
            settings, tensors = _unpack(content)
            memory = cls(settings["semantic"], settings["weights"])
            memory._restore(tensors)
        except (SafetensorError, ValueError, TypeError, KeyError, RecursionError) as error:
            raise ValueError(
                f"{path} is no memory of conversations that can be read "
                f"({type(error).__name__}: {error}): expected a file that ConversationMemory.save "
                "wrote; take a copy of it"
            ) from error
        return memory

    def _restore(self, tensors: dict[str, np.ndarray]) -> None:
        rows = json.loads(tensors["turns"].tobytes())
        self._turns = [_check_turn(Turn(*row), f"turn {i}") for i, row in enumerate(rows)]
        self._known = {turn.id or turn: turn for turn in self._turns}
        tokens = TokenVectors(*(tensors[name] for name in TokenVectors._fields))
        check_tokens(tokens, len(self._turns) if self.semantic else 0)
        self._parts = [tokens]

    def _tokens(self) -> TokenVectors:
        self._parts = [join_tokens(self._parts)]
        return self._parts[0]

    def _encode(self, texts: list[str]) -> TokenVectors:
        if not self.semantic:
            return no_tokens()
        try:
            return encode_tokens(texts)
        except ModuleNotFoundError as error:
            raise ModuleNotFoundError(
                "this memory reads with a sentence encoder, which needs the package "
                "sentence-transformers: run pip install 'hsokv[semantic]', or make it with "
                "semantic=False"
            ) from error

    def _arrange(self) -> None:
        """Read the turns for asking, if that was not done since the last one came."""
        if self._order is not None:
            return
        order = arrange(self._turns)
        turns = [self._turns[i] for i in order]
        self._words = WordCues(turns)
        if self.semantic:
            names = word_ids(sorted(self._words.speakers.words))
            self._meanings = TokenCues(turns, self._tokens().take(order), names)
        self._order = order

    def _column(self) -> np.ndarray:
        return np.array(list(self.weights.values()), np.float32)


@cache
def _shipped() -> dict[str, dict[str, float]]:
    return read_yaml(Path(__file__).with_name("conversation.yaml"))


def _check_turn(turn: Any, place: str) -> Turn:
    if not isinstance(turn, Turn):
        raise TypeError(f"{place} is {shown(turn)}: expected a Turn; pass Turn(speaker, text)")
    check_texts(list(turn), place)
    return Turn(*turn)._replace(date=read_date(turn.date, place))


def _unpack(content: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    tensors = load(content)
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    found = header.get("__metadata__", {})
    if found.get("format") != FORMAT:
        raise ValueError(f"format {found.get('format')!r}: this version reads {FORMAT!r}")
    settings = json.loads(found["settings"])
    if settings["semantic"] and settings["encoder"] != SHA256:
        raise ValueError(f"its encoder is {shown(settings['encoder'])} and not {SHA256}")
    return settings, tensors
