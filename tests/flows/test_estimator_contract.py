"""scikit-learn's own checks of an estimator, and its tools with lists of texts.

Flows take texts, and their tags say so, which makes scikit-learn skip nearly all of its checks.
They run here on thin subclasses that turn rows of numbers into texts, a word per column and bin.
"""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.metrics import accuracy_score
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.validation import check_is_fitted, validate_data

from hsokv import ABSTAIN_INTEGER, make_flow
from hsokv.flows.learner import MemoryLearner
from hsokv.flows.library import LibraryFlow
from tests.conftest import make_tiny


class OfRows:
    """Take rows of numbers for texts."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array, tags.input_tags.string = True, False
        return tags

    def fit(self, X, y):
        """Learn rows."""
        X, y = validate_data(self, X, y)
        return super().fit(as_texts(X), y)

    def partial_fit(self, X, y, classes=None):
        """Learn further rows."""
        X, y = validate_data(self, X, y, reset=not hasattr(self, "cost_"))
        return super().partial_fit(as_texts(X), y, classes=classes)

    def answer(self, X):
        """Answer rows."""
        check_is_fitted(self)
        return super().answer(as_texts(validate_data(self, X, reset=False)))

    def score(self, X, y, sample_weight=None):
        """Return the accuracy on rows."""
        check_is_fitted(self)
        answers = self.predict(X)
        return accuracy_score(y, answers, sample_weight=sample_weight)


class LearnerOfRows(OfRows, MemoryLearner):
    """A learner of rows."""


class LibraryOfRows(OfRows, LibraryFlow):
    """A library flow of rows."""


def as_texts(X):
    """One word per column and half unit."""
    bins = np.floor(2 * np.asarray(X, float)).clip(-1000, 1000).astype(int)
    return [" ".join(f"c{j}b{b}" for j, b in enumerate(row)) for row in bins.tolist()]


EXPECTED = {
    "check_no_attributes_set_in_init": "a switch that is given is an attribute of its own name, and"
    " `**settings` does not name the fifty there are",
    "check_do_not_raise_errors_in_init_or_set_params": "it passes `settings` as the name of a"
    " setting; unknown names are refused at once, as Python refuses unknown arguments",
}


@parametrize_with_checks(
    [LearnerOfRows("simple_kv", d_model=64, similarity="cosine"), LibraryOfRows("linear_probe")],
    expected_failed_checks=lambda estimator: EXPECTED,
)
def test_estimator_checks(estimator, check):
    """What scikit-learn expects of a classifier."""
    check(estimator)


TEXTS = [f"{word} {i}" for i in range(6) for word in ("red apple", "blue sea", "old house")]
LABELS = ["fruit", "water", "home"] * 6
BOTH = pytest.mark.parametrize("name", ["first_redesign", "bm25"])


@BOTH
def test_tags_tell_the_truth(name):
    """A flow is a classifier of one-dimensional lists of strings."""
    tags = get_tags(make_flow(name))
    assert tags.estimator_type == "classifier" and tags.target_tags.required
    assert tags.input_tags.string and not tags.input_tags.two_d_array


@BOTH
def test_settings_are_stored_as_given(name):
    """Nothing is checked before `fit`, and a clone has the very same values."""
    flow = type(make_flow(name))(name, seed=-3, top_k=2.5, n_jobs="many")
    assert (flow.seed, flow.top_k, flow.n_jobs) == (-3, 2.5, "many")
    copy = clone(flow)
    assert copy.get_params() == flow.get_params() and copy.get_params()["top_k"] == 2.5
    assert flow.set_params(**flow.get_params()).get_params() == copy.get_params()
    for settings, error, message in (
        ({}, ValueError, "seed=-3: expected at least 0"),
        ({"seed": 0}, TypeError, "n_jobs='many' is a str: need int"),
        ({"n_jobs": 1}, TypeError, "top_k=2.5 is a float: need int"),
        ({"top_k": np.int64(2), "flow": "hybird"}, ValueError, "did you mean 'hybrid'"),
    ):
        with pytest.raises(error, match=message):
            flow.set_params(**settings).fit(TEXTS, LABELS)
    assert flow.set_params(flow=name).fit(TEXTS, LABELS).score(TEXTS, LABELS) > 0.9


@BOTH
def test_tools_of_scikit_learn(name):
    """Pipeline, cross-validation and grid search take lists of texts, with words or integers."""
    lower = FunctionTransformer(lambda texts: [text.lower() for text in texts])
    chain = make_pipeline(lower, make_flow(name))
    for labels in (LABELS, [LABELS.index(label) for label in LABELS]):
        assert chain.fit(TEXTS, labels).score(TEXTS, labels) == 1
        for scoring in (None, "accuracy", "balanced_accuracy"):
            scores = cross_val_score(make_flow(name), TEXTS, labels, cv=3, scoring=scoring)
            assert (scores > 0.5).all()
    search = GridSearchCV(make_flow(name), {"seed": [0, 1], "flow": [name]}, cv=2)
    assert search.fit(TEXTS, LABELS).best_estimator_.predict(TEXTS).tolist() == LABELS


def test_abstaining_with_integers():
    """Answers stay integers, and scikit-learn's accuracy agrees with `score`."""
    flow = make_flow("first_redesign").fit(TEXTS, [LABELS.index(label) for label in LABELS])
    texts, labels = [*TEXTS[:3], "unheard of"], [0, 1, 2, 0]
    answers = flow.predict(texts)
    assert answers.dtype.kind == "i" and answers.tolist() == [0, 1, 2, ABSTAIN_INTEGER]
    assert accuracy_score(labels, answers) == flow.score(texts, labels) == 0.75


