"""The command line: learn a glossary from a CSV file, and ask what a text is about."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer

from hsokv.boundary.checks import check_keys
from hsokv.flows.base import Flow
from hsokv.flows.make import make_flow
from hsokv.flows.named import FLOWS
from hsokv.flows.persistence import from_pretrained, save_pretrained

app = typer.Typer(help=__doc__, no_args_is_help=True, pretty_exceptions_enable=False)
Folder = Annotated[Path, typer.Argument(help="folder of what has been learned")]


@app.command()
def learn(
    glossary: Annotated[Path, typer.Argument(help="CSV file, a term and its definition per line")],
    folder: Folder,
    term: Annotated[str, typer.Option(help="column of terms")] = "term",
    definition: Annotated[str, typer.Option(help="column of definitions")] = "definition",
    flow: Annotated[
        str, typer.Option(help="lexical, or redesign to read meaning, too")
    ] = "lexical",
) -> None:
    """Learn the terms of a glossary; beside those that the folder already holds, if it exists."""
    rows = read_glossary(glossary, term, definition)
    check_keys([flow], FLOWS, "flow")
    learner = from_pretrained(folder) if (folder / "config.json").exists() else make_flow(flow)
    texts = [f"{name}: {said}" for name, said in rows.itertuples(index=False)]
    learner.partial_fit(texts, rows["term"].tolist())
    save_pretrained(learner, folder)
    typer.echo(f"{folder} knows {len(learner.classes_)} terms; ask: hsokv ask {folder} 'a text'")


@app.command()
def ask(
    folder: Folder,
    texts: Annotated[
        list[str] | None, typer.Argument(help="texts; none: lines of the input")
    ] = None,
    best: Annotated[int, typer.Option(help="terms to name for each text", min=1)] = 1,
) -> None:
    """Say for each text which stored term it is about, and how sure that is."""
    learner = from_pretrained(folder)
    for text in texts or (line.strip() for line in sys.stdin):
        if text:
            typer.echo("\n".join(f"{text}\t{line}" for line in answer_lines(learner, text, best)))


def read_glossary(path: Path, term: str = "term", definition: str = "definition") -> pd.DataFrame:
    """Return the columns term and definition of a CSV file, as text.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is no CSV file in UTF-8, lacks a column, has an empty cell, or no row.
    """
    try:
        rows = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise ValueError(
            f"{path}: expected a CSV file in UTF-8 whose first line names its columns ({error}); "
            "save it as CSV again"
        ) from error
    check_keys([term, definition], rows.columns, f"column of {path.name}")
    rows = pd.DataFrame(
        {"term": rows[term].str.strip(), "definition": rows[definition].str.strip()}
    )
    empty = rows.index[(rows == "").any(axis=1)]
    if len(empty) or rows.empty:
        where = f"row {empty[0] + 1} lacks one" if len(empty) else "there is none"
        raise ValueError(
            f"{path}: expected a term and a definition in every row, {where}; fill or delete it"
        )
    return rows


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


def main() -> None:
    """Run the command; what is wrong with the input is told in one line."""
    try:
        app()
    except (ValueError, TypeError, OSError, ModuleNotFoundError) as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
