"""The results file holds whole units, keeps old bytes, and says when it is damaged."""

import math
import multiprocessing
import threading

import pandas as pd
import pandera.pandas as pa
import pytest

from hsokv.runs.store import ResultsError, ResultsStore
from hsokv.runs.table import checksum
from tests.faults import count_steps, die_at_step, fail_at_each_step

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


def rewrite(store, old, new):
    """Change the file by hand and make the checksums of its lines right, as a forger would."""
    header, *lines = store.path.read_text().replace(old, new, 1).splitlines()
    bodies = [line.rpartition(",")[0] for line in lines]
    lines = [f"{body},{checksum(body)}" for body in bodies]
    store.path.write_text("\n".join([header, *lines]) + "\n")


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
        "flow,seed,accuracy,correct_words,note,is_final,config_hash,checksum\n"
        "hybrid,0,0.333333,00ff,,True,a1,c2d0edc9\n"
        'hybrid,1,,00ff,"a, ""b""",True,a1,03a6d565\n'
    )
    frame = store.read()
    assert frame["correct_words"].tolist() == ["00ff", "00ff"]
    assert frame["accuracy"][0] == 0.333333
    assert math.isnan(frame["accuracy"][1])
    assert pd.isna(frame["note"][0]) and frame["note"][1] == 'a, "b"'
    assert frame["is_final"].tolist() == [True, True]
    pd.testing.assert_frame_equal(store.normalise(rows), frame)


def test_existing_bytes_are_kept(store):
    """What is added comes after what is there, whatever that is."""
    store.append([make_row()])
    content = store.path.read_bytes().replace(b"0.5", b"0.7")
    store.path.write_bytes(content)
    store.append([make_row(1, "b2")])
    assert store.path.read_bytes().startswith(content)


def test_the_file_keeps_its_mode_and_a_link_stays(tmp_path):
    """Permissions survive an append; a symbolic link is followed, not replaced."""
    real = ResultsStore(tmp_path / "real.csv", SCHEMA)
    real.append([make_row()])
    real.path.chmod(0o640)
    (tmp_path / "link.csv").symlink_to("real.csv")
    ResultsStore(tmp_path / "link.csv", SCHEMA).append([make_row(1, "b2")])
    assert (tmp_path / "link.csv").is_symlink() and len(real.read()) == 2
    assert real.path.stat().st_mode & 0o777 == 0o640


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
        ({"note": "\x1b[31m"}, "does not print"),
        ({"note": "=cmd|' /C calc'!A0"}, "begins like a formula"),
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
        ("hybrid,1,", "hybrid,99999999999999999999,", "line 3: seed=9+ does not fit"),
        ("hybrid,1,0.5", "hybrid,1,inf", "accuracy=inf does not fit"),
        ("hybrid,1,", "hybrid,1_0,", "line 3: seed='1_0' is not how it is written: expected '10'"),
        ("hybrid,1,0.5", "hybrid,1, 0.5", "accuracy=' 0.5' is not how it is written"),
        ("hybrid,1,0.5", "hybrid,1,5e-1", "accuracy='5e-1' is not how it is written"),
        ("00ff,,True", "00ff,=1+1,True", "note='=1\\+1' begins like a formula"),
        ("hybrid,1,", "hybrid,", "line 3 has 7 fields, expected 8"),
        ("hybrid,1,", '"hybrid,1,', "line 3 cannot be parsed"),
        ("hybrid,1,0.5", "hybrid,0,0.6", "line 2: .*duplicated key"),
        ("hybrid,1,", "<<<<<<< HEAD\nhybrid,1,", "line 3 has 2 fields"),
        ("True,a1", "maybe,a1", "line 2: is_final='maybe' is not True or False"),
        ("flow", "\x00", "columns missing"),
    ],
)
def test_a_forged_file_is_refused(store, old, new, match):
    """Even with right checksums each kind of damage is named with its line and the remedy."""
    store.append([make_row(0), make_row(1)])
    rewrite(store, old, new)
    with pytest.raises(ResultsError, match=match.replace("line 3 ", "line 3: ")) as caught:
        store.read()
    assert str(store.path) in str(caught.value)
    assert "make rows SET_ASIDE=trials" in str(caught.value) and "checkout" not in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        (b"hybrid,1,0.5", b"hybrid,1,0.6", "line 3: was changed after it was written"),
        (b"hybrid,1,", b"<<<<<<< HEAD\nhybrid,1,", "line 3: is a git conflict marker"),
        (b"hybrid,1,", b"\nhybrid,1,", "line 3: has 0 fields"),
        (b"hybrid,1,", b"hyb\xff\xferid,1,", "line 3: "),
        (b"\n", b"\r\n", "line 1: has line ends of Windows"),
        (b"flow,", b"\xef\xbb\xbfflow,", "line 1: has a byte-order mark"),
        (b"hybrid,1,", b"hybrid,99999999999999999999,", "line 3: seed=9+ does not fit"),
    ],
)
def test_an_edited_file_is_refused_and_set_aside(store, old, new, match):
    """Setting doubtful lines aside loses no line, and heals the file."""
    store.append([make_row(0), make_row(1)])
    store.path.write_bytes(store.path.read_bytes().replace(old, new, 1))
    with pytest.raises(ResultsError, match=match):
        store.read()
    damaged = store.path.read_bytes()
    aside, n_lines = store.set_aside()
    kept = store.path.read_bytes()
    assert sorted(damaged.splitlines()) == sorted((kept + aside.read_bytes()).splitlines())
    assert n_lines == len(aside.read_bytes().splitlines()) and store.set_aside() is None
    assert len(store.read()) <= 2
    store.append([make_row(1)], replace=True)
    assert 1 in store.read()["seed"].tolist()


