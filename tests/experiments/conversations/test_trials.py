"""Conversations: what is asked, every method on two small talks, what is chosen where, rows."""

import json

import bm25s
import numpy as np
import pandas as pd
import pytest

from hsokv.data.conversations import CATEGORIES, load_locomo, what_conversations_lack
from hsokv.experiments.conversations import EXPERIMENT, methods, trials
from hsokv.experiments.conversations.cases import (
    LOCOMO,
    N_TUNED,
    NAMES,
    bm25,
    load_case,
    score_sessions,
)
from hsokv.experiments.conversations.methods import (
    DROPPED,
    FIVE,
    FLOWS,
    GRIDS,
    LEXICAL,
    SEMANTIC,
    Ranks,
    cues_of,
    fit,
    places,
    rank,
    rank_fitted,
    score,
    standard,
)
from hsokv.experiments.conversations.own import make_own
from hsokv.experiments.conversations.trials import (
    MEASURES,
    Params,
    choose,
    make_trials,
    measure,
    measure_question,
    run_trial,
)
from hsokv.memory.conversation import ConversationMemory
from hsokv.memory.dialogue import TOKEN_CUES, WORD_CUES
from hsokv.runs.provenance import canonical_json
from tools.paths import ROOT


def test_own_talks_are_whole():
    """Their questions are of four categories and name turns that are there."""
    talks = make_own()
    assert [talk.name for talk in talks] == list(NAMES["own"])
    for talk in talks:
        ids = {turn.id for turn in talk.turns}
        assert len(ids) == len(talk.turns) == 18
        assert {q.category for q in talk.questions} == set(list(CATEGORIES.values())[:4])
        assert all(q.evidence and set(q.evidence) <= ids for q in talk.questions)
        assert all({turn.session for turn in talk.turns} >= set(q.sessions) for q in talk.questions)


@pytest.mark.skipif(bool(what_conversations_lack()), reason=what_conversations_lack())
def test_locomos_conversations_are_those_that_are_named():
    """In their order, five to choose on and five to report."""
    assert [told.name for told in load_locomo()] == list(NAMES[LOCOMO])
    assert N_TUNED[LOCOMO] == 5


def test_bm25_is_that_of_the_library():
    """Scores are those of bm25s by Lucene's formula; names and function words are left out."""
    texts = ["the red apple and the apple", "a blue sea", "red red seas, Ana!", "of the"]
    questions = ["Which red apples of the sea?", "Ana", "of the"]
    found = bm25(texts, questions, 1.2, 0.75, frozenset({"ana"}))
    index = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
    words = [["red", "appl", "appl"], ["blue", "sea"], ["red", "red", "sea"], []]
    index.index(words, show_progress=False)
    np.testing.assert_allclose(found[0], index.get_scores(["red", "appl", "sea"]), rtol=1e-5)
    assert not found[1:].any()
    assert not bm25(["of the"], questions, 1.2, 0.75, frozenset()).any()


def test_places_and_standard_scores_by_hand():
    """The best is first, of equal ones the earlier; standard scores have mean 0, deviation 1."""
    assert places(np.array([[1.0, 3.0, 3.0, 0.0]])).tolist() == [[3, 1, 2, 4]]
    np.testing.assert_allclose(standard(np.array([[1.0, 3.0], [5.0, 5.0]])), [[-1, 1], [0, 0]],
                               atol=1e-5)  # fmt: skip


def test_measures_by_hand():
    """Turns at 2, 7 and 12, sessions at 1 and 6."""
    found = measure_question(Ranks(1, [2, 7, 12], [1, 6]))
    assert found["turn_any_5"] == 1 and found["turn_all_5"] == found["turn_all_10"] == 0
    assert found["session_all_5"] == 0 and found["session_all_10"] == 1
    best = 1 + 1 / np.log2(3) + 0.5
    assert found["turn_ndcg_10"] == pytest.approx((1 / np.log2(3) + 1 / 3) / best)
    both = measure([Ranks(1, [1], [1]), Ranks(4, [11], [6])])
    assert both["turn_all_10"] == both["turn_ndcg_10"] == both["session_any_5"] == 0.5
    assert set(found) == set(both) == set(MEASURES)


def test_a_perfect_order_of_many_turns_has_full_gain():
    """More turns than ten answer: the first ten are full of them, though not all are there."""
    found = measure_question(Ranks(1, list(range(1, 13)), [1]))
    assert found["turn_ndcg_10"] == 1 and found["turn_all_10"] == 0


def test_scores_of_every_rival():
    """Each has a finite score for every turn and question."""
    shape = load_case("own", 2).cosines.shape
    for flow, grid in GRIDS.items():
        assert len({json.dumps(setting) for setting in grid}) == len(grid)
        scores = score(flow, "own", 2, grid[-1])
        assert scores.shape == shape and np.isfinite(scores).all(), flow
    assert score("recent", "own", 2, {})[0].argmax() == shape[1] - 1
    one, again = (score("random", "own", 2, {}) for _ in range(2))
    np.testing.assert_array_equal(one, again)


def test_names_count_where_a_method_takes_them():
    """Turns of the one who is asked about score by that alone, and only in named methods."""
    case, setting = load_case("own", 2), {"k1": 1.2, "b": 0.5}
    asked = case.questions.index("What did Davor's daughter invent?")
    other = next(i for i, turn in enumerate(case.turns) if turn.text.startswith("The oven broke"))
    plain, named = (score(f, "own", 2, setting)[asked, other] for f in ("bm25", "bm25_named"))
    assert plain == 0 < named


