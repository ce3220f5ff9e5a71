"""Cost and scale on small memories: what is drawn, exactness, bytes, rows; no time is asserted."""

import numpy as np
import pandas as pd
import pytest

from hsokv.data.paraphrases import Paraphrases
from hsokv.experiments.cost_and_scale import (
    EXPERIMENT,
    asking,
    keeping,
    searches,
    tables,
    timing,
    told,
    vectors,
)
from hsokv.experiments.cost_and_scale.trials import Params, list_keys, make_trials, run_trial
from tests.missing import hide_package

SMALL = Params(n_memories=(300,), candidates=(50, 100, 1000), n_pairs=(200,), n_kept=(150,),
               n_turns=(110,), readers=("words", "meaning"), n_rounds=2, n_seeds=1)  # fmt: skip


@pytest.fixture(scope="module")
def rows():
    """All rows of a small run."""
    found = []
    for trial in make_trials(SMALL):
        own = {"flow": trial.flow, "seed": trial.seed}
        found += [own | row for row in run_trial(trial)]
    return pd.DataFrame(found)


@pytest.fixture
def sentences(monkeypatch):
    """In each set six pairs of wordings and forty single sentences, of which vectors are drawn."""

    def encode(texts):
        drawn = [np.random.default_rng(list(text[:8].encode())).standard_normal(384)
                 + 0.3 * np.random.default_rng(list(text.encode())).standard_normal(384)
                 for text in texts]  # fmt: skip
        return vectors.normalise(np.array(drawn, np.float32)).astype(np.float32)

    def load(name):
        pairs = [[f"{name}{i:04} one", f"{name}{i:04} other"] for i in range(6)]
        return Paraphrases(pairs, [f"{i:04}{name} single" for i in range(40)])

    monkeypatch.setattr(vectors, "load_paraphrases", load)
    monkeypatch.setattr(vectors, "encode_once", encode)
    vectors._encode_sentences.cache_clear()
    yield
    vectors._encode_sentences.cache_clear()


@pytest.mark.parametrize("source", ["random", "spectrum"])
def test_vectors(source):
    """Unit vectors; fewer are the first of more, over the edge of a block, too; seeds differ."""
    many = vectors.draw_vectors(source, vectors.BLOCK + 20, 0)
    assert many.dtype == np.float32 and not (many[:20] == many[-20:]).any()
    assert np.linalg.norm(many[::99], axis=1) == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(vectors.draw_vectors(source, 30, 0), many[:30], atol=1e-6)
    assert not np.allclose(vectors.draw_vectors(source, 30, 1), many[:30])


def test_spectrum():
    """Mean cosine and spread along the axes are those that are stated."""
    drawn = vectors.draw_vectors("spectrum", 20_000, 0)
    mean = drawn.mean(0)
    assert mean @ mean == pytest.approx(vectors.MEAN_LENGTH**2, rel=0.1)
    shares = np.linalg.eigvalsh(np.cov(drawn.T))[::-1]
    shares /= shares.sum()
    for axis, share in vectors.SPECTRUM_KNOTS.items():
        assert shares[axis - 1] == pytest.approx(share, rel=0.25)


@pytest.mark.parametrize("cue", vectors.CUES)
def test_queries(cue):
    """Noisy ones are at their cosine of what is stored first; new ones are near none."""
    stored = vectors.draw_vectors("random", 200, 0)
    queries = vectors.draw_queries("random", stored, cue, 0)
    cosines = (queries * stored[:50]).sum(1)
    assert len(queries) == 50
    assert cosines == pytest.approx(vectors.NOISY.get(cue, 0), abs=1e-5 if cue != "new" else 0.3)


def test_sentences(sentences):
    """Real ones first, then means of two; a new query is the other wording of a stored one."""
    real = vectors._encode_sentences(0)[0]
    stored = vectors.draw_vectors("sentences", len(real) + 50, 0)
    np.testing.assert_array_equal(stored[: len(real)], real)
    made = stored[len(real) :]
    assert np.linalg.norm(made, axis=1) == pytest.approx(1, abs=1e-5)
    assert (np.sort(made @ real.T, axis=1)[:, -2:] > 0.5).all()  # the two that it is made of
    queries = vectors.draw_queries("sentences", stored, "new", 0)
    assert (queries @ stored.T).argmax(1).tolist() == list(range(len(queries)))


