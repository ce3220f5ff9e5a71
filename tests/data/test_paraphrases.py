"""Paraphrases: how pairs become groups, and where they are read from."""

import signal
import sys
import types

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hsokv.data import paraphrases
from hsokv.data.paraphrases import SAMPLE, group_paraphrases, load_paraphrases
from hsokv.data.tokenizer import split_words

PAIRS = [
    ("A cat sat.", "A feline sat.", 1),
    ("A feline sat.", "The cat was sitting.", 1),
    ("The cat was sitting.", "Stocks fell.", 0),
    ("Shares dropped!", "Stocks fell.", 1),
    ("It rains.", "It rains", 1),
]
GROUPS = [{"A cat sat.", "A feline sat.", "The cat was sitting."},
          {"Shares dropped!", "Stocks fell."}]  # fmt: skip


def grouped(pairs):
    """Groups of rows of two sentences and whether they say the same."""
    first, second, same = (pd.Series([row[i] for row in pairs], dtype=object) for i in range(3))
    return group_paraphrases(first, second, same.astype(bool))


def table(pairs, name="stsb", yes=5.0, no=1.0):
    """Rows as GLUE has them."""
    one, other = paraphrases.SOURCES[name].sides
    columns = {one: [p[0] for p in pairs], other: [p[1] for p in pairs]}
    return pd.DataFrame(columns | {"label": [yes if p[2] else no for p in pairs],
                                   "idx": range(len(pairs))})  # fmt: skip


@pytest.fixture(autouse=True)
def nothing_kept():
    """What was read for one test is not there for the next."""
    paraphrases._load.cache_clear()
    yield
    paraphrases._load.cache_clear()


