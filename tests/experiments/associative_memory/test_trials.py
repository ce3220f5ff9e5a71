"""Associative recall: what is stored and asked, each read-out on small memories, theory, rows."""

import numpy as np
import pandas as pd
import pytest

from hsokv.data.paraphrases import Paraphrases
from hsokv.experiments.associative_memory import EXPERIMENT, code_tasks, cues, tables, told
from hsokv.experiments.associative_memory.cues import make_memories
from hsokv.experiments.associative_memory.read_outs import (
    CODES,
    VECTORS,
    read_codes,
    read_vectors,
    right_ends,
)
from hsokv.experiments.associative_memory.trials import Params, list_keys, make_trials, run_trial
from hsokv.memory.codes import SparseCoder
from hsokv.memory.theory import capacity
from hsokv.runs.trial import Trial


def share_right(found, memories):
    """(read-out, steps) -> share of queries whose end is right."""
    return {key: (ends == right_ends(memories, key[1])).mean() for key, (ends, _) in found.items()}


def encode(texts):
    """Vectors that are near for sentences of one group."""
    vectors = []
    for text in texts:
        group = np.random.default_rng(list(text.partition(" wording")[0].encode()))
        own = np.random.default_rng(list(text.encode()))
        vectors.append(group.standard_normal(384) + 0.7 * own.standard_normal(384))
    return cues.normalise(np.array(vectors, np.float32))


@pytest.fixture
def sentences(monkeypatch):
    """In each source six groups of four sentences and forty others."""

    def load(name):
        groups = [[f"group {name}{i} wording {j}" for j in range(4)] for i in range(6)]
        return Paraphrases(groups, [f"single {name}{i}" for i in range(40)])

    monkeypatch.setattr(cues, "load_paraphrases", load)
    monkeypatch.setattr(cues, "encode_once", encode)
    cues._draw_groups.cache_clear()
    yield
    cues._draw_groups.cache_clear()


@pytest.mark.parametrize("cue", ["exact", "paraphrase", "noisy"])
def test_memories(cue):
    """Asked ones come first, targets form one ring, and fewer memories are the first of more."""
    memories = make_memories("random", 120, cue, 0.8, seed=1)
    assert len(memories.cues) == 120 and memories.right.tolist() == list(range(100))
    place, seen = 0, set()
    while place not in seen:
        seen.add(place)
        place = memories.following[place]
    assert len(seen) == 120
    cosines = (memories.queries * memories.cues[:100]).sum(1)
    expected = {"exact": 1, "paraphrase": cues.LIKE, "noisy": 0.8}[cue]
    assert cosines == pytest.approx(np.full(100, expected), abs=1e-5)
    fewer = make_memories("random", 20, cue, 0.8, seed=1)
    assert np.allclose(fewer.cues, memories.cues[:20])


def test_sentences(sentences):
    """A query is another wording of its cue; no sentence stands twice; further cues have owners."""
    memories = make_memories("qqp", 30, "paraphrase", 1.0, seed=0)
    for query, cue in zip(memories.query_texts, memories.cue_texts):
        assert query != cue and query.split()[1] == cue.split()[1]
    assert len(set(memories.cue_texts)) == 30
    more = make_memories("all", 30, "augmented", 2.0, seed=0)
    assert len(more.cues) == 30 + 2 * 18 and len(more.following) == 30
    for text, owner in zip(more.cue_texts[30:], more.owners[30:]):
        assert text.split()[1] == more.cue_texts[owner].split()[1]
        assert text not in more.query_texts


def test_alike_vectors():
    """Random vectors have the mean cosine that their source names, and so do their paraphrases."""
    for source, common in cues.COMMON.items():
        memories = make_memories(source, 400, "paraphrase", 1.0, seed=0)
        near = cues.nearness(memories)
        assert near["alike"] == pytest.approx(common, abs=0.01)
        assert near["cosine"] == pytest.approx(cues.LIKE, abs=1e-5)
        cosines = memories.queries @ memories.cues.T
        assert cosines[:, 100:].mean() >= 0.9 * common - 0.01


def test_far_cues_are_far(sentences, monkeypatch):
    """Only groups whose two sentences are far apart are asked."""
    memories = make_memories("qqp", 20, "far", 1.0, seed=0)
    cosines = (memories.queries * memories.cues[: len(memories.queries)]).sum(1)
    assert len(cosines) and (cosines < cues.FAR_BELOW).all()
    median = float(np.median(cosines))
    monkeypatch.setattr(cues, "FAR_BELOW", median)
    cues._draw_groups.cache_clear()
    fewer = make_memories("qqp", 20, "far", 1.0, seed=0)
    assert 0 < len(fewer.queries) < len(memories.queries)
    assert ((fewer.queries * fewer.cues[: len(fewer.queries)]).sum(1) < median).all()


def test_predictions_know_what_they_are_told():
    """Where a shared direction makes units fire unevenly, their frequencies foretell the loss."""
    settings = {"task": "recall", "source": "alike_30", "budget": "none", "n_memories": (300,)}
    rows = pd.DataFrame(
        run_trial(Trial.create("associative_memory", "code_4096_20", 0, **settings))
    )
    [row] = rows[rows["expected"].notna() & (rows["cue"] == "paraphrase")].to_dict("records")
    assert row["expected"] - row["accuracy"] > 0.2
    assert abs(row["expected_rates"] - row["accuracy"]) < 0.12
    assert row["busiest"] > 10 * 20 / 4096


