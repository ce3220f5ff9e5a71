"""A saved flow as a folder that is replaced whole or not at all.

`config.json` names the other files and their SHA-256 checksums. Their names begin with what they
are and end in the start of their checksum, so that the files of two flows never share a name.
They are written first; replacing `config.json` then makes the new flow the saved one in a single
step, and what it does not name is deleted. Savers hold a lock, the hidden file beside
`config.json`; readers need none. Nothing in the folder is ever unpickled.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from collections.abc import Container
from pathlib import Path
from typing import Any

from hsokv.boundary.files import discard_file, locked, replace_file

FORMAT = 2  # 1 had files of fixed names and no checksum of config.json
CONFIG = "config.json"
PARTS = {"model": "safetensors", "memory": "safetensors", "tokenizer": "json"}
ATTEMPTS = 20  # of a reader whom savers keep getting ahead of
OURS = re.compile(
    r"(model|memory|tokenizer)-[0-9a-f]{16}\.(safetensors|json)"
    r"|\.(config|(model|memory|tokenizer)-[0-9a-f]{16})\.(safetensors|json)\.[0-9-]+\.partial"
)


def write_folder(folder: Path, state: dict[str, Any], parts: dict[str, bytes]) -> None:
    """Make a folder hold a flow; what was saved there before stays until then.

    Args:
        folder: made if it does not exist.
        state: what `config.json` is to say.
        parts: content of each of `PARTS`.

    Raises:
        ValueError: a file to be written is a symbolic link, or `config.json` is of something else.
        OSError: a file cannot be written.
    """
    digests = {name_of(kind, _sha256(data)): _sha256(data) for kind, data in parts.items()}
    try:
        for name in (CONFIG, *digests):
            if (folder / name).is_symlink():
                raise ValueError(
                    f"{folder / name} is a symbolic link: expected a file or nothing; remove the "
                    "link or save to another folder"
                )
        with locked(folder / CONFIG):
            _refuse_foreign(folder)
            former = {}
            with contextlib.suppress(OSError, ValueError, RecursionError):
                former = _digests_in(*_read_config(folder))
                _sweep(folder, former)  # what savers that failed have left
            for name, data in zip(digests, parts.values()):
                replace_file(folder / name, data)
            replace_file(folder / CONFIG, encode_config(state | {"parts": digests}))
            _sweep(folder, digests, former)
    except OSError as error:
        raise OSError(
            error.errno,
            f"{folder}: saving failed ({error.strerror}: {error.filename}): expected a folder that "
            "can be written, with room; what was saved there is still there; save again",
        ) from error


def read_folder(folder: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return what `config.json` says and the content of each part, as they were saved.

    Raises:
        FileNotFoundError: a file is missing.
        OSError: a file cannot be read.
        ValueError: a file is not what was saved.
    """
    for attempt in range(ATTEMPTS):
        state, number = _read_config(folder)
        digests = _digests_in(state, number)
        try:
            parts = [_read(folder / name) for name in digests]
            break
        except FileNotFoundError:  # a saver may have replaced the flow since `config.json` was read
            if attempt == ATTEMPTS - 1:
                raise
    for (name, digest), data in zip(digests.items(), parts):
        if _sha256(data) != digest:
            raise ValueError(f"{name} is not the file that was saved: expected SHA-256 {digest}")
    del state["parts" if number > 1 else "sha256"]
    return state, dict(zip(PARTS, parts))


def name_of(kind: str, digest: str) -> str:
    """Return the file name of a part, e.g. 'model-0123456789abcdef.safetensors'."""
    return f"{kind}-{digest[:16]}.{PARTS[kind]}"


def encode_config(state: dict[str, Any]) -> bytes:
    """Return `config.json` as it is written: with its format and its own checksum first."""
    content = {"format": FORMAT, **state}
    return json.dumps({"sha256": checksum(content), **content}, indent=1).encode()


def checksum(content: dict[str, Any]) -> str:
    """Return the SHA-256 of a JSON object, whatever the order of its entries."""
    return _sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode())


def parse_json(name: str, data: bytes) -> dict[str, Any]:
    """Return a JSON object.

    Raises:
        ValueError: the file holds none.
    """
    try:
        content = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f"{name} is no JSON ({type(error).__name__}: {error})") from error
    if not isinstance(content, dict):
        raise ValueError(f"{name} holds a {type(content).__name__}: expected a JSON object")
    return content


def _read_config(folder: Path) -> tuple[dict[str, Any], int]:
    """Return what `config.json` says and the number of its format."""
    state = parse_json(CONFIG, _read(folder / CONFIG))
    number = state.get("format")
    if type(number) is not int or not 1 <= number <= FORMAT:
        raise ValueError(
            f"{CONFIG} has format={number!r}: expected 1 or {FORMAT}; read it with the version of "
            "hsokv that wrote it"
        )
    if number > 1:
        stated, found = state.pop("sha256", None), checksum(state)
        if stated != found:
            raise ValueError(
                f"{CONFIG} is not the file that was saved: it has SHA-256 {found}, expected "
                f"{stated!r}"
            )
    del state["format"]
    return state, number


def _digests_in(state: dict[str, Any], number: int) -> dict[str, str]:
    """Return name and checksum of each part, in the order of `PARTS`."""
    entry = "parts" if number > 1 else "sha256"
    digests = state.get(entry)
    if not isinstance(digests, dict) or len(digests) != len(PARTS):
        raise ValueError(f"{CONFIG} has {entry}={digests!r}: expected the checksums of {[*PARTS]}")
    for (name, digest), kind in zip(digests.items(), PARTS):
        is_digest = isinstance(digest, str) and re.fullmatch("[0-9a-f]{64}", digest)
        fixed = f"{kind}.{PARTS[kind]}"
        if not is_digest or name != (name_of(kind, digest) if number > 1 else fixed):
            raise ValueError(
                f"{CONFIG} has {entry} with {name!r}: {digest!r}, expected a {kind} file and its "
                "SHA-256"
            )
    return digests


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"{path} is missing: expected a folder written by save_pretrained; correct the path, "
            "or save the flow again"
        ) from error
    except OSError as error:
        raise OSError(
            error.errno,
            f"{path} cannot be read ({error.strerror}): expected a file in a folder written by "
            "save_pretrained; correct the path or make it readable",
        ) from error


def _refuse_foreign(folder: Path) -> None:
    """Refuse to replace a `config.json` that is sound but not of a saved flow."""
    state = {"format": 0}
    with contextlib.suppress(OSError, ValueError):  # none, or a damaged one
        state = parse_json(CONFIG, _read(folder / CONFIG))
    if "format" not in state:
        raise ValueError(
            f"{folder / CONFIG} is of something else (it has {list(state)[:3]}): expected an empty "
            "folder or one written by save_pretrained; save to another folder"
        )


def _sweep(folder: Path, keep: Container[str], former: Container[str] = ()) -> None:
    """Delete the files of former flows and of savers that failed; a user's own stay.

    Args:
        folder: the folder.
        keep: names of the files that stay.
        former: names that a replaced `config.json` listed; in format 1 they are not told by OURS.
    """
    for path in folder.iterdir():
        if path.name not in keep and (path.name in former or _is_ours(path)):
            discard_file(path)


def _is_ours(path: Path) -> bool:
    """Whether a file is what a saver has left: its name is ours and fits what it holds."""
    if not OURS.fullmatch(path.name) or path.is_symlink() or not path.is_file():
        return False
    return path.suffix == ".partial" or _sha256(path.read_bytes())[:16] in path.name


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
