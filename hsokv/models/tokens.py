"""What the sentence encoder makes of texts, token by token: for matching word by word in context.

One pass gives unit vectors of a text's content tokens and of the whole text. Late interaction
(Khattab and Zaharia, 2020) compares the first, a dense search the second.

Axes: B texts, T content tokens of all of them, one text after another, 384 dimensions.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from torch.nn.functional import normalize

from hsokv.models.sentence import WIDTH, load_encoder

#: Words that say little by themselves; no cue is looked up by them.
FUNCTION_WORDS = frozenset(
    """a an the and or but if of in on at to for from by with as is are was were be been being am do
    does did done have has had having will would could should can may might must i me my mine you
    your yours he him his she her hers it its we us our they them their this that these those there
    here what which who whom whose when where why how many much not no so too very just than then
    into about over out up down off s t re ve ll d m don didn doesn isn aren wasn weren""".split()
)
VOCABULARY = 30_522  # tokens that the encoder knows
AT_ONCE = 512  # texts, so that tokens without content are not all kept at a time
DTYPES = (np.float16, np.int32, np.int32, np.float16)
SLACK = 0.02  # of a vector's length, which 16 bits a number may change
PUNCTUATION = "?.,!'\":;-()[]…’"


class TokenVectors(NamedTuple):
    """Content tokens of texts and the texts as a whole; float16.

    Attributes:
        vectors: of the tokens in their contexts, unit length, (T, 384).
        ids: of the tokens in the encoder's vocabulary, int32, (T,).
        lengths: tokens of each text, 1 at least, int32, (B,).
        sentences: of the texts, unit length, (B, 384).
    """

    vectors: np.ndarray
    ids: np.ndarray
    lengths: np.ndarray
    sentences: np.ndarray

    def take(self, texts: list[int]) -> TokenVectors:
        """Return the same of some texts, by their numbers, in that order."""
        starts = np.cumsum(self.lengths) - self.lengths
        spans = [np.arange(starts[i], starts[i] + self.lengths[i]) for i in texts]
        tokens = np.concatenate(spans) if spans else np.empty(0, int)
        texts = np.array(texts, int)
        return TokenVectors(
            self.vectors[tokens], self.ids[tokens], self.lengths[texts], self.sentences[texts]
        )


def check_tokens(tokens: TokenVectors, n_texts: int) -> None:
    """Check that arrays are tokens of so many texts.

    Raises:
        ValueError: they are not.
    """
    for name, dtype in zip(tokens._fields, DTYPES):
        if (found := getattr(tokens, name)).dtype != dtype:
            raise ValueError(f"{name} is {found.dtype} and not {np.dtype(dtype)}")
    n = int(tokens.lengths.sum())
    shapes = ((n, WIDTH), (n,), (n_texts,), (n_texts, WIDTH))
    if tuple(array.shape for array in tokens) != shapes or (tokens.lengths < 1).any():
        raise ValueError(f"its tokens are not those of {n_texts} texts")
    for vectors in (tokens.vectors, tokens.sentences):
        lengths = np.linalg.norm(vectors.astype(np.float32), axis=1)
        if not np.all(np.abs(lengths - 1) < SLACK):
            raise ValueError("its vectors are not of unit length")
    if ((tokens.ids < 0) | (tokens.ids >= VOCABULARY)).any():
        raise ValueError("a token is none of the encoder's")


def no_tokens() -> TokenVectors:
    """Return those of no text."""
    vectors, numbers = np.empty((0, WIDTH), np.float16), np.empty(0, np.int32)
    return TokenVectors(vectors, numbers, numbers, vectors)


def join_tokens(parts: Iterable[TokenVectors]) -> TokenVectors:
    """Return several, one after another, as one."""
    return TokenVectors(*(np.concatenate(arrays) for arrays in zip(no_tokens(), *parts)))


def word_ids(words: Iterable[str]) -> frozenset[int]:
    """Return the ids of all tokens of some words.

    Raises:
        ModuleNotFoundError, OSError, ValueError: as `models.sentence.load_encoder`.
    """
    words = list(words)
    read = load_encoder().tokenizer(words, add_special_tokens=False)["input_ids"] if words else []
    return frozenset(number for numbers in read for number in numbers)


@cache
def function_ids() -> frozenset[int]:
    """Return the ids of tokens without content: function words, punctuation, marks of the encoder.

    Raises:
        ModuleNotFoundError, OSError, ValueError: as `models.sentence.load_encoder`.
    """
    reader = load_encoder().tokenizer
    marks = {reader.cls_token_id, reader.sep_token_id}
    return word_ids([*sorted(FUNCTION_WORDS), *PUNCTUATION]) | marks


def encode_tokens(texts: list[str]) -> TokenVectors:
    """Return the content tokens of texts and the texts as a whole, in one pass of the encoder.

    Of a text without content its first token is taken. What the encoder does not read of a long
    text, from 256 tokens on, is not in it.

    Raises:
        ModuleNotFoundError, OSError, ValueError: as `models.sentence.load_encoder`.
    """
    parts = [_encode(texts[i : i + AT_ONCE]) for i in range(0, len(texts), AT_ONCE)]
    return join_tokens(parts)


def _encode(texts: list[str]) -> TokenVectors:
    without, parts = function_ids(), []
    encoded = load_encoder().encode(
        texts, batch_size=64, output_value=None, show_progress_bar=False
    )
    for text in encoded:
        read = int(text["attention_mask"].sum())
        ids = np.asarray(text["input_ids"][:read], np.int32)
        kept = [i for i, number in enumerate(ids.tolist()) if number not in without] or [1]
        vectors = normalize(text["token_embeddings"][:read].float(), dim=1)[kept]
        sentence = normalize(text["sentence_embedding"].float(), dim=0)
        parts.append(
            TokenVectors(
                vectors.to(torch.float16).numpy(), ids[kept], np.array([len(kept)], np.int32),
                sentence.to(torch.float16).numpy()[None],
            )
        )  # fmt: skip
    return join_tokens(parts)
