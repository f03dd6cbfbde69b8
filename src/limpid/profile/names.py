"""What the names of columns say: that a column names its row, is known only afterwards, or is a column's near kin."""

import re
from collections import Counter
from collections.abc import Iterable

NAMES_A_ROW = {"id", "ids", "uid", "uuid", "guid", "serial", "isbn", "ssn", "email", "phone"}
"""Words that say so wherever they stand."""
NAMES_A_ROW_AT_THE_END = {"number", "num", "nr", "no", "key", "code", "index", "idx", "row", "hash", "token", "unnamed"}
"""Words that say so where they are the last ("hospital number"), for "number of rooms" is a count."""
AFTERWARDS = {
    "outcome", "outcomes", "result", "results", "died", "dead", "death", "deaths", "deceased", "survived", "survival",
    "discharge", "discharged", "resolved", "settlement", "settled", "refunded", "churned", "defaulted",
    "cancelled", "canceled", "verdict", "winner", "payout", "actual", "realized",
}  # fmt: skip
BEFOREHAND = {"previous", "prev", "prior", "last", "past", "earlier", "history", "historical", "baseline", "expected"}
"""Words that take it back: a previous outcome is known."""
COMMON = {
    "the", "and", "per", "for", "type", "kind", "number", "value", "values", "total", "mean", "average", "rate",
    "level", "index", "date", "time", "year", "month", "day", "name", "code", "class", "target", "label", "min", "max",
    "count",
}  # fmt: skip
"""Words that two columns may share and still have nothing to do with each other."""


def words(name: str) -> list[str]:
    """The words of a column's name in small letters: `HospitalNumber_2` has hospital and number."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return [word.casefold() for word in re.findall(r"[^\W\d_]+", apart)]


def names_a_row(name: str) -> str | None:
    """The word by which `name` says that its cells name their rows, if there is one."""
    found = words(name)
    if not found:
        return None
    if found[-1] in NAMES_A_ROW_AT_THE_END:
        return found[-1]
    return next((word for word in found if word in NAMES_A_ROW), None)


def afterwards(name: str) -> str | None:
    """The word by which `name` says that its cells are known only afterwards, if there is one."""
    found = words(name)
    if BEFOREHAND.intersection(found):
        return None
    return next((word for word in found if word in AFTERWARDS), None)


def series(name: str) -> str:
    """What the names of a series have in common: all but their numbers."""
    return re.sub(r"\d+", "#", name)


def kin(name: str, others: Iterable[str]) -> dict[str, str]:
    """Those of the `others` that share a rare word with `name`, and the word.

    Rare is one that is in no more than 3 of their names, or a fifth of them.
    """
    of = {other: {word for word in words(other) if len(word) > 2} - COMMON for other in others}
    often = Counter(word for found in of.values() for word in found)
    rare = {word for word in words(name) if 0 < often[word] <= max(3, len(of) / 5)}
    return {other: min(found & rare) for other, found in of.items() if found & rare}
