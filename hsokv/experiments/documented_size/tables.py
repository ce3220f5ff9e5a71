"""Tables at the documented size: verdicts on the issues, and what each switch does alone."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import pandas as pd

from hsokv.experiments import hit_rate
from hsokv.experiments.documented_size.trials import SAME, similarity_of
from hsokv.experiments.effects import ISSUES, effect_table, verdict
from hsokv.experiments.word_rows import accuracy_difference, accuracy_interval, common_seeds
from hsokv.flows.factorial import SWITCHES
from hsokv.stats.decisions import NOT_RUN

SWARM = "swarm"  # the variant of the issues that is a training here
#: (training, pooling) -> what the specification is called on a page.
SPECIFICATIONS = {
    ("steps", "mean"): "plain training, mean",
    ("steps", "last"): "plain training, last token",
    ("swarm", "mean"): "swarm, mean",
    ("swarm", "last"): "swarm, last token",
}
#: Base -> what a reader calls it.
LEARNERS = {"current": "H-SOKV", "simple": "plain memory", "redesign": "our first design"}
#: Switch -> its variant at H-SOKV and at our first design.
SWITCH_VARIANTS = {
    "keys": ("fixed_keys", "transformer_keys"),
    "similarity": ("dot", "dot"),
    "top_k": ("top1", "top5"),
    "boosts": ("no_boosts", "boosts"),
    "gate": ("label", "gate"),
    "writing": ("once", "surprise"),
    "consolidation": ("no_consolidation", "consolidation"),
    "forgetting": ("no_forgetting", "forgetting"),
    "refresh": ("refresh", "no_refresh"),
}
# The readme's suite of ablations, as training and variant of H-SOKV.
SUITE = {
    "memory and swarm": ("swarm", ""),
    "memory alone": ("steps", ""),
    "swarm alone": ("swarm", "no_memory"),
    "neither": ("steps", "no_memory"),
}
# What is told seed by seed: variant of H-SOKV -> name.
BY_SEED = {"no_memory": "no memory", "": "as it is", "no_boosts": "no boosts"}
LABELS = {switch.name: switch.label for switch in SWITCHES}
_KEPT_AT_REDESIGN = ("similarity",)  # our first design has H-SOKV's level of it


def rows_at(rows: pd.DataFrame, training: str, pooling: str) -> pd.DataFrame:
    """Return the rows of one specification by the names of the issues, fixed keys included.

    A variant that is another one's twin here stands under both names, and under plain training the
    base trained by the swarm is the variant 'swarm'.
    """
    rows = rows[rows["pooling"].isin([pooling, "none"])]
    here = rows[rows["training"] == training]
    parts = [here] + [here[here["variant"] == v].assign(variant=name) for name, v in SAME.items()]
    if training == "steps":
        other = rows[(rows["training"] == "swarm") & (rows["variant"] == "")]
        parts.append(other.assign(variant=SWARM))
    return pd.concat(parts, ignore_index=True)


def _by_specification(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the rows of every specification, by its name."""
    return {name: rows_at(rows, *taken) for taken, name in SPECIFICATIONS.items()}