def test_settings_of_a_fitted_flow():
    """Those of reading act at once, all others from the next fit; answering never breaks."""
    flow = make_tiny("hybrid").fit(TEXTS, LABELS)
    before, config = flow.predict_proba(TEXTS), flow.config_
    for settings in (
        {"encoder": "embedding"}, {"fusion": "gate"}, {"d_model": 64}, {"capacity": 2},
        {"flow": "current"}, {"seed": 3}, {"lr": "fast"},
    ):  # fmt: skip
        flow.set_params(**settings)
        assert np.array_equal(flow.predict_proba(TEXTS), before) and flow.config_ == config
        assert set(settings) <= set(flow.changed_settings())
        with pytest.raises(ValueError, match="expected the same to learn further; set them back"):
            flow.partial_fit(["more"], ["fruit"])
        flow.set_params(**{"flow": "hybrid", "seed": 0} | config.as_dict())
        assert not flow.changed_settings()
    assert flow.partial_fit(["more"], ["fruit"]).predict(["more"]) == ["fruit"]


def test_settings_of_reading_are_checked_at_once():
    """A wrong one is refused and changes nothing; abstaining follows the similarity."""
    flow = make_flow("first_redesign").fit(TEXTS, LABELS)
    params = flow.get_params()
    for settings in ({"temperature": float("nan")}, {"top_k": 0, "lr": 0.1}):
        with pytest.raises(ValueError, match="expected"):
            flow.set_params(**settings)
        assert flow.get_params() == params
    declined = flow.set_params(similarity="dot").answer(["unheard of", TEXTS[0]]).abstains
    assert declined.tolist() == [True, False]
    direct = make_flow("first_redesign", similarity="dot").fit(TEXTS, LABELS)
    assert flow._threshold == direct._threshold
    assert not flow.set_params(abstain=False).answer(["unheard of"]).abstains.any()
    assert not flow.changed_settings()


@pytest.mark.parametrize(
    "name", ["first_redesign", "fine_tune", "class_mean", "linear_probe", "bm25"]
)
def test_classes_that_are_to_come(name):
    """`classes` gives the columns their order from the first call on; new ones go to the end."""
    flow = make_tiny(name).partial_fit(TEXTS[:2], LABELS[:2], classes=["water", "home", "fruit"])
    assert flow.classes_.tolist() == ["water", "home", "fruit"]
    scores = flow.predict_proba(TEXTS[:2])
    assert scores.shape == (2, 3) and np.isfinite(scores).all()
    np.testing.assert_allclose(scores.sum(1), 1, atol=1e-5)
    if name != "fine_tune":  # two steps of training teach it nothing
        assert flow.predict(TEXTS[:2]).tolist() == LABELS[:2]
    known = ["water", "home", "fruit", "sky"]
    flow.partial_fit(TEXTS[2:3], LABELS[2:3], classes=known).partial_fit(["a b"], ["new"])
    assert flow.classes_.tolist() == [*known, "new"]
    for classes in (["home", "water", "fruit"], known[:2], [*known, "new", "new"]):
        with pytest.raises(ValueError, match="expected each class once, those known first"):
            flow.partial_fit(TEXTS[:1], LABELS[:1], classes=classes)
    with pytest.raises(ValueError, match=r"labels \['x'\] are not among classes"):
        flow.partial_fit(["a b"], ["x"], classes=[*known, "new"])
