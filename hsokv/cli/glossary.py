"""Learn a glossary from a CSV file, and ask what a text is about."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer

from hsokv.boundary.checks import check_keys, shown
from hsokv.boundary.files import locked
from hsokv.boundary.text import terminal_text
from hsokv.flows.base import Flow
from hsokv.flows.folder import CONFIG
from hsokv.flows.make import make_flow
from hsokv.flows.named import FLOWS
from hsokv.flows.persistence import from_pretrained, save_pretrained

WAIT = "waiting for another process that learns into {folder}"
Folder = Annotated[Path, typer.Argument(help="folder of what has been learned")]


def learn(
    glossary: Annotated[Path, typer.Argument(help="CSV file, a term and its definition per line")],
    folder: Folder,
    term: Annotated[str, typer.Option(help="column of terms")] = "term",
    definition: Annotated[str, typer.Option(help="column of definitions")] = "definition",
    flow: Annotated[
        str,
        typer.Option(help="lexical, or redesign to read meaning, too; the folder keeps its own"),
    ] = "",
) -> None:
    """Learn the terms of a glossary; beside those that the folder already holds, if it exists.

    A term that is learned again has one definition more.
    """
    rows = read_glossary(glossary, term, definition)
    if flow:
        check_keys([flow], FLOWS, "flow")
    with locked(folder / "learning", lambda: typer.echo(WAIT.format(folder=folder), err=True)):
        known = from_pretrained(folder) if (folder / CONFIG).exists() else None
        own = known.get_params()["flow"] if known else flow or "lexical"
        if flow and flow != own:
            raise ValueError(
                f"{folder} was learned with --flow {own}: expected that or none; learn into "
                f"another folder for --flow {flow}"
            )
        learner = known or make_flow(own)
        before = len(known.classes_) if known else 0
        texts = [f"{name}: {said}" for name, said in rows.itertuples(index=False)]
        learner.partial_fit(texts, rows["term"].tolist())
        save_pretrained(learner, folder)
    n = len(learner.classes_)
    typer.echo(
        f"{folder} knows {n} terms, {n - before} of them new ({own}); ask: hsokv ask {folder} "
        "'a text'"
    )


def ask(
    folder: Folder,
    texts: Annotated[
        list[str] | None, typer.Argument(help="texts; none: lines of the input")
    ] = None,
    best: Annotated[int, typer.Option(help="terms to name for each text", min=1)] = 1,
) -> None:
    """Say for each text which stored term it is about, and its share among all stored terms."""
    if not (folder / CONFIG).exists():
        raise ValueError(
            f"nothing was learned in {folder}: expected a folder that 'hsokv learn' made; run "
            f"hsokv learn glossary.csv {folder}"
        )
    learner = from_pretrained(folder)
    for text in texts or sys.stdin:
        text = text.encode("utf-8", "replace").decode("utf-8").strip()  # whatever bytes came
        told = terminal_text(text).replace("\n", " ")
        typer.echo("\n".join(f"{told}\t{line}" for line in answer_lines(learner, text, best)))


def read_glossary(path: Path, term: str = "term", definition: str = "definition") -> pd.DataFrame:
    """Return the columns term and definition of a CSV file, as text.

    Args:
        path: of the file; its first line names the columns, in upper or lower case.
        term, definition: names of the two columns.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is no CSV file in UTF-8, lacks a column, or has no row, one with other fields
            than the first line, or one with an empty cell.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
        lines = csv.reader(text.splitlines(keepends=True), strict=True)
        header, *rows = [(lines.line_num, line) for line in lines if line] or [(0, [])]
    except (UnicodeDecodeError, csv.Error) as error:
        what = str(error).replace("\n", " ")
        raise ValueError(
            f"{path}: expected a CSV file in UTF-8 whose first line names its columns ({what}); "
            "save it as 'CSV UTF-8', text with commas or quotes in quotes"
        ) from error
    names = [name.strip().lower() for name in header[1]]
    missing = [name for name in (term, definition) if name.strip().lower() not in names]
    if missing:
        raise ValueError(
            f"{path}: expected a CSV file with the column {missing[0]!r}, and commas between; its "
            f"first line is {shown(','.join(header[1]))}; name its columns with --term and "
            "--definition"
        )
    places = [names.index(name.strip().lower()) for name in (term, definition)]
    found = []
    for number, fields in rows:
        if len(fields) != len(names):
            raise ValueError(
                f"{path}, line {number}: {len(fields)} fields, expected {len(names)} as in the "
                "first line; put text with commas in quotes"
            )
        found.append([fields[place].strip() for place in places])
        if not all(found[-1]):
            raise ValueError(
                f"{path}, line {number}: expected a term and a definition; fill or delete it"
            )
    if not found:
        raise ValueError(
            f"{path}: expected a term and a definition per line, there is none; add it"
        )
    return pd.DataFrame(found, columns=["term", "definition"])


def answer_lines(learner: Flow, text: str, best: int = 1) -> list[str]:
    """Return the most likely terms of a text, each with its share, or that none fits."""
    answers = learner.answer([text])
    scores = answers.scores[0]
    order = np.argsort(-scores, kind="stable")[:best]
    named = [(learner.classes_[i], scores[i]) for i in order if scores[i] > 0]
    if answers.abstains[0] or not named:
        nearest = f"; nearest is {named[0][0]}" if named else ""
        return [f"-\tnothing stored fits{nearest}"]
    return [f"{term}\t{score:.0%}" for term, score in named]
