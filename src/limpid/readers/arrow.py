"""Files that say themselves what kind of cells each column has: Parquet, Arrow (Feather) and JSON lines.

All through pyarrow, which refuses damaged ones, where other readers are known to end the process.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from limpid.errors import DataError, LimpidError, optional
from limpid.memory import memory_available

DEEPEST = 100
"""A list in a list in a list ... in JSON lines: a reader that follows it down runs out of stack."""
NOT_NESTING = bytes(sorted({*range(256)} - {*b'[]{}"'}))
LONGEST_BLOCK = 2**31 - 1


def read_with_arrow(name: str, content: bytes) -> Any:
    """The pyarrow table in the `content` of the source called `name`; None where it is of another kind.

    Errors: `DataError` for a damaged one.
    """
    read = next((read for start, read in STARTS if re.match(start, content)), None)
    if read is None:
        return None
    optional("pyarrow", "Parquet, Arrow and JSON lines files are read", "tables")
    with refusing(name):
        table = read(content)
        table.validate(full=True)
        return table.select([table.schema.names.index(column) for column in columns_of(table.schema)])


@contextmanager
def refusing(name: str) -> Iterator[None]:
    """Whatever pyarrow makes of damage in the source called `name` becomes a `DataError` in one line."""
    from pyarrow import ArrowException

    try:
        yield
    except LimpidError:
        raise
    except (
        ArrowException,
        ArithmeticError,
        AttributeError,
        LookupError,
        MemoryError,
        OSError,
        TypeError,
        ValueError,
    ) as error:
        raise DataError(f"cannot read {name}: {_in_short(error)}") from None


def columns_of(schema: Any) -> list[str]:
    """The names in an Arrow schema, without what pandas kept as its index, which is no column there either."""
    index = (schema.pandas_metadata or {}).get("index_columns", [])
    return [name for name in schema.names if name not in index]


def _parquet(content: bytes) -> Any:
    from pyarrow import BufferReader
    from pyarrow.parquet import ParquetFile

    file = ParquetFile(BufferReader(content))
    claimed, room = file.metadata.num_rows * file.metadata.num_columns, memory_available()
    if room is not None and claimed * 8 > room:
        raise ValueError(f"its {file.metadata.num_rows} rows of {file.metadata.num_columns} cells exceed the memory")
    return file.read()


def _arrow(content: bytes) -> Any:
    from pyarrow import BufferReader, ipc

    return ipc.open_file(BufferReader(content)).read_all()


def _arrow_stream(content: bytes) -> Any:
    from pyarrow import BufferReader, ipc

    return ipc.open_stream(BufferReader(content)).read_all()


def _json_lines(content: bytes) -> Any:
    from pyarrow import BufferReader
    from pyarrow.json import ReadOptions, read_json

    if _depth(content) > DEEPEST:
        raise ValueError("its lists and objects are nested too deeply")
    block = min(max(len(content) + 1, 2**20), LONGEST_BLOCK)  # in one block, or it counts rows anew in each
    return read_json(BufferReader(content), read_options=ReadOptions(block_size=block))


def _depth(content: bytes) -> int:
    """How many brackets are open at once, those in texts aside."""
    if b"\\" in content:
        content = content.replace(b"\\\\", b"").replace(b'\\"', b"")
    letters = np.frombuffer(content.translate(None, NOT_NESTING), np.uint8)
    outside = letters[np.cumsum(letters == ord('"'), dtype=np.uint8) % 2 == 0]
    steps = np.isin(outside, list(b"[{")).astype(np.int8) - np.isin(outside, list(b"]}"))
    return int(np.cumsum(steps, dtype=np.int64).max(initial=0))


STARTS: tuple[tuple[bytes, Callable[[bytes], Any]], ...] = (
    (rb"PAR1", _parquet),
    (rb"ARROW1", _arrow),
    (rb"\xff\xff\xff\xff", _arrow_stream),
    (rb"(\xef\xbb\xbf)?\s*\{", _json_lines),
)
"""How each kind of file begins."""


def _in_short(error: Exception) -> str:
    """In one line, with rows counted from 1."""
    told = " ".join(str(error).split())[:300] or type(error).__name__
    return re.sub(r"in row (\d+)$", lambda found: f"in row {int(found[1]) + 1}", told)
