"""Bytes of files: decompressed whole or refused, and never more of them than is sensible."""

import gzip
import io
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import zstandard

from limpid.errors import DataError, LimpidError
from limpid.readers import content, read
from limpid.readers.content import content_of

TEXT = b"a,b\n" + b"".join(b"%d,%d\n" % (n, n * n) for n in range(3000))
COMPRESSED: dict[str, Callable[[bytes], bytes]] = {"gz": gzip.compress, "zst": zstandard.compress}


def _streamed(text: bytes) -> bytes:
    """Without the size in its header."""
    into = io.BytesIO()
    with zstandard.ZstdCompressor().stream_writer(into, closefd=False) as stream:
        stream.write(text)
    return into.getvalue()


@pytest.mark.parametrize(
    "given",
    [
        TEXT,
        gzip.compress(TEXT),
        gzip.compress(TEXT[:9]) + gzip.compress(TEXT[9:]),
        zstandard.compress(TEXT),
        zstandard.compress(TEXT[:9]) + zstandard.compress(TEXT[9:]),
        zstandard.compress(TEXT) + b"\x50\x2a\x4d\x18\x04\0\0\0skip",
        _streamed(TEXT),
    ],
)
def test_what_a_file_holds(given: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "of any name"
    path.write_bytes(given)
    assert content_of(str(path)) == TEXT
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(given)))
    assert content_of("-") == TEXT


@pytest.mark.parametrize("kind", COMPRESSED)
def test_a_compressed_file_that_was_cut_off_is_refused(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"t.csv.{kind}"
    whole = COMPRESSED[kind](TEXT)
    for cut in (*range(4, 40), *range(40, len(whole), 97), *range(len(whole) - 12, len(whole))):
        path.write_bytes(whole[:cut])
        with pytest.raises(DataError, match=rf"cannot read .*{path.name}: it ends before its compressed data do"):
            content_of(str(path))


@pytest.mark.parametrize("kind", COMPRESSED)
def test_a_damaged_compressed_file_is_refused(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"t.csv.{kind}"
    whole = COMPRESSED[kind](TEXT) if kind == "gz" else zstandard.ZstdCompressor(write_checksum=True).compress(TEXT)
    for place in range(10, len(whole), 61):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        with pytest.raises(DataError, match=rf"cannot read .*{path.name}: "):
            content_of(str(path))
    path.write_bytes(whole + b"and more")
    with pytest.raises(DataError, match=rf"cannot read .*{path.name}: "):
        content_of(str(path))


@pytest.mark.parametrize("kind", COMPRESSED)
def test_a_bomb_is_refused_before_it_goes_off(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"t.csv.{kind}"
    if kind == "gz":
        path.write_bytes(gzip.compress(b"0" * 2**20) * 300)
    else:
        path.write_bytes(zstandard.compress(b"0" * 2**29))
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match=r"its first \d+ bytes grow to \d+; that is no table"):
            read(path, "y")
        assert tracemalloc.get_traced_memory()[1] < 2**27
    finally:
        tracemalloc.stop()


def test_what_would_not_fit_into_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(np.random.default_rng(0).bytes(10_000)))
    monkeypatch.setattr(content, "memory_available", lambda: 15_000)
    with pytest.raises(DataError, match=r"t.csv.gz grows to more than \d+ bytes, half of the memory that is available"):
        content_of(str(path))
    monkeypatch.setattr(content, "memory_available", lambda: None)
    assert len(content_of(str(path))) == 10_000


def test_what_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot read .*: No such file or directory"):
        content_of(str(tmp_path / "absent.csv"))
    with pytest.raises(DataError, match="cannot read .*: Is a directory"):
        content_of(str(tmp_path))


def test_without_zstandard_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "t.csv.zst"
    path.write_bytes(zstandard.compress(TEXT))
    monkeypatch.setitem(sys.modules, "zstandard", None)
    with pytest.raises(LimpidError, match=r".zst files are read with zstandard: pip install 'limpid\[tables\]'"):
        content_of(str(path))
