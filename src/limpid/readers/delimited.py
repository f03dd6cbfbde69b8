"""CSV files: how they are cut into cells, whether every row is whole, and what kind of cells each column has."""

import csv
import re
from collections.abc import Collection
from io import StringIO
from itertools import pairwise
from typing import Any

import numpy as np

from limpid.errors import DataError, optional
from limpid.table import MISSING_TEXTS

DELIMITERS = ",;\t|"
FEW_TEXTS = 0.1
"""Below this share of texts a column is taken for numbers, and the first text for a mistake."""
PROBED = 100
"""Rows that are asked first whether a column can be all numbers."""
NUMBER_WITH_COMMA = r"^[+-]?\d+,\d+$"
BLANKS = " \t\v\f"
"""A line of nothing else is blank."""
CODE = r"^-?0\d"
"""A leading zero: the digits are a name."""


def read_delimited(name: str, content: bytes, as_text: Collection[str] = ()) -> Any:
    """The polars frame in the CSV `content` of the source called `name`: numbers, truth values or texts.

    Cells are UTF-8 (or UTF-16 with a byte order mark), cut at the delimiter that the header has most of. Columns named
    in `as_text` stay texts. Blank lines are no rows, but in a table of one column, where they are missing cells.
    Errors: `DataError` that names the row (1 is the first below the header), or column and row, of what is wrong.
    """
    optional("polars", "CSV files are read", "tables")
    content = _lines(name, content)
    plain = _without_quoted(content)
    end = plain.find(b"\n")
    delimiter = max(DELIMITERS, key=lambda each: plain.count(each.encode(), 0, end))
    cut = _cut if _well_quoted(content, delimiter) else _cut_slowly
    frame = cut(name, content, plain, delimiter)
    if not frame.height:
        raise DataError(f"{name}: no rows below the header")
    return _typed(name, frame, as_text, commas=delimiter != ",")


def _lines(name: str, content: bytes) -> bytes:
    """In UTF-8, with \\n at the end of each line, from the header on."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            content = content.decode("utf-16").encode()
        except UnicodeDecodeError as error:
            raise DataError(f"{name} begins as UTF-16 but is not: {error.reason} at byte {error.start}") from None
    content = content.removeprefix(b"\xef\xbb\xbf")
    if (place := content.find(b"\0")) >= 0:
        raise DataError(f"cannot read {name} as CSV: it holds a zero byte at {place}; it is no text, or is UTF-16")
    if not content or content.isspace():
        raise DataError(f"cannot read {name} as CSV: it is empty")
    try:
        content.decode()
    except UnicodeDecodeError as error:
        row = content.count(b"\n", 0, error.start)
        raise DataError(f"{name} row {row}: byte {content[error.start]:#04x} is not UTF-8; save it as UTF-8") from None
    if b"\r" in content:
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    blank = re.match(f"(?:[{BLANKS}]*\n)*".encode(), content)
    content = content[blank.end() if blank else 0 :]
    ended = content.endswith(b"\n") and not content.endswith(b"\n\n")
    return content if ended else content.rstrip(b"\n") + b"\n"


def _without_quoted(content: bytes) -> bytes:
    """Of the same length, with what stands between quotes, delimiters and line ends too, made quotes."""
    if b'"' not in content:
        return content
    letters = np.frombuffer(content, np.uint8)
    within = np.cumsum(letters == ord('"'), dtype=np.uint8) & 1
    return np.where(within, np.uint8(ord('"')), letters).tobytes()


def _well_quoted(content: bytes, delimiter: str) -> bool:
    """Whether quotes stand only around whole cells, and twice within these."""
    if b'"' not in content:
        return True
    letters = np.frombuffer(b"\n" + content, np.uint8)
    quotes = np.flatnonzero(letters == ord('"'))
    if len(quotes) % 2:
        return False
    beside = np.zeros(256, bool)
    beside[[ord(delimiter), ord("\n"), ord('"')]] = True
    return bool(beside[letters[quotes[::2] - 1]].all() and beside[letters[quotes[1::2] + 1]].all())


def _cut(name: str, content: bytes, plain: bytes, delimiter: str) -> Any:
    """The cells of well quoted `content`, of which `plain` is what stands outside of quotes."""
    import polars

    header = _header(name, _cells(content, plain[: plain.find(b"\n")], delimiter))
    columns = len(header)
    if columns > 1:
        content, plain = _without_blank_lines(content, plain, delimiter)
    rows = plain.count(b"\n")
    if plain.count(delimiter.encode()) != rows * (columns - 1):
        raise _ragged(name, plain, delimiter, columns)
    try:
        frame = polars.read_csv(
            content, separator=delimiter, infer_schema=False, has_header=False, null_values=[*MISSING_TEXTS]
        )
    except polars.exceptions.PolarsError:  # as many too many cells as too few in another row
        raise _ragged(name, plain, delimiter, columns) from None
    if frame.shape != (rows, columns):
        raise DataError(f"cannot read {name} as CSV: {rows} rows of {columns} cells were read as {frame.shape}")
    frame.columns = header
    return frame.slice(1)


def _cut_slowly(name: str, content: bytes, plain: bytes, delimiter: str) -> Any:  # noqa: ARG001 - as `_cut`
    """The cells where quotes stand within unquoted cells: they are letters there, as Python's csv has it."""
    import polars

    reader, rows = (
        csv.reader(StringIO(content.decode(), newline=""), delimiter=delimiter, strict=True),
        list[list[str]](),
    )
    try:
        for cells in reader:
            columns = len(rows[0]) if rows else len(cells)
            if columns > 1 and cells != [""] and len(cells) < 2 and not "".join(cells).strip(BLANKS):
                continue  # a blank line
            if len(cells) not in {columns, 0}:
                raise DataError(f"{name} row {len(rows)}: {len(cells)} cells, the header has {columns}")
            rows.append(cells or [""])
    except csv.Error as error:
        told = "a quote is opened and never closed" if "end of data" in str(error) else str(error)
        raise DataError(f"{name} row {len(rows)}: {told}") from None
    header = _header(name, rows[0])
    return polars.DataFrame(rows[1:], dict.fromkeys(header, polars.String), orient="row")


