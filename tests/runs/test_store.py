"""The results file holds whole units, keeps old bytes, and says when it is damaged."""

import math
import multiprocessing
import threading

import pandas as pd
import pandera.pandas as pa
import pytest

from hsokv.runs.store import ResultsError, ResultsStore

SCHEMA = pa.DataFrameSchema(
    {
        "flow": pa.Column(str),
        "seed": pa.Column(int),
        "accuracy": pa.Column(float, pa.Check.in_range(0, 1), nullable=True),
        "correct_words": pa.Column(str),
        "note": pa.Column(str, nullable=True),
        "is_final": pa.Column(bool),
        "config_hash": pa.Column(str),
    },
    unique=["flow", "seed", "config_hash"],
)


def make_row(seed=0, config_hash="a1", **changes):
    """One valid row."""
    row = {"flow": "hybrid", "seed": seed, "accuracy": 0.5, "correct_words": "00ff", "note": None}
    return row | {"is_final": True, "config_hash": config_hash} | changes


@pytest.fixture
def store(tmp_path):
    """An empty store."""
    return ResultsStore(tmp_path / "deep" / "trials.csv", SCHEMA)


def test_missing_file_is_an_empty_frame(store):
    """Nothing stored yet: all columns, no rows, right types."""
    frame = store.read()
    assert list(frame.columns) == list(SCHEMA.columns)
    assert len(frame) == 0
    assert frame["accuracy"].dtype == float
    assert store.completed() == set()


def test_rows_come_back_as_written(store):
    """Hex text keeps its zeros, floats six digits, NaN is an empty field."""
    rows = [make_row(0, accuracy=1 / 3), make_row(1, accuracy=math.nan, note='a, "b"')]
    assert store.append(rows) == 2
    assert store.path.read_text() == (
        "flow,seed,accuracy,correct_words,note,is_final,config_hash\n"
        "hybrid,0,0.333333,00ff,,True,a1\n"
        'hybrid,1,,00ff,"a, ""b""",True,a1\n'
    )
    frame = store.read()
    assert frame["correct_words"].tolist() == ["00ff", "00ff"]
    assert frame["accuracy"][0] == 0.333333
    assert math.isnan(frame["accuracy"][1])
    assert pd.isna(frame["note"][0]) and frame["note"][1] == 'a, "b"'
    assert frame["is_final"].tolist() == [True, True]
    pd.testing.assert_frame_equal(store.normalise(rows), frame)


def test_existing_bytes_are_kept(store):
    """Rows written by hand with other formatting stay exactly as they are."""
    store.append([make_row()])
    content = store.path.read_bytes().replace(b"0.5", b"0.50000000001")
    store.path.write_bytes(content)
    store.append([make_row(1, "b2")])
    assert store.path.read_bytes().startswith(content)
    assert store.has("b2") and not store.has("c3")


def test_a_stored_unit_is_not_added_twice(store):
    """The first writer of a unit wins unless replacement is asked for."""
    store.append([make_row(0, "a1"), make_row(1, "a1")])
    store.append([make_row(5, "b2")])
    assert store.append([make_row(0, "a1", accuracy=0.9), make_row(0, "c3")]) == 1
    assert store.read()["accuracy"].tolist() == [0.5] * 4
    assert store.append([make_row(0, "a1", accuracy=0.9)], replace=True) == 1
    assert store.read()["config_hash"].tolist() == ["b2", "c3", "a1"]
    assert store.read()["accuracy"].tolist() == [0.5, 0.5, 0.9]


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"acuracy": 0.5}, "did you mean 'accuracy'"),
        ({"accuracy": 1.5}, "row 2: accuracy=1.5"),
        ({"accuracy": "high"}, "accuracy='high' does not fit"),
        ({"seed": 1.5}, "seed=1.5 does not fit"),
        ({"seed": None}, "row 2: seed='' is not a whole number"),
        ({"note": "a\nb"}, "line break"),
        ({"seed": 0}, "duplicated key"),
    ],
)
def test_a_bad_row_keeps_the_whole_unit_out(store, changes, match):
    """One bad row: nothing of the unit is written, and the message is about rows, not the file."""
    with pytest.raises(ValueError, match=match) as caught:
        store.append([make_row(0), make_row(1) | changes])
    assert not isinstance(caught.value, ResultsError)
    assert not store.path.exists()


