"""The commands of the command line, and how they end."""

from __future__ import annotations

import sys

import typer

from hsokv.boundary.text import plain
from hsokv.cli.glossary import ask, learn
from hsokv.cli.recall import export, recall
from hsokv.cli.remember import remember

HELP = """A memory for texts of your own.

learn and ask: a glossary. remember, recall and export: chats and notes.
"""
app = typer.Typer(help=HELP, no_args_is_help=True, pretty_exceptions_enable=False)
for command in (learn, ask, remember, recall, export):
    app.command()(command)


def main() -> None:
    """Run the command; what is wrong with the input is told in one line."""
    try:
        app()
    except (ValueError, TypeError, OSError, ModuleNotFoundError) as error:
        typer.echo(f"error: {plain(error)}", err=True)
        sys.exit(1)
