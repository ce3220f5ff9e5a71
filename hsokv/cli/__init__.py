"""The command line: a glossary, chats and notes of one's own."""

from hsokv.cli.commands import main

__all__ = ["main"]
