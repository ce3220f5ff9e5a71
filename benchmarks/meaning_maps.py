"""Measure what a closed-form map from usages to definitions is worth, beside the shipped adapter.

Vectors of blanked usages are mapped to where definitions lie, by ridge regression (in the manner of
A La Carte, Khodak et al., 2018) or by canonical correlation, fitted to WordNet's training words and
with its settings chosen on development words. Asked are the words of the report, by the same
draws, definitions stored bare; of the adapted encoder also those words apart that share a synset
with a word it learned from, and the rest. Needs `HSOKV_DATA`; writes book/meaning_maps.csv.

    python benchmarks/meaning_maps.py
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import Ridge

from hsokv.data.words import load_questions, load_words, make_usages, part_of
from hsokv.experiments.real_words.tables import in_percent
from hsokv.models.sentence import encode_sentences
from hsokv.seeds import numpy_rng
from hsokv.stats.intervals import Interval
from hsokv.stats.two_way import seeds_words_interval

OUT = Path(__file__).parents[1] / "book/meaning_maps.csv"
N_ASKED, N_DRAWS = 1000, 2  # as in params/research/05_real_words.yml
PENALTIES = [(penalty,) for penalty in (1.0, 3.0, 10.0, 30.0, 100.0)]  # of ridge regression
#: Power of the canonical correlations that weigh directions, and what is added to variances.
POWERS = list(itertools.product((0.25, 0.5, 0.75, 1.0), (1e-4, 3e-4, 1e-3, 3e-3)))

Map = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


def fit_ridge(usages: np.ndarray, definitions: np.ndarray, penalty: float) -> Map:
    """Return the map of usages to their definitions, (N, d) each; definitions stay."""
    ridge, mean = Ridge(penalty).fit(usages, definitions), definitions.mean(0)
    return lambda asked, stored: (ridge.predict(asked) - mean, stored - mean)


def fit_correlation(usages: np.ndarray, definitions: np.ndarray, power: float, added: float) -> Map:
    """Return the map of both to canonical directions, weighed by a power of how they agree."""
    means = [side.mean(0) for side in (usages, definitions)]
    sides = [side - mean for side, mean in zip((usages, definitions), means)]
    whiten = [np.linalg.inv(np.linalg.cholesky(s.T @ s / len(s) + added * np.eye(s.shape[1]))).T
              for s in sides]  # fmt: skip
    across = (sides[0] @ whiten[0]).T @ (sides[1] @ whiten[1]) / len(usages)
    left, agreed, right = np.linalg.svd(across)
    maps = [whiten[0] @ left * agreed**power, whiten[1] @ right.T * agreed**power]
    return lambda asked, stored: ((asked - means[0]) @ maps[0], (stored - means[1]) @ maps[1])


def found(asked: np.ndarray, stored: np.ndarray) -> np.ndarray:
    """Return which usages find their own definition first by cosine, bool (n,)."""
    asked, stored = (side / np.linalg.norm(side, axis=1, keepdims=True) for side in (asked, stored))
    scores = (asked @ stored.T).round(6)
    return (scores >= scores.max(1, keepdims=True)).argmax(1) == np.arange(len(scores))


def encode(texts: pd.Series, adapted: bool = False) -> np.ndarray:
    """Return sentence vectors, (n, d)."""
    return encode_sentences(texts.tolist(), adapted).numpy().astype(float)


def score(vectors: list[np.ndarray], change: Map, among: np.ndarray) -> Interval:
    """Return the share of some words (n,) that are found first among all, over draws and words."""
    right, tested = np.zeros((2, N_DRAWS, len(vectors[0])), bool)
    for draw in range(N_DRAWS):
        order = numpy_rng(draw, "real words").permutation(len(vectors[0]))[:N_ASKED]
        tested[draw, order] = among[order]
        right[draw, order] = found(*change(*(side[order] for side in vectors))) & among[order]
    return seeds_words_interval(right, tested)


def line(name: str, setting: str, score: Interval) -> dict[str, str]:
    """Return a line of the table, with shares in percent."""
    shares = in_percent(score)
    return {"map": name, "setting": setting, "found first, %": shares, "answers": score.n}


def same(asked: np.ndarray, stored: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return both as they are."""
    return asked, stored


def main() -> None:
    """Fit on training words, choose on development words, write the scores of test words."""
    rows = load_words("wordnet31")
    usages = make_usages(rows)
    pairs = usages[usages["part"] == "training"]
    asked = {part: load_questions("wordnet", part).words for part in ("development", "test")}
    sides = ("blanked", "definition")
    learned = [encode(pairs[side]) for side in sides]
    known = {part: [encode(words[side]) for side in sides] for part, words in asked.items()}

    def best(fit: Callable[..., Map], settings: list[tuple]) -> tuple[tuple, Map]:
        maps = [fit(*learned, *setting) for setting in settings]
        first = [found(*change(*known["development"])).mean() for change in maps]
        return settings[int(np.argmax(first))], maps[int(np.argmax(first))]

    everywhere = np.ones(len(asked["test"]), bool)
    table = [line("none, encoder as published", "", score(known["test"], same, everywhere))]
    for name, fit, pattern, settings in (
        ("ridge regression", fit_ridge, "penalty {:g}", PENALTIES),
        ("canonical correlation", fit_correlation, "power {:g}, variances + {:g}", POWERS),
    ):
        setting, change = best(fit, settings)
        found_first = score(known["test"], change, everywhere)
        table.append(line(name, pattern.format(*setting), found_first))
    adapted = [encode(asked["test"][side], adapted=True) for side in sides]
    learned_from = rows[rows["word"].map(part_of) == "training"]["synset"]
    shared = asked["test"]["synset"].isin(learned_from).to_numpy()
    table.append(line("none, encoder adapted", "", score(adapted, same, everywhere)))
    for group, among in (("words with a synonym learned from", shared), ("others", ~shared)):
        for name, vectors in (("as published", known["test"]), ("adapted", adapted)):
            found_first = score(vectors, same, among)
            table.append(line(f"none, encoder {name}, {group}", "", found_first))
    pd.DataFrame(table).to_csv(OUT, index=False, lineterminator="\n")
    print(OUT.read_text("utf8"))


if __name__ == "__main__":
    main()
