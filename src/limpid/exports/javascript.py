"""A model as one JavaScript module for browsers and Node, with the bits of the engine's baseline."""

import json
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limpid.columns import CYCLES, FARTHEST, Category, Date
from limpid.errors import LimpidError
from limpid.exports.arithmetic import constants, plain_from
from limpid.exports.rows import MILLISECOND, cells_of
from limpid.exports.sections import runtime
from limpid.exports.subject import VERSION, Subject, after_sums
from limpid.network import Layer
from limpid.table import MISSING_TEXTS, Table
from limpid.table_encoder import Encoded

MODULE = """\
// A network that limpid {version} learned: {network}.
//
// A module for browsers and Node that needs nothing else. Answers have the bits of limpid's native engine at its level
// "baseline". `node` on this file tests it by rows that it carries along.

{definitions}
{runtime}
const NUMBERS = unpacked("{numbers}");
{parameters}

{exports}
/** From what a layer reads to what it puts out, up to the outputs. */
function network(x) {{
{layers}
}}

/** The answer to a row: {{ {answer} }}.
    {row} */
export function predict(row) {{
  const outputs = network({read});
{answering}
}}

const ROWS = JSON.parse({rows});
const EXPECTED = {expected};

/** Answers the rows that came along. Returns how many there are; an Error where a number differs from limpid's. */
export function selfTest() {{
  const same = (a, b) => a === b || (a !== a && b !== b);
  ROWS.forEach((row, at) => {{
    const answer = predict(row);
    for (const [name, wanted] of Object.entries(EXPECTED[at])) {{
      const got = [answer[name]].flat();
      if (got.length !== wanted.length || !got.every((a, u) => same(a, wanted[u]))) {{
        throw new Error(`row ${{at}}: ${{name}} is ${{got}}, not ${{wanted}}`);
      }}
    }}
  }});
  return ROWS.length;
}}

if (globalThis.process?.argv?.[1] && import.meta.url.startsWith("file:")) {{
  const here = decodeURIComponent(new URL(import.meta.url).pathname);
  const started = globalThis.process.argv[1].replaceAll("\\\\", "/");
  if (here === started || here === `/${{started}}`) console.log(`${{selfTest()}} rows, all as limpid answers them`);
}}
"""


def paths(path: Path) -> list[Path]:
    """The one module. Errors: `LimpidError` for another suffix than .mjs or .js."""
    if path.suffix not in {".mjs", ".js"}:
        raise LimpidError(
            f"an export to JavaScript becomes a module: the name must end in .mjs or .js, got {path.name!r}"
        )
    return [path]


def files(subject: Subject, path: Path) -> dict[Path, bytes]:
    """The module at `path` and its content."""
    model, table = subject.model, isinstance(subject.rows, Table)
    numbers = np.concatenate([values.ravel() for values in subject.arrays.values()])
    text = MODULE.format(
        version=VERSION,
        network=subject.network,
        definitions=_definitions(subject),
        runtime=runtime("runtime.js", _sections(subject)),
        numbers=b64encode(numbers.astype(numbers.dtype.newbyteorder("<")).tobytes()).decode(),
        parameters="\n".join(_places(subject.arrays)),
        exports="\n".join([*_labels(subject), ""]),
        layers="\n".join(f"  {line}" for line in _layers(subject)),
        answer="prediction" + ("" if model.task == "regression" else f", {subject.told}"),
        row="A row is an object with a cell for each column, null where it is missing."
        if table
        else f"A row is an array of {subject.network.inputs} numbers.",
        read="readTable(row, COLUMNS)" if table else f"readList(row, {subject.network.inputs}, SHIFT, SCALE)",
        answering="\n".join(f"  {line}" for line in _answering(subject)),
        rows=literal(json.dumps(_rows(subject))),
        expected=f"[\n{''.join(_expected(subject))}]",
    )
    return {path: text.encode()}


def literal(value: Any) -> str:
    """Plain values as JavaScript, in ASCII, that may stand in a page's script too."""
    return json.dumps(value).replace("<", "\\u003c")


def _definitions(subject: Subject) -> str:
    """The types and constants that the runtime is written in."""
    single = subject.dtype == np.float32
    lines = [
        f"const Real = {'Float32Array' if single else 'Float64Array'};",
        f"const round = {'Math.fround' if single else '(a) => a'};",
    ]
    lines += [f"const {name} = {literal(value.tolist())};" for name, value in constants(subject.dtype).items()]
    model = subject.model
    if model.encoder is None:
        for name, values in (("SHIFT", model.input_scaling.shift), ("SCALE", model.input_scaling.scale)):
            same = (values == values[0]).all()
            lines.append(f"const {name} = {literal(values[:1].tolist() if same else values.tolist())};")
        return "\n".join(lines) + "\n"
    lines += [f"const FARTHEST = {literal(FARTHEST)};", f"const NO_TEXT = {literal(MISSING_TEXTS)};"]
    lines += [f"const CYCLES = {literal({part: [wave.tolist() for wave in waves] for part, waves in CYCLES.items()})};"]
    return "\n".join(lines) + "\n"


