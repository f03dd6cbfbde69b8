"""The bytes of a file or of standard input, decompressed within bounds."""

import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from limpid.errors import DataError, optional
from limpid.memory import memory_available

STDIN = "-"
GZIP, ZSTANDARD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
PIECE = 2**10
"""Bytes decompressed at once: they grow to 32 MB at most."""
UNSUSPECTED = 2**26
"""Bytes up to which nobody asks how small they were before."""
LARGEST_RATIO = 400
"""A table that grows by more than this is a bomb: text of one letter alone grows by 1000."""


def content_of(source: str) -> bytes:
    """What the file `source`, or standard input for "-", holds; .gz and .zst are recognised by their first bytes.

    Errors: `DataError` for what cannot be read, is damaged or cut off, or when decompressed would not fit into memory.
    """
    try:
        content = sys.stdin.buffer.read() if source == STDIN else Path(source).read_bytes()
    except OSError as error:
        raise DataError(f"cannot read {source}: {error.strerror or error}") from None
    if content.startswith(GZIP):
        return _decompressed(source, content, lambda: zlib.decompressobj(16 + zlib.MAX_WBITS), zlib.error)
    if content.startswith(ZSTANDARD):
        zstandard = optional("zstandard", ".zst files are read", "tables")
        decompressor = zstandard.ZstdDecompressor()
        return _decompressed(source, content, decompressor.decompressobj, zstandard.ZstdError)
    return content


def _decompressed(source: str, content: bytes, start: Callable[[], Any], error: type[Exception]) -> bytes:
    try:
        return _bounded(source, _parts(content, start))
    except (EOFError, error) as why:
        raise DataError(f"cannot read {source}: {why}") from None


def _parts(content: bytes, start: Callable[[], Any]) -> Iterator[tuple[bytes, int]]:
    """Of one compressed stream after the other, each of which `start` begins: bytes, and from how many so far."""
    view, place = memoryview(content), 0
    while place < len(view):
        stream = start()
        while not stream.eof:
            if place >= len(view):
                raise EOFError("it ends before its compressed data do")
            piece = view[place : place + PIECE]
            place += len(piece)
            yield stream.decompress(piece), place
        place -= len(stream.unused_data)


def _bounded(source: str, parts: Iterator[tuple[bytes, int]]) -> bytes:
    kept, size = [], 0
    room = memory_available()
    for part, compressed in parts:
        kept.append(part)
        size += len(part)
        if size > UNSUSPECTED and size > LARGEST_RATIO * compressed:
            raise DataError(f"{source}: its first {compressed} bytes grow to {size}; that is no table")
        if room is not None and size > room // 2:
            raise DataError(f"{source} grows to more than {size} bytes, half of the memory that is available")
    return b"".join(kept)
