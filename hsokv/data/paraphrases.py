"""Sentences that say the same: STS-B, QQP and MRPC, from a folder on this machine or from the hub.

Nothing of it is part of the package. `HSOKV_DATA` names a folder whose subfolder `glue` holds them
as parquet; without it they are fetched from the Hugging Face hub.

Source: GLUE (Wang et al., 2019), with STS-B (Cer et al., 2017), MRPC (Dolan and Brockett, 2005) and
Quora's question pairs.
"""

from __future__ import annotations

import hashlib
import os
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from hsokv.boundary.checks import check_keys

HUB = "nyu-mll/glue"
SAMPLE = 8999  # pairs of QQP that are used


class Source(NamedTuple):
    """Where the pairs of a source lie, and which of them say the same.

    Attributes:
        files: names in the folder, without ending.
        splits: names on the hub.
        sides: columns of the two sentences.
        least: label from which on they say the same.
    """

    files: tuple[str, ...]
    splits: tuple[str, ...]
    sides: tuple[str, str]
    least: float


BOTH = ("train", "validation")
SOURCES = {
    "stsb": Source(BOTH, BOTH, ("sentence1", "sentence2"), 4.0),
    "qqp": Source(("train_sample",), ("train",), ("question1", "question2"), 1.0),
    "mrpc": Source(BOTH, BOTH, ("sentence1", "sentence2"), 1.0),
}


class Paraphrases(NamedTuple):
    """Sentences of a source, in an order that depends on their letters only.

    Attributes:
        groups: sentences that say the same, two or more, no two with the same letters.
        singles: sentences of which no paraphrase is known.
    """

    groups: list[list[str]]
    singles: list[str]


def what_paraphrases_lack() -> str:
    """Return why the pairs cannot be read from this machine, '' where they can."""
    folder = os.environ.get("HSOKV_DATA")
    there = folder and (Path(folder) / "glue").is_dir()
    return "" if there else "HSOKV_DATA does not name a folder with pairs of GLUE"


def load_paraphrases(name: str) -> Paraphrases:
    """Return the sentences of one of `SOURCES`, grouped.

    Raises:
        ValueError: there is no such source, or a file is damaged or has other columns.
        FileNotFoundError: `HSOKV_DATA` is set, and its folder has no such file.
        ModuleNotFoundError: the hub is asked, and the package datasets is not installed.
        OSError: the hub cannot be reached.
    """
    check_keys([name], SOURCES, "source of paraphrases")
    return _load(name, os.environ.get("HSOKV_DATA", ""))


@cache
def _load(name: str, folder: str) -> Paraphrases:
    source, rows = SOURCES[name], _read(name, folder) if folder else _fetch(name)
    is_large = len(rows) > SAMPLE and name == "qqp"
    missing = {*source.sides, "label", *(["idx"] if is_large else [])} - set(rows)
    if missing:
        raise ValueError(
            f"{name} has no column {', '.join(sorted(missing))}: expected those of {HUB}; fetch it "
            "again"
        )
    if is_large:
        order = rows["idx"].map(lambda i: _order(str(i)))
        rows = rows.loc[order.sort_values().index[:SAMPLE]]
    first, second = (rows[side].str.strip() for side in source.sides)
    return group_paraphrases(first, second, rows["label"] >= source.least)


def group_paraphrases(first: pd.Series, second: pd.Series, same: pd.Series) -> Paraphrases:
    """Return sentences in groups: two are in one group if a chain of pairs says the same.

    Of sentences with the same letters and digits one is kept; pairs with a missing side are left
    out.

    Args:
        first, second: the sentences of each pair.
        same: whether they say the same.
    """
    parent: dict[str, str] = {}

    def root(key: str) -> str:
        while parent.setdefault(key, key) != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    texts: dict[str, str] = {}
    pairs = pd.DataFrame({"first": first, "second": second, "same": same}).dropna()
    for one, other, alike in pairs.itertuples(index=False):
        sides = [letters_of(text) for text in (one, other)]
        for key, text in zip(sides, (one, other)):
            texts[key] = min(text, texts.get(key, text))
        a, b = map(root, sides)
        if alike:
            parent[a] = b
    groups: dict[str, list[str]] = {}
    for key in sorted(filter(None, texts), key=_order):
        groups.setdefault(root(key), []).append(texts[key])
    listed = list(groups.values())
    return Paraphrases(
        [group for group in listed if len(group) > 1],
        [group[0] for group in listed if len(group) == 1],
    )


def letters_of(text: str) -> str:
    """Return a sentence's letters and digits, by which twins are told apart.

    Sources space out their words and marks in different ways, and share sentences.
    """
    return "".join(filter(str.isalnum, text.casefold()))


def _order(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _read(name: str, folder: str) -> pd.DataFrame:
    paths = [Path(folder) / "glue" / name / f"{file}.parquet" for file in SOURCES[name].files]
    absent = [str(path) for path in paths if not path.is_file()]
    if absent:
        raise FileNotFoundError(
            f"{', '.join(absent)} missing: expected GLUE's pairs as parquet; add them, or unset "
            "HSOKV_DATA to fetch them"
        )
    try:
        return pd.concat([pd.read_parquet(path) for path in paths], ignore_index=True)
    except (OSError, ValueError) as error:
        first = str(error).partition("\n")[0]
        raise ValueError(
            f"{', '.join(map(str, paths))}: expected GLUE's pairs as parquet ({first}); fetch it "
            "again"
        ) from error


def _fetch(name: str) -> pd.DataFrame:
    try:
        from datasets import load_dataset
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"fetching {HUB} needs the package datasets: run pip install 'hsokv[data]', or set "
            "HSOKV_DATA to a folder that holds it"
        ) from error
    try:
        parts = [load_dataset(HUB, name, split=split) for split in SOURCES[name].splits]
    except Exception as error:  # the hub's library has many
        raise OSError(
            f"{HUB} ({name}) cannot be fetched ({type(error).__name__}): expected a network; set "
            "HSOKV_DATA to a folder with glue/ inside, see book/reproduce.md"
        ) from error
    return pd.concat([part.to_pandas() for part in parts], ignore_index=True)
