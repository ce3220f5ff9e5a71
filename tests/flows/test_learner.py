"""Every flow behind scikit-learn's conventions."""

import numpy as np
import pytest
import torch
from sklearn.base import clone, is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from hsokv import ABSTAIN, ABSTAIN_INTEGER, FlowConfig, list_flows, make_flow
from hsokv.data.rare_words import make_rare_word_task
from hsokv.flows.named import BUDGETS, FLOWS
from tests.conftest import TINY, make_tiny

every_flow = pytest.mark.parametrize("name", list_flows())
TEXTS = ["red apple pie", "green pear tart", "blue sea fish", "wide open sky"]
LABELS = ["a", "b", "c", "d"]
TRAINED = ["minimal_fix", "hybrid", "fine_tune", "current", "as_shipped"]


def tensors_of(flow):
    """Copies of everything that answering could change."""
    state = {}
    if hasattr(flow, "net_"):
        state |= {name: tensor.clone() for name, tensor in flow.net_.state_dict().items()}
        if flow.memory_ is not None:
            memory = flow.memory_
            state |= {"keys": memory._keys.clone(), "values": memory._values.clone()}
            state |= {f"column {name}": t.clone() for name, t in memory._columns.items()}
        state["tokens"] = torch.tensor(len(flow.tokenizer_))
    return state


def test_the_flows_of_the_study_are_there():
    """The names of the table in the study, and a description of each as a configuration."""
    named = {
        "current", "as_shipped", "minimal_fix", "minimal_config", "hybrid", "simple_kv",
        "fine_tune", "kv_only", "nearest_neighbor", "tfidf_neighbor", "bm25", "class_mean",
        "linear_probe", "first_redesign",
    }  # fmt: skip
    assert named <= set(list_flows()) == set(FLOWS)


@every_flow
def test_answers_have_documented_shapes(fitted, task, name):
    """One label, one row of scores and one novelty per text; rows sum to one."""
    flow, texts = fitted[name], task.test("recognise", 1).texts
    scores = flow.predict_proba(texts)
    assert scores.shape == (8, 10) and (scores >= 0).all() and (scores <= 1).all()
    np.testing.assert_allclose(scores.sum(1), 1, atol=1e-5)
    labels = flow.predict(texts)
    assert labels.shape == (8,) and set(labels) <= {*flow.classes_, ABSTAIN}
    kept = labels != ABSTAIN
    assert (labels[kept] == flow.classes_[scores.argmax(1)][kept]).all()
    novelty = flow.novelty(texts)
    assert novelty.shape == (8,) and np.isfinite(novelty).all()
    assert sorted(flow.classes_) == sorted(set(task.train.labels))
    right = np.mean(labels == np.array(task.test("recognise").labels))
    assert flow.score(texts, task.test("recognise").labels) == right


@every_flow
def test_answering_changes_nothing(fitted, task, name):
    """Weights, memory, counters and vocabulary are bit for bit what they were; answers repeat."""
    flow, texts = fitted[name], task.test("unseen").texts
    before = tensors_of(flow)
    first = [flow.predict(texts), flow.predict_proba(texts), flow.novelty(texts)]
    after = tensors_of(flow)
    assert before.keys() == after.keys()
    assert all(torch.equal(before[key], after[key]) for key in before)
    second = [flow.predict(texts), flow.predict_proba(texts), flow.novelty(texts)]
    assert all(np.array_equal(a, b) for a, b in zip(first, second))


@every_flow
def test_new_classes_arrive(task, name):
    """`partial_fit` adds classes behind the old ones, twice over, with validation texts."""
    flow, seen = make_tiny(name), []
    for block in task.blocks[:3]:
        train, held = task.train.where(set(block)), task.validation.where(set(block))
        validation = (held.texts, held.labels) if held.texts else None
        assert flow.partial_fit(train.texts, train.labels, validation=validation) is flow
        seen += sorted(block)
        assert flow.classes_.tolist() == seen
        scores = flow.predict_proba(train.texts)
        assert scores.shape == (len(train.texts), len(seen)) and np.isfinite(scores).all()


@every_flow
def test_first_partial_fit_is_a_fit(fitted, task, name):
    """An unfitted flow learns the same either way, and a second `fit` starts from nothing."""
    held = (task.validation.texts, task.validation.labels)
    flow = make_tiny(name).partial_fit(task.train.texts, task.train.labels, validation=held)
    texts = task.test("verbatim").texts
    assert np.array_equal(flow.predict_proba(texts), fitted[name].predict_proba(texts))
    flow.fit(TEXTS, LABELS).fit(task.train.texts, task.train.labels, validation=held)
    assert np.array_equal(flow.predict_proba(texts), fitted[name].predict_proba(texts))
    assert flow.classes_.tolist() == fitted[name].classes_.tolist()


