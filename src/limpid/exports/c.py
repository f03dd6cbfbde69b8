"""A model as C99: a .h and a .c that need nothing but math.h's square root, with the bits of the engine's baseline."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from re import search
from typing import NamedTuple

import numpy as np

from limpid.errors import LimpidError
from limpid.exports import c_network
from limpid.exports.arithmetic import constants
from limpid.exports.c_answer import Answer
from limpid.exports.c_inputs import inputs_of
from limpid.exports.c_text import identifier, number
from limpid.exports.sections import runtime
from limpid.exports.subject import VERSION, Subject


class Precision(NamedTuple):
    """What a network computes in, in C's words."""

    real: str
    natural: str
    """Whole numbers of its size."""
    mantissa: int
    bias: int
    root: str
    literal: str
    """How `x` is written as one of it."""


PRECISIONS = {
    "float32": Precision("float", "uint32_t", 23, 127, "sqrtf", "x##f"),
    "float64": Precision("double", "uint64_t", 52, 1023, "sqrt", "x"),
}
HEAD = """\
/* A network that limpid {version} learned: {network}.

   C99, without memory of its own, input, output or anything global that changes; about {bytes} bytes of stack. Answers
   have the bits of limpid's native engine at its level "baseline" wherever float and double are IEEE 754's: compile it
   without -ffast-math and its kin. With -D{macro}_SELF_TEST it is a program that tests itself. */
"""
HEADER = """\
{head}#ifndef {macro}_H
#define {macro}_H

#ifdef __cplusplus
extern "C" {{
#endif

#define {macro}_EXPORT 0x{mark}u

{declarations}
/* Answers a row. Returns 0; or the number, from 1, of the first input that is infinite or otherwise of no use, and then
   there is no answer. */
int {name}_predict({parameter}, {name}_answer *answer);

#ifdef __cplusplus
}}
#endif

#endif
"""
SOURCE = """\
{head}#include "{file}.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#if {macro}_EXPORT != 0x{mark}u
#error "the .h and the .c come from different exports"
#endif
#if defined(__FAST_MATH__) || !defined(FLT_EVAL_METHOD) || FLT_EVAL_METHOD != 0
#error "each sum must be rounded to its type: compile without -ffast-math, and for 32-bit x86 with -msse2 -mfpmath=sse"
#endif
/* A product and a sum must not become one operation; GCC 12 makes one of some for all that where it finds them side by
   side in code without a loop (fmaddsub), unless it does not look there. */
#if defined(_MSC_VER)
#pragma fp_contract(off)
#elif defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("fp-contract=off", "no-tree-slp-vectorize")
#else
#pragma STDC FP_CONTRACT OFF
#endif

{body}"""
PREDICT = """\
int {name}_predict({parameter}, {name}_answer *answer)
{{
    real x[{inputs}] = {{0}}, outputs[{outputs}];
{reading}
    network(x, outputs);
{filling}
    return 0;
}}
"""
SELF_TEST = """\
#ifdef {macro}_SELF_TEST
#include <stdio.h>

{tables}
static int same(double a, double b) {{ return a == b || (a != a && b != b); }}

int main(void)
{{
    int wrong = 0;
    for (int row = 0; row < {rows}; ++row) {{
        {name}_answer answer;
        if ({name}_predict({argument}, &answer)) {{
            ++wrong;
            continue;
        }}
{checks}
    }}
    printf("{name}: {rows} rows, %d numbers differ from limpid's\\n", wrong);
    return wrong != 0;
}}
#endif
"""


def files(subject: Subject, path: Path) -> dict[Path, bytes]:
    """The content of the two files. Errors: `LimpidError` for texts with a NUL."""
    made = _Source(subject, path.stem)
    contents = (made.header().encode(), made.source().encode())
    return dict(zip(paths(path), contents, strict=True))


def paths(path: Path) -> list[Path]:
    """The .h and the .c, beside each other under the stem of `path`.

    Errors: `LimpidError` for another suffix than .c or .h, and a name that `#include` cannot have.
    """
    if path.suffix not in {".c", ".h"}:
        raise LimpidError(f"an export to C becomes a .c and a .h: the name must end in .c, got {path.name!r}")
    if search(r'["\\?\x00-\x1f]', path.stem):
        raise LimpidError(f"an export to C cannot have \", \\, ? or a line's end in its name, got {path.name!r}")
    return [path.with_suffix(".h"), path.with_suffix(".c")]


class _Source:
    """The text of one export."""

    def __init__(self, subject: Subject, stem: str) -> None:
        self._subject, self._network = subject, subject.network
        self._file, self._name = stem, identifier(stem, "model")
        self._macro = self._name.upper()
        self._precision = PRECISIONS[np.dtype(subject.dtype).name]
        self._inputs = inputs_of(subject, self._name)
        self._answer = Answer(subject, self._name, self._precision.real)
        self._body = "\n".join(self._parts())
        self._mark = sha256((self._declarations() + self._body).encode()).hexdigest()[:8]

    def header(self) -> str:
        return HEADER.format(
            head=self._head(),
            macro=self._macro,
            name=self._name,
            mark=self._mark,
            parameter=self._inputs.parameter,
            declarations=self._declarations(),
        )

    def source(self) -> str:
        return SOURCE.format(head=self._head(), file=self._file, macro=self._macro, mark=self._mark, body=self._body)

    def _head(self) -> str:
        numbers = sum(self._network.widths) + max(self._network.widths)
        return HEAD.format(
            version=VERSION,
            network=self._network,
            bytes=numbers * np.dtype(self._subject.dtype).itemsize,
            macro=self._macro,
        )

    def _declarations(self) -> str:
        return f"{self._inputs.declaration()}\n{self._answer.declaration()}"

    def _parts(self) -> Iterator[str]:
        yield self._definitions()
        yield from self._inputs.tables()
        yield from self._answer.tables()
        needed = c_network.sections(self._subject) | self._inputs.sections | self._answer.sections
        yield runtime("runtime.c", needed)
        yield from c_network.parameters(self._subject)
        yield c_network.function(self._subject)
        yield PREDICT.format(
            name=self._name,
            parameter=self._inputs.parameter,
            inputs=self._network.inputs,
            outputs=self._network.outputs,
            reading=_indented(self._inputs.reading(), 4),
            filling=_indented(self._answer.filling(), 4),
        )
        yield self._self_test()

    def _definitions(self) -> str:
        """The types and constants that the runtime is written in."""
        precision = self._precision
        lines = [f"typedef {precision.real} real;", f"typedef {precision.natural} natural;"]
        lines += [f"#define R(x) {precision.literal}", f"#define ROOT {precision.root}"]
        lines += [f"#define MANTISSA {precision.mantissa}", f"#define BIAS {precision.bias}"]
        lines += ["#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))"]
        for name, value in constants(self._subject.dtype).items():
            told = f"{{{', '.join(map(number, value))}}}" if np.ndim(value) else f"({number(value)})"
            lines.append(f"#define {name} {told}")
        return "\n".join(lines) + "\n"

    def _self_test(self) -> str:
        return SELF_TEST.format(
            macro=self._macro,
            name=self._name,
            tables=self._inputs.trial() + self._answer.trial(),
            rows=len(self._subject.outputs),
            argument=self._inputs.argument,
            checks=_indented(self._answer.checks(), 8),
        )


def _indented(lines: Iterator[str], by: int) -> str:
    return "\n".join(" " * by + line for line in lines)
