"""What limpid says when it is given something that it cannot use."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import Any, TypeVar

Value = TypeVar("Value")


class LimpidError(ValueError):
    """Something given to limpid does not fit: the message says what was given and what is needed."""


class ModelFileError(LimpidError):
    """A file is not a limpid model or checkpoint, or is a damaged one."""


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


def listed(names: Sequence[str]) -> str:
    """The first twenty of `names` with commas between, in one line whatever they hold."""
    told = [name if name.isprintable() and name else repr(name) for name in names[:20]]
    return ", ".join(told) + (f", ... ({len(names)} in all)" if len(names) > 20 else "")


def optional(package: str, use: str, extra: str) -> Any:
    """The installed `package`, or a `LimpidError` that says what its `use` is and which extra of limpid brings it."""
    try:
        return import_module(package)
    except ImportError:
        raise LimpidError(f"{use} with {package.partition('.')[0]}: pip install 'limpid[{extra}]'") from None


def printable(name: object) -> str:
    """A name as one line of text that any terminal and file can take: other letters are written as escapes."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in str(name))
