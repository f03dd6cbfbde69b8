"""What was typed on the command line as values, and whether what it names can be written."""

import os
import re
import sys
from pathlib import Path

from limpid.errors import LimpidError, printable


def model_for(source: str) -> Path:
    """Where the model goes when nothing was said: the source's name, here."""
    from limpid.readers import SUFFIXES
    from limpid.readers.databases import SQLITE_SUFFIXES, called

    name = called(source).rstrip("/").rpartition("/")[2].removesuffix(".gz").removesuffix(".zst")
    if source in {".", ".."} or (name and Path(source).is_dir()):
        name = Path(source).resolve().name or "pictures"
    known = Path(name).suffix.lower() in {*SUFFIXES, *SQLITE_SUFFIXES, ".npz", ".idx"}
    return Path(f"{'stdin' if name == '-' else Path(name).stem if known else name}.limpid")


def names_in(text: str | None) -> list[str]:
    """ "a,b" as two names."""
    return text.split(",") if text else []


def seconds_in(text: str | None) -> float:
    """ "5m" as 300; 30 where nothing is said."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", "30s" if text is None else text, re.ASCII)
    seconds = float(found[1]) * {"s": 1, "m": 60, "h": 3600}[found[2]] if found else 0.0
    if not seconds:
        raise LimpidError(f"--every needs a time as 0.5s, 30s, 5m or 2h, got {text!r}")
    return seconds


def layers_in(text: str) -> list[int]:
    """ "128,64" as [128, 64]; "none" as no hidden layer."""
    if text.strip() in {"", "none"}:
        return []
    return integers_in("hidden", text)


def integers_in(option: str, text: str) -> list[int]:
    """ "8,16" as [8, 16]."""
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise LimpidError(f"--{option} needs positive integers with commas between, got {text!r}") from None


def shape_in(text: str | None) -> tuple[int, int] | None:
    """ "32x24", width and height, as (24, 32)."""
    width, _, height = (text or "").lower().partition("x")
    if text is None:
        return None
    if not (width.isdecimal() and height.isdecimal() and 0 < int(width) < 10000 and 0 < int(height) < 10000):
        raise LimpidError(f"--size needs width and height in pixels, as 28x28, got {text!r}")
    return int(height), int(width)


def check_writable(inputs: dict[str, str | Path], outputs: dict[str, Path | None]) -> None:
    """Refuse, before long work, what could not be written or would lie on something else."""
    from limpid.displays import check_drawable
    from limpid.files import check_writable as check

    taken = {os.path.realpath(path): what for what, path in inputs.items()}
    for what, path in outputs.items():
        if path is None:
            continue
        check(path, what)
        place = os.path.realpath(path)
        if place in taken:
            raise LimpidError(f"the {what} cannot be written to {path}: the {taken[place]} lies there")
        taken[place] = what
        if what == "report":
            check_drawable()


def refuse(message: str, code: int) -> int:
    """Say in one line on stderr why nothing comes of what was typed; gives the exit code back."""
    if message:
        print("limpid: " + printable(" ".join(message.split())), file=sys.stderr)
    return code
