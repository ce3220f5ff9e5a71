"""Linked passages: each method on a few passages by hand, tuning on one half, rows and tables."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.sparse import csr_array

from hsokv.data.multihop import make_multihop
from hsokv.experiments.linked_passages import EXPERIMENT, methods, tables, trials
from hsokv.experiments.linked_passages.methods import FLOWS, GRIDS, gold_ranks, score_all
from hsokv.experiments.linked_passages.own import make_own
from hsokv.experiments.linked_passages.trials import (
    Params,
    choose,
    make_trials,
    measure,
    question_recalls,
    run_trial,
)

AXES = {"diver": 0, "lake": 1, "port": 2, "clay": 3}
PASSAGES = [
    ("Ada Orr", "A diver who trained at Lake Umber."),
    ("Lake Umber", "It is sixty deep; a lake."),
    ("Velm", "A port of wool."),
    ("Clay", "A clay of brown colour."),
]
ASKED = {
    "How deep is it where the diver trained?": (0, 1),
    "What has the port and the clay?": (2, 3),
    "What diver, deep down?": (0, 1),
    "Which wool port has brown clay?": (2, 3),
}


def encode(texts):
    """Vectors that point to the words above, and a little elsewhere."""
    vectors = np.full((len(texts), 384), 1e-3, np.float32)
    for row, text in zip(vectors, texts):
        row += 0.05 * np.random.default_rng(list(text.encode())).standard_normal(384)
        for word in text.lower().replace(".", " ").replace(",", " ").split():
            row[AXES.get(word, 9)] += 1
    return torch.tensor(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


@pytest.fixture
def known(monkeypatch):
    """Encode by the words above, and let all samples be the passages above."""
    gold = [[PASSAGES[i] for i in places] for places in ASKED.values()]
    monkeypatch.setattr(methods, "encode_sentences", encode)
    monkeypatch.setattr(
        methods, "load_multihop", lambda name: make_multihop(PASSAGES, list(ASKED), gold)
    )
    for cached in (methods.load_case, gold_ranks):
        cached.cache_clear()
    yield
    for cached in (methods.load_case, gold_ranks):
        cached.cache_clear()


def test_grids_are_of_one_size():
    """Six settings for whatever has any, each once."""
    assert {len(grid) for grid in GRIDS.values()} == {1, 6}
    assert all(len({json.dumps(s) for s in grid}) == len(grid) for grid in GRIDS.values())
    assert GRIDS["hebbian"][:2] == [{"n_starts": 1, "fired": 2.0}, {"n_starts": 2, "fired": 2.0}]
    assert set(FLOWS) == set(tables.ARMS)


def test_own_passages_are_found_by_links():
    """They are twelve, and every question's second passage is named by its first."""
    own = make_own()
    assert len(own.titles) == 12 and len(own.questions) == 4
    texts = {"Orlen Voss": ["Tarrow", "Blue Lantern"], "Maro Tindall": ["The Winter Ferry"]}
    for title, others in texts.items():
        assert all(other in own.texts[own.titles.index(title)] for other in others)
    assert all(len(gold) == 2 for gold in own.gold)


def test_followers_come_behind():
    """Of the order 0 to 4, the best linked one comes after each passage, once."""
    links = np.zeros((5, 5))
    for a, b in ((0, 3), (0, 4), (1, 2)):
        links[a, b] = links[b, a] = 1
    scores = np.array([5.0, 4.0, 3.0, 2.0, 1.0])
    one, two = (methods._follow(scores, csr_array(links), n) for n in (1, 2))
    assert np.argsort(-one).tolist() == [0, 3, 1, 2, 4]
    assert np.argsort(-two).tolist() == [0, 3, 4, 1, 2]


def test_walks_end_where_links_lead():
    """From 0 over a link to 1: half of the walks stay, and after five links 0.3125 are at 1."""
    links = csr_array(np.array([[0.0, 1.0], [1.0, 0.0]]))
    np.testing.assert_allclose(methods._walk(np.array([[1.0, 0.0]]), links), [[0.65625, 0.34375]])


def test_scores_of_every_method(known):
    """Each has a finite score for every passage and question; searches give what they search by."""
    case = methods.load_case("musique")
    for flow, grid in GRIDS.items():
        scores = score_all(flow, case, grid[-1])
        assert scores.shape == (4, 4) and np.isfinite(scores).all(), flow
    np.testing.assert_array_equal(score_all("minilm", case, {}), case.cosines)
    both = score_all("zscore_sum", case, {"words": 0.0})
    np.testing.assert_allclose(both.mean(1), 0, atol=1e-6)
    np.testing.assert_allclose(both.std(1), 1, rtol=1e-5)
    default = score_all("pairs", case, {"link": 4.0})
    np.testing.assert_array_equal(score_all("pairs_default", case, {}), default)


def test_stems_find_other_forms(known):
    """'ports' and 'diving' are found by their stems alone."""
    texts, asked = ["a port of wool", "divers dive", "grey clay"], ["ports", "diving", "clay"]
    assert methods._stem_scores(texts, asked).argmax(1).tolist() == [0, 1, 2]


def test_a_hop_through_the_matrix(known):
    """From the diver's passage all units of the lake's fire, and few of the others."""
    case = methods.load_case("musique")
    fired = methods._fired(case, np.array([0]))
    assert fired[1] == 1 and max(fired[[2, 3]]) < 0.5
    assert not methods._fired(case, np.array([2])).any()  # it is linked to none
    assert methods._fired(case, np.array([0, 2]))[1] == 1