def test_exact_searches_find_all(rows):
    """Exact searches miss nothing; signs find more the more pass; a quantised one nearly all."""
    found = rows[rows["task"] == "search"]
    exact = found[found["method"].isin(["numpy", "flat", "bounded"])]
    assert (exact["recall"] == 1).all() and (exact["first"] == 1).all() and len(exact) == 18
    means = found[found["method"] == "binary"].groupby("n_candidates")["recall"].mean()
    assert means.index.tolist() == [50, 100] and means[50] < means[100]
    assert (found.loc[found["method"] == "quantised", "recall"] > 0.9).all()
    near = found[found["cue"] == "noisy_90"]
    assert (near.loc[near["method"] != "quantised", "first"] == 1).all()


def test_what_is_nearest_by_hand():
    """The twenty nearest over two blocks, and ties at the last place count as found."""
    stored = vectors.draw_vectors("random", 60, 0)
    stored[30:] = stored[:30]
    truth = searches.find_all(stored, stored[:3])
    cosines = np.sort(stored[:3] @ stored.T, axis=1)
    np.testing.assert_allclose(truth.last, cosines[:, -20], atol=1e-6)
    np.testing.assert_allclose(truth.best, 1, atol=1e-5)


def test_bytes(rows):
    """Floats take four bytes a number, 8 bits one, signs 512 bits; a file no more than memory."""
    own = rows[(rows["task"] == "search") & (rows["cue"] == "noisy_68")]
    sizes = (own.groupby("method")["n_bytes"].first() / 300).to_dict()
    assert sizes == {"numpy": 1536, "flat": 1536, "bounded": 1920, "quantised": 384, "binary": 1600}
    chain = rows[rows["task"] == "chain"].set_index("method")["n_bytes"]
    assert chain["rows"] == 16_384**2 // 8 and chain["matrix"] > chain["rows"]
    kept = rows[(rows["task"] == "keep") & (rows["flow"] == "flat")].set_index("method")["n_bytes"]
    assert kept["store"] == kept["delete"] == 150 * (2 * 1536 + 16)
    assert kept["add"] == 250 * (2 * 1536 + 16) and kept["save"] == kept["load"] > kept["store"]


def test_chains_are_right(rows):
    """All steps of all chains lead where a dictionary does."""
    chain = rows[(rows["task"] == "chain") & (rows["method"] == "matrix")]
    assert (chain["recall"] == 1).all() and (chain["n_asked"] == keeping.N_STARTS).all()


def test_turns_and_what_is_asked_of_them(rows):
    """Two speakers by turns, a session a day; the encoder is part of a question read by meaning."""
    turns = asking.draw_turns(110, 0)
    assert [turn.speaker for turn in turns[:3]] == ["Ana", "Bo", "Ana"]
    assert len({turn.session for turn in turns}) == 6 and turns != asking.draw_turns(110, 1)
    own = rows[rows["task"] == "ask"]
    assert own["method"].tolist() == ["question", "question", "encoder"]
    assert (own.loc[own["method"] == "encoder", "ratio"] == 1).all()
    assert own["n_bytes"].iloc[1] == own["n_bytes"].iloc[2] > own["n_bytes"].iloc[0] > 0


def test_rows_are_those_that_are_declared(rows):
    """A row per key; times are there where they are due, quartiles in order, the floor is one."""
    trials = make_trials(SMALL)
    assert len(rows) == sum(len(list_keys(trial)) for trial in trials)
    timed = rows[rows["cue"].isin(["none", searches.TIMED])]
    assert timed["ms"].notna().all()
    assert rows[~rows["cue"].isin(["none", searches.TIMED])]["ms"].isna().all()
    assert (timed["ms_low"] <= timed["ms"]).all() and (timed["ms"] <= timed["ms_high"]).all()
    assert (rows.loc[rows["method"] == "floor", "ratio"] == 1).all()
    assert set(EXPERIMENT.unaudited) == set(timing.UNTIMED)


