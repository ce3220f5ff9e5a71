"""The claims ledger: arithmetic, quantities on small frames, verdicts, page, committed CSV."""

import math
import re

import numpy as np
import pandas as pd
import pytest
import yaml

from hsokv.claims.arithmetic import calculate
from hsokv.claims.ledger import (
    COLUMNS,
    NOT_TESTABLE,
    SOURCES,
    VERDICTS,
    Claim,
    claims_table,
    distance_text,
    judge,
    read_claims,
    rule_text,
    value_text,
)
from hsokv.claims.quantities import NUMBER, PERCENT, POINTS, Measured, check_measure, describe, take
from hsokv.claims.rows import NotRun, Rows
from hsokv.data.lexicon import load_lexicon
from hsokv.data.rare_words import labels_of, make_rare_word_task
from hsokv.flows.factorial import list_cells
from hsokv.stats.decisions import FAILS, HOLDS, NOT_RUN, OPEN, Rule, decide
from hsokv.stats.intervals import Interval
from hsokv.stats.word_sets import encode_words
from tools.claims_page import CLAIMS, TABLE, list_pages, render_claims
from tools.paths import ROOT

AFTER = ("one_shot", "documented_size", "associative_memory")  # rows that were there first
ROW = {
    "id": "a-claim",
    "source": "issues_and_redesign, 2.1",
    "claim": "One is two.",
    "test": "Ask.",
    "measure": {"quantity": "arithmetic", "expression": "1"},
    "rule": {"within": [1.5, 2.5]},
    "section": "book/methods",
    "written": "after",
}
CURRENT = {"rows": "issues", "where": {"base": "current", "condition": "verbatim"}}


@pytest.fixture(scope="module")
def claims() -> list[Claim]:
    return read_claims(CLAIMS)


@pytest.fixture(scope="module")
def judged(claims):
    """The verdicts on the committed rows."""
    return judge(claims, ROOT / "results")


def write_ledger(path, *rows):
    file = path / "claims.yaml"
    file.write_text(yaml.safe_dump(list(rows)), "utf8")
    return file


def words(n_right: int, n_tested: int = 10) -> dict:
    """Columns of a row in which the first words are right."""
    correct, tested = np.zeros((2, len(load_lexicon())), bool)
    correct[:n_right], tested[:n_tested] = True, True
    return {
        "accuracy": n_right / n_tested,
        "correct_words": encode_words(correct),
        "tested_words": encode_words(tested),
    }


def rows_of(**frames: list[dict]) -> Rows:
    """Rows that come from these lists in place of files."""
    rows = Rows()
    rows.frames = {name: pd.DataFrame(frame) for name, frame in frames.items()}
    return rows


def issue_rows(variant: str, right: list[int], **columns) -> list[dict]:
    """Rows of the small prototype, one per seed."""
    setting = {"base": "current", "variant": variant, "condition": "verbatim", "n_way": 100}
    return [setting | {"seed": s} | words(n) | columns for s, n in enumerate(right)]


@pytest.mark.parametrize(
    "text, value",
    [("-log(0.7)", -math.log(0.7)), ("mean(1, 2, 6) / 2 ** 2", 0.75), ("min(3, -(1 - 2))", 1.0)],
)
def test_calculate(text, value):
    """Arithmetic with named functions; brackets and signs bind as usual."""
    assert calculate(text) == pytest.approx(value)


@pytest.mark.parametrize(
    "text",
    ["__import__('os')", "(1).real", "1 / 0", "x", "9 ** 9999999", "log(-1)", "[1]", "1 +", True,
     "mean()", "2 ** 1024", "sqrt", "'a' * 3"],
)  # fmt: skip
def test_calculate_refuses_everything_else(text):
    """Names, attributes, containers, undefined and gigantic values are errors, never run."""
    with pytest.raises(ValueError):
        calculate(text)


def test_misspelt_function_is_answered_with_the_nearest():
    """The message of an unknown function names the one that was probably meant."""
    with pytest.raises(ValueError, match="did you mean 'sqrt'"):
        calculate("sqr(2)")


