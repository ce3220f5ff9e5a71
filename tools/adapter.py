"""Train the small file that adapts the sentence encoder, on WordNet's training words.

`make adapter` needs the extra `semantic`, `HSOKV_DATA` with WordNet's rows, and Webster's
dictionary beside them. It takes ten minutes on a GPU and about nine hours on two cores; with
`--n-teachers 0 --dictionary ''`, no teachers and WordNet alone, an hour and a half. Another machine
rounds otherwise and makes another file, whose score should be the same to within about a point: the
command prints it for development words and adds it to `benchmarks/adapter_recipes.csv`.
"""

import argparse
import sys
from dataclasses import fields
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from hsokv.data.webster import FILE, make_pairs, read_senses, training_words
from hsokv.data.words import load_words, make_questions, make_usages, words_folder
from hsokv.models import sentence
from hsokv.models.adapter import merge_adapter
from hsokv.models.device import DEVICES, pick_device
from hsokv.training.usages import Recipe, read_texts, train_adapter
from tools.command import command
from tools.paths import ROOT

TRIED = ROOT / "benchmarks/adapter_recipes.csv"  # every recipe that was tried, one line each


def found_first(path: Path, n_asked: int = 1000) -> tuple[float, float, int]:
    """Return the shares of development words found first among all, and among five, and how many.

    A blanked usage asks, definitions answer.
    """
    usages = make_usages(load_words("wordnet31"))
    asked = make_questions(usages, "development")[:n_asked]
    encoder = sentence.read_encoder()
    merge_adapter(encoder, path)
    encoder.eval()
    with torch.no_grad():
        sides = [read_texts(encoder, asked[name].tolist()) for name in ("blanked", "definition")]
    scores = (sides[0] @ sides[1].T).numpy()
    own = np.diag(scores)[:, None]
    others_below = (scores < own).sum(1) / (len(scores) - 1)  # share of wrong definitions below
    return float((scores <= own).all(1).mean()), float((others_below**4).mean()), len(asked)


def gather_pairs(dictionary: Path | str) -> pd.DataFrame:
    """Return the pairs of WordNet's training words, with Webster's where a dictionary is named."""
    rows = load_words("wordnet31")
    usages = make_usages(rows)
    pairs = usages[usages["part"] == "training"].assign(kind="usage")
    if dictionary:
        more = make_pairs(read_senses(Path(dictionary), training_words(rows)), usages)
        pairs = pd.concat([pairs, more])
    return pairs[["word", "synset", "definition", "blanked", "kind"]].reset_index(drop=True)


@command
def main(argv: list[str] | None = None) -> int:
    """Train, write the file, print its score on development words."""
    parser = argparse.ArgumentParser(prog="python -m tools.adapter", description=__doc__)
    parser.add_argument("--out", type=Path, default=sentence.adapter_path(), help="file to write")
    parser.add_argument("--device", choices=DEVICES, default="auto")
    place = (words_folder() or Path()) / FILE
    parser.add_argument("--dictionary", default=str(place), help="Webster's; '' for none")
    for field in fields(Recipe):
        name = f"--{field.name.replace('_', '-')}"
        parser.add_argument(name, type=type(field.default), default=field.default)
    options = vars(parser.parse_args(argv))
    path, device = options.pop("out"), pick_device(options.pop("device"))
    pairs = gather_pairs(options.pop("dictionary"))
    print(f"{len(pairs)} pairs of {pairs['word'].nunique()} words, on {device}", flush=True)
    train_adapter(pairs, path, Recipe(**options), device)
    first, five, n = found_first(path)
    print(f"{path}: {100 * first:.1f} % of {n} development words first, {100 * five:.1f} % of five")
    scores = {"first": round(first, 4), "first_of_five": round(five, 4), "n_words": n}
    line = pd.DataFrame([options | {"pairs": len(pairs)} | scores])
    line.to_csv(TRIED, mode="a", header=not TRIED.exists(), index=False, lineterminator="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
