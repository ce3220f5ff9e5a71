"""Stored rows prove themselves: flipped bits, deleted and forged rows of every experiment."""

import csv
import random

import pytest

from hsokv.experiments.registry import list_experiments
from hsokv.runs.engine import run_trials
from hsokv.runs.store import ResultsError
from hsokv.runs.table import write_line
from hsokv.runs.trial import Trial
from tools import rows as rows_tool
from tools.paths import ROOT

EXPERIMENTS = list_experiments()
N_FLIPPED = 76  # bits, in the rows of each experiment
N_TRIALS = 2  # of each experiment, the first and the last of its file


def sample_lines(name):
    """The header and the lines of a few trials of an experiment's committed file."""
    header, *lines = (ROOT / f"results/{name}.csv").read_text("utf8").splitlines(keepends=True)
    place = header.split(",").index("config_hash") - len(header.split(","))
    hashes = [line.rsplit(",", -place)[-3 if place == -3 else place] for line in lines]
    chosen = {hashes[i * (len(lines) - 1) // (N_TRIALS - 1)] for i in range(N_TRIALS)}
    return header, [line for line, h in zip(lines, hashes) if h in chosen]


SAMPLES = {name: sample_lines(name) for name in EXPERIMENTS}


@pytest.fixture(params=EXPERIMENTS)
def stored(request, tmp_path):
    """A store of a few committed trials of an experiment, and its name."""
    store = EXPERIMENTS[request.param].store(tmp_path)
    header, lines = SAMPLES[request.param]
    store.path.write_text(header + "".join(lines), "utf8")
    assert len(store.read()) == len(lines)
    return store, request.param


def flip_bit(line, rng):
    """A line as bytes with one bit changed, its line break left alone."""
    data = bytearray(line.encode())
    data[rng.randrange(len(data) - 1)] ^= 1 << rng.randrange(8)
    return bytes(data)


def test_every_flipped_bit_is_found(stored):
    """Flipped bits in all bytes of a line: the file is refused, and each such line set aside."""
    store, name = stored
    header, lines = SAMPLES[name]
    rng, n_flipped = random.Random(0), 0
    while n_flipped < N_FLIPPED:
        chosen = set(rng.sample(range(len(lines)), min(len(lines), 20, N_FLIPPED - n_flipped)))
        flipped = {i: flip_bit(lines[i], rng) for i in chosen}
        content = [flipped.get(i, line.encode()) for i, line in enumerate(lines)]
        store.path.write_bytes(header.encode() + b"".join(content))
        with pytest.raises(ResultsError, match=r"line \d+: "):
            store.read()
        aside, _ = store.set_aside()
        moved = aside.read_bytes()
        assert all(line in moved for line in flipped.values())
        assert all(lines[i] in moved.decode("utf8", "replace") or lines[i] in store.path.read_text()
                   for i in set(range(len(lines))) - chosen)  # fmt: skip
        aside.unlink()
        n_flipped += len(flipped)


def test_every_deleted_row_is_found(stored):
    """Without any one of its rows a trial is incomplete: not read, and to be computed again."""
    store, name = stored
    header, lines = SAMPLES[name]
    for gone in range(len(lines)):
        store.path.write_text(header + "".join(lines[:gone] + lines[gone + 1 :]), "utf8")
        rows, incomplete = store.read_complete()
        n_of_trial = sum(there for there, _ in incomplete.values())
        assert len(incomplete) == (0 if n_of_trial == 0 and len(rows) == len(lines) - 1 else 1)
        if incomplete:
            with pytest.raises(ResultsError, match=r"has \d+ rows, expected \d+"):
                store.read()
        else:  # it was the only row of its trial, of which nothing is left
            assert f",{lines[gone].split(',')[-3]}," not in store.path.read_text()


FORGERIES = [
    ("one_shot", "accuracy", "0.999", "right words / tested words"),
    ("one_shot", "seed", "7", "the hash of its experiment, flow, seed and settings"),
    ("one_shot", "flow", "hybrid", "the hash of its experiment"),
    ("one_shot", "settings", '{"n_way":5}', "the hash of its experiment"),
    ("one_shot", "settings", "{}}", "expected JSON"),
    ("one_shot", "n_way", "99", "as its settings say"),
    ("one_shot", "n_distractors", "9", "as its settings say"),
    ("one_shot", "budget", "full", "as its settings say"),
    ("one_shot", "n_test", "77", "the tested words"),
    ("one_shot", "correct_words", "0x1000000000000000000000000", "words that were tested"),
    ("one_shot", "tested_words", "0x10000000000000000000000000", "words of the lexicon"),
    ("one_shot", "novelty_auroc", "0.123456", "a whole number out of n"),
    ("one_shot", "one_shot_accuracy", "0.01", "a whole number out of n_one_shot"),
    ("one_shot", "train_s", "0.5", "as in most rows"),
    ("one_shot", "memory_bytes", "1.5", "a whole number"),
    ("one_shot", "retention", "1.5", "in_range"),
    ("one_shot", "code_version", "=1+1", "begins like a formula"),
    ("one_shot", "config_hash", "xyz", "str_matches"),
    ("one_shot", "kv_hit_rate", "inf", "does not fit"),
    ("one_shot", "read_fraction", "5", "in_range"),
    ("issues", "read_fraction", "5", "a whole number out of n_test"),
    ("issues", "base", "simple", "as its settings say"),
    ("issues", "n_entries", "123456", "as in most rows"),
    ("issues", "memory_utility", "0.123", "a whole number out of n_test"),
    ("issues", "condition", "unseen", "isin"),
    ("attribution", "cell", "c111111111", "which its trial has"),
    ("attribution", "pooling", "last", "as its settings say"),
    ("attribution", "network_accuracy", "0.123", "a whole number out of n_test"),
    ("printed_table", "printed_one_shot", "0.123", "made from the measured shares"),
    ("printed_table", "one_shot_correct", "99", "one_shot_correct / n_one_shot"),
    ("printed_table", "multi_accuracy", "0.123", "a whole number out of n"),
    ("printed_table", "arm", "baseline_3", "the flow's name"),
]


@pytest.mark.parametrize(("name", "column", "value", "match"), FORGERIES)
def test_a_forged_value_contradicts_the_row(tmp_path, name, column, value, match):
    """Even with a right checksum: line, column, value and expectation are named."""
    store = EXPERIMENTS[name].store(tmp_path)
    header, lines = SAMPLES[name]
    fields = next(csv.reader([lines[0]]))[:-1]
    assert fields[store.columns.index(column)] != value
    fields[store.columns.index(column)] = value
    store.path.write_text(header + write_line(fields) + "".join(lines[1:]), "utf8")
    with pytest.raises(ResultsError, match=rf"line 2: .*{match}"):
        store.read()


def test_rows_that_contradict_themselves_are_not_stored(stored, tmp_path):
    """The same rules hold for what a run wants to store: a wrong or missing row keeps it out."""
    store, name = stored
    rows = store.read().to_dict("records")
    rows = [row for row in rows if row["config_hash"] == rows[0]["config_hash"]]
    other = EXPERIMENTS[name].store(tmp_path / "other")
    measures = ("accuracy", "score", "recall_5", "turn_all_10", "recall")
    measure = next(column for column in measures if column in store.columns)
    with pytest.raises(ValueError, match=f"row 1: {measure}="):
        other.append([rows[0] | {measure: 0.0123}, *rows[1:]])
    if len(rows) > 1:
        with pytest.raises(ValueError, match=f"has {len(rows) - 1} rows, expected {len(rows)}"):
            other.append(rows[1:])
    assert not other.path.exists() and other.append(rows) == len(rows)


def test_what_was_deleted_or_set_aside_is_computed_again(tmp_path):
    """A run heals its file: the trial that lost a row, and the one whose edited row was moved."""
    experiment = EXPERIMENTS["issues"]
    params = experiment.params(bases=("nearest_neighbor",), n_seeds=1, n_way_untrained=5)
    trials, store = experiment.make_trials(params)[:3], experiment.store(tmp_path)
    whole = run_trials(trials, experiment.run_trial, store, n_jobs=1, progress=False)
    lines = store.path.read_text("utf8").splitlines(keepends=True)
    del lines[2]
    lines[5] = lines[5].replace("issues,", "issuez,", 1)
    store.path.write_text("".join(lines), "utf8")
    with pytest.raises(ResultsError, match="line 6: experiment='issuez'"):
        run_trials(trials, experiment.run_trial, store, n_jobs=1, progress=False)
    store.set_aside()
    assert store.append(whole.to_dict("records")[:3]) == 3, "what lacks rows is replaced whole"
    healed = run_trials(trials, experiment.run_trial, store, n_jobs=1, progress=False)
    assert healed.attrs["trials_computed"] == 1
    assert healed.drop(columns="code_version").equals(whole.drop(columns="code_version"))
    assert len(store.read()) == len(whole)


def test_the_tool_names_what_is_wrong_and_heals(tmp_path, monkeypatch, capsys):
    """One line per problem, a note for what will be computed again, and no traceback."""
    monkeypatch.setenv("HSOKV_RESULTS", str(tmp_path))
    for name, (header, lines) in SAMPLES.items():
        (tmp_path / f"{name}.csv").write_text(header + "".join(lines), "utf8")
    assert rows_tool.main([]) == 0
    assert "none contradicts itself" in capsys.readouterr().out
    header, lines = SAMPLES["issues"]
    forged = lines[0].replace("issues,", "issues,x", 1)
    (tmp_path / "issues.csv").write_text(header + forged + "".join(lines[2:]), "utf8")
    assert rows_tool.main([]) == 1
    assert "issues.csv: line 2: " in capsys.readouterr().err
    assert rows_tool.main(["--set-aside", "issues"]) == 0
    assert "1 line(s) moved" in capsys.readouterr().out
    assert rows_tool.main([]) == 0
    assert "lack rows and are computed again by 03_the_issues" in capsys.readouterr().err
    assert rows_tool.main(["--set-aside", "issues"]) == 0
    assert rows_tool.main(["--set-aside", "isues"]) == 1
    assert "did you mean 'issues'" in capsys.readouterr().err


def test_an_edit_of_committed_rows_shows_in_one_line(monkeypatch):
    """A file that is not what its pin says is named with both fingerprints."""
    before = rows_tool.changed_results()
    assert before == []
    monkeypatch.setattr(
        "tools.pins.fingerprint_results", lambda: {"issues.csv": "1 rows, 0123456789abcdef"}
    )
    (line,) = rows_tool.changed_results()
    assert line.startswith("results/issues.csv is 1 rows, 0123456789abcdef, its pin 1716 rows")


def test_settings_give_the_trial_back():
    """A trial goes to JSON and back; other spellings of the same settings are refused."""
    trial = Trial.create("toy", "hybrid", 3, n_way=5, n_distractors=[0, 1], swarm=False)
    assert Trial.from_json("toy", "hybrid", 3, trial.settings_json) == trial
    for text in ('{"n_way": 5}', '{"b":1,"a":2}', "[]", "{", '{"n_way":05}'):
        with pytest.raises(ValueError, match=r"JSON|expect|delimiter|Expecting"):
            Trial.from_json("toy", "hybrid", 3, text)
