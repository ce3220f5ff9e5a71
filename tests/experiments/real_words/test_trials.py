"""Real words: what is run, what a trial does, and what its tables say, by hand."""

import re

import numpy as np
import pandas as pd
import pytest

from hsokv.experiments.real_words import EXPERIMENT, figures, forms, tables
from hsokv.experiments.real_words.trials import CONDITIONS, Params, make_trials, run_trial
from hsokv.flows.named import FLOWS


def params(**changes):
    """Parameters of a small run on the words that ship with the package."""
    small = {
        "words": "lexicon", "flows": ("lexical", "headword_lookup"), "n_stored": (5, 100),
        "n_asked": 100, "n_seeds": 1, "n_development": 70, "n_jobs": 1,
    }  # fmt: skip
    return Params(**(small | changes))


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    """The rows of a small run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HSOKV_RESULTS", str(tmp_path_factory.mktemp("results")))
        given = params(
            forms={"lexical": ("no_title", "candidate_1")}, bare={"lexical": ("",)},
            tuned_flows=("tfidf_neighbor",),
        )  # fmt: skip
        return EXPERIMENT.run(given)


def test_a_lookup_is_what_it_should_be(rows):
    """It finds every word that is shown, none that is blanked, and declines what is unknown."""
    found = tables.accuracy_table(rows).set_index(["flow", "condition", "n_way"])["point"]
    for n_way in (5, 100):
        lookup = found.loc["headword_lookup", :, n_way]
        assert lookup["recognise"] == lookup["unseen"] == 1 and lookup["infer"] == 0
        assert found["lexical", "recognise", n_way] == 1


def test_every_word_is_asked_once_in_groups(rows):
    """A hundred words, five at a time or all at once; unseen ones as many as there are."""
    tested = rows[rows["part"] == "test"].set_index("condition")["n_test"]
    assert set(tested["recognise"]) == {100} and set(tested["unseen"]) == {30}
    assert set(rows["condition"]) == set(CONDITIONS)
    assert (rows["declined"] + rows["forced"].fillna(0) >= rows["accuracy"] - 1e-6).all()


def test_the_definition_alone_names_its_word_by_its_label(rows):
    """Stored without the word, a title still finds it."""
    bare = tables.select(rows, "lexical", "recognise", stored="bare")
    assert bare["accuracy"].tolist() == [1.0]


def test_tables(rows):
    """Differences are paired, costs stand per word, the best candidate is chosen by the rows."""
    parts = tables.accuracy_difference(
        tables.select(rows, "lexical (no_title)", "verbatim", n_stored=100),
        tables.select(rows, "lexical", "verbatim", n_stored=100),
    )
    assert abs(parts.point) < 0.05 and parts.n == 100
    cost = tables.cost_table(rows, ["lexical"]).set_index("words stored")
    assert (cost[["learn_ms", "predict_ms"]] > 0).all().all() and cost["encode_ms"].isna().all()
    chosen = tables.choose_candidates(rows)
    assert set(chosen) == {"tfidf_neighbor"}
    tried = rows[(rows["part"] == "development") & rows["condition"].isin(tables.ASKED)]
    best = tried.groupby("form")["accuracy"].mean().max()
    form = {str(forms.candidate_config("tfidf_neighbor", i)): f"candidate_{i}" for i in range(12)}
    config = FLOWS["tfidf_neighbor"].with_overrides(**chosen["tfidf_neighbor"])
    name = form[str(config)].replace("candidate_0", "")
    assert tried[tried["form"] == name]["accuracy"].mean() == pytest.approx(best)
    assert tables.list_arms(rows) == ["lexical", "headword_lookup"]
    declined = tables.decline_table(rows, ["headword_lookup"], [100]).set_index("condition")
    assert declined["declined"].tolist() == ["0.0", "100.0", "100.0"]
    assert declined["right of those answered"].tolist() == ["100.0", "–", "–"]
    assert declined["right if it always answered"].tolist() == ["100.0", "0.0", "–"]
    fig = figures.draw_sizes(rows, tables.list_arms(rows), ["recognise", "infer"])
    assert len(fig.axes) == 2


def test_the_curve_says_what_the_rows_say(rows):
    """Its title gives the ends of the line of `lexical`; sizes are those of which two are large."""
    table = figures.curve_table(rows)
    assert set(table["n_way"]) == {5, 100}
    assert set(table["flow"]) == {"lexical", "headword_lookup"}
    shown, left = (
        [100 * tables.select(rows, "lexical", c, n_stored=n)["accuracy"].mean() for n in (5, 100)]
        for c in ("recognise", "unseen")
    )
    title = figures.curve_title(table)
    told = [shown[0], 5, shown[1], 100, *left]
    assert [int(n) for n in re.findall(r"\d+", title)] == [round(n) for n in told]
    fig = EXPERIMENT.figures["use"](rows)
    assert fig.finding == title == " ".join(fig.get_suptitle().split())
    names = fig.axes[-1].texts
    assert sorted(n.get_text() for n in names) == ["headword lookup", "our word memory"]
    assert abs(names[0].xy[1] - names[1].xy[1]) >= figures.APART
    grown = pd.concat([rows, rows.assign(n_stored=rows["n_stored"] + 200)])
    assert set(figures.curve_table(grown)["n_way"]) == {100, 205, 300}
    with pytest.raises(ValueError, match="at least one row"):
        figures.draw_curve(rows[rows["flow"] != "lexical"])


def test_what_a_user_chooses_among(rows):
    """A line per learner that was run, its accuracies those of the rows."""
    table = tables.choice_table(rows, 100).set_index("flow")
    assert list(table.index) == ["lexical", "headword_lookup"]
    assert table["term shown"]["headword_lookup"].startswith("100.0 [")
    assert table["term blanked"]["headword_lookup"].startswith("0.0 [")
    told = tables.select(rows, "lexical", "unseen", n_stored=100)
    assert table["declines"]["lexical"].startswith(f"{100 * told['accuracy'].iloc[0]:.1f} [")
    assert table["kept, kB"]["lexical"] == f"{told['memory_bytes'].iloc[0] / 1000:,.0f}"


def test_bands_of_frequency_add_up(rows):
    """Accuracy by frequency, weighted by how many words there are, is accuracy."""
    row = tables.select(rows, "lexical", "infer", n_stored=100).iloc[0]
    from hsokv.data.words import load_questions

    zipf = load_questions("lexicon", "test").words["zipf"]
    counts = np.histogram(zipf, [-1, 1, 2, 3])[0]
    shares = row[[f"accuracy_zipf_{i}" for i in range(3)]].fillna(0).to_numpy(float)
    assert (shares * counts).sum() <= 100 * row["accuracy"] + 1e-6
    assert counts.sum() < 100 or (shares * counts).sum() == pytest.approx(100 * row["accuracy"])


def test_trials_are_planned_without_data(monkeypatch):
    """So that a report can be built from its rows where WordNet's are not at hand."""
    monkeypatch.delenv("HSOKV_DATA", raising=False)
    given = params(words="wordnet", tuned_flows=("bm25",), large_flows=("bm25",))
    trials = make_trials(given)
    assert sum(dict(t.settings)["part"] == "development" for t in trials) == 12
    assert {t.flow for t in make_trials(params(n_stored=(500,)))} == set()
    with pytest.raises(FileNotFoundError, match="HSOKV_DATA is not set"):
        run_trial(trials[-1])


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"words": "lexikon"}, "did you mean 'lexicon'"),
        ({"flows": ("lexicals",)}, "did you mean 'lexical'"),
        ({"forms": {"lexical": ("no_titel",)}}, "did you mean 'no_title'"),
        ({"n_stored": (1,)}, "n_stored"),
        ({"n_asked": 0}, "n_asked"),
    ],
)
def test_wrong_parameters(changes, message):
    """A misspelt name is answered with the nearest."""
    with pytest.raises(ValueError, match=message):
        params(**changes)


def test_every_form_is_a_configuration():
    """Each differs from the flow as it stands, but for the first."""
    for flow in FLOWS:
        configs = [forms.form_config(flow, form) for form in forms.list_forms(flow)]
        assert configs[0] == FLOWS[flow]
        named = [forms.form_config("redesign", form) for form in forms.PARTS]
        assert len({str(config) for config in named}) == len(named)


def test_committed_rows_choose_the_tuned_forms():
    """What stands in the file is what the development rows say."""
    rows = EXPERIMENT.read()
    assert tables.choose_candidates(rows) == forms.read_tuned("tuned_words.yaml")
    assert isinstance(rows, pd.DataFrame) and len(rows)
