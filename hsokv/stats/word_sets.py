"""Sets of words as hexadecimal text, one bit per word: which were tested, which were right."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hsokv.boundary.checks import Range, check_array, check_int, shown


def encode_words(words: ArrayLike) -> str | list[str]:
    """Return '0x' and hexadecimal digits whose bit i is word i; inverse of `decode_words`.

    words, bool: (n_words,) gives one string, (n_rows, n_words) a list of strings. The prefix keeps
    CSV readers from taking '1e5' or '00' for a number.

    Raises:
        ValueError: another number of axes.
        TypeError: a word is neither true nor false.
    """
    words = check_array("words", words, kind=bool)
    if words.ndim not in (1, 2):
        raise ValueError(
            f"words has shape {words.shape}: expected (n_words,) or (n_rows, n_words); reshape it"
        )
    if words.ndim == 2:
        return [encode_words(row) for row in words]
    value = int.from_bytes(np.packbits(words, bitorder="little").tobytes(), "little")
    return f"0x{value:0{max(1, -(-words.size // 4))}x}"


def decode_words(hex_strings: Sequence[str], n_words: int) -> NDArray[np.bool_]:
    """Return the word sets as bool (n_rows, n_words): bit i of a string is word i.

    Raises:
        ValueError: a string is not hexadecimal or names a word beyond `n_words`.
        TypeError: a single string, or `n_words` is no whole number.
    """
    n_words = check_int("n_words", n_words, Range(0))
    if isinstance(hex_strings, str):
        raise TypeError(f"hex_strings={shown(hex_strings)}: expected a list of them; put it in one")
    rows, n_bytes = [], -(-n_words // 8)
    for text in hex_strings:
        try:
            value = int(text, 16)
        except (TypeError, ValueError):
            value = -1
        if value < 0 or value >> n_words:
            raise ValueError(
                f"{shown(text)}: expected a hexadecimal string of at most {n_words} bits; read the "
                "column as text and pass the number of words of the lexicon"
            )
        rows.append(value.to_bytes(n_bytes, "little"))
    packed = np.frombuffer(b"".join(rows), dtype=np.uint8).reshape(len(rows), n_bytes)
    return np.unpackbits(packed, axis=1, count=n_words, bitorder="little").astype(bool)
