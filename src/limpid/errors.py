"""What limpid says when it is given something that it cannot use."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import TypeVar

Value = TypeVar("Value")


class LimpidError(ValueError):
    """Something given to limpid does not fit: the message says what was given and what is needed."""


class ModelFileError(LimpidError):
    """A file is not a limpid model, or is a damaged one."""


class DataError(LimpidError):
    """A source of examples is missing, damaged, or holds a value that is not a usable number."""


def choose(kind: str, name: object, table: Mapping[str, Value]) -> Value:
    """The entry of `table` called `name`, or a `LimpidError` that names the nearest valid one."""
    if isinstance(name, str) and name in table:
        return table[name]
    raise LimpidError(f"unknown {kind} {name!r}{nearest(str(name), table)}; choose one of {', '.join(table)}")


def nearest(name: str, valid: Iterable[str]) -> str:
    """` (did you mean 'relu'?)` where a valid name is close to `name`, else an empty string."""
    close = get_close_matches(name, list(valid), n=1, cutoff=0.5)
    return f" (did you mean {close[0]!r}?)" if close else ""


def printable(name: object) -> str:
    """A name as one line of text that any terminal and file can take: other letters are written as escapes."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in str(name))
