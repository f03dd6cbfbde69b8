"""CSV files: how they are cut into cells, whether every row is whole, and what kind of cells each column has."""

import csv
import re
from collections.abc import Collection
from io import StringIO
from typing import Any

from limpid.errors import DataError
from limpid.table import MISSING_TEXTS

DELIMITERS = ",;\t|"
FEW_TEXTS = 0.1
"""Below this share of texts a column is taken for numbers, and the first text for a mistake."""
NUMBER_WITH_COMMA = r"^[+-]?\d+,\d+$"
CODE = r"^-?0\d"
"""A leading zero: the digits are a name."""
MOMENT = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?Z?)?$"
"""A date, or a date and a time of day, as ISO 8601 has them."""


def read_delimited(name: str, content: bytes, as_text: Collection[str] = ()) -> Any:
    """The polars frame in the CSV `content` of the source called `name`: numbers, truth values, moments or texts.

    Cells are UTF-8 (or UTF-16 with a byte order mark), cut at the delimiter that the header has most of. Columns named
    in `as_text` stay texts. Errors: `DataError` that names the row, or column and row, of what is wrong.
    """
    import polars

    content = _in_utf8(name, content)
    delimiter = _delimiter(content)
    header = next(csv.reader(StringIO(_first_line(content)), delimiter=delimiter), [])
    _check_header(name, header)
    content = _without_blank_lines(content, len(header))
    _check_whole(name, content, delimiter, len(header))
    try:
        frame = polars.read_csv(content, separator=delimiter, infer_schema=False, has_header=False, skip_lines=0)
    except polars.exceptions.PolarsError as error:
        raise DataError(f"cannot read {name} as CSV: {str(error).splitlines()[0]}") from None
    frame = frame.slice(1)
    frame.columns = header
    if not frame.height:
        raise DataError(f"{name}: no rows below the header")
    commas = delimiter == ";"
    return frame.with_columns(
        [_missing_dropped(column) if column.name in as_text else _typed(name, column, commas) for column in frame]
    )


def _in_utf8(name: str, content: bytes) -> bytes:
    if not content.strip():
        raise DataError(f"cannot read {name} as CSV: it is empty")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return content.decode("utf-16").encode()
        except UnicodeDecodeError as error:
            raise DataError(f"{name} begins as UTF-16 but is not: {error.reason} at byte {error.start}") from None
    content = content.removeprefix(b"\xef\xbb\xbf")
    if (place := content.find(b"\0")) >= 0:
        raise DataError(f"cannot read {name} as CSV: it holds a zero byte at {place}; it is no text, or is UTF-16")
    try:
        content.decode()
    except UnicodeDecodeError as error:
        row = content.count(b"\n", 0, error.start)
        raise DataError(f"{name} row {row}: byte {content[error.start]:#04x} is not UTF-8; save it as UTF-8") from None
    return content


def _first_line(content: bytes) -> str:
    """The header, which may hold line breaks within quotes."""
    end = -1
    while (end := content.find(b"\n", end + 1)) >= 0:
        if content.count(b'"', 0, end) % 2 == 0:
            return content[:end].decode()
    return content.decode()


def _delimiter(content: bytes) -> str:
    line = re.sub(r'"[^"]*"', "", _first_line(content))
    return max(DELIMITERS, key=line.count)


def _check_header(name: str, header: list[str]) -> None:
    repeated = [column for column in header if header.count(column) > 1 or not column]
    if repeated:
        column, times = repeated[0], header.count(repeated[0])
        raise DataError(f"{name}: each column needs a name of its own, got {column or 'an empty one'!r} {times} times")


def _without_blank_lines(content: bytes, columns: int) -> bytes:
    """In a table of one column a blank line is a missing cell; within quotes it is part of a cell."""
    if columns == 1 or b'"' in content:
        return content
    return re.sub(rb"(?m)^[ \t\r]*\n", b"", content) if re.search(rb"(?m)^[ \t\r]*\n", content) else content


def _check_whole(name: str, content: bytes, delimiter: str, columns: int) -> None:
    """`DataError` that names the first row with too few or too many cells; polars would fill those up in silence."""
    plain = content
    if b'"' in content:
        if content.count(b'"') % 2:
            raise DataError(f"{name}: a quote is opened and never closed")
        plain = re.sub(rb'"[^"]*"', b"", content)
    rows = plain.count(b"\n") + (not plain.endswith(b"\n"))
    if plain.count(delimiter.encode()) == rows * (columns - 1):
        return
    csv.field_size_limit(max(csv.field_size_limit(), len(content)))
    for number, row in enumerate(csv.reader(StringIO(content.decode()), delimiter=delimiter)):
        if row and len(row) != columns:
            raise DataError(f"{name} row {number}: {len(row)} cells, the header has {columns}")


def _missing_dropped(column: Any) -> Any:
    text = column.str.strip_chars()
    return text.set(text.is_in(MISSING_TEXTS), None)


def _typed(name: str, column: Any, commas: bool) -> Any:
    """A column of texts as what its cells are."""
    import polars

    text = _missing_dropped(column)
    present = text.drop_nulls()
    if not len(present):
        return text.cast(polars.Float64)
    if commas and present.str.contains(NUMBER_WITH_COMMA).any() and not present.str.contains(".", literal=True).any():
        text = text.str.replace(",", ".", literal=True)
        present = text.drop_nulls()
    numbers = present.cast(polars.Float64, strict=False)
    odd = int(numbers.is_null().sum())
    if odd < FEW_TEXTS * len(present) and not present.str.contains(CODE).any():
        return _numbers(name, text)
    if present.str.to_lowercase().is_in(["true", "false"]).all():
        return text.str.to_lowercase() == "true"
    if present.str.contains(MOMENT).all():
        return _moments(name, text)
    return text


def _numbers(name: str, text: Any) -> Any:
    import polars

    numbers = text.cast(polars.Float64, strict=False)
    odd = (numbers.is_null() & text.is_not_null()) | numbers.is_infinite().fill_null(False)
    if odd.any():
        row = odd.arg_max()
        raise DataError(
            f"{name}: column {text.name!r} row {row + 1}: cannot read {text[row]!r} as a number"
            " (if its cells are names, call it categorical)"
        )
    return numbers


def _moments(name: str, text: Any) -> Any:
    import polars

    written = text.str.replace("T", " ", literal=True).str.strip_suffix("Z")
    written = polars.select(
        polars.when(written.str.len_chars() == 10).then(written + " 00:00:00")
        .when(written.str.len_chars() == 16).then(written + ":00").otherwise(written).alias(text.name)
    ).to_series()  # fmt: skip
    moments = written.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us", strict=False)
    odd = moments.is_null() & text.is_not_null()
    if odd.any():
        row = odd.arg_max()
        raise DataError(f"{name}: column {text.name!r} row {row + 1}: there is no date {text[row]!r}")
    return moments
