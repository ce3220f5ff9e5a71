"""Linked passages: each method on a few passages by hand, tuning on one half, and the rows."""

import json

import numpy as np
import pytest
from scipy.sparse import csr_array

from hsokv.experiments.linked_passages import EXPERIMENT, methods, rivals, tables, trials
from hsokv.experiments.linked_passages.methods import (
    FLOWS,
    GRIDS,
    describe_links,
    first_places,
    gold_ranks,
    score_all,
)
from hsokv.experiments.linked_passages.own import make_own
from hsokv.experiments.linked_passages.trials import (
    Params,
    choose,
    make_trials,
    measure,
    question_recalls,
    run_trial,
)


def test_no_rival_is_tuned_less():
    """What rivals linked pairs has six settings at least if it has any, each once."""
    assert all(len({json.dumps(s) for s in grid}) == len(grid) for grid in GRIDS.values())
    sizes = {flow: len(grid) for flow, grid in GRIDS.items()}
    assert {sizes[flow] for flow in FLOWS if flow.startswith("pairs")} == {1, 6}
    assert {sizes[flow] for flow in FLOWS if not flow.startswith("pairs")} == {1, 6, 12, 18, 24}
    assert sizes["pagerank"] == sizes["pagerank_names"] == 24
    assert set(FLOWS) == set(tables.ARMS) == {*tables.COMPARED, *tables.LESS}


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
    one, two = (rivals.follow_links(scores[None], csr_array(links), n) for n in (1, 2))
    assert np.argsort(-one).tolist() == [[0, 3, 1, 2, 4]]
    assert np.argsort(-two).tolist() == [[0, 3, 4, 1, 2]]


def test_walks_end_where_links_lead():
    """From 0 over a link to 1: half of the walks stay, and after five links 0.34375 are at 1."""
    links, starts = csr_array(np.array([[0.0, 1.0], [1.0, 0.0]])), np.array([[50.0, 0.0]])
    ends = rivals.walk_links(starts, links, temperature=1.0, damping=0.5)
    np.testing.assert_allclose(ends, [[0.65625, 0.34375]])
    still = rivals.walk_links(starts, csr_array((2, 2)), temperature=1.0, damping=0.5)
    np.testing.assert_allclose(still, [[0.5, 0.0]], atol=1e-12)  # those that go on are lost


def test_a_search_begins_anew_at_what_was_found():
    """The third passage is near the first, which the question is near."""
    passages = np.array([[1.0, 0, 0], [0, 0.6, 0.8], [0.6, 0.8, 0]])
    question, words = np.array([[1.0, 0, 0]]), np.zeros((1, 3))
    first = rivals.standardise(question @ passages.T)
    found = rivals.search_again(words, question, passages, first, n_starts=3, share=1.0)
    assert found[0, 2] > first[0, 2] and (found >= first).all()
    same = rivals.search_again(words, question, passages, first, n_starts=1, share=0.0)
    np.testing.assert_allclose(same, first)


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
    alone = score_all("pairs_alone", case, {})
    np.testing.assert_allclose(alone, score_all("zscore_sum", case, {"words": 1.0}))
    default = score_all("pairs", case, {"link": 4.0})
    np.testing.assert_array_equal(score_all("pairs_default", case, {}), default)


def test_stems_find_other_forms(known):
    """'ports' and 'diving' are found by their stems alone."""
    texts, asked = ["a port of wool", "divers dive", "grey clay"], ["ports", "diving", "clay"]
    assert methods._stem_scores(texts, asked).argmax(1).tolist() == [0, 1, 2]


def test_a_hop_through_the_matrix(known):
    """From the diver's passage all units of the lake's fire, and few of the others."""
    case = methods.load_case("musique")
    titles, names = case.matrices
    fired = rivals.fire(case.codes, titles, 0)
    assert fired[1] == 1 and max(fired[[2, 3]]) < 0.5
    assert not rivals.fire(case.codes, titles, 2).any()  # it is linked to none
    scores = np.array([[4.0, 0, 3, 0], [0, 0, 1, 0]])
    both = rivals.fire_from_best(scores, case.codes, titles, 2)
    np.testing.assert_array_equal(both[0], fired)
    assert rivals.fire(case.codes, names, 0)[1] == 1


