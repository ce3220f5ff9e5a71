"""The stories of the tasks: what a text says about a word, and the filler around it.

A training story is 7-12 filler words, "<word> means <definition>.", a usage sentence and 6-10
filler words. A test story puts such filler around what its *condition* says.
"""

from __future__ import annotations

import re
from functools import cache

import numpy as np

from hsokv.data.lexicon import load_fillers

#: What a test story holds, by the name of the condition.
CONDITIONS = {
    "verbatim": "definition and usage of a training story again (the source documents' protocol)",
    "recognise": "a new sentence with the word",
    "infer": "the same sentence with the word blanked",
    "unseen": "a sentence with a word that was never stored: abstaining is right",
    "inflect": "a new sentence with another form of the word, or with the word misspelt",
    "define": "a definition in other words, without the word",
    "two_words": "the word and another stored one, and that definition: which one is meant?",
}
SENSE = "sense"  #: the condition of `make_sense_task`: a new sentence with one sense of the word
BLANK = "___"
LEAD, TAIL, DISTRACTOR = (7, 12), (6, 10), (12, 18)  # words, both ends included


@cache
def _fillers() -> np.ndarray:
    return np.array(load_fillers(), dtype=object)


def draw_filler(low_high: tuple[int, int], rng: np.random.Generator) -> str:
    """Return filler words, as many as drawn between the two numbers, both included."""
    return " ".join(rng.choice(_fillers(), rng.integers(low_high[0], low_high[1] + 1)))


def training_core(entry: dict, usage: str) -> str:
    """Return what a training story says about a word, without its filler."""
    return f"{entry['word']} means {entry['definition']}. {usage}"


def query_core(plan: dict[str, dict], label: str, condition: str, rng: np.random.Generator) -> str:
    """Return what a test story about a stored label says, without its filler."""
    entry = plan[label]
    word, usage = entry["word"], entry["new"]
    if condition == "verbatim":
        return training_core(entry, entry["trained"][rng.integers(len(entry["trained"]))])
    if condition == "infer":
        return _replace(word, BLANK, usage)
    if condition == "inflect":
        if rng.random() < 0.5:
            return entry["inflected_usage"]
        return _replace(word, misspell(word, rng), usage)
    if condition == "define":
        return f"It means {entry['paraphrase']}."
    if condition == "two_words":
        others = [other for other in plan if other != label]
        alike = [o for o in others if plan[o]["part_of_speech"] == entry["part_of_speech"]]
        pair = rng.permutation([word, rng.choice(alike or others)])
        return f"{pair[0]} or {pair[1]}: which one means {entry['paraphrase']}?"
    return usage


def _replace(word: str, other: str, sentence: str) -> str:
    return re.sub(rf"\b{word}\b", other, sentence, flags=re.IGNORECASE)


def misspell(word: str, rng: np.random.Generator) -> str:
    """Return a word with one slip of the pen: a letter dropped, doubled, replaced, or swapped.

    The first letter stays, and the result is another word (Damerau, 1964, lists these slips).

    Raises:
        ValueError: the word has fewer than three letters.
    """
    if len(word) < 3:
        raise ValueError(f"word={word!r}: expected three letters or more; take a longer one")
    while True:
        i = int(rng.integers(1, len(word)))
        kind = rng.integers(4)
        if kind == 0:
            slip = word[:i] + word[i + 1 :]
        elif kind == 1:
            slip = word[:i] + word[i] + word[i:]
        elif kind == 2:
            slip = word[:i] + chr(ord("a") + int(rng.integers(26))) + word[i + 1 :]
        else:
            slip = word[:i] + word[i : i + 2][::-1] + word[i + 2 :]
        if slip != word:
            return slip


def surround(core: str, rng: np.random.Generator, n_distractors: int = 0) -> str:
    """Put filler words around the core, and distractor sentences before or after it."""
    parts = [f"{draw_filler(LEAD, rng)} {core} {draw_filler(TAIL, rng)}."]
    for _ in range(n_distractors):
        sentence = draw_filler(DISTRACTOR, rng).capitalize() + "."
        parts.insert(0 if rng.random() < 0.5 else len(parts), sentence)
    return " ".join(parts)