def _sections(subject: Subject) -> set[str]:
    """What is needed of the runtime."""
    found = {"unpacked", "sums", "largest"} | ({"shares"} if subject.shares else set())
    for layer in subject.network.layers:
        kind = layer.function.kind
        found |= set() if kind == "identity" else {"softmax"} if kind == "softmax" else {kind, "each"}
        found |= {f"over_{layer.normalization}", "rescale"} if layer.normalization else set()
    if subject.model.encoder is None:
        return found | {"list"}
    return found | {"table", *(column.kind for column in subject.model.encoder.columns)}


def _places(parameters: dict[str, NDArray[Any]]) -> Iterator[str]:
    end = 0
    for name, values in parameters.items():
        yield f"const {name} = NUMBERS.subarray({end}, {end + values.size});"
        end += values.size


def _labels(subject: Subject) -> Iterator[str]:
    """What the labels are called and, of a table, its columns."""
    model = subject.model
    if model.classes is not None:
        yield f"export const classes = [{', '.join(map(_label, model.classes.tolist()))}];"
    elif model.several_classes:
        several = (f"[{', '.join(map(_label, classes.tolist()))}]" for classes in model.several_classes)
        yield f"/** Of each answer. */\nexport const classes = [{', '.join(several)}];"
    if model.targets:
        yield f"/** What is answered. */\nexport const targets = {literal(model.targets)};"
    if model.encoder is not None:
        columns = "".join(f"  {_column(column)},\n" for column in model.encoder.columns)
        yield f"const COLUMNS = [\n{columns}];"


def _label(label: Any) -> str:
    large = isinstance(label, int) and not isinstance(label, bool) and abs(label) > 2**53
    return f"{label}n" if large else literal(label)


def _column(column: Encoded) -> str:
    """What the runtime reads a column by."""
    told: dict[str, Any] = {"name": column.name}
    if isinstance(column, Category):
        told |= {"categories": column.categories, "rare": column.rare, "missing": column.missing}
    else:
        told |= {"shift": column.shift, "scale": column.scale, "indicator": column.indicator}
    if isinstance(column, Date):
        told |= {"times": column.times}
    members = ", ".join(f"{name}: {literal(value)}" for name, value in told.items())
    return f"{{ read: read{column.kind.capitalize()}, {members} }}"


def _layers(subject: Subject) -> Iterator[str]:
    layers = subject.network.layers
    for at, layer in enumerate(layers, start=1):
        plain = literal(float(plain_from(subject.arrays[f"W{at}"])))
        yield f"const a{at} = sums({'x' if at == 1 else f'a{at - 1}'}, W{at}, b{at}, {plain});"
        yield from _after_sums(layer, at)
    yield f"return a{len(layers)};"


def _after_sums(layer: Layer, at: int) -> Iterator[str]:
    """What a layer does with its sums."""
    for step, first, size in after_sums(layer):
        yield {
            "over_batch": f"overBatch(a{at}, mean{at}, scale{at});",
            "over_layer": f"overLayer(a{at});",
            "rescale": f"rescale(a{at}, gamma{at}, beta{at});",
            "softmax": f"softmax(a{at}.subarray({first}, {first + size}));",
        }.get(step, f"each(a{at}, {step});")


def _answering(subject: Subject) -> Iterator[str]:
    """From `outputs` to the answer."""
    model, count = subject.model, subject.network.outputs
    if model.task == "regression":
        scale, shift = (literal(each.tolist()) for each in (model.target_scaling.scale, model.target_scaling.shift))
        yield f"const [scale, shift] = [{scale}, {shift}];"
        yield "const numbers = Array.from(outputs, (a, u) => a * scale[u] + shift[u]);"
        yield f"return {{ prediction: {'numbers[0]' if count == 1 else 'numbers'} }};"
        return
    numbers = "shares(outputs)" if subject.shares else "outputs"
    if model.task == "classification":
        prediction = "classes[Number(outputs[0] > 0.5)]" if count == 1 else "classes[largest(outputs)]"
        if count == 1 and subject.gives_probabilities:
            numbers = "[round(1 - outputs[0]), outputs[0]]"
    elif model.task == "multilabel":
        prediction = "Array.from(outputs, (a) => Number(a > 0.5))"
    else:
        yield "let end = 0;"
        yield "const best = (labels) => labels[largest(outputs.subarray(end, (end += labels.length)))];"
        prediction = "classes.map(best)"
    yield f"return {{ prediction: {prediction}, {subject.told}: Array.from({numbers}) }};"


def _rows(subject: Subject) -> list[Any]:
    """The self-test's rows as JSON has them."""
    if not isinstance(subject.rows, Table):
        return list(subject.rows.tolist())
    assert subject.model.encoder is not None
    columns = {column.name: _cells(subject.rows, column) for column in subject.model.encoder.columns}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _cells(table: Table, column: Encoded) -> list[Any]:
    cells = cells_of(table, column, MILLISECOND)
    return cells if isinstance(column, Category) else [None if np.isnan(cell) else cell for cell in cells]


def _expected(subject: Subject) -> Iterator[str]:
    """What the self-test expects of each row, each in a list."""
    regression = subject.model.task == "regression"
    predictions = ["" if regression else f"prediction: [{', '.join(map(_label, row))}], " for row in subject.labels]
    for prediction, numbers in zip(predictions, subject.numbers.tolist(), strict=True):
        yield f"  {{ {prediction}{subject.told}: {literal(numbers)} }},\n"