def test_sessions_of_bm25_session_are_its_own():
    """Other rivals take the best turn's score, this one BM25 of the whole session."""
    setting = {"k1": 0.6, "b": 0.1, "session": 0.5}
    found = rank("bm25_session", "own", 2, canonical_json(setting))
    case = load_case("own", 2)
    order = places(score_sessions("own", 2, 0.6, 0.1))
    for i, own in enumerate(found):
        gold = np.unique(case.sessions.of[case.evidence[i]])
        assert own.sessions == sorted(order[i, gold].tolist())


def test_ranks_are_those_of_the_memory():
    """The fitted sum orders turns and sessions as ConversationMemory does with these weights."""
    weights = fit(SEMANTIC, "own", (1,))
    memory = ConversationMemory(weights=dict(zip(cues_of(SEMANTIC), weights)))
    told = make_own()[1]
    memory.remember(told.turns)
    for asked, own in zip(told.questions, rank_fitted(SEMANTIC, "own", 2, weights)):
        turns = [found.turn.id for found in memory.recall(asked.text, 18)]
        sessions = [found.session for found in memory.sessions(asked.text, 3)]
        assert own.turns == sorted(turns.index(name) + 1 for name in asked.evidence)
        assert own.sessions == sorted(sessions.index(name) + 1 for name in asked.sessions)


def test_ablations_leave_out_what_they_say():
    """Each fitted method weighs its cues and no others."""
    cues = set(WORD_CUES | TOKEN_CUES)
    assert set(cues_of(SEMANTIC)) == cues and set(cues_of(LEXICAL)) == set(WORD_CUES)
    for flow, out in DROPPED.items():
        assert out and set(out) <= cues and set(cues_of(flow)) == cues - set(out)
    assert {out[0] for out in DROPPED.values() if len(out) == 1} == cues
    assert len(cues_of(FIVE)) == 5


def test_the_best_setting_is_chosen_on_the_given_conversations(monkeypatch):
    """Of equal ones the first; a conversation that is not given does not count."""

    def ranks(flow, source, number, setting):
        good = json.loads(setting)["k1"] == (1.2 if number == 1 else 2.0)
        return [Ranks(4, [1 if good else 11], [1])]

    monkeypatch.setattr(trials, "rank", ranks)
    assert choose("bm25", "own", (1,))["k1"] == 1.2
    assert choose("bm25", "own", (2,))["k1"] == 2.0
    assert choose("bm25", "own", (1, 2)) == next(s for s in GRIDS["bm25"] if s["k1"] == 1.2)
    assert choose("minilm", "own", (1,)) == {}


def test_nothing_is_chosen_on_what_is_reported(monkeypatch):
    """What is held out is fitted on all of the first five, one of these on the other four."""
    asked = {}
    for name in ("fit", "choose"):
        monkeypatch.setattr(trials, name, lambda *told: asked.setdefault("told", told) and {})
    for name in ("rank", "rank_fitted"):
        monkeypatch.setattr(trials, name, lambda *_: [Ranks(4, [1], [1])])
    monkeypatch.setattr(trials, "load_case", lambda *_: load_case("own", 1))
    for trial in make_trials(Params(sources=(LOCOMO,), methods=("bm25", SEMANTIC))):
        asked.clear()
        [row] = run_trial(trial)
        numbers = asked["told"][2]
        assert trial.seed not in numbers and max(numbers) <= 5
        held = row["part"] == "held_out"
        assert held == (trial.seed > 5) and len(numbers) == (5 if held else 4)
        assert row["conversation"] == NAMES[LOCOMO][trial.seed - 1]


def test_rows_prove_themselves(tmp_path, monkeypatch):
    """Rows are as the schema says, follow from their ranks, and are the same again."""
    monkeypatch.setenv("HSOKV_RESULTS", str(tmp_path))
    params = Params(methods=("bm25", LEXICAL))
    rows = EXPERIMENT.run(params)
    assert rows["seed"].tolist() == [2, 2] and set(rows["part"]) == {"held_out"}
    assert not EXPERIMENT.proof.examine(rows).contradictions
    for name in ("turn_all_10", "session_ndcg_10", "n_questions", "n_settings"):
        value = rows[name].iloc[0] + 1 if name[0] == "n" else 0.125
        assert EXPERIMENT.proof.examine(rows.assign(**{name: value})).contradictions
    trial = make_trials(params)[1]
    before = run_trial(trial)
    for cached in (methods.fit, methods.rank, load_case):
        cached.cache_clear()
    assert run_trial(trial) == before


def test_committed_weights_are_those_that_ship():
    """What the report measures is what a user gets."""
    rows = EXPERIMENT.read(ROOT / "results")
    held = rows[rows["part"] == "held_out"]
    for flow, semantic in ((SEMANTIC, True), (LEXICAL, False)):
        chosen = held.loc[held["flow"] == flow, "chosen"]
        assert chosen.nunique() == 1
        assert json.loads(chosen.iloc[0]) == pytest.approx(ConversationMemory(semantic).weights)


@pytest.mark.parametrize("wrong", [{"sources": ("lokomo",)}, {"methods": ("cue",)}])
def test_parameters(wrong):
    """Names are checked; by default nothing but the package is needed."""
    with pytest.raises(ValueError):
        Params(**wrong)
    assert {dict(t.settings)["source"] for t in make_trials(Params())} == {"own"}
    assert {t.flow for t in make_trials(Params())} == set(FLOWS)


def test_rows_are_of_one_kind():
    """A frame of committed rows has each method on ten conversations."""
    rows = EXPERIMENT.read(ROOT / "results")
    assert isinstance(rows, pd.DataFrame) and set(rows["flow"]) == set(FLOWS)
    assert (rows.groupby("flow")["seed"].nunique() == 10).all()