def test_read_outs_over_vectors(sentences):
    """Exact cues are recalled by all; a lookup finds no paraphrase; chains keep what is right."""
    exact = make_memories("qqp", 30, "exact", 1.0, seed=0)
    right = share_right(read_vectors(exact, (1, 2, 6)), exact)
    assert set(right.values()) == {1.0}
    other = make_memories("qqp", 30, "paraphrase", 1.0, seed=0)
    right = share_right(read_vectors(other, (1, 2, 6)), other)
    assert right["lookup", 1] == right["lookup", 6] == 0
    assert right["words", 1] == right["bm25", 1] == 1  # the group's number is in every wording
    nearest = right["nearest", 1]
    assert nearest == right["dictionary", 6] == right["search_again", 6] == right["softmax_100", 1]


@pytest.mark.parametrize("flow", ["code_4096_20", "even_16384_50"])
def test_read_outs_over_codes(flow):
    """Few random memories: exact cues lead anywhere without loss, in every matrix."""
    memories = make_memories("random", 40, "exact", 1.0, seed=3)
    size, active, kind = CODES[flow]
    coder = SparseCoder(384, size, active, 0, kind != "plain")
    codes, queries = coder.encode(memories.cues), coder.encode(memories.queries)
    found = read_codes(memories, (1, 2, 6), codes, queries, size)
    assert set(share_right(found, memories).values()) == {1.0}
    assert all(scores.min() > 0.9 for _, scores in found.values())


def test_a_wrong_start_is_wrong_at_every_step():
    """The chain of another memory never counts as recalled."""
    memories = make_memories("random", 40, "exact", 1.0, seed=3)
    wrong = memories._replace(queries=np.roll(memories.queries, 1, axis=0))
    right = share_right(read_vectors(wrong, (1, 2, 6)), wrong)
    assert set(right.values()) == {0.0}


def test_rows_of_every_task_are_those_that_are_declared(sentences):
    """A trial returns one row per key, and its rows pass schema and proof."""
    params = Params(sources=("random", "stsb", "qqp", "mrpc"), codes=("code_4096_20",),
                    tasks=("recall", "noise", "augment", "spikes"), n_memories=(20,),
                    n_noise=(30,), n_seeds=1)  # fmt: skip
    trials = make_trials(params)
    assert {dict(t.settings)["task"] for t in trials} == set(params.tasks)
    for trial in trials:
        rows = run_trial(trial)
        assert [tuple(row[name] for name in EXPERIMENT.proof.key) for row in rows] == list_keys(
            trial
        )
        shares = [row["accuracy"] for row in rows if row["n_asked"]]
        assert all(0 <= share <= 1 for share in shares)


def test_capacity_follows_theory():
    """What is measured at the pairs that theory allows is near the share that it promises."""
    trial = make_trials(Params(tasks=("capacity",), n_seeds=1))[0]
    rows = pd.DataFrame(run_trial(trial))
    rows = rows[(rows["read_out"] == "threshold") & (rows["level"] == 0.5)]
    assert np.allclose(rows["accuracy"], rows["expected"], atol=0.008)
    full = capacity(4096, 20, 10)
    assert code_tasks._rounded(full) in set(rows["n_memories"])
    assert tables.fit_capacity(rows.assign(seed=0)) == pytest.approx(full, rel=0.1)


def test_fit_capacity_by_hand():
    """Rates that follow a power of the pairs give back the pairs of one error in a hundred."""
    pairs = np.array([800, 900, 1000, 1100])
    accuracy = np.exp(-0.01 * (pairs / 950) ** 4)
    rows = pd.DataFrame({"n_memories": pairs, "accuracy": accuracy, "n_asked": 4000})
    least = -np.log(tables.LEAST_RIGHT)
    assert tables.fit_capacity(rows) == pytest.approx(950 * (least / 0.01) ** 0.25, rel=1e-6)


def test_overlap_and_spikes():
    """Codes of near vectors share as many units as theory says; more spikes say more."""
    keys = code_tasks.list_keys("overlap", "even_16384_50")
    found = code_tasks.measure_overlap("even_16384_50", keys, seed=0)
    for row in found.values():
        assert row["score"] == pytest.approx(row["expected"], abs=0.02)
    found = code_tasks.measure_spikes("spikes", code_tasks.list_keys("spikes", "spikes"), seed=0)
    kinds = {kind: [row["score"] for key, row in found.items() if key[0] == kind]
             for kind in ("poisson", "integrate")}  # fmt: skip
    assert kinds["poisson"] == sorted(kinds["poisson"]) and kinds["poisson"][0] < 0.96
    assert all(a >= b for a, b in zip(kinds["integrate"], kinds["poisson"]))


def test_parameters_are_checked():
    """Unknown names and empty memories are refused."""
    for wrong in ({"tasks": ("recal",)}, {"sources": ("qq",)}, {"codes": ("x",)},
                  {"filled": ("x",)}, {"n_memories": (1,)}, {"n_seeds": 0}):  # fmt: skip
        with pytest.raises(ValueError):
            Params(**wrong)


def test_arms_of_tables_are_those_that_were_run():
    """Every arm has a name, and what was not run is said to be so."""
    rows = EXPERIMENT.read()
    run = rows[rows["task"].isin(["recall", "noise", "augment"])]
    assert set(zip(run["flow"], run["read_out"])) <= set(tables.ARMS)
    assert told.told(rows, (VECTORS, "nearest"), task="recall", n_memories=7) == "not run"
