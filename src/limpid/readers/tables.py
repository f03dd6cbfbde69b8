"""Tables of numbers: CSV files through polars. Every cell must be a number; the target may be a text."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from limpid.dataset import Dataset
from limpid.errors import DataError, LimpidError, printable
from limpid.readers.columns import Wanted
from limpid.readers.pictures import is_picture, read_pictures

if TYPE_CHECKING:
    import polars


MOST_FILES = 0.5
"""From this share of picture files on a column is taken for one of them, and another cell for a mistake."""
FEW_TEXTS = 0.1
"""Below this share of texts a target is taken for numbers, and the first text for a mistake."""


def read_csv(path: Path, wanted: Wanted) -> Dataset:
    """A CSV file with a header row, of numbers, or with a column that names a picture file in each row.

    Errors: `DataError` that names file, column and row (1 is the first below the header) of a missing cell or one
    that is not a finite number, or says what else is wrong with the file.
    """
    table = _table(path)
    inputs, targets = wanted.choose(str(path), table.columns)
    files = _files(path, [table[column] for column in inputs])
    if files:
        y = _targets(path, table, targets)  # first, as it takes less time
        folder = wanted.pictures.folder or path.parent
        rows = read_pictures([folder / file for file in files], wanted.pictures)
        names = tuple(map(printable, files))
        return Dataset(str(path), y=y, targets=tuple(targets), names=names, **rows._asdict())
    if wanted.pictures.folder is not None:
        raise DataError(f"{path}: no column names PNG or JPEG files, so that no folder of them can be given")
    X = np.column_stack([_numbers(path, table[column]) for column in inputs])
    y = _targets(path, table, targets)
    return Dataset(str(path), X, y, features=tuple(inputs), targets=tuple(targets))


def _table(path: Path) -> "polars.DataFrame":
    try:
        import polars
    except ImportError:
        raise LimpidError("CSV files are read with polars: pip install 'limpid[tables]'") from None
    try:
        content = path.read_bytes()
        header = polars.read_csv(content, infer_schema=False, has_header=False, n_rows=1).row(0)
        table = polars.read_csv(content, infer_schema=False)
    except (OSError, polars.exceptions.PolarsError) as error:
        raise DataError(f"cannot read {path} as CSV: {str(error).splitlines()[0]}") from None
    repeated = [name for name in header if header.count(name) > 1 or not name]
    if repeated:
        name, times = repeated[0], header.count(repeated[0])
        raise DataError(f"{path}: each column needs a name of its own, got {name or 'an empty one'!r} {times} times")
    if not table.height:
        raise DataError(f"{path}: no rows below the header")
    return table


def _files(path: Path, columns: "list[polars.Series]") -> list[str]:
    """The picture file of each row, by the one column that names some; empty where none does."""
    found = []
    for column in columns:
        cells = column.fill_null("").str.strip_chars().to_list()
        named = [is_picture(cell) for cell in cells]
        if sum(named) < MOST_FILES * len(cells):
            continue
        if not all(named):
            row = named.index(False)
            raise DataError(f"{path}: column {column.name!r} row {row + 1}: {cells[row]!r} is no PNG or JPEG file")
        found.append((column.name, cells))
    if len(found) > 1:
        raise DataError(
            f"{path}: pictures in one column are needed, got {' and '.join(repr(name) for name, _ in found)}"
        )
    return found[0][1] if found else []


def _targets(path: Path, table: "polars.DataFrame", targets: list[str]) -> NDArray[Any] | None:
    answers = [_answers(path, table[column]) for column in targets]
    if not answers:
        return None
    return answers[0] if len(answers) == 1 else np.column_stack(answers)


def _numbers(path: Path, column: "polars.Series") -> NDArray[np.float64]:
    """A column of texts as finite numbers."""
    import polars

    text = column.str.strip_chars()
    numbers = text.cast(polars.Float64, strict=False)
    bad = numbers.is_null() | ~numbers.is_finite().fill_null(False)
    if bad.any():
        row = bad.arg_max() or 0
        given = "a missing cell, which cannot be used" if not text[row] else f"cannot read {text[row]!r} as a number"
        raise DataError(f"{path}: column {column.name!r} row {row + 1}: {given}")
    return numbers.to_numpy()


def _answers(path: Path, column: "polars.Series") -> NDArray[Any]:
    """A target column: whole numbers, numbers, or texts."""
    import polars

    missing = column.is_null() | (column.str.strip_chars() == "")
    if missing.any():
        raise DataError(
            f"{path}: column {column.name!r} row {(missing.arg_max() or 0) + 1}: a missing cell, which cannot be used"
        )
    text = column.str.strip_chars()
    odd = text.cast(polars.Float64, strict=False).is_null()
    if odd.any():
        if odd.sum() < FEW_TEXTS * len(odd):  # a column of numbers with a slip in it, not one of labels
            _numbers(path, column)
        return text.to_numpy().astype(str)
    numbers = _numbers(path, column)
    whole = (numbers == np.round(numbers)).all() and np.abs(numbers).max() < 2**53
    return numbers.astype(np.int64) if whole else numbers
