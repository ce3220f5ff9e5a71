"""Whole-word tokenizer, fitted on training text only.

Words are lower-cased runs of letters, digits and apostrophes; a blank (`___`) is a token of its
own. Id 0 is padding and id 1 is every word the training text did not contain.
"""

from __future__ import annotations

import re
from collections.abc import Container

from hsokv.boundary.checks import shown
from hsokv.boundary.inputs import check_texts

PAD, UNKNOWN = "<pad>", "<unk>"
PAD_ID, UNKNOWN_ID = 0, 1
_WORD = re.compile(r"_+|[^\W_]+(?:'[^\W_]+)*")


def split_words(text: str) -> list[str]:
    """Return the lower-cased words of a text, punctuation left out."""
    return _WORD.findall(text.lower())


def leave_out(texts: list[str], words: Container[str]) -> list[str]:
    """Return the words of each text in lower case, some left out, with a space between them."""
    return [" ".join(w for w in split_words(text) if w not in words) for text in texts]


class Tokenizer:
    """Maps words to ids in order of first sight; ids never change once given.

    Args:
        words: the vocabulary, which begins with `PAD` and `UNKNOWN`; `None` begins an empty one.

    Raises:
        ValueError: it begins with others, or a word stands in it twice.
        TypeError: no list of words.
    """

    def __init__(self, words: list[str] | None = None):
        self.words = [PAD, UNKNOWN] if words is None else check_texts(words, "words")
        if self.words[:2] != [PAD, UNKNOWN] or len(set(self.words)) < len(self.words):
            raise ValueError(
                f"words={shown(self.words)}: expected each word once after {PAD!r} and {UNKNOWN!r};"
                " take them from a tokenizer, or leave words out and call extend"
            )
        self.ids = {word: index for index, word in enumerate(self.words)}

    def __len__(self) -> int:
        return len(self.words)

    def copy(self) -> Tokenizer:
        """Return a tokenizer that knows the same words."""
        other = Tokenizer()
        other.words, other.ids = list(self.words), dict(self.ids)
        return other

    def extend(self, texts: list[str]) -> Tokenizer:
        """Add the words of training texts; existing ids stay.

        Raises:
            ValueError, TypeError: no list of strings.
        """
        for text in check_texts(texts, least=0):
            for word in split_words(text):
                if word not in self.ids:
                    self.ids[word] = len(self.words)
                    self.words.append(word)
        return self

    def encode(self, texts: list[str]) -> list[list[int]]:
        """Return one list of token ids per text; unseen words get `UNKNOWN_ID`.

        Raises:
            ValueError, TypeError: no list of strings.
        """
        texts = check_texts(texts, least=0)
        return [[self.ids.get(word, UNKNOWN_ID) for word in split_words(text)] for text in texts]

    @classmethod
    def from_words(cls, words: list[str]) -> Tokenizer:
        """Return the tokenizer whose `words` these are.

        Raises:
            ValueError: they are no vocabulary.
        """
        is_list = isinstance(words, list) and all(isinstance(word, str) for word in words)
        if not is_list or words[:2] != [PAD, UNKNOWN] or len(set(words)) != len(words):
            raise ValueError(
                f"no vocabulary: expected a list of different words that begins with {PAD!r} and "
                f"{UNKNOWN!r}"
            )
        return cls(words)