def test_a_row_without_a_column_is_refused(store):
    """A missing value must be said, not left out."""
    row = make_row()
    del row["accuracy"]
    with pytest.raises(ValueError, match="lacks .'accuracy'"):
        store.append([row])


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ("accuracy", "acuracy", r"columns missing: \['accuracy'\], .*\['acuracy'\]"),
        ("flow,seed", "seed,flow", "not in the expected order"),
        ("hybrid,1,0.5", "hybrid,1,0.5x", "line 3: accuracy='0.5x' is not a number"),
        ("hybrid,1,0.5", "hybrid,1,7", "line 3: accuracy=7.0"),
        ("hybrid,1,", "hybrid,,", "line 3: seed='' is not a whole number"),
        ("hybrid,1,", "hybrid,", "line 3 has 6 fields, expected 7"),
        ("hybrid,1,", '"hybrid,1,', "line 3 cannot be parsed"),
        ("hybrid,1,", "hybrid,0,", "line 2: .*duplicated key"),
        ("hybrid,1,", "<<<<<<< HEAD\nhybrid,1,", "line 3 is a git conflict marker"),
        ("True,a1\nhybrid,1", "True,a1\n\nhybrid,1", "line 3 has 0 fields"),
        ("True,a1\n", "maybe,a1\n", "line 2: is_final='maybe' is not True or False"),
        ("flow", "\ufeff\x00", "columns missing"),
    ],
)
def test_a_damaged_file_is_refused(store, old, new, match):
    """Each kind of damage is named with its line and the remedy."""
    store.append([make_row(0), make_row(1)])
    store.path.write_text(store.path.read_text().replace(old, new, 1))
    with pytest.raises(ResultsError, match=match) as caught:
        store.read()
    assert str(store.path) in str(caught.value)
    assert "git checkout -- " in str(caught.value) and "delete it" in str(caught.value)


def test_a_cut_off_or_binary_file_is_refused_and_not_touched(store):
    """Appending to a damaged file raises and leaves its bytes alone."""
    store.append([make_row(0), make_row(1)])
    whole = store.path.read_bytes()
    for damaged, match in ((whole[:-5], "cut off"), (whole + b"\xff\xfe\n", "not UTF-8")):
        store.path.write_bytes(damaged)
        for action in (store.read, lambda: store.append([make_row(0, "b2")])):
            with pytest.raises(ResultsError, match=match):
                action()
        assert store.path.read_bytes() == damaged


def test_a_leftover_partial_file_does_no_harm(store):
    """What a killed writer left behind is overwritten and never read."""
    store.append([make_row()])
    store.path.with_name("trials.csv.partial").write_text("garbage")
    store.append([make_row(1, "b2")])
    assert len(store.read()) == 2
    assert not store.path.with_name("trials.csv.partial").exists()


def append_many(path, first):
    """Append 15 units of two rows each."""
    store = ResultsStore(path, SCHEMA)
    for seed in range(first, first + 15):
        store.append([make_row(seed, f"h{seed}"), make_row(seed + 1000, f"h{seed}")])


def test_writers_do_not_lose_each_others_rows(store):
    """Threads and processes that append at once all keep their rows."""
    workers = [threading.Thread(target=append_many, args=(store.path, 0))]
    context = multiprocessing.get_context("spawn")
    workers.append(context.Process(target=append_many, args=(store.path, 100)))
    for worker in [*workers[::-1]]:
        worker.start()
    append_many(store.path, 200)
    for worker in workers:
        worker.join()
    assert len(store.read()) == 90


def test_schema_without_config_hash_is_refused(tmp_path):
    """A unit needs its name."""
    with pytest.raises(ValueError, match="config_hash"):
        ResultsStore(tmp_path / "x.csv", pa.DataFrameSchema({"a": pa.Column(int)}))
