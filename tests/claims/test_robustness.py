"""Robust, undecided, dependent on a choice, or fragile; claims in their other specifications."""

from pathlib import Path

import pandas as pd
import pytest

from hsokv.claims import robustness
from hsokv.claims.elsewhere import list_specifications
from hsokv.claims.ledger import judge, read_claims
from hsokv.claims.quantities import check_measure
from hsokv.claims.robustness import Robustness, judge_robustness
from hsokv.stats.decisions import FAILS, HOLDS, OPEN
from tools.claims_page import CLAIMS
from tools.paths import ROOT


def verdicts(*rows):
    """A table with choices x and y: (option of x, option of y, verdict)."""
    table = pd.DataFrame(rows, columns=["x", "y", "verdict"])
    return table.assign(point=0.0, low=0.0, high=0.0, n=1)


def test_robust_means_nine_of_ten():
    """Whatever the verdict is; one fewer is fragile if no choice explains it."""
    nine = verdicts(*[("a", "a", HOLDS)] * 5, *[("b", "b", HOLDS)] * 4, ("b", "b", OPEN))
    counts = {HOLDS: 9, FAILS: 0, OPEN: 1}
    assert judge_robustness(nine) == Robustness("robust", counts, 10)
    told = "robust: holds in 9, cannot be told in 1 of 10 specifications"
    assert str(judge_robustness(nine)) == told
    eight = verdicts(*[("a", "a", HOLDS)] * 8, ("b", "b", OPEN), ("b", "b", HOLDS))
    assert judge_robustness(eight).kind == "robust"
    fewer = verdicts(*[("a", "a", HOLDS)] * 2, ("b", "a", FAILS), ("b", "a", HOLDS))
    assert judge_robustness(fewer).kind == "fragile"


def test_one_choice_may_decide():
    """Each of its options has a verdict of its own; the other choice does not."""
    table = verdicts(
        ("a", "c", HOLDS), ("a", "d", HOLDS), ("b", "c", FAILS), ("b", "d", FAILS)
    )  # fmt: skip
    assert judge_robustness(table).kind == "depends on x"
    assert robustness.telling_choice(table) == "x"
    assert robustness.by_option(table, "x") == "a 2 of 2; b 0 of 2 (2 fail)"


def test_many_options_are_told_in_short():
    """Those under which the statement always holds are counted together."""
    rows = [(f"option {i}", "c", HOLDS) for i in range(8)] + [("bad", "c", FAILS)]
    assert robustness.by_option(verdicts(*rows), "x") == "bad 0 of 1 (1 fail); the other 8 8 of 8"
    assert robustness.by_option(verdicts(*rows[:8]), "x") == "all 8 options, 8 of 8"
    assert robustness.telling_choice(verdicts(*rows[:8])) == "y"  # none tells: the fewest options


def test_nothing_run_is_said():
    """No share is made up where no specification has rows."""
    table = verdicts(("a", "a", "not run"))
    assert str(judge_robustness(table)) == "not run" and judge_robustness(table).n_all == 1
    assert robustness.by_option(table, "x") == "" and robustness.telling_choice(table) == "x"


def test_what_cannot_be_told_is_not_robust():
    """The same verdict everywhere, but none; and two specifications show little."""
    table = verdicts(*[("a", "a", OPEN)] * 3)
    told = "undecided: cannot be told in 3 of 3 specifications"
    assert str(judge_robustness(table)) == told
    two = judge_robustness(verdicts(("a", "a", HOLDS), ("b", "a", HOLDS), ("b", "b", "not run")))
    assert (two.kind, two.n, two.n_all) == ("too few specifications", 2, 3)


def test_fragile_means_opposite_verdicts():
    """Where some specifications only cannot tell, none contradicts."""
    rows = [("a", "a", HOLDS), ("a", "b", OPEN), ("b", "a", HOLDS)]
    assert judge_robustness(verdicts(*rows)).kind == "holds where it can be told"
    assert judge_robustness(verdicts(*rows, ("b", "b", FAILS))).kind == "fragile"


def test_one_exception_is_too_many_for_all():
    """A statement about all options names those for which it does not hold."""
    rows = [(f"flow {i}", "a", HOLDS) for i in range(30)]
    assert judge_robustness(verdicts(*rows), "x").kind == "holds for all"
    rows += [("odd", "a", OPEN)]
    assert judge_robustness(verdicts(*rows), "x").kind == "cannot be told for odd"
    rows += [("bad", "a", FAILS)]
    assert judge_robustness(verdicts(*rows), "x").kind == "fails for bad"
    assert judge_robustness(verdicts(*rows)).kind == "robust"