def test_links_are_described(known):
    """The diver's passage names the lake's; the port and the clay are named by one question."""
    links = describe_links("musique")
    assert links["n_passages"] == 4 and links["titles"] == 0.5
    assert [codes[0] & 1 for codes in links["gold"]] == [1, 0, 1, 0]
    assert [codes[0] & 4 for codes in links["gold"]] == [0, 0, 0, 0]


def test_ranks_of_the_passages_that_answer(known):
    """Linked pairs find both; one search misses the lake, whose words the question lacks."""
    assert gold_ranks("pairs", "musique", '{"link":4.0}')[0] == [1, 2]
    assert gold_ranks("minilm", "musique", "{}")[0] != [1, 2]
    assert sorted(first_places("pairs", "musique", '{"link":4.0}')[0]) == [0, 1, 2, 3]


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
    monkeypatch.setattr(trials, "first_places", lambda *_: [[0]] * 9)
    monkeypatch.setattr(trials, "describe_links", lambda _: {})
    monkeypatch.setattr(trials, "choose", lambda *told: seen.append(told) or {"link": 1.0})
    both = Params(sources=("musique", "hotpotqa"), methods=("pairs",), n_splits=2)
    for trial in make_trials(both):
        [row] = run_trial(trial)
        _, source, tuned_on = seen[-1]
        reported = json.loads(row["asked"])
        assert [own[0] - 1 for own in json.loads(row["ranks"])] == reported
        assert (source != row["source"]) == (row["part"] == "transfer")
        if row["part"] == "held_out":
            assert sorted([*tuned_on, *reported]) == list(range(9))
            assert len(tuned_on) == 4 and row["n_questions"] == 5 and row["first"] == "[]"
        else:
            assert len(tuned_on) == len(reported) == len(json.loads(row["first"])) == 9
    halves = {tuple(told[2]) for told in seen if told[1] == "musique"}
    assert len(halves) == 3  # two splits and the whole


def test_rows_prove_themselves(known, tmp_path, monkeypatch):
    """Rows are as the schema says, follow from their ranks, and are the same again."""
    monkeypatch.setenv("HSOKV_RESULTS", str(tmp_path))
    params = Params(sources=("musique", "hotpotqa"), methods=("pairs",), n_splits=1)
    rows = EXPERIMENT.run(params)
    assert sorted(rows["part"]) == ["held_out"] * 2 + ["in_sample"] * 2 + ["transfer"] * 2
    assert not EXPERIMENT.proof.examine(rows).contradictions
    for name in ("recall_5", "all_5"):
        assert EXPERIMENT.proof.examine(rows.assign(**{name: 0.125})).contradictions
    trial = make_trials(params)[0]
    before = run_trial(trial)
    methods._search.cache_clear()
    assert run_trial(trial) == before


@pytest.mark.parametrize(
    "wrong", [{"sources": ("musik",)}, {"methods": ("pair",)}, {"n_splits": 0}]
)
def test_parameters(wrong):
    """Names are checked; by default nothing but the package is needed; one sample has no other."""
    with pytest.raises(ValueError):
        Params(**wrong)
    assert {dict(t.settings)["source"] for t in make_trials(Params())} == {"own"}
    parts = {dict(t.settings)["part"] for t in make_trials(Params(sources=("musique",)))}
    assert parts == {"held_out", "in_sample"}


def test_scores_of_a_question():
    """The passage that is found first is left out of the others, wherever it stands."""
    ranks = [[1, 7], [9, 2, 4], [6, 8]]
    assert trials.question_scores(ranks, "recall_5").tolist() == pytest.approx([1 / 2, 2 / 3, 0])
    assert trials.question_scores(ranks, "all_5").tolist() == [0, 0, 0]
    assert trials.question_scores(ranks, trials.OTHERS).tolist() == [0, 0.5, 0]