def test_decide_includes_the_ends_of_a_closed_range():
    """A value on the bound satisfies a closed rule and no open one."""
    exact = Interval(0.475, 0.475, 0.475, 0)
    assert decide(exact, 0.475, 0.485, closed=True) == HOLDS
    assert decide(exact, 0.475, 0.485) == FAILS
    assert decide(Interval(0.5, 0.4, 0.6, 9), 0.475, 0.485, closed=True) == OPEN


def test_mean_of_accuracy_resamples_words_and_of_others_seeds():
    """The n counts texts for accuracy and seeds for the rest; a missing value is left out."""
    rows = rows_of(issues=issue_rows("", [2, 4, 6, 8], kv_hit_rate=0.3))
    found = take({"quantity": "mean", "column": "accuracy"} | CURRENT, rows)
    assert found.unit == PERCENT and found.counted == "texts" and found.interval.n == 40
    assert found.interval.point == 0.5 and found.interval.low < 0.4
    rows.frames["issues"].loc[0, "kv_hit_rate"] = np.nan
    found = take({"quantity": "mean", "column": "kv_hit_rate"} | CURRENT, rows)
    assert found == Measured(Interval(0.3, 0.3, 0.3, 3), NUMBER, "seeds")


def test_one_shot_accuracy_is_of_words_seen_once():
    """It counts the tested words that a task teaches by one story, known from its seed."""
    once = []
    for seed in range(4):
        stories = make_rare_word_task(100, seed=seed).test("recognise")
        once.append({w for w, n in zip(stories.labels, stories.exposures) if n == 1})
    first = labels_of("recognise")[:10]
    n_once = [sum(word in words for word in first) for words in once]
    rows = rows_of(issues=issue_rows("", [10] * 4))
    found = take({"quantity": "mean", "column": "one_shot_accuracy"} | CURRENT, rows)
    assert found.interval.point == 1 and found.interval.n == sum(n_once) > 4
    assert found.counted == "texts" and 0.5 < found.interval.low < 0.75  # ten words at most


def test_difference_is_paired_on_common_seeds_and_signed():
    """It is a minus b over the seeds both have; equal answers nothing, up to ten words."""
    frame = issue_rows("dot", [8, 6, 7, 9]) + issue_rows("", [5, 3, 4])
    measure = {"quantity": "difference", "column": "accuracy", "a": {"variant": "dot"}, "b": {}}
    found = take(measure | CURRENT, rows_of(issues=frame))
    assert found.interval.point == 0.3 and found.interval.n == 30 and found.unit == POINTS
    swapped = measure | {"a": {}, "b": {"variant": "dot"}}
    assert take(swapped | CURRENT, rows_of(issues=frame)).interval.point == -0.3
    same = issue_rows("dot", [5, 3, 4]) + issue_rows("", [5, 3, 4])
    nothing = take(measure | CURRENT, rows_of(issues=same)).interval
    assert nothing.point == 0 and nothing.high == -nothing.low == pytest.approx(0.308497)


def test_share_counts_missing_values_as_outside():
    """A seed without a value is not in the range; ends belong to it."""
    frame = [{"arm": "as_shipped", "repair": "", "seed": s, "gate_mean": v}
             for s, v in enumerate([0.1, 0.2, 0.3, np.nan])]  # fmt: skip
    measure = {"quantity": "share", "rows": "printed_table", "column": "gate_mean",
               "between": [0.1, 0.2], "where": {"arm": "as_shipped"}}  # fmt: skip
    found = take(measure, rows_of(printed_table=frame))
    assert found.interval.point == 0.5 and found.interval.n == 4 and found.counted == "runs"


@pytest.fixture(scope="module")
def factorial() -> Rows:
    """All cells on three seeds: the label in place of the gate adds 3 of 10 words, no boosts 1."""
    frame = []
    for cell in list_cells():
        n_right = 2 + 3 * (cell[5] == "0") + (cell[4] == "0")
        row = {"cell": cell, "pooling": "mean", "rate": "tuned", "condition": "verbatim"}
        row |= words(n_right)
        row |= {"kv_hit_rate": -float(n_right), "top1_key_correct": n_right / 10}
        frame += [row | {"seed": seed} for seed in range(3)]
    return rows_of(attribution=frame)