@every_flow
def test_clone_and_params(fitted, name):
    """A clone has the same parameters and has learned nothing; they can be set."""
    flow = fitted[name]
    assert is_classifier(flow) and name in repr(make_flow(name)) or name == "first_redesign"
    copy = clone(flow)
    assert copy.get_params() == flow.get_params() and type(copy) is type(flow)
    with pytest.raises(NotFittedError):
        check_is_fitted(copy)
    params = copy.get_params()
    assert params["flow"] == name and params["seed"] == 0
    assert {key: params[key] for key in params.keys() - {"flow", "seed", "n_jobs", "device"}} == (
        flow.config.as_dict()
    )
    assert copy.set_params(seed=4, batch_size=7) is copy
    assert (copy.seed, copy.config.batch_size) == (4, 7)
    with pytest.raises(ValueError, match="unknown flow setting 'batchsize'.*'batch_size'"):
        copy.set_params(batchsize=3)
    assert copy.config.batch_size == 7


def test_set_params_to_another_flow():
    """A new flow name starts from that flow's switches; library flows are another class."""
    flow = make_flow("hybrid", top_k=3).set_params(flow="minimal_fix", lr=0.01)
    assert flow.config == FLOWS["minimal_fix"].with_overrides(lr=0.01)
    with pytest.raises(ValueError, match="call make_flow"):
        clone(flow).set_params(flow="bm25").fit(TEXTS, LABELS)
    with pytest.raises(ValueError, match="call make_flow"):
        make_flow("bm25", encoder="embedding", library="")
    assert flow.flow == "minimal_fix"


def test_switches_of_reading_act_at_once():
    """A fitted flow reads by what is set, entries read included, and learned nothing new."""
    flow = make_tiny("current", training="none", consolidation=False).fit(TEXTS, LABELS)
    assert flow.predict_proba(TEXTS).shape == (4, 4) and flow.state_.top_k == 5
    wide, weights = flow.answer(TEXTS).hit, tensors_of(flow)
    narrow = flow.set_params(top_k=1).answer(TEXTS).hit
    assert (narrow > wide).all()
    assert not flow.set_params(read_cut=1e9).answer(TEXTS).has_read.any()
    assert all(torch.equal(weights[key], now) for key, now in tensors_of(flow).items())


@pytest.mark.parametrize("name", ["current", "hybrid", "nearest_neighbor", "first_redesign"])
def test_seed_decides(task, name):
    """The same seed gives the same scores, another seed other weights."""
    train = task.train
    texts = task.test("recognise").texts
    runs = [
        make_tiny(name, seed=seed).fit(train.texts, train.labels).novelty(texts)
        for seed in (0, 0, 1)
    ]
    assert np.array_equal(runs[0], runs[1]) and not np.array_equal(runs[0], runs[2])


@pytest.mark.parametrize(
    "name", ["nearest_neighbor_cosine", "first_redesign", "tfidf_neighbor", "bm25"]
)
def test_stored_texts_are_recalled(name):
    """What was stored is answered rightly and is less novel than a text never seen."""
    flow = make_flow(name).fit(TEXTS, LABELS)
    assert flow.predict(TEXTS).tolist() == LABELS and flow.score(TEXTS, LABELS) == 1
    assert flow.novelty(TEXTS).max() < flow.novelty(["an unrelated question"])[0]


def test_redesign_knows_and_abstains():
    """Stored words are known, in new sentences too; words never stored are declined more often."""
    task = make_rare_word_task(100, seed=0)
    flow = make_flow("first_redesign").fit(task.train.texts, task.train.labels)
    verbatim, known, unseen = (task.test(c) for c in ("verbatim", "recognise", "unseen"))
    assert flow.score(verbatim.texts, verbatim.labels) > 0.95
    assert flow.score(known.texts, known.labels) > 0.7
    declined = [np.mean(flow.predict(s.texts) == ABSTAIN) for s in (verbatim, known, unseen)]
    assert declined[0] == 0 and declined[2] > 2 * declined[1]


