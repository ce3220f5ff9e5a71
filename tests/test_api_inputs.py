"""Every value in the table of inputs is taken as a user means it, or refused in our words.

The table is `api_inputs.txt`. An error counts as ours when the package raised it, not what it
calls, and its message is short and escaped.
"""

import ast
from pathlib import Path

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import NotFittedError

import hsokv
from hsokv import (
    ABSTAIN,
    ABSTAIN_INTEGER,
    AssociativeMemory,
    ConversationMemory,
    FlowConfig,
    LinkedPassages,
    Turn,
    from_pretrained,
    make_flow,
    read_chat,
    save_pretrained,
)
from hsokv.data.predecessor import make_predecessor_task
from hsokv.data.rare_words import make_rare_word_task
from hsokv.data.tokenizer import Tokenizer
from hsokv.flows.fork import fork
from hsokv.memory.key_value import KeyValueMemory
from hsokv.memory.linked import Parts
from hsokv.runs.engine import Trial, run_trials
from hsokv.runs.store import ResultsStore
from hsokv.seeds import seed_for
from hsokv.stats import intervals, metrics, two_way, word_sets
from tests.conftest import TINY, make_tiny

TABLE = Path(__file__).with_name("api_inputs.txt")
PACKAGE = Path(hsokv.__file__).parent
ERRORS = {error.__name__: error for error in (ValueError, TypeError, NotFittedError)}
TEXTS, LABELS = ["red apple", "blue sea", "old house"], ["a", "b", "c"]
LONGEST_MESSAGE = 1500  # the names of all fifty switches are the longest


def read_table():
    """Return (line, call, value, outcome) of every input."""
    rows, call = [], None
    for number, line in enumerate(TABLE.read_text("utf8").splitlines(), start=1):
        if not line or line.startswith("#"):
            continue
        if not line.startswith(" "):
            call = line
            continue
        value, _, outcome = line.strip().partition("  ")
        rows.append((number, call, value, outcome.strip()))
    return rows


ROWS = read_table()


def one_row(trial):
    """A row of an invented trial."""
    return [{"accuracy": 1.0}]


