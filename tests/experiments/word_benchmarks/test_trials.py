"""Word benchmarks: ranks and correlations by hand, with an encoder whose vectors are known."""

import numpy as np
import pandas as pd
import pytest

from hsokv.experiments.word_benchmarks import EXPERIMENT, tables, trials
from hsokv.experiments.word_benchmarks.trials import Params, make_trials, read_values

AXES = {"red": 0, "blue": 1, "green": 2}


def encode(texts):
    """Unit vectors that point to the colours in a text, and a little elsewhere."""
    vectors = np.full((len(texts), 4), 1e-3)
    for row, text in zip(vectors, texts):
        for word in text.split():
            row[AXES.get(word, 3)] += 1
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture
def known(monkeypatch):
    """Run trials with known vectors and rows of a test's own."""

    def use(**frames):
        monkeypatch.setattr(trials, "load_words", lambda name: pd.DataFrame(frames[name]))
        monkeypatch.setattr(trials, "_ENCODE", {"published": encode})
        monkeypatch.setattr(trials, "top_n_list", lambda *_, **__: ["blue", "green", "the"])
        trials._definitions.cache_clear()
        trials._vocabulary.cache_clear()

    yield use
    trials._definitions.cache_clear()
    trials._vocabulary.cache_clear()


def run(benchmark, **settings):
    """Rows of a trial, by probe and number of contexts."""
    given = {"benchmark": benchmark, "part": "test", "n_vocabulary": 3, "n_draws": 2} | settings
    rows = trials.run_trial(trials.Trial.create("word_benchmarks", "published", 0, **given))
    return {(row["probe"], row["n_contexts"]): row for row in rows}


def test_ranks(known):
    """The first word is closest to its definition; the second comes after the others."""
    known(definitional_nonce_test={"word": ["red", "Blue"], "definition": ["red", "green green"]})
    row = run("definitional_nonce")["word", 1]
    # 'red' is blanked in its own definition, so that blank, 'the' and nothing else are alike
    assert read_values(row["values"])[1] == 2 and row["n_items"] == 2
    assert row["score"] == pytest.approx((1 / read_values(row["values"])).mean())


def test_chimeras(known):
    """Probes in the order of people's ratings, and in the reverse."""
    trial = {"split": "test", "passages": [["red ___ red blue"]], "probes": [["red", "blue", "x"]]}
    both = [(n, ratings) for n in (2, 4, 6) for ratings in ([3.0, 2.0, 1.0], [1.0, 2.0, 3.0])]
    known(
        chimeras={
            "split": ["test"] * 6, "n_sentences": [n for n, _ in both],
            "passages": trial["passages"] * 6, "probes": trial["probes"] * 6,
            "ratings": [ratings for _, ratings in both],
        }
    )  # fmt: skip
    row = run("chimeras")["word", 4]
    assert read_values(row["values"]).tolist() == [1.0, -1.0] and row["score"] == 0


def test_contexts(known):
    """A word is what its sentences say; the more of them, the surer."""
    known(
        crw_dev_contexts={"word": ["aa", "aa", "bb"], "sentence": ["aa red", "aa red", "bb blue"]},
        crw_dev_pairs={"word1": ["red", "blue", "green"], "rare_word": ["aa", "bb", "aa"],
                       "similarity": [9.0, 8.0, 1.0]},
    )  # fmt: skip
    rows = run("crw", part="dev")
    assert {n for _, n in rows} == {1, 2, 4, 8, 16, 32, 64, 128}
    assert rows["word", 1]["n_items"] == 2 and rows["word", 128]["score"] > 0.8


def test_parameters():
    """Each benchmark has its parts; names are checked; only the lexicon needs nothing else."""
    found = make_trials(Params(benchmarks=("chimeras", "crw", "lexicon"), encoders=("adapted",)))
    assert [dict(t.settings)["part"] for t in found] == ["train", "test", "dev", "development",
                                                         "test"]  # fmt: skip
    for wrong in ({"benchmarks": ("chimera",)}, {"encoders": ("adept",)}, {"n_vocabulary": 9}):
        with pytest.raises(ValueError):
            Params(**wrong)


def test_tables_of_the_committed_rows():
    """Every benchmark stands in a table with its interval; published numbers are apart."""
    rows = EXPERIMENT.read()
    nonce = tables.rank_table(rows, "definitional_nonce")
    assert len(nonce) == 4 and nonce["mean reciprocal rank"].str.contains(r"\[").all()
    assert len(tables.rank_table(rows, "lexicon")) == 4
    assert len(tables.correlation_table(rows, "chimeras")) == 8
    assert len(tables.correlation_table(rows, "crw")) == 4