def test_repeated_lines_are_set_aside_alone(store):
    """After a merge that kept both sides only the repeats go, next to what was there before."""
    store.append([make_row(0), make_row(1)])
    whole = store.path.read_bytes()
    store.path.write_bytes(whole + whole.split(b"\n", 1)[1])
    aside = store.path.with_suffix(".set-aside")
    aside.write_bytes(b"mine")
    with pytest.raises(ResultsError, match="line 4: repeats line 2; line 5: repeats line 3") as e:
        store.read()
    assert f"HSOKV_RESULTS={store.path.parent} make rows" in str(e.value)
    assert store.set_aside() == (aside, 2) and store.path.read_bytes() == whole
    assert aside.read_bytes() == b"mine\n" + whole.split(b"\n", 1)[1]
    aside.unlink()
    aside.symlink_to(store.path.name)
    store.path.write_bytes(whole + b"x\n")
    with pytest.raises(ValueError, match="remove the link"):
        store.set_aside()


def test_a_cut_off_file_is_refused_and_not_touched(store):
    """Appending to a file whose last line is incomplete raises and leaves its bytes alone."""
    store.append([make_row(0), make_row(1)])
    damaged = store.path.read_bytes()[:-5]
    store.path.write_bytes(damaged)
    for action in (store.read, lambda: store.append([make_row(0, "b2")])):
        with pytest.raises(ResultsError, match="line 3: is cut off"):
            action()
    assert store.path.read_bytes() == damaged
    store.set_aside()
    assert store.read()["seed"].tolist() == [0]


def test_every_failing_disk_operation_leaves_whole_trials(store, monkeypatch):
    """A full disk at any write, flush or rename: the old rows or all the new ones, never others."""
    store.append([make_row(0, "a1")])
    before = store.path.read_bytes()

    def start():
        store.path.write_bytes(before)
        return lambda: store.append([make_row(0, "b2"), make_row(1, "b2")])

    failed = []
    for name in fail_at_each_step(start, monkeypatch):
        failed.append(name)
        assert store.read()["config_hash"].tolist() in (["a1"], ["a1", "b2", "b2"])
    assert {"open", "write", "fsync", "replace"} <= set(failed)
    leftovers = [p.name for p in store.path.parent.iterdir() if p.suffix == ".partial"]
    assert store.append([make_row(0, "c3")]) == 1 and not leftovers


def test_death_at_every_disk_operation_leaves_whole_trials(store, monkeypatch):
    """The same where the process dies on the spot; the next writer goes on, locks are free."""
    store.append([make_row(0, "a1")])
    before = store.path.read_bytes()

    def add():
        store.append([make_row(0, "b2"), make_row(1, "b2")])

    n_steps = len(count_steps(add, monkeypatch))
    assert n_steps >= 5
    for step in range(n_steps):
        store.path.write_bytes(before)
        assert die_at_step(add, step)
        assert store.read()["config_hash"].tolist() in (["a1"], ["a1", "b2", "b2"])
        add()
        assert store.read()["config_hash"].tolist() == ["a1", "b2", "b2"]


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