@pytest.fixture
def ten_seconds():
    """Fail instead of waiting for what does not end."""

    def stop(*_):
        raise TimeoutError("more than ten seconds")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(10)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder of pairs, named by HSOKV_DATA."""
    for name in paraphrases.SOURCES:
        (tmp_path / "glue" / name).mkdir(parents=True)
    monkeypatch.setenv("HSOKV_DATA", str(tmp_path))
    return tmp_path / "glue"


@pytest.fixture
def hub(monkeypatch):
    """No folder, and a package `datasets` whose `load_dataset` a test sets."""
    monkeypatch.delenv("HSOKV_DATA", raising=False)
    package = types.ModuleType("datasets")
    monkeypatch.setitem(sys.modules, "datasets", package)
    return package


def test_a_chain_of_pairs_is_a_group():
    """What says the same as what says the same does; the rest is single, each words once."""
    found = grouped(PAIRS)
    assert sorted(map(sorted, found.groups)) == sorted(map(sorted, GROUPS))
    assert len(found.singles) == 1 and found.singles[0].startswith("It rains")


def test_words_decide():
    """Sentences of the same words are one, whatever their dots, in or between groups."""
    found = grouped([("A cat.", "a cat", 1), ("A CAT!", "A feline", 1), ("...", "Stocks", 1)])
    everything = [text for group in found.groups for text in group] + found.singles
    words = [" ".join(split_words(text)) for text in everything]
    assert sorted(words) == ["a cat", "a feline", "stocks"]
    assert len(found.groups) == 1


def test_no_pairs():
    """Nothing comes of nothing."""
    assert grouped([]) == ([], [])


SENTENCE = st.sampled_from(["a", "A.", "b", "b!", "c d", "C d", "e", "f g", "..."])


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(SENTENCE, SENTENCE, st.booleans()), max_size=9), st.randoms())
def test_order_of_rows_and_sides_does_not_matter(pairs, random):
    """Shuffled and turned around, the same groups in the same order; each is a component."""
    found = grouped(pairs)
    turned = [(b, a, same) if random.random() < 0.5 else (a, b, same) for a, b, same in pairs]
    random.shuffle(turned)
    assert grouped(turned) == found
    for group in found.groups:
        words = [tuple(split_words(text)) for text in group]
        assert len(set(words)) == len(words) > 1
        alike = [{tuple(split_words(text)) for text in pair[:2]} for pair in pairs if pair[2]]
        reached = {words[0]}
        for _ in pairs:
            reached = reached.union(*(both for both in alike if both & reached))
        assert set(words) <= reached
    texts = {text for pair in pairs for text in pair[:2]}
    assert {*found.singles, *(text for group in found.groups for text in group)} <= texts


@pytest.mark.parametrize("name, files", [("stsb", 2), ("mrpc", 2), ("qqp", 1)])
def test_files_of_a_folder(folder, name, files):
    """All files of a source are read, spaces around a sentence aside."""
    yes, no = (4.0, 3.99) if name == "stsb" else (1, 0)
    rows = table([(f" {a} ", b, same) for a, b, same in PAIRS], name, yes, no)
    names = paraphrases.SOURCES[name].files
    assert len(names) == files
    for i, file in enumerate(names):
        rows.iloc[i::files].to_parquet(folder / name / f"{file}.parquet")
    found = load_paraphrases(name)
    assert sorted(map(sorted, found.groups)) == sorted(map(sorted, GROUPS))
    assert found == grouped(PAIRS)
    assert paraphrases.what_paraphrases_lack() == ""


def test_a_part_of_many_pairs(folder):
    """Of more pairs of QQP as many are used as are said, the same ones in any order of rows."""
    rows = table([(f"one {i}", f"two {i}", 1) for i in range(SAMPLE + 500)], "qqp", 1, 0)
    path = folder / "qqp" / "train_sample.parquet"
    found = []
    for order in (rows, rows.sample(frac=1, random_state=0)):
        order.to_parquet(path)
        paraphrases._load.cache_clear()
        found.append(load_paraphrases("qqp"))
    assert found[0] == found[1] and len(found[0].groups) == SAMPLE and not found[0].singles


def test_sentences_that_are_missing(folder, ten_seconds):
    """A pair without one of its sentences is no pair, and no error either."""
    rows = table([*PAIRS, (None, "Rain.", 1)])
    for file in ("train", "validation"):
        rows.to_parquet(folder / "stsb" / f"{file}.parquet")
    found = load_paraphrases("stsb")
    assert sorted(map(sorted, found.groups)) == sorted(map(sorted, GROUPS))


def test_a_file_that_is_missing(folder):
    """All that are missing are named, and what to do."""
    table(PAIRS).to_parquet(folder / "stsb" / "train.parquet")
    with pytest.raises(FileNotFoundError, match=r"stsb.validation.parquet missing: expected GLUE'"):
        load_paraphrases("stsb")
    with pytest.raises(FileNotFoundError, match=r"mrpc.train.parquet, .*mrpc.validation.parquet m"):
        load_paraphrases("mrpc")


@pytest.mark.parametrize("missing", ["sentence1", "sentence2", "label"])
def test_other_columns(folder, missing):
    """The message names what is missing."""
    for file in ("train", "validation"):
        table(PAIRS).drop(columns=missing).to_parquet(folder / "stsb" / f"{file}.parquet")
    with pytest.raises(ValueError, match=f"stsb has no column {missing}: expected .*fetch it agai"):
        load_paraphrases("stsb")


def test_many_pairs_without_numbers(folder):
    """Numbers of pairs are needed to use a part of them; the message says so."""
    rows = table([(f"one {i}", f"two {i}", 1) for i in range(SAMPLE + 1)], "qqp", 1, 0)
    rows.drop(columns="idx").to_parquet(folder / "qqp" / "train_sample.parquet")
    with pytest.raises(ValueError, match="qqp has no column idx: expected"):
        load_paraphrases("qqp")


def test_files_that_are_no_tables(folder):
    """Damaged files are refused by their source."""
    for file in ("train", "validation"):
        (folder / "stsb" / f"{file}.parquet").write_bytes(b"no parquet")
    with pytest.raises(ValueError, match="stsb.*expected .*fetch it again"):
        load_paraphrases("stsb")


def test_an_unknown_source():
    """The nearest name is given."""
    with pytest.raises(
        ValueError, match="unknown source of paraphrases 'stsB': did you mean 'stsb"
    ):
        load_paraphrases("stsB")


@pytest.mark.parametrize("value", [None, "", "nowhere"])
def test_what_is_lacking(monkeypatch, tmp_path, value):
    """Without a folder, and with one that is not there, it is said."""
    monkeypatch.chdir(tmp_path)
    if value is None:
        monkeypatch.delenv("HSOKV_DATA", raising=False)
    else:
        monkeypatch.setenv("HSOKV_DATA", value)
    assert "HSOKV_DATA does not name a folder" in paraphrases.what_paraphrases_lack()


def test_from_the_hub(hub):
    """Each split is asked for by its name, and all of them are read."""
    asked = []

    def load_dataset(hub_name, name, split):
        asked.append((hub_name, name, split))
        rows = table(PAIRS[: 2 + len(asked)] if split == "train" else PAIRS[2:])
        return types.SimpleNamespace(to_pandas=lambda: rows)

    hub.load_dataset = load_dataset
    found = load_paraphrases("stsb")
    assert asked == [("nyu-mll/glue", "stsb", "train"), ("nyu-mll/glue", "stsb", "validation")]
    assert found == grouped(PAIRS)
    assert load_paraphrases("stsb") is found and len(asked) == 2


@pytest.mark.parametrize(
    "error", [ConnectionError("no route"), ValueError("x"), OSError("offline")]
)
def test_a_hub_that_cannot_be_reached(hub, error):
    """Whatever its library raises, the message says what to set instead, and asks again later."""

    def load_dataset(*_, **__):
        raise error

    hub.load_dataset = load_dataset
    for _ in range(2):
        with pytest.raises(
            OSError, match=r"mrpc\) cannot be fetched \(.*\): expected a network; s"
        ):
            load_paraphrases("mrpc")


def test_without_the_package(monkeypatch):
    """The error says what to install, or to set."""
    monkeypatch.delenv("HSOKV_DATA", raising=False)
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(
        ModuleNotFoundError, match=r"pip install 'hsokv\[data\]', or set HSOKV_DATA"
    ):
        load_paraphrases("stsb")