def test_factorial_quantities(factorial):
    """Main effects and Shapley values credit the switches that matter, away from `current`."""
    where = {"rows": "attribution", "where": {"condition": "verbatim"}}
    for switch, worth in (("gate", 0.3), ("boosts", 0.1), ("consolidation", 0.0)):
        for quantity in ({"quantity": "main_effect"}, {"quantity": "shapley", "game": "redesign"}):
            found = take(quantity | {"switch": switch} | where, factorial)
            assert found.interval.point == pytest.approx(worth, abs=1e-6) and found.unit == POINTS
    cells = {"a": {"cell": "c111101111"}, "b": {"cell": "c111111111"}}
    found = take({"quantity": "difference", "column": "accuracy"} | cells | where, factorial)
    assert found.interval.point == pytest.approx(0.3)


def test_correlation_ranks_cells(factorial):
    """Rank correlation over cells is 1 for a measure that follows, -1 for one that opposes."""
    measure = {"quantity": "correlation", "rows": "attribution", "x": "top1_key_correct",
               "y": "accuracy", "where": {"condition": "verbatim"}}  # fmt: skip
    found = take(measure, factorial)
    assert found.interval.point == 1 and found.interval.n == 512 and found.counted == "combinations"
    assert take(measure | {"x": "kv_hit_rate"}, factorial).interval.point == -1


def test_missing_rows_are_not_run(tmp_path):
    """An empty folder, an arm without rows, too few seeds: not run, and said which."""
    mean = {"quantity": "mean", "column": "kv_hit_rate"} | CURRENT
    with pytest.raises(NotRun, match="issues has no rows with base=current"):
        take(mean, Rows(tmp_path))
    with pytest.raises(NotRun, match="2 seeds are too few"):
        take(mean, rows_of(issues=issue_rows("", [1, 2], kv_hit_rate=0.1)))
    with pytest.raises(NotRun, match="kv_hit_rate is undefined"):
        take(mean, rows_of(issues=issue_rows("", [1, 2, 3], kv_hit_rate=np.nan)))
    with pytest.raises(NotRun, match="attribution is incomplete"):
        effect = {"quantity": "main_effect", "rows": "attribution", "switch": "gate"}
        take(effect | {"where": {"condition": "verbatim"}}, Rows(tmp_path))


def test_two_configurations_of_one_arm_are_an_error():
    """Rows that cannot be told apart are never averaged."""
    frame = issue_rows("", [1, 2], kv_hit_rate=0.1) + issue_rows("", [3], kv_hit_rate=0.1)
    with pytest.raises(ValueError, match="several rows per seed with base=current"):
        take({"quantity": "mean", "column": "kv_hit_rate"} | CURRENT, rows_of(issues=frame))


@pytest.mark.parametrize(
    "change, message",
    [
        ({"quantity": "meen"}, "did you mean 'mean'"),
        ({"rows": "isues"}, "did you mean 'issues'"),
        ({"column": "acuracy"}, "did you mean 'accuracy'"),
        ({"column": "correct_words"}, "unknown numeric column"),
        ({"colum": "accuracy"}, "did you mean 'column'"),
        ({"where": {"base": "curent", "condition": "verbatim"}}, "did you mean 'current'"),
        ({"where": {"base": "current", "condition": "verbatm"}}, "did you mean 'verbatim'"),
        ({"where": {"base": "current"}}, "need condition"),
        ({"where": {"bas": "current"}}, "did you mean 'base'"),
        ({"where": CURRENT["where"] | {"variant": "top_1"}}, "did you mean 'top1'"),
        ({"quantity": "difference"}, "lacks a, b"),
    ],
)
def test_misspelt_names_are_errors(change, message):
    """A typo never turns into 'not run': it is refused with the nearest name."""
    with pytest.raises(ValueError, match=message):
        check_measure({"quantity": "mean", "column": "accuracy"} | CURRENT | change)


