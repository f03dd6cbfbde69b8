"""Names, texts and numbers as C99 has them: nothing in a model's names can end a literal or a comment."""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from limpid.errors import LimpidError

# keywords of C and C++, words of either that stand for others, and macros that systems define in lower case
TAKEN = (
    "alignas alignof and and_eq asm assert auto bitand bitor bool break case catch char class co_await co_return "
    "co_yield compl complex concept const const_cast consteval constexpr constinit continue decltype default delete "
    "do double dynamic_cast else enum errno explicit export extern false far float for friend goto huge i386 if "
    "imaginary inline int interface linux long module mutable namespace near new noexcept noreturn not not_eq nullptr "
    "operator or or_eq pascal private protected public register reinterpret_cast requires restrict return short "
    "signed sizeof small static static_assert static_cast stderr stdin stdout struct switch template this "
    "thread_local throw true try typedef typeid typename typeof typeof_unqual union unix unsigned using virtual void "
    "volatile wchar_t while xor xor_eq"
)


def identifier(text: str, otherwise: str) -> str:
    """A lower-case C name like `text`; `otherwise` in front where that begins with no letter."""
    name = re.sub(r"[^a-z0-9_]+", "_", text.lower()).strip("_")
    if not name[:1].isalpha():
        name = f"{otherwise}_{name}".rstrip("_")
    return f"{name}_" if name in TAKEN.split() else name


def identifiers(texts: Iterable[str], otherwise: str) -> list[str]:
    """A name for each of `texts`, all different."""
    names: list[str] = []
    for text in texts:
        name = wanted = identifier(text, otherwise)
        number = 2
        while name in names:
            name, number = f"{wanted}_{number}", number + 1
        names.append(name)
    return names


def text_literal(text: str) -> str:
    """`text` as a C string of UTF-8. Errors: `LimpidError` for a NUL, where C's texts end."""
    if "\0" in text:
        raise LimpidError(f"the text {text!r} cannot be exported to C: its NUL would end it there")
    return f'"{"".join(map(_letter, text.encode("utf-8", "surrogatepass")))}"'


def comment(text: str) -> str:
    """`text` in quotes for the inside of a comment, in ASCII and one line."""
    quoted = json.dumps(text)
    return re.sub(r"(?<=[*/?])(?=[*/?])", " ", quoted)


def number(value: Any) -> str:
    """A finite or missing float, exactly: hexadecimal, with the suffix of its precision."""
    if np.isnan(value):
        return "NAN"
    mantissa, _, exponent = float(value).hex().partition("p")
    digits = mantissa.rstrip("0") if "." in mantissa else mantissa
    return f"{digits.rstrip('.')}p{exponent}{'f' if np.asarray(value).dtype == np.float32 else ''}"


def listing(items: Iterable[str], indent: str = "    ", width: int = 120) -> str:
    """Items with commas between, in lines of at most `width` where an item is no longer."""
    lines, line = [], indent
    for item in items:
        if len(line) + len(item) + 1 > width and line.strip():
            lines.append(line.rstrip())
            line = indent
        line += f"{item}, "
    return "\n".join([*lines, line.rstrip()])


def array(kind: str, name: str, items: Sequence[str]) -> str:
    """A constant array of this file."""
    return f"static const {kind} {name}[{len(items)}] = {{\n{listing(items)}\n}};\n"


def _letter(byte: int) -> str:
    letter = chr(byte)
    if letter in '"\\?':  # a question mark could begin a trigraph
        return f"\\{letter}"
    return letter if " " <= letter <= "~" else f"\\{byte:03o}"
