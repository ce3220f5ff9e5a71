"""Text from outside: it is shown and must not act.

A glossary, a note, a parameter or a claim may hold HTML, Markdown, escape sequences of a terminal,
marks that turn the direction of writing, a formula, or 10 MB in one line. Each function here is
for one place where such text ends up; what cannot be seen is written as `\\x1b` or `\\u202e`.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata

LONGEST_TEXT = 5_000  # characters shown of one text
LONGEST_LABEL = 120  # in a chart
LONGEST_NAME = 60  # of a file, without its ending

# What is not seen: controls, surrogates, marks of direction. The joiners of words stay.
HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
COLOUR = re.compile(r"\x1b\[[0-9;]*m")  # of which a notebook's tracebacks are full
# What Markdown, MyST and their autolinks give a meaning, some of it at the start of a line only.
ACTIVE = re.compile(
    r"[\\`*{}\[\]<&|$~@]|_(?![^\W_])|(?<![^\W_])_|(?<=/)/|:(?=[:/])|\.(?=[^\W\d])"
    r"|^[-+=:#%(>]|^\d(?=\d{0,8}[.)](?:\s|$))"
)
CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")
FORMULA = tuple("=+-@＝＋－＠")  # what a spreadsheet takes a cell for that begins with it
RESERVED = {"con", "prn", "aux", "nul"} | {f"{p}{n}" for p in ("com", "lpt") for n in range(10)}


def plain(text: object, longest: int = LONGEST_TEXT) -> str:
    """Return text on one line: what is hidden is shown, the middle of a long text left out."""
    return " ".join(_visible(_shorten(str(text), longest)).split())


def terminal_text(text: object, longest: int = LONGEST_TEXT) -> str:
    """Return text that a terminal or a log shows and does not obey; its lines stay."""
    lines = COLOUR.sub("", _shorten(str(text), longest)).splitlines()
    return "\n".join(_visible(line).replace("\t", "    ") for line in lines)


def markdown_text(text: object, longest: int = LONGEST_TEXT) -> str:
    """Return text that Markdown shows as it stands, in a line or a cell of a table."""
    return _inactive(plain(text, longest))


def markdown_prose(text: object, longest: int = LONGEST_TEXT) -> str:
    """Return text as `markdown_text` does, but what stands in backticks becomes code."""
    pieces, end, shown = [], 0, plain(text, longest)
    for code in CODE.finditer(shown):
        pieces += [_inactive(shown[end : code.start()]), code[0]]
        end = code.end()
    return "".join([*pieces, _inactive(shown[end:])])


def markdown_code(text: object, longest: int = LONGEST_TEXT) -> str:
    """Return text as code in a line; in a cell of a table see `table_cell` too."""
    shown = plain(text, longest) or " "
    fence = "`" * (1 + max(map(len, re.findall("`+", shown)), default=0))
    gap = " " if "`" in (shown[0], shown[-1]) else ""
    return f"{fence}{gap}{shown}{gap}{fence}"


def table_cell(markdown: str) -> str:
    """Return Markdown for a cell of a table, which neither a pipe in code nor a line end closes."""
    return markdown.replace("|", "\\|").replace("\n", " ")


def chart_label(text: object, longest: int = LONGEST_LABEL) -> str:
    """Return text that matplotlib writes as it stands, without setting mathematics."""
    return plain(text, longest).replace("$", r"\$")


def csv_cell(text: object) -> str:
    """Return text for a cell of a CSV file, with a quote before what a spreadsheet would run."""
    shown = _visible(str(text)).replace("\t", " ")
    try:
        float(shown)
    except ValueError:
        return f"'{shown}" if shown.lstrip().startswith(FORMULA) else shown
    return shown


def file_name(text: object) -> str:
    """Return a name for a file or folder, without ending: small letters, digits, `-` and `_`.

    A text that is such a name stays as it is; any other gets a hash, so that two texts never share
    a name.
    """
    text = str(text)
    is_name = re.fullmatch(r"[a-z0-9_][a-z0-9_-]*", text) and len(text) <= LONGEST_NAME
    if is_name and text not in RESERVED and not re.search("-[0-9a-f]{12}$", text):
        return text
    digest = hashlib.sha256(text.encode("utf8", "surrogatepass")).hexdigest()[:12]
    letters = unicodedata.normalize("NFKD", text[: 4 * LONGEST_NAME]).casefold()
    slug = re.sub("[^a-z0-9_]+", "-", letters).strip("-")[: LONGEST_NAME - 13].rstrip("-")
    return f"{slug or 'name'}-{digest}"


def _inactive(text: str) -> str:
    return ACTIVE.sub(lambda match: f"&#{ord(match[0])};", text)


def _shorten(text: str, longest: int) -> str:
    """Return a text, without the middle of one that is too long."""
    if len(text) <= longest:
        return text
    head = longest // 2
    return f"{text[:head]} … {text[len(text) - longest + head :]}"


def _visible(text: str) -> str:
    """Return text with what is hidden in it written as an escape."""

    def escape(match: re.Match) -> str:
        code = ord(match[0])
        kind, digits = ("x", 2) if code < 0x100 else ("u", 4) if code < 0x10000 else ("U", 8)
        return f"\\{kind}{code:0{digits}x}"

    return HIDDEN.sub(escape, text.replace("\r\n", "\n"))