@pytest.mark.parametrize(
    "measure, message",
    [
        ({"quantity": "mean", "column": "accuracy", "rows": "one_shot",
          "where": {"arm": "current (full)", "condition": "verbatim"}},
         r"did you mean 'current \(\w+, full"),
        ({"quantity": "share", "column": "accuracy", "rows": "printed_table", "between": [2, 1],
          "where": {"arm": "baseline_1"}}, "within: .low, high."),
        ({"quantity": "shapley", "rows": "attribution", "game": "redesign",
          "switch": "similarity", "where": {"condition": "infer"}}, "unknown switch"),
        ({"quantity": "main_effect", "rows": "issues", "switch": "gate"}, "needs all cells"),
    ],
)  # fmt: skip
def test_impossible_measures_are_errors(measure, message):
    """An arm without its budget, an inverted range, a switch that does not differ."""
    with pytest.raises(ValueError, match=message):
        check_measure(measure)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"verdict": "holds"}, "unknown key 'verdict'"),
        ({"rul": {}}, "did you mean 'rule'"),
        ({"rule": {"above": 0, "below": 1}}, "exactly one"),
        ({"rule": {"within": [2, 1]}}, "low, high"),
        ({"rule": {"above": "0"}}, "expected a number"),
        ({"rule": None}, "no rule"),
        ({"written": "later"}, "value of written"),
        ({"reason": "because"}, "a reason"),
        ({"measure": None}, "a "),
        ({"source": "readmee, 1"}, "did you mean 'readme'"),
        ({"source": "readme"}, "document, section"),
    ],
)
def test_wrong_rows_are_refused(tmp_path, change, message):
    """No verdict can be written down, and what is missing or misspelt is said with the id."""
    with pytest.raises(ValueError, match=f"a-claim.*{message}"):
        read_claims(write_ledger(tmp_path, ROW | change))


def test_an_id_is_used_once(tmp_path):
    """Two rows with one id are refused."""
    with pytest.raises(ValueError, match="used twice"):
        read_claims(write_ledger(tmp_path, ROW, ROW))


def test_verdicts_and_words(tmp_path):
    """Fails, holds, not run and not testable come from what stands in the row."""
    awaits = {k: ROW[k] for k in ("source", "claim", "test")} | {"awaits": "few-shot GLUE"}
    reason = {k: ROW[k] for k in ("source", "claim")} | {"reason": "No unit."}
    ledger = write_ledger(
        tmp_path,
        ROW,
        ROW | {"id": "b", "rule": {"above": 0.5}},
        awaits | {"id": "c"},
        reason | {"id": "d"},
    )
    judged = judge(read_claims(ledger), tmp_path)
    assert [j.verdict for j in judged] == [FAILS, HOLDS, NOT_RUN, NOT_TESTABLE]
    assert "few-shot GLUE" in judged[2].note and judged[3].note == "No unit."
    table = claims_table(judged)
    assert list(table.columns) == list(COLUMNS)
    assert list(table["distance"][:2]) == [-0.5, 0.0] and table["point"].isna().sum() == 2
    assert list(table["rule"][:2]) == ["within 1.5 to 2.5", "above 0.5"]
    assert distance_text(judged[0].claim, judged[0].measured) == "0.500 below"
    assert distance_text(judged[1].claim, judged[1].measured) == ""


def test_forecast_is_scored_as_a_range():
    """The distance is measured from the nearer end of the forecast to the interval."""
    claim = Claim(**ROW | {"rule": {"within": [0.75, 0.80]}})
    rule = Rule.read(claim.rule)
    low, high = Interval(0.06, 0.03, 0.10, 20), Interval(0.98, 0.96, 1.0, 20)
    assert rule.distance(low) == pytest.approx(-0.65) and rule.verdict(low) == FAILS
    assert rule.distance(high) == pytest.approx(0.16)
    assert distance_text(claim, Measured(low, PERCENT, "seeds")) == "65.0 points below"
    touching = Interval(0.82, 0.79, 0.85, 20)
    assert rule.distance(touching) == 0 and rule.verdict(touching) == OPEN