def test_ranks_of_the_passages_that_answer(known):
    """Linked pairs find both; one search misses the lake, whose words the question lacks."""
    assert gold_ranks("pairs", "musique", '{"link":4.0}')[0] == [1, 2]
    assert gold_ranks("minilm", "musique", "{}")[0] != [1, 2]


def test_recalls_by_hand():
    """One of two, all of three, and one of four passages among the first five."""
    ranks = [[2, 6], [1, 2, 5], [5, 11, 12, 13]]
    assert question_recalls(ranks, 5).tolist() == [0.5, 1.0, 0.25]
    found = measure(ranks)
    assert found["recall_5"] == pytest.approx(1.75 / 3) and found["all_5"] == pytest.approx(1 / 3)
    assert found["recall_2"] == pytest.approx((1 / 2 + 2 / 3) / 3)
    assert found["recall_10"] == pytest.approx((1 + 1 + 0.25) / 3)


@pytest.fixture
def ranked(monkeypatch):
    """Ranks by setting: a weight of 2 is best for even questions of a sample, 3 for odd ones."""

    def ranks(flow, source, setting):
        link = json.loads(setting).get("link", 0)
        return [[1, 5 if link == 2 + i % 2 else 6] for i in range(8)]

    monkeypatch.setattr(trials, "gold_ranks", ranks)


def test_the_best_setting_is_chosen_on_the_given_questions(ranked):
    """Of equal ones the first; what was not asked does not count."""
    assert choose("pairs", "musique", [0, 2, 4]) == {"link": 2.0}
    assert choose("pairs", "musique", [1, 3, 4]) == {"link": 3.0}
    assert choose("pairs", "musique", [0, 1]) == {"link": 2.0}
    assert choose("minilm", "musique", [0]) == {}


def test_halves_are_apart_and_transfer_is_of_the_other_sample(monkeypatch):
    """A half is tuned on, the other reported; a transfer tunes on all of the other sample."""
    seen = []
    ranks = [[i + 1, i + 1] for i in range(9)]
    monkeypatch.setattr(trials, "gold_ranks", lambda *_: ranks)
    monkeypatch.setattr(trials, "choose", lambda *told: seen.append(told) or {"link": 1.0})
    both = Params(sources=("musique", "hotpotqa"), methods=("pairs",), n_splits=2)
    for trial in make_trials(both):
        [row] = run_trial(trial)
        _, source, tuned_on = seen[-1]
        reported = [own[0] - 1 for own in json.loads(row["ranks"])]
        if row["part"] == "transfer":
            assert source != row["source"] and len(tuned_on) == len(reported) == 9
        else:
            assert source == row["source"] and sorted([*tuned_on, *reported]) == list(range(9))
            assert len(tuned_on) == 4 and row["n_questions"] == 5
    halves = {tuple(told[2]) for told in seen if told[1] == "musique"}
    assert len(halves) == 3  # two splits and the whole


def test_rows_prove_themselves(known, tmp_path, monkeypatch):
    """Rows are as the schema says, follow from their ranks, and are the same again."""
    monkeypatch.setenv("HSOKV_RESULTS", str(tmp_path))
    params = Params(sources=("musique", "hotpotqa"), methods=("pairs",), n_splits=1)
    rows = EXPERIMENT.run(params)
    assert sorted(rows["part"]) == ["held_out"] * 2 + ["transfer"] * 2
    assert not EXPERIMENT.proof.examine(rows).contradictions
    for name in ("recall_5", "all_5"):
        assert EXPERIMENT.proof.examine(rows.assign(**{name: 0.125})).contradictions
    trial = make_trials(params)[0]
    before = run_trial(trial)
    gold_ranks.cache_clear()
    assert run_trial(trial) == before


def test_tables(known):
    """A row per method that was run, differences to pairs, and text where nothing was."""
    params = Params(sources=("musique", "hotpotqa"), methods=("minilm", "pairs"), n_splits=2)
    trials = make_trials(params)
    rows = pd.DataFrame([{"flow": trial.flow} | run_trial(trial)[0] for trial in trials])
    held = tables.held_out_table(rows, "musique")
    assert held["method"].tolist() == [tables.ARMS["minilm"], tables.ARMS["pairs"]]
    assert held["recall at 5"].tolist() == ["100.0 ± 0.0"] * 2  # of four passages
    moved = tables.transfer_table(rows, "hotpotqa")
    assert moved["pairs find more"].tolist()[1] == "" and "[" in moved["pairs find more"][0]
    assert tables.told_held_out(rows, "musique") == "100.0 % (SD 0.0)"
    assert tables.told_held_out(rows, "own") == tables.NOT_RUN
    assert tables.transfer_table(rows[rows["flow"] == "minilm"], "musique").empty
    assert tables.held_out_table(rows, "own").empty


@pytest.mark.parametrize(
    "wrong", [{"sources": ("musik",)}, {"methods": ("pair",)}, {"n_splits": 0}]
)
def test_parameters(wrong):
    """Names are checked; by default nothing but the package is needed; one sample has no other."""
    with pytest.raises(ValueError):
        Params(**wrong)
    assert {dict(t.settings)["source"] for t in make_trials(Params())} == {"own"}
    parts = {dict(t.settings)["part"] for t in make_trials(Params(sources=("musique",)))}
    assert parts == {"held_out"}