def issue_verdicts(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the verdict on each issue in each specification.

    Returns:
        Columns issue, claim and one per `SPECIFICATIONS`; the issues in order that were run in one
        of them.
    """
    judges = {
        (issue.number, issue.claim): lambda here, key=key: verdict(effect_table(here, key))
        for key, issue in ISSUES.items()
    } | {(hit_rate.NUMBER, hit_rate.CLAIM): _hit_rate_verdict}
    there, found = _by_specification(rows), []
    for (number, claim), judge in judges.items():
        told = {name: judge(here) for name, here in there.items()}
        if set(told.values()) != {NOT_RUN}:
            found.append({"issue": number, "claim": claim} | told)
    return pd.DataFrame(found, columns=["issue", "claim", *SPECIFICATIONS.values()])


def _hit_rate_verdict(here: pd.DataFrame) -> str:
    """Return whether the hit rate misleads, each arm counted once."""
    here = here[~here["variant"].isin([*SAME, SWARM])]
    kinds = [similarity_of(*arm) for arm in zip(here["base"], here["variant"])]
    return hit_rate.verdict(here.assign(similarity=kinds))


def issue_effects(rows: pd.DataFrame, condition: str = "verbatim") -> pd.DataFrame:
    """Return the main effects of the issues under a condition, in points, per specification.

    Returns:
        Columns issue, learner, comparison and one per `SPECIFICATIONS`; a dash where not run.
    """
    there = _by_specification(rows)
    found: dict[tuple, dict] = {}
    for key, issue in ISSUES.items():
        for name, here in there.items():
            table = effect_table(here, key)
            for r in table[table["is_main"] & (table["condition"] == condition)].itertuples():
                arm = (issue.number, LEARNERS[r.base], r.label)
                found.setdefault(arm, {})[name] = in_points(r)
    table = [
        dict(zip(("issue", "learner", "comparison"), names)) | effects
        for names, effects in found.items()
    ]
    columns = ["issue", "learner", "comparison", *SPECIFICATIONS.values()]
    return pd.DataFrame(table, columns=columns).astype(object).fillna("–")


def switch_effects(rows: pd.DataFrame, condition: str) -> pd.DataFrame:
    """Return what each switch does alone: accuracy after the change minus before, paired.

    A change leads from H-SOKV's level to that of our first design (for the similarity to the raw
    dot product, which the design does not take), at H-SOKV and, the other switches changed already,
    at the design.

    Returns:
        Columns switch, label, at (one of `LEARNERS`), specification, point, low, high, n, n_seeds.
    """
    found = []
    for name, here in _by_specification(rows).items():
        here = here[here["condition"] == condition]
        for switch, (there, back) in SWITCH_VARIANTS.items():
            last = ("", back) if switch not in _KEPT_AT_REDESIGN else (back, "")
            for base, (after, before) in (("current", (there, "")), ("redesign", last)):
                mine = here[here["base"] == base].sort_values("seed")
                a, b = common_seeds(mine[mine["variant"] == after], mine[mine["variant"] == before])
                if len(a):
                    row = {"switch": switch, "label": LABELS[switch], "at": LEARNERS[base]}
                    row |= {"specification": name} | accuracy_difference(a, b)._asdict()
                    found.append(row | {"n_seeds": len(a)})
    columns = ["switch", "label", "at", "specification", "point", "low", "high", "n", "n_seeds"]
    return pd.DataFrame(found, columns=columns)


def base_table(rows: pd.DataFrame, conditions: Sequence[str]) -> pd.DataFrame:
    """Return accuracy of the bases themselves, as text, per specification and condition.

    Returns:
        Columns learner, specification, seeds and one per condition.
    """
    found = []
    for name, here in _by_specification(rows).items():
        here = here[here["variant"] == ""]
        for base, part in here.groupby("base", sort=False):
            line = {"learner": LEARNERS[base], "specification": name}
            line["seeds"] = part["seed"].nunique()
            for condition in conditions:
                line[condition] = points_of(part[part["condition"] == condition])
            found.append(line)
    return pd.DataFrame(found, columns=["learner", "specification", "seeds", *conditions])


def suite_table(rows: pd.DataFrame, conditions: Sequence[str]) -> pd.DataFrame:
    """Return accuracy of H-SOKV with and without its memory and its swarm, as text.

    Returns:
        Columns learner, pooling, seeds and one per condition.
    """
    found = []
    for name, pooling in product(SUITE, ("mean", "last")):
        here = suite_rows(rows, name, pooling)
        if len(here):
            line = {"learner": name, "pooling": pooling, "seeds": here["seed"].nunique()}
            told = {c: points_of(here[here["condition"] == c]) for c in conditions}
            found.append(line | told)
    return pd.DataFrame(found, columns=["learner", "pooling", "seeds", *conditions])


def suite_rows(rows: pd.DataFrame, name: str, pooling: str) -> pd.DataFrame:
    """Return the rows of one learner of `SUITE`."""
    training, variant = SUITE[name]
    same = (rows["base"] == "current") & (rows["pooling"] == pooling)
    return rows[same & (rows["training"] == training) & (rows["variant"] == variant)]


def seed_table(
    rows: pd.DataFrame, pooling: str = "mean", condition: str = "verbatim"
) -> pd.DataFrame:
    """Return seed by seed what H-SOKV answers, how far its gate opens, and on what.

    Returns:
        Columns training, seed, and for every learner of `BY_SEED` its accuracy, the share of
        nearest keys that are right (both in percent) and the mean of its gate, under the learner's
        name followed by '', ', nearest key' and ', gate'; NaN without a memory.
    """
    here = rows[(rows["pooling"] == pooling) & (rows["condition"] == condition)]
    here = here[(here["base"] == "current") & here["variant"].isin(BY_SEED)]
    found: dict[tuple, dict] = {}
    for row in here.sort_values(["training", "seed"]).itertuples():
        name = BY_SEED[row.variant]
        found.setdefault((row.training, row.seed), {}).update(
            {
                name: 100 * row.accuracy,
                f"{name}, nearest key": 100 * row.top1_key_correct,
                f"{name}, gate": row.gate_mean,
            }
        )
    table = [dict(zip(("training", "seed"), arm)) | line for arm, line in found.items()]
    ends = ("", ", nearest key", ", gate")
    columns = [name + end for name in BY_SEED.values() for end in ends]
    return pd.DataFrame(table, columns=["training", "seed", *columns])


def points_of(rows: pd.DataFrame) -> str:
    """Return the accuracy of rows as text in percent with its interval."""
    return accuracy_interval(rows).text().rpartition(", n =")[0]


def in_points(effect) -> str:
    """Return the point, low and high of an effect as text in points, signed."""
    return f"{100 * effect.point:+.1f} [{100 * effect.low:+.1f}, {100 * effect.high:+.1f}]"
