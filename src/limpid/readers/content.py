"""The bytes of a file or of standard input, decompressed within bounds."""

import gzip
import sys
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

from limpid.errors import DataError, LimpidError
from limpid.memory import memory_available

STDIN = "-"
GZIP, ZSTANDARD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
PART = 2**20
UNSUSPECTED = 2**26
"""Bytes up to which nobody asks how small they were before."""
LARGEST_RATIO = 400
"""A table that grows by more than this is a bomb: text of one letter alone grows by 1000."""


def content_of(source: str) -> bytes:
    """What the file `source`, or standard input for "-", holds; .gz and .zst are recognised by their first bytes.

    Errors: `DataError` for what cannot be read, is damaged, or would not fit into memory.
    """
    try:
        content = sys.stdin.buffer.read() if source == STDIN else Path(source).read_bytes()
    except OSError as error:
        raise DataError(f"cannot read {source}: {error.strerror or error}") from None
    if content.startswith((GZIP, ZSTANDARD)):
        return _decompressed(source, content)
    return content


def _decompressed(source: str, content: bytes) -> bytes:
    try:
        stream = gzip.GzipFile(fileobj=BytesIO(content)) if content.startswith(GZIP) else _zstandard(content)
        return _bounded(source, stream, len(content))
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"cannot read {source}: {error or 'it ends too early'}") from None


def _zstandard(content: bytes) -> Any:
    try:
        import zstandard
    except ImportError:
        raise LimpidError(".zst files are read with zstandard: pip install 'limpid[tables]'") from None
    return _Honest(zstandard.ZstdDecompressor().stream_reader(content, read_across_frames=True), zstandard.ZstdError)


class _Honest:
    """A stream whose own errors are `OSError`s."""

    def __init__(self, stream: Any, error: type[Exception]) -> None:
        self._stream, self._error = stream, error

    def read(self, size: int) -> bytes:
        try:
            return bytes(self._stream.read(size))
        except self._error as error:
            raise OSError(str(error)) from None


def _bounded(source: str, stream: Any, compressed: int) -> bytes:
    parts, size = [], 0
    room = memory_available()
    while part := stream.read(PART):
        parts.append(part)
        size += len(part)
        if size > UNSUSPECTED and size > LARGEST_RATIO * compressed:
            raise DataError(f"{source} holds {compressed} bytes that grow to more than {size}: that is no table")
        if room is not None and size > room // 2:
            raise DataError(f"{source} grows to more than {size} bytes, half of the memory that is available")
    return b"".join(parts)