def test_calls_are_timed_in_turns():
    """Each call is made as often as said, half of the calls untimed, with a number of its own."""
    seen = {"a": [], "b": []}
    calls = {name: seen[name].append for name in seen}
    times = timing.time_calls(calls, 3, 2, np.random.default_rng(0))
    assert seen["a"] == seen["b"] == list(range(12))
    assert all(len(own) == 3 and (own >= 0).all() for own in times.values())
    assert timing.fastest({"a": np.array([1, 9, 2]), "b": np.array([3, 3, 3])}, ["a", "b"]) == "a"
    row = timing.summarise(np.array([1.0, 2, 3]), np.array([1.0, 1, 2]))
    assert (row["ms"], row["ms_low"], row["ratio"]) == (2, 1.5, 1.5)


def test_fewer_rounds_where_calls_take_long():
    """All rounds up to 20,000 vectors, at least a quarter of them anywhere."""
    assert [searches.rounds_of(40, n) for n in (1000, 20_000, 40_000, 10**6)] == [40, 40, 20, 10]
    assert searches.rounds_of(1, 10**6) == 1


def test_tables(rows):
    """Every table has its rows, and says so where nothing was run."""
    times = tables.time_table(rows, "random")
    assert times.columns.tolist() == ["method", "300"] and len(times) == 9
    assert tables.source_table(rows, 300).columns.tolist() == ["method", "random", "spectrum"]
    assert len(tables.enough_table(rows)) == 2
    kept = tables.memory_table(rows, "random")
    assert kept["bytes a vector"].tolist() == ["1,536", "1,920", "384", "1,600"]
    flat = told.draw_times(rows, source="random", method="flat")["ratio"].iloc[0]
    assert kept["time, in reads of these"].iloc[0] == f"{flat:.2g}"
    assert tables.chain_table(rows)["right after six steps, %"].tolist() == ["100.0"]
    assert len(tables.keep_table(rows)) == 4
    said = told.told_recall(rows, "flat", 0, cue="new", source="random")
    assert said.startswith("100.0 % [")
    goals = tables.goals_table(rows, "random")
    assert len(goals) == 9 and set(goals["reached"]) <= {"yes", "no", "ratio only"}
    assert tables.ask_table(rows)["read by"].tolist() == ["words", "meaning"]
    assert told.told_question(rows, "words", 110).endswith(" ms")
    assert len(tables.first_table(rows, 300)) == 2 and told.told_sizes(rows) == (300, 300)
    assert told.shown_candidates(rows) == (100,) and told.main_source(rows) == "spectrum"
    assert told.told_ratio(rows, "flat", source="sentences") == told.NOT_RUN
    assert told.told_step(rows, 7) == told.told_speed(rows, n_memories=7) == told.NOT_RUN
    assert told.told_first(rows) == "100.0 %" and " to " in told.told_range(rows, "quantised")
    assert all(" ms" in said for said in told.told_each(rows, source="random", n_memories=300))
    assert told.least_candidates(rows, "random", 300, "new") in (0, 50, 100)


def test_draws_are_told_apart():
    """Median, least and most of the draws; of one draw alone, the quartiles over its rounds."""
    one = {"flow": "a", "method": "b", "n_candidates": 0, "n_memories": 9, "n_bytes": 1}
    times = [{"ms": ms, "ms_low": ms - 1, "ms_high": ms + 1, "ratio": 2 * ms, "ratio_low": 0,
              "ratio_high": 99} for ms in (3, 5, 9)]  # fmt: skip
    rows = pd.DataFrame([one | row for row in times])
    assert told.spread(told.draw_times(rows).iloc[0], "ms") == "5 [3, 9]"
    assert told.spread(told.draw_times(rows).iloc[0], "ratio") == "10 [6, 18]"
    assert told.spread(told.draw_times(rows[:1]).iloc[0], "ms") == "3 [2, 4]"


def test_parameters_are_checked():
    """Unknown names and numbers that are too small are refused."""
    for wrong in ({"tasks": ("serch",)}, {"sources": ("qqp",)}, {"n_memories": (50,)},
                  {"n_pairs": (1,)}, {"n_kept": (1,)}, {"n_turns": (1,)},
                  {"readers": ("sight",)}, {"candidates": (19,)}, {"n_rounds": 0},
                  {"n_seeds": 0}):  # fmt: skip
        with pytest.raises(ValueError):
            Params(**wrong)


def test_without_faiss(monkeypatch):
    """A trial says what to install."""
    hide_package(monkeypatch, "faiss")
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'hsokv\[search\]'"):
        run_trial(make_trials(SMALL)[0])
