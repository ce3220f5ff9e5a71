"""Wrong input is refused with the value, the expectation and the remedy."""

import dataclasses
from typing import Literal

import numpy as np
import pandas as pd
import pytest

from hsokv.boundary.checks import check_keys, check_params, unknown_key_message
from hsokv.boundary.inputs import check_texts, check_texts_labels


@dataclasses.dataclass(frozen=True)
class Params:
    """Parameters of an invented experiment."""

    n_way: int
    lr: float = 1e-3
    preset: Literal["demo", "research"] = "demo"
    flows: tuple[str, ...] = ()
    n_distractors: tuple = (0, 5)
    pair: tuple[int, float] = (1, 2.0)
    is_quick: bool = False
    limit: int | None = None


def test_unknown_key_names_the_nearest():
    """A misspelt name is answered with the one that was meant, whatever its case."""
    message = unknown_key_message("n_distractor", ["n_way", "n_distractors"], "parameter")
    assert "unknown parameter 'n_distractor': did you mean 'n_distractors'?" in message
    assert "did you mean 'hybrid'" in unknown_key_message("HYBRD", ["hybrid", "bm25"], "flow")
    assert "did you mean" not in unknown_key_message("zzz", ["hybrid"], "flow")


def test_check_keys_passes_and_raises():
    """Known names pass, an unknown one raises."""
    check_keys(["a"], {"a": 1, "b": 2}, "option")
    with pytest.raises(ValueError, match="unknown option 'c'"):
        check_keys(["a", "c"], ["a", "b"], "option")


@pytest.mark.parametrize(
    ("texts", "error", "match"),
    [
        ("one text", TypeError, "single text"),
        (b"bytes", TypeError, "single text"),
        ([], ValueError, "at least one text"),
        (None, ValueError, "texts=None"),
        (["a", 3], TypeError, r"texts\[1\]=3 is a int"),
        (["a", None], TypeError, r"texts\[1\]=None"),
        ({"a", "b"}, TypeError, "no order"),
        (5, TypeError, "need a list"),
    ],
)
def test_wrong_texts_are_refused(texts, error, match):
    """Each wrong kind of text list has its own message."""
    with pytest.raises(error, match=match):
        check_texts(texts)


def test_arrays_columns_and_generators_are_texts():
    """Whatever holds strings in order comes back as a list of str."""
    for texts in (["a", "b"], ("a", "b"), np.array(["a", "b"]), pd.Series(["a", "b"]), iter("ab")):
        assert check_texts(texts) == ["a", "b"]


@pytest.mark.parametrize(
    ("labels", "error", "match"),
    [
        (["x"], ValueError, "2 texts but 1 labels"),
        (["x", "y", "z"], ValueError, "2 texts but 3 labels"),
        ("xy", TypeError, "single text"),
        (None, ValueError, "labels=None"),
        (["x", None], ValueError, r"labels\[1\]=None: the label is missing"),
        ([1.0, float("nan")], ValueError, r"labels\[1\]=nan"),
        ([["x"], ["y"]], TypeError, "need text or a whole number"),
        (["x", 1], TypeError, "mixed"),
    ],
)
def test_wrong_labels_are_refused(labels, error, match):
    """Each wrong kind of label list has its own message."""
    with pytest.raises(error, match=match):
        check_texts_labels(["a", "b"], labels)


def test_labels_become_plain_values():
    """NumPy labels come back as Python values."""
    assert check_texts_labels(["a", "b"], np.array([1, 2])) == (["a", "b"], [1, 2])


def test_params_are_built_and_converted():
    """Lists become tuples and whole numbers floats, so that equal settings hash equally."""
    params = check_params(
        Params, {"n_way": 5, "lr": 1, "flows": ["bm25"], "pair": [1, 2], "limit": None}
    )
    assert params == Params(n_way=5, lr=1.0, flows=("bm25",), pair=(1, 2.0))
    assert isinstance(params.lr, float)
    assert isinstance(params.pair[1], float)
    assert check_params(Params, {"n_way": 5, "limit": 3}).limit == 3


@pytest.mark.parametrize(
    ("given", "error", "match"),
    [
        ({"n_wya": 5}, ValueError, "unknown parameter of Params 'n_wya': did you mean 'n_way'"),
        ({}, ValueError, "'n_way' of Params is missing"),
        ({"n_way": "5"}, TypeError, "without quotes|remove the quotes"),
        ({"n_way": 5.0}, TypeError, "n_way=5.0 is a float: need int"),
        ({"n_way": True}, TypeError, "n_way=True is a bool: need int"),
        ({"n_way": 5, "lr": "1e-4"}, TypeError, "in YAML write 1.0e-4"),
        ({"n_way": 5, "is_quick": 1}, TypeError, "need bool"),
        ({"n_way": 5, "flows": "bm25"}, TypeError, r"write \['bm25'\]"),
        ({"n_way": 5, "flows": ["bm25", 3]}, TypeError, r"flows\[1\]=3"),
        ({"n_way": 5, "pair": [1]}, ValueError, "exactly 2 values"),
        ({"n_way": 5, "limit": "x"}, TypeError, "limit='x'"),
        ({"n_way": 5, "preset": "reserch"}, ValueError, "did you mean 'research'"),
    ],
)
def test_wrong_params_are_refused(given, error, match):
    """Unknown, missing and wrongly typed parameters each give a clear error."""
    with pytest.raises(error, match=match):
        check_params(Params, given)
