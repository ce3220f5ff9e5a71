"""Questions whose answer takes several passages: samples of MuSiQue and of HotpotQA.

Nothing of it is part of the package. `HSOKV_DATA` names a folder whose subfolder `multihop` holds
each sample as two files of JSON: questions with the passages that answer them, and all passages.

Sources: MuSiQue (Trivedi et al., 2022), HotpotQA (Yang et al., 2018), in the samples that HippoRAG
(Gutiérrez et al., 2024) chose.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from hsokv.boundary.checks import check_keys

Passage = tuple[str, str]  # title and text


class Multihop(NamedTuple):
    """Questions, and the passages among which their answers are found.

    Attributes:
        titles, texts: of the passages, (N,); no two have the same title and text.
        questions: (Q,).
        gold: places of the passages that together answer each question, ascending, (Q,) tuples of
            two or more.
    """

    titles: list[str]
    texts: list[str]
    questions: list[str]
    gold: list[tuple[int, ...]]


def _musique(asked: list[dict], corpus: Any) -> tuple[list[Passage], list[list[Passage]]]:
    gold = [
        [(p["title"], p["paragraph_text"]) for p in item["paragraphs"] if p["is_supporting"]]
        for item in asked
    ]
    return [(passage["title"], passage["text"]) for passage in corpus], gold


def _hotpotqa(asked: list[dict], corpus: Any) -> tuple[list[Passage], list[list[Passage]]]:
    gold = []
    for item in asked:
        told = {title for title, _ in item["supporting_facts"]}
        gold.append([(title, _join(text)) for title, text in item["context"] if title in told])
        if {title for title, _ in gold[-1]} != told:
            raise ValueError(f"{item['question']!r} has no text of a passage that supports it")
    return [(title, _join(sentences)) for title, sentences in corpus.items()], gold


def _join(sentences: list[str]) -> str:
    return " ".join(sentence.strip() for sentence in sentences)


_READ: dict[str, Callable] = {"musique": _musique, "hotpotqa": _hotpotqa}
SAMPLES = tuple(_READ)


def what_multihop_lacks() -> str:
    """Return why the samples cannot be read from this machine, '' where they can."""
    folder = os.environ.get("HSOKV_DATA")
    there = folder and all(path.is_file() for name in SAMPLES for path in _paths(folder, name))
    return "" if there else "HSOKV_DATA does not name a folder with multi-hop questions"


def load_multihop(name: str) -> Multihop:
    """Return one of `SAMPLES`.

    Raises:
        ValueError: there is no such sample, or a file holds something else.
        FileNotFoundError: `HSOKV_DATA` is not set, or its folder lacks a file.
    """
    check_keys([name], SAMPLES, "sample of questions")
    folder = os.environ.get("HSOKV_DATA")
    if not folder:
        raise FileNotFoundError(
            f"HSOKV_DATA is not set: expected a folder with multihop/{name}_train.json, which is "
            "not part of the package; set it, see book/reproduce.md"
        )
    paths = _paths(folder, name)
    absent = [str(path) for path in paths if not path.is_file()]
    if absent:
        raise FileNotFoundError(f"{', '.join(absent)} missing: add it, see book/reproduce.md")
    try:
        asked, corpus = (json.loads(path.read_text("utf8")) for path in paths)
        passages, gold = _READ[name](asked, corpus)
        questions = [item["question"] for item in asked]
        return make_multihop(passages, questions, gold)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(
            f"{paths[0]}, {paths[1].name}: expected questions and passages as in the sample of "
            f"{name} ({type(error).__name__}: {error}); fetch both again"
        ) from error


def make_multihop(
    passages: list[Passage], questions: list[str], gold: list[list[Passage]]
) -> Multihop:
    """Return questions with the places of the passages that answer them.

    Raises:
        ValueError: no question, a passage that stands twice, a text that is no string or has
            nothing in it, or a question without two passages that are all there.
    """
    places = {passage: place for place, passage in enumerate(passages)}
    if len(places) < len(passages):
        raise ValueError(
            f"{len(passages)} passages, of which {len(places)} differ: expected each once; drop "
            "copies"
        )
    if not questions:
        raise ValueError("no question: expected one at least; add some")
    for text in [*questions, *(text for passage in passages for text in passage)]:
        if not isinstance(text, str) or not text.strip():
            raise ValueError(f"{text!r} is no text: expected questions, titles and texts")
    found = []
    for question, told in zip(questions, gold, strict=True):
        absent = [title for title, text in told if (title, text) not in places]
        if absent or len(set(told)) < 2:
            raise ValueError(
                f"{question!r} is answered by {len(set(told))} passages, of which {len(absent)} "
                f"are not among all passages {absent}: expected two or more that are"
            )
        found.append(tuple(sorted({places[passage] for passage in told})))
    titles, texts = zip(*passages)
    return Multihop(list(titles), list(texts), list(questions), found)


def _paths(folder: str, name: str) -> tuple[Path, Path]:
    """Return the files of questions and of all passages."""
    held = Path(folder) / "multihop"
    return held / f"{name}_train.json", held / f"{name}_train_corpus.json"