@pytest.mark.parametrize("name", ["hybrid", "first_redesign", "bm25", "linear_probe"])
def test_integer_labels(name):
    """Integers come back as integers, and can be scored where the flow abstains."""
    flow = make_tiny(name).fit(TEXTS, [30, 10, 20, 40])
    assert flow.classes_.tolist() == [10, 20, 30, 40]
    assert set(flow.predict(TEXTS)) <= {10, 20, 30, 40, ABSTAIN_INTEGER}
    flow.partial_fit(["a new one"], np.array([5]))
    assert flow.classes_.tolist() == [10, 20, 30, 40, 5]
    assert 0 <= flow.score([*TEXTS, "zz"], [30, 10, 20, 40, 5]) <= 1


def test_score_counts_abstentions_as_wrong():
    """A declined text counts against the score; weights are heeded."""
    flow = make_flow("first_redesign").fit(TEXTS, [1, 2, 3, 4])
    assert flow.score([*TEXTS, "unheard of"], [1, 2, 3, 4, 1]) == pytest.approx(0.8)
    assert flow.score(["unheard of", TEXTS[0]], [1, 1], sample_weight=[1, 3]) == 0.75


@every_flow
def test_odd_texts(name):
    """Texts without any word, and unknown words, can be learned and asked."""
    flow = make_tiny(name).fit([*TEXTS, "!!!"], [*LABELS, "e"])
    scores = flow.predict_proba(["???", "entirely unheard"])
    assert scores.shape == (2, 5) and np.isfinite(scores).all()
    assert np.isfinite(flow.novelty(["???", "entirely unheard"])).all()


@every_flow
def test_a_single_class(name):
    """One class is enough."""
    texts = [f"a {text}" for text in TEXTS]  # for the flow that looks for the label
    flow = make_tiny(name).fit(texts, ["a"] * 4)
    assert flow.predict_proba(texts) == pytest.approx(np.ones((4, 1)))


@every_flow
def test_cost_is_counted(fitted, name):
    """Steps and FLOPs of those that train; library code is not counted; all take time."""
    flow, config = fitted[name], FLOWS[name]
    cost = flow.cost_
    assert cost.train_s > 0
    steps = {"none": 0, "swarm": 4}.get(config.training, TINY["n_steps"])
    assert cost.steps == steps
    if config.encoder == "library":
        assert np.isnan(cost.flops)
    else:
        assert (cost.flops > 0) == (config.encoder == "transformer" or config.training != "none")
    assert (flow.memory_bytes > 0) == (config.encoder == "library" or config.has_memory)
    assert flow.convergence_steps_ == 0 or config.training != "none"


def test_memory_switched_off():
    """`scores_without` ignores the memory: zeros for averages, the classifier's for networks."""
    average = make_tiny("simple_kv").fit(TEXTS, LABELS).answer(TEXTS)
    assert average.scores_without.sum() == 0 and average.has_read.all()
    gated = make_tiny("minimal_config").fit(TEXTS, LABELS).answer(TEXTS)
    np.testing.assert_allclose(gated.scores_without.sum(1), 1, atol=1e-5)
    assert not np.allclose(gated.scores, gated.scores_without)
    assert ((gated.gate > 0) & (gated.gate < 1)).all()
    plain = make_tiny("fine_tune").fit(TEXTS, LABELS).answer(TEXTS)
    assert np.array_equal(plain.scores, plain.scores_without) and not plain.has_read.any()
    assert (plain.nearest == -1).all() and np.isnan(plain.gate).all() and np.isnan(plain.hit).all()


def test_memory_that_stayed_empty():
    """Where nothing was surprising enough to write, the network answers alone."""
    never = {"surprise_threshold": 1e9, "first_exposure_threshold": 1e9, "novelty_threshold": 2.0}
    flow = make_tiny("kv_only", **never).fit(TEXTS, LABELS)
    assert len(flow.memory_) == 0 and not flow.answer(TEXTS).has_read.any()
    np.testing.assert_allclose(flow.predict_proba(TEXTS).sum(1), 1, atol=1e-5)


def test_key_refresh():
    """After training further, stored keys are those of the present network."""
    flow = make_tiny("hybrid", lr=0.01).fit(TEXTS, LABELS)
    flow.partial_fit(["something new"], ["e"])
    reading = flow.memory_.read(flow.memory_.keys, similarity_kind="cosine")
    assert reading.nearest_slot.tolist() == [0, 1, 2, 3, 4]
    fresh = flow.answer(TEXTS).hit  # dot product with itself is the squared length
    lengths = flow.memory_.keys[:4].square().sum(1).numpy()
    assert (fresh >= lengths - 1e-3).all()


def test_duplicates_are_merged():
    """The same text learned twice is stored once by the redesign, twice by the neighbour."""
    sizes = {"first_redesign": 4, "nearest_neighbor": 8}
    for name, size in sizes.items():
        flow = make_tiny(name).fit(TEXTS, LABELS).partial_fit(TEXTS, LABELS)
        assert len(flow.memory_) == size