@pytest.fixture(scope="module")
def names(tmp_path_factory):
    """What calls and values of the table may use; functions make what a call changes."""
    folder = tmp_path_factory.mktemp("api")
    text = pa.Column(str)
    columns = {"experiment": text, "flow": text, "seed": pa.Column(int)}
    columns |= {"accuracy": pa.Column(float), "settings": text}
    columns |= {"config_hash": text, "code_version": text}
    schema = pa.DataFrameSchema(columns)
    flow = make_flow("first_redesign").fit(TEXTS, LABELS)
    save_pretrained(flow, folder / "saved")
    trial = Trial.create("e", "f", 0)

    def memory():
        made = KeyValueMemory(5, 4)
        made.write(torch.eye(4)[:2], torch.zeros(2, 0))
        return made

    def pairs(**settings):
        made = AssociativeMemory(4, code_size=64, n_active=4, **settings)
        made.store(np.eye(4)[:2], np.eye(4)[2:])
        return made

    def linked(titles=("Ada Orr", "Lake Umber"), texts=("A diver.", "It is deep."), vectors=None):
        return LinkedPassages(titles, texts, np.eye(2) if vectors is None else vectors)

    def talk():
        made = ConversationMemory(semantic=False)
        made.remember([Turn("Ana", "I saw a red apple."), Turn("Bo", "The sea is blue.", id="b")])
        return made

    def chat(text, name="chat.json"):
        (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return folder / name

    def run(**options):
        store = ResultsStore(folder / f"{np.random.default_rng().integers(10**9)}.csv", schema)
        return len(run_trials([trial], one_row, store, **({"n_jobs": 1} | options)))

    return {
        **{name: getattr(intervals, name) for name in dir(intervals) if name[0] != "_"},
        "seeds_words_interval": two_way.seeds_words_interval,
        "seeds_words_difference": two_way.seeds_words_difference,
        **{name: getattr(metrics, name) for name in dir(metrics) if name[0] != "_"},
        "np": np, "pd": pd, "torch": torch, "nan": float("nan"), "inf": float("inf"),
        "TEXTS": TEXTS, "LABELS": LABELS, "TINY": TINY, "ABSTAIN_INTEGER": ABSTAIN_INTEGER,
        "make_flow": make_flow, "FlowConfig": FlowConfig, "KeyValueMemory": KeyValueMemory,
        "AssociativeMemory": AssociativeMemory, "pairs": pairs, "linked": linked, "Parts": Parts,
        "talk": talk, "chat": chat,
        "ConversationMemory": ConversationMemory, "Turn": Turn, "read_chat": read_chat,
        "Tokenizer": Tokenizer, "Trial": Trial, "fork": fork, "seed_for": seed_for,
        "make_rare_word_task": make_rare_word_task, "make_predecessor_task": make_predecessor_task,
        "encode_words": word_sets.encode_words, "decode_words": word_sets.decode_words,
        "from_pretrained": from_pretrained, "save_pretrained": save_pretrained,
        "saved": folder / "saved", "flow": flow, "task": make_rare_word_task(5, seed=0),
        "ints": make_flow("first_redesign").fit(TEXTS, [0, 1, 2]),
        "simple": lambda: make_flow("simple_kv", d_model=8),
        "hybrid": lambda **s: make_tiny("hybrid", **s).fit(TEXTS, LABELS),
        "flow_of": lambda name: make_tiny(name).fit(TEXTS, LABELS),
        "rng": lambda: np.random.default_rng(0), "memory": memory, "run": run,
        "store": lambda: ResultsStore(folder / "store.csv", schema),
    }  # fmt: skip


def test_the_table_is_long():
    """At least 350 inputs, none twice."""
    assert len(ROWS) >= 350
    assert len({row[1:3] for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("number, call, value, outcome", ROWS, ids=lambda x: str(x)[:40])
def test_input(names, number, call, value, outcome):
    """The value is taken or refused as the table says."""
    scope = dict(names)
    scope["_"] = eval(value, scope)
    kind, _, words = outcome.partition(" ")
    if kind not in ERRORS:
        result = eval(call, scope)
        assert kind in ("ok", "=")
        assert kind == "ok" or result == eval(words, scope)
        return
    with pytest.raises(ERRORS[kind]) as caught:
        eval(call, scope)
    message = str(caught.value)
    assert words.strip() in message and words.strip(), message
    assert len(message) <= LONGEST_MESSAGE and message.replace("\n", " ").isprintable()
    raised = Path(caught.traceback[-1].path)
    assert raised.is_relative_to(PACKAGE), f"raised by {raised}: {message}"


TEXT = st.text(max_size=12) | st.just("\ud800") | st.binary(max_size=3) | st.none()
LABEL = (
    st.text(max_size=4) | st.integers() | st.floats() | st.booleans() | st.none()
    | st.sampled_from([ABSTAIN, b"x", "a\0", np.int64(3), np.float32(2), pd.NA, [1]])
)  # fmt: skip


@pytest.mark.parametrize("name", ["first_redesign", "class_mean"])
@settings(derandomize=True, deadline=None, max_examples=60)
@given(pairs=st.lists(st.tuples(TEXT, LABEL), max_size=4), kind=st.sampled_from([str, int, None]))
def test_any_texts_and_labels(name, pairs, kind):
    """A flow learns them and answers one of them each time, or says in our words why not."""
    texts, labels = [text for text, _ in pairs], [label for _, label in pairs]
    if kind is not None:
        labels = [kind(abs(hash(repr(label))) % 3) for label in labels]
    flow = make_flow(name)
    try:
        flow.fit(texts, labels)
    except (ValueError, TypeError) as error:
        assert any(word in str(error) for word in ("need", "expected", "mixed", "missing"))
        assert not hasattr(flow, "classes_")
        return
    answers = flow.predict(texts).tolist()
    assert set(answers) <= {*labels, ABSTAIN, ABSTAIN_INTEGER}
    assert len(answers) == len(texts) and 0 <= flow.score(texts, labels) <= 1


@settings(derandomize=True, deadline=None, max_examples=150)
@given(
    name=st.sampled_from(list(FlowConfig().as_dict())),
    value=st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
    | st.lists(st.integers(), max_size=2),
)  # fmt: skip
def test_any_value_of_any_switch(name, value):
    """A switch takes a value of its type and range, or says what it expected."""
    default = FlowConfig().as_dict()[name]
    try:
        config = FlowConfig(**{name: value})
    except (ValueError, TypeError) as error:
        assert name in str(error) or name == "library"
        assert any(word in str(error) for word in ("need", "expected", "Valid", "choose", "needs"))
        return
    assert type(config.as_dict()[name]) is type(default)
    assert ast.literal_eval(repr(config.as_dict()[name])) == value