def _cells(content: bytes, plain: bytes, delimiter: str) -> list[str]:
    """Of the line `plain` at the beginning of well quoted `content`."""
    ends = [-1, *(found.start() for found in re.finditer(re.escape(delimiter).encode(), plain)), len(plain)]
    cells = [content[before + 1 : end].decode() for before, end in pairwise(ends)]
    return [cell[1:-1].replace('""', '"') if cell.startswith('"') else cell for cell in cells]


def _header(name: str, given: list[str]) -> list[str]:
    header = [column.strip() for column in given]
    repeated = next((column for column in header if header.count(column) > 1 or not column), None)
    if repeated is not None:
        told = f"{repeated!r} {header.count(repeated)} times" if repeated else "an empty one"
        raise DataError(f"{name}: each column needs a name of its own, got {told}")
    return header


def _without_blank_lines(content: bytes, plain: bytes, delimiter: str) -> tuple[bytes, bytes]:
    blank = f"\n[{BLANKS.replace(delimiter, '')}]*(?=\n)"
    ends = [0, *(end for found in re.finditer(blank.encode(), plain) for end in found.span()), len(plain)]
    if len(ends) == 2:
        return content, plain
    kept = list(zip(ends[::2], ends[1::2], strict=True))
    return b"".join(content[start:end] for start, end in kept), b"".join(plain[start:end] for start, end in kept)


def _ragged(name: str, plain: bytes, delimiter: str, columns: int) -> DataError:
    """The first row with too few or too many cells."""
    for number, line in enumerate(plain.split(b"\n")):
        if (cells := line.count(delimiter.encode()) + 1) != columns:
            return DataError(f"{name} row {number}: {cells} cells, the header has {columns}")
    return DataError(f"cannot read {name} as CSV")


def _typed(name: str, frame: Any, as_text: Collection[str], commas: bool) -> Any:
    """A frame of texts as what its cells are; the usual case, numbers with no blank around them, goes first."""
    import polars

    asked = [text.name for text in frame if text.name not in as_text]
    number = _read_whole(frame, asked, polars.Int64)
    number |= _read_whole(frame, [each for each in asked if each not in number], polars.Float64)
    found = []
    for text in frame:
        if text.name in as_text:
            found.append(_cleaned(text))
        elif text.name in number and text.null_count() < len(text) and not _has_codes(text):
            found.append(number[text.name])
        else:
            found.append(_column(name, _cleaned(text), commas))
    return frame.with_columns(found)


def _read_whole(frame: Any, names: list[str], kind: Any) -> dict[str, Any]:
    """Those of the columns, each of whose cells can be read as finite numbers of this kind."""
    import polars

    for part in (frame.head(PROBED), frame):  # most that cannot are found at once
        read = part.select(polars.col(names).cast(kind, strict=False))
        names = [
            each
            for each in names
            if read[each].null_count() == part[each].null_count() and read[each].is_finite().all()
        ]
    return {each: read[each] for each in names}


def _has_codes(text: Any) -> bool:
    return bool(text.str.contains(CODE).any())


def _cleaned(text: Any) -> Any:
    text = text.str.strip_chars()
    return text.set(text.is_in(MISSING_TEXTS), None)


def _column(name: str, text: Any, commas: bool) -> Any:
    """Texts with nothing around them, missing ones dropped, as what they are."""
    import polars

    present = len(text) - text.null_count()
    if not present:
        return text.cast(polars.Float64)
    number = _numbers(text, commas)
    if number.null_count() - text.null_count() < FEW_TEXTS * present and not _has_codes(text):
        return _without_texts(name, text, number)
    if text.str.len_bytes().max() > len("false"):
        return text
    lower = text.str.to_lowercase()
    return lower == "true" if lower.is_in(["true", "false"]).all() else text


def _numbers(text: Any, commas: bool) -> Any:
    """What of the texts can be read as numbers, whole ones if all can."""
    import polars

    whole = text.cast(polars.Int64, strict=False)
    if whole.null_count() == text.null_count():
        return whole
    if commas and text.str.contains(NUMBER_WITH_COMMA).any() and not text.str.contains(".", literal=True).any():
        text = text.str.replace(",", ".", literal=True)
    return text.cast(polars.Float64, strict=False)


def _without_texts(name: str, text: Any, number: Any) -> Any:
    odd = text.is_not_null() & ~number.is_finite().fill_null(False)
    if odd.any():
        row = odd.arg_max()
        raise DataError(
            f"{name}: column {text.name!r} row {row + 1}: cannot read {text[row]!r:.60} as a number"
            " (if its cells are names, call it categorical)"
        )
    return number
