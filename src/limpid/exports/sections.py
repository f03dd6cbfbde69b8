"""A runtime's source text in sections, of which an export carries only those that it needs.

A section begins with a line `//: name`, or `//: name needs other another`; the line itself is left out.
"""

from collections.abc import Iterable
from importlib.resources import files

MARK = "//: "


def runtime(file: str, wanted: Iterable[str]) -> str:
    """The sections called `wanted` of the runtime in `file` and all that they need, in the file's order."""
    texts, needs = _read(files("limpid.exports").joinpath(file).read_text("utf-8"))
    found: set[str] = set()
    open_ends = set(wanted)
    while open_ends:
        found |= open_ends
        open_ends = {need for name in open_ends for need in needs[name]} - found
    return "\n".join(text for name, text in texts.items() if name in found)


def _read(text: str) -> tuple[dict[str, str], dict[str, list[str]]]:
    texts, needs = {}, {}
    for section in text.split(MARK)[1:]:
        head, _, body = section.partition("\n")
        name, _, needed = head.partition(" needs ")
        texts[name], needs[name] = body.strip("\n") + "\n", needed.split()
    return texts, needs