def test_rule_and_value_in_words():
    """Shares are printed in per cent, differences in points, other numbers as they are."""
    claim = Claim(**ROW | {"rule": {"within": [0.75, 0.80]}})
    assert rule_text(claim, PERCENT) == "between 75 and 80 %"
    assert rule_text(Claim(**ROW | {"rule": {"above": 0}}), POINTS) == "more than 0 points"
    assert rule_text(Claim(**ROW | {"rule": {"within": [5, 5]}}), NUMBER) == "5"
    interval = Interval(0.075, 0.03, 0.128, 20)
    assert value_text(Measured(interval, PERCENT, "seeds")) == "7.5 % [3.0, 12.8], n = 20 seeds"
    assert value_text(Measured(interval, NUMBER, "seeds")).startswith("0.075 [0.030, 0.128]")
    assert value_text(Measured(Interval(0.586, 0.586, 0.586, 0), NUMBER, "")) == "0.586"


def test_ledger_covers_every_source(claims):
    """At least 45 claims, each source among them, most of them testable."""
    assert len(claims) >= 45 and {claim.document for claim in claims} == set(SOURCES)
    assert sum(bool(claim.reason) for claim in claims) < len(claims) / 10
    assert all(describe(claim.measure) for claim in claims if claim.measure)


def test_rules_before_the_rows_are_marked(claims):
    """Rules on rows that were there came after them: rare words, documented size, associations.

    So did that on the fallback, which former rows had shown; all others came before.
    """
    for claim in claims:
        if claim.measure:
            known = claim.measure.get("rows", "one_shot") in AFTER
            known |= "outcome" in claim.measure
            known &= {"variant": "no_memory"} not in claim.measure.values()
            known |= claim.id == "swarm-hurts-prototype"  # moved to rows that were there
            assert claim.written == ("after" if known else "before"), claim.id


def test_sections_are_pages(claims):
    """Every section is in the table of contents."""
    pages = list_pages()
    assert "book/claims" in pages
    lost = {claim.id: claim.section for claim in claims if claim.section not in {"", *pages}}
    assert not lost, f"sections that are no pages: {lost}"


def test_page_has_every_claim_once(claims, judged):
    """Each claim has an anchor, and the counts add up to all of them."""
    page = render_claims(judged)
    assert page.startswith("# The claims ledger\n")
    for claim in claims:
        assert page.count(f'<span id="claim-{claim.id}"></span>') == 1
    assert page.count(":class: claims-table") == len(SOURCES)
    assert not re.search(r"^```\{.*`", page, re.MULTILINE), "a backtick undoes the directive"
    said = re.findall(r"\*(\w+)[^*|:]*: [^*|]* of \d+ specifications\*( \(\w+:)?", page)
    assert len(said) == sum(j.robustness is not None for j in judged) > 30
    for kind, choice in said:  # what decides is named where something does
        assert bool(choice) == (kind in ("Fragile", "Depends"))
    total = next(line for line in page.splitlines() if line.startswith("| **all** |"))
    *counts, everything = [int(cell) for cell in total.split("|")[2:-1]]
    assert len(counts) == len(VERDICTS) and sum(counts) == everything == len(claims)


def test_committed_table_is_what_the_rows_say(judged):
    """`results/claims.csv` is recomputed from the committed rows; no verdict is typed."""
    stored, here = pd.read_csv(ROOT / "results" / TABLE), claims_table(judged)
    numbers = ["point", "low", "high", "n", "distance"]
    texts = [name for name in COLUMNS if name not in numbers]
    assert list(stored.columns) == list(COLUMNS)
    for name in texts:
        assert list(stored[name].fillna("")) == list(here[name].fillna("")), name
    np.testing.assert_allclose(
        stored[numbers].astype(float), here[numbers].astype(float), atol=2e-6
    )
    assert len(stored) >= 45
