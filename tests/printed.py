"""Examples of a page: code, and below it what the page says that it prints."""

import contextlib
import io
import re

EXAMPLE = re.compile(r"```python\n(.*?)```\n(?:\n```text\n(.*?)```)?", re.DOTALL)


def list_examples(page: str) -> list[tuple[str, str]]:
    """The blocks of Python of a page, each with the output that stands below it, or ''."""
    return EXAMPLE.findall(page)


def run_example(code: str) -> str:
    """What an example prints, run by itself."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, {})
    return printed.getvalue()