@pytest.mark.parametrize("name", TRAINED)
def test_convergence_needs_validation(task, name):
    """Without validation texts there is no convergence to speak of; with them it is recorded."""
    flow = make_tiny(name, n_steps=30, meta_iterations=2)
    flow.fit(task.train.texts, task.train.labels)
    if name != "as_shipped":  # holds out texts of its own
        assert np.isnan(flow.convergence_steps_)
    held = (task.train.texts, task.train.labels)
    flow.fit(task.train.texts, task.train.labels, validation=held)
    assert len(flow.history_) == (2 if FLOWS[name].training == "swarm" else 1)


def test_ablations_can_be_run():
    """Swarm only and neither, memory only and full: every cell trains and answers."""
    for settings in ({"fusion": "none"}, {"fusion": "none", "training": "steps"},
                     {"training": "steps"}, {"fusion": "label"}, {}):  # fmt: skip
        flow = make_tiny("current", **settings).fit(TEXTS, LABELS)
        np.testing.assert_allclose(flow.predict_proba(TEXTS).sum(1), 1, atol=1e-5)


@pytest.mark.parametrize(
    "name, message",
    [
        ("curent", "unknown flow 'curent': did you mean 'current'"),
        ("Hybrid", "unknown flow 'Hybrid': did you mean 'hybrid'"),
        ("", "unknown flow '': Valid: current"),
    ],
)
def test_unknown_flow(name, message):
    """The error names the nearest flow."""
    with pytest.raises(ValueError, match=message):
        make_flow(name)


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"topk": 3}, "unknown flow setting 'topk': did you mean 'top_k'"),
        ({"similarity": "cos"}, "unknown value of similarity: 'cos': did you mean 'cosine'"),
        ({"capacity": 0}, "capacity=0: expected at least 1"),
        ({"dropout": 1.0}, "dropout=1.0: expected less than 1; lower dropout"),
        ({"lr": 0.0}, "lr=0.0: expected more than 0; raise lr"),
        ({"n_heads": 3}, "d_model=256 is not a multiple of n_heads=3"),
        ({"d_model": 15, "n_heads": 5}, "d_model=15: sinusoidal positions need an even width"),
        ({"first_exposure_window": 0}, "first_exposure_window=0: expected at least 1"),
        ({"library": "bm25"}, "encoder='transformer' with library='bm25'"),
        ({"training": "contrastive"}, "training='contrastive' with encoder='transformer'"),
        (
            {"encoder": "embedding", "training": "none", "consolidation": True},
            "no classifier to move memories into",
        ),
        ({"encoder": "embedding", "fusion": "gate", "value": "tokens"}, "set value='label'"),
    ],
)
def test_wrong_settings(settings, message):
    """A misspelt switch, a value out of range or switches that exclude one another."""
    with pytest.raises(ValueError, match=message):
        make_flow("hybrid", **settings)


def test_budgets_fit_the_configuration():
    """Every budget is a set of switches, and 'full' is the documented one."""
    for budget in BUDGETS.values():
        FLOWS["current"].with_overrides(**budget)
    full = FlowConfig(**BUDGETS["full"])
    assert full.n_agents * full.meta_iterations * full.agent_steps == 5000


@every_flow
def test_nothing_is_answered_before_learning(name):
    """Asking an unfitted flow is an error that says what to do."""
    flow = make_tiny(name)
    for ask in (flow.predict, flow.predict_proba, flow.novelty, flow.answer):
        with pytest.raises(NotFittedError, match=f"'{name}' flow has learned nothing: call fit"):
            ask(TEXTS)


@pytest.mark.parametrize(
    "texts, labels, error, message",
    [
        ([], [], ValueError, "need at least one text"),
        (TEXTS, LABELS[:3], ValueError, "4 texts but 3 labels"),
        (TEXTS, None, ValueError, "labels=None"),
        ("red apple", ["a"], TypeError, "single text"),
        ([*TEXTS[:3], 7], LABELS, TypeError, r"texts\[3\]=7 is a int"),
        (TEXTS, ["a", 1, "b", 2], TypeError, "text and numbers are mixed"),
        (TEXTS, ["a", None, "b", "c"], ValueError, "the label is missing"),
        (["word " * 300], ["a"], ValueError, "text 0 has 300 tokens: .* at most max_len=256"),
    ],
)
def test_wrong_training_data(texts, labels, error, message):
    """A refused `fit` leaves a fresh flow unfitted and a fitted one as it was."""
    flow = make_tiny("hybrid")
    with pytest.raises(error, match=message):
        flow.fit(texts, labels)
    with pytest.raises(NotFittedError):
        flow.predict(TEXTS)
    flow.fit(TEXTS, LABELS)
    before = flow.predict_proba(TEXTS)
    for learn in (flow.fit, flow.partial_fit):
        with pytest.raises(error, match=message):
            learn(texts, labels)
        assert np.array_equal(flow.predict_proba(TEXTS), before)