ONE_SHOT = {"quantity": "mean", "rows": "one_shot", "column": "accuracy"}
ISSUES = {
    "rows": "issues",
    "column": "accuracy",
    "where": {"base": "current", "condition": "infer"},
}
BOTH = {"quantity": "difference", "a": {"variant": "top1"}, "b": {}}
FACTORIAL = {"quantity": "difference", "rows": "attribution", "column": "accuracy"}


@pytest.mark.parametrize(
    ("measure", "n", "first", "last"),
    [
        (
            ONE_SHOT | {"where": {"arm": "current (mean, full)", "condition": "verbatim"}}, 16,
            {"pooling": "last token", "budget": "short", "words": "20"},
            {"pooling": "mean, padded", "budget": "long", "words": "100"},
        ),
        (
            ONE_SHOT | {"where": {"arm": "first_redesign", "condition": "infer", "n_way": 20}}, 2,
            {"pooling": "", "budget": "", "words": "20"},
            {"pooling": "", "budget": "", "words": "100"},
        ),
        (
            ISSUES | BOTH, 5,
            {"size": "small", "pooling": "mean", "training": "plain, 2e-3"},
            {"size": "documented", "pooling": "mean", "training": "plain, 5e-4"},
        ),
        (ISSUES | BOTH | {"a": {"variant": "no_boost"}}, 3, None, None),
        (
            ISSUES | BOTH | {"a": {"variant": "layers_8"}, "b": {"variant": "layers_4"}}, 3,
            {"size": "small", "pooling": "mean", "training": "plain, 2e-3"},
            {"size": "documented", "pooling": "mean", "training": "plain, 5e-4"},
        ),
        (ISSUES | BOTH | {"a": {"variant": "wide"}}, 0, None, None),
        (
            FACTORIAL | {"where": {"condition": "verbatim"}, "a": {"cell": "c000000000"},
                         "b": {"cell": "c111111111"}}, 5,
            {"pooling": "mean", "rate": "tuned"}, {"pooling": "mean", "rate": "drawn"},
        ),
        (
            ISSUES | {"quantity": "difference", "a": {}, "b": {"variant": "swarm"}}, 3,
            {"size": "small", "pooling": "mean"}, {"size": "documented", "pooling": "mean"},
        ),
        ({"quantity": "arithmetic", "expression": "1"}, 0, None, None),
    ],
)  # fmt: skip
def test_specifications_of_a_claim(measure, n, first, last):
    """All are measures that can be taken; where there is no other, there is none."""
    found = list_specifications(measure)
    assert len(found) == n
    for _, other in found:
        check_measure(other)
    if first:
        assert found[0][0] == first and found[-1][0] == last


def test_both_sides_are_read_the_same_way():
    """A reading that one side lacks is left out; a side without readings stays as it is."""
    where = {"condition": "verbatim"}
    sides = {"a": {"arm": "fine_tune (mean, demo)"}, "b": {"arm": "current (mean, demo)"}}
    made = list_specifications(ONE_SHOT | {"quantity": "difference", "where": where, **sides})
    arms = {(m["a"]["arm"], m["b"]["arm"]) for _, m in made}
    assert arms == {
        (f"fine_tune ({r}, {b})", f"current ({r}, {b})")
        for r in ("last", "mean")
        for b in ("demo", "full")
    }
    sides = {"a": {"arm": "first_redesign (tuned)"}, "b": {"arm": "kv_only (mean)"}}
    made = list_specifications(ONE_SHOT | {"quantity": "difference", "where": where, **sides})
    assert {m["a"]["arm"] for _, m in made} == {"first_redesign (tuned)"}
    assert {m["b"]["arm"] for _, m in made} == {"kv_only (last)", "kv_only (mean)"}


@pytest.fixture(scope="module")
def judged():
    """The ledger on the committed rows."""
    return judge(read_claims(CLAIMS), ROOT / "results")


def test_the_claim_itself_is_among_its_specifications(judged):
    """Its own verdict is one of those counted."""
    several = [j for j in judged if j.robustness is not None]
    assert len(several) > 30
    for claim in several:
        assert claim.verdict in set(claim.elsewhere["verdict"]), claim.claim.id
        assert sum(claim.robustness.counts.values()) == claim.robustness.n > 1


def test_without_rows_nothing_is_robust(tmp_path: Path):
    """No rows, no specification."""
    assert all(j.robustness is None for j in judge(read_claims(CLAIMS), tmp_path))