def test_labels_stay_of_one_kind():
    """Numbers cannot join a flow that knows strings."""
    flow = make_tiny("bm25").fit(TEXTS, LABELS)
    with pytest.raises(TypeError, match="labels mix strings and numbers"):
        flow.partial_fit(["more"], [1])


def test_wrong_queries():
    """No texts, and texts too long for a transformer; averages take any length."""
    flow = make_tiny("hybrid", max_len=8).fit(TEXTS, LABELS)
    with pytest.raises(ValueError, match="need at least one text"):
        flow.predict([])
    with pytest.raises(ValueError, match="text 1 has 9 tokens: .* at most max_len=8"):
        flow.predict(["fine", "word " * 9])
    assert flow.predict(["word " * 8]).shape == (1,)
    assert make_tiny("first_redesign").fit(TEXTS, LABELS).predict(["word " * 500]).shape == (1,)


def test_wrong_validation():
    """Validation labels must be learned, and its texts must fit the flow."""
    flow = make_tiny("minimal_fix")
    with pytest.raises(ValueError, match=r"validation labels \['z'\] have no training text"):
        flow.fit(TEXTS, LABELS, validation=(["a text"], ["z"]))
    with pytest.raises(ValueError, match="text 0 has 300 tokens"):
        flow.fit(TEXTS, LABELS, validation=(["word " * 300], ["a"]))


def test_headword_lookup():
    """The label that stands in the text, the earliest of several; none where none does."""
    flow = make_tiny("headword_lookup").fit(["one", "two", "three"], ["Adit", "burr, rare", "cog"])
    texts = ["a cog and an ADIT", "the burr", "cogs adits", "rare", ""]
    assert flow.predict(texts).tolist() == ["cog", "burr, rare", ABSTAIN, ABSTAIN, ABSTAIN]
    assert flow.novelty(texts).tolist() == [0, 0, 1, 1, 1]
    assert flow.memory_bytes == len("Aditburr, rarecog")
    flow.partial_fit(["four"], ["dell"])
    assert flow.predict(["dell", "cog"]).tolist() == ["dell", "cog"]


def test_fallback_asks_the_network_where_no_entry_is_left():
    """A class without an entry is answered where the network names it; others as stored."""
    flow = make_flow("hybrid", seed=0, d_model=16, n_layers=1, n_heads=2, d_ff=16, n_steps=60,
                     lr=1e-2, products="float32").fit(TEXTS, LABELS)  # fmt: skip
    assert flow.predict(TEXTS).tolist() == LABELS
    alone = flow.answer(TEXTS).scores_without
    assert flow.classes_[alone.argmax(1)].tolist() == LABELS, "the network has not learned"
    flow.state_.memory.delete(torch.tensor([2]))
    left = flow.predict(TEXTS).tolist()
    assert left[2] != "c" and [left[i] for i in (0, 1, 3)] == ["a", "b", "d"]
    flow.set_params(fallback="network")
    assert flow.predict(TEXTS).tolist() == LABELS
    assert flow.predict_proba(TEXTS)[2] == pytest.approx(alone[2])


def test_fallback_needs_a_classifier_beside_stored_labels():
    """Elsewhere there is nobody to ask."""
    for flow in ("current", "simple_kv", "fine_tune"):
        with pytest.raises(ValueError, match="fallback='network' with"):
            make_flow(flow, fallback="network")


def test_library_settings_with_few_texts():
    """A share of less than one text means one; where no word is left, the error says why."""
    flow = make_flow("class_mean", max_df=0.1).fit(TEXTS, LABELS)
    assert flow.predict(TEXTS).tolist() == LABELS
    letters = make_flow("tfidf_neighbor", max_df=0.3, char_ngrams=4).fit(TEXTS, LABELS)
    assert letters.predict(["apples", "pears"]).tolist() == ["a", "b"]
    with pytest.raises(ValueError, match="max_df=0.1 leaves no word of these 4 texts"):
        make_flow("class_mean", max_df=0.1).fit(["same words"] * 4, LABELS)
