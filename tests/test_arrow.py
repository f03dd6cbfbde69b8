"""Parquet, Arrow and JSON lines: what they hold, and that a damaged one is refused in one line."""

import datetime as dt
import io
import json
import random
import struct
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from pyarrow import feather, ipc, parquet

from limpid.errors import DataError, LimpidError
from limpid.readers import arrow, read
from limpid.readers.arrow import read_with_arrow
from limpid.readers.columns import Wanted
from limpid.readers.parquet import ParquetStream
from limpid.readers.tables import dataset_of

ROWS = 120
TABLE = pa.table(
    {
        "n": range(ROWS),
        "x": [None if n % 7 == 0 else n / 7 for n in range(ROWS)],
        "word": [("red", "green", "blue, or so")[n % 3] * (n % 5) for n in range(ROWS)],
        "flag": [n % 2 == 0 for n in range(ROWS)],
        "when": [dt.datetime(2020, 1, 1) + dt.timedelta(hours=n) for n in range(ROWS)],
        "kind": pa.array([f"k{n % 4}" for n in range(ROWS)]).dictionary_encode(),
    }
)


def _bytes(write: Callable[[Any], Any]) -> bytes:
    into = io.BytesIO()
    write(into)
    return into.getvalue()


def _stream(into: Any) -> None:
    with ipc.new_stream(into, TABLE.schema) as writer:
        writer.write_table(TABLE)


FILES: dict[str, Callable[[], bytes]] = {
    "parquet": lambda: _bytes(lambda into: parquet.write_table(TABLE, into)),
    "parquet of polars": lambda: _bytes(pl.DataFrame(TABLE).write_parquet),
    "parquet, plain": lambda: _bytes(
        lambda into: parquet.write_table(TABLE, into, compression="none", use_dictionary=False, row_group_size=50)
    ),
    "feather": lambda: _bytes(lambda into: feather.write_feather(TABLE, into, compression="uncompressed")),
    "feather, zstd": lambda: _bytes(lambda into: feather.write_feather(TABLE, into, compression="zstd")),
    "feather, lz4": lambda: _bytes(lambda into: feather.write_feather(TABLE, into, compression="lz4", chunksize=50)),
    "stream": lambda: _bytes(_stream),
    "json": lambda: "".join(json.dumps(row, default=str) + "\n" for row in TABLE.to_pylist()).encode(),
}


@pytest.mark.parametrize("kind", FILES)
def test_what_a_file_holds(kind: str) -> None:
    found = read_with_arrow("t", FILES[kind]())
    assert found.drop(["when", "kind"]).to_pydict() == TABLE.drop(["when", "kind"]).to_pydict()
    assert [str(each)[:19] for each in found["when"].to_pylist()] == [str(each) for each in TABLE["when"].to_pylist()]
    assert found["kind"].to_pylist() == TABLE["kind"].to_pylist()


def _harmed(content: bytes, draw: random.Random) -> bytes:
    kind = draw.choice(["cut", "flip", "fill", "drop", "double"])
    at = draw.randrange(len(content))
    if kind == "cut":
        return content[:at]
    if kind == "flip":
        places = draw.sample(range(len(content)), min(4, len(content)))
        return bytes(draw.randrange(256) if place in places else byte for place, byte in enumerate(content))
    if kind == "fill":  # sizes and counts, most of which stand at the end
        at = max(0, len(content) - draw.randrange(1, 1500))
        filling = draw.choice([b"\xff", b"\0", b"\x7f"]) * draw.choice([1, 2, 4, 8])
        return content[:at] + filling + content[at + len(filling) :]
    length = draw.randrange(1, 50)
    return content[:at] + (content[at + length :] if kind == "drop" else content[max(0, at - length) :])


@pytest.mark.parametrize("kind", FILES)
def test_damaged_files_are_refused_or_read(kind: str) -> None:
    """With what they then hold; nothing but an error of limpid's own comes out."""
    whole, draw, ended = FILES[kind](), random.Random(kind), Counter[str]()
    for _ in range(120):
        content = _harmed(whole, draw)
        try:
            frame = read_with_arrow("t", content)
            if frame is not None:
                dataset_of("t", frame, Wanted("n"))
            ended["read"] += 1
        except DataError as refused:
            assert "\n" not in str(refused)
            ended["refused"] += 1
    assert ended["refused"] > 40
    assert ended.total() == 120


@pytest.mark.parametrize("kind", [kind for kind in FILES if kind.startswith("parquet")])
def test_damaged_files_are_refused_or_read_in_parts(kind: str, tmp_path: Path) -> None:
    path, whole, draw, ended = tmp_path / "t.parquet", FILES[kind](), random.Random(kind), Counter[str]()
    for _ in range(120):
        path.write_bytes(_harmed(whole, draw))
        try:
            stream = ParquetStream(path)
            for name in stream.columns:
                assert len(stream.column(name, np.ones(sum(stream.blocks), bool))[0]) == sum(stream.blocks)
            for block in range(len(stream.blocks)):
                list(stream.pieces(block, stream.columns))
            stream.fingerprint()
            ended["read"] += 1
        except DataError as refused:
            assert "\n" not in str(refused)
            ended["refused"] += 1
    assert ended["refused"] > 40
    assert ended.total() == 120


def _varint(number: int) -> bytes:
    """Zigzag, as Thrift's compact protocol has whole numbers."""
    number, found = 2 * number, b""
    while number >= 128:
        found, number = found + bytes([number % 128 + 128]), number // 128
    return found + bytes([number])


@pytest.mark.parametrize("rows", [2**31, 2**40, 2**62])
def test_parquet_that_claims_more_rows_than_memory_holds(rows: int) -> None:
    whole = FILES["parquet, plain"]()
    (size,) = struct.unpack("<I", whole[-8:-4])
    footer = whole[-8 - size : -8]
    claimed = footer.replace(b"\x16" + _varint(ROWS), b"\x16" + _varint(rows))
    assert claimed != footer
    with pytest.raises(DataError, match=rf"cannot read t: its {rows} rows of 6 cells exceed the memory"):
        read_with_arrow("t", whole[: -8 - size] + claimed + struct.pack("<I", len(claimed)) + b"PAR1")


def test_memory_that_nobody_tells_of_is_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrow, "memory_available", lambda: None)
    assert read_with_arrow("t", FILES["parquet"]()).num_rows == ROWS


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('{"a":1}\n{"a":"x"}', r"Column\(/a\) changed from number to string in row 2"),
        ('{"a":true}\n{"a":1}', r"Column\(/a\) changed from boolean to number in row 2"),
        ('{"a":1,"a":2}', r"Column\(/a\) was specified twice in row 1"),
        ('{"a":1}\n{"a":', "Invalid value. in row 2"),
        ('{"a":1}\n[2]', "changed from object to array in row 2"),
        ('{"a":1}\n5', "changed from object to number in row 2"),
        ('{"a":1}x', "Invalid value"),
        ('{"a":1e400}', "Number too big"),
        ('{"y":1,"a":' + "1" * 400 + "}", "column 'a' row 1: inf is not a usable number"),
        ('{"a":"\\ud800"}', "surrogate"),
        (b'{"a":"\xff"}', "cannot read t: "),
        (b'{"\xff":1}', "cannot read t: "),
        ('{"a":[1],"y":2}', "column 'a': numbers, texts or dates are needed, got List"),
        ('{"a":{"b":1},"y":2}', "column 'a': numbers, texts or dates are needed, got Struct"),
        ('{"a":' + "[" * 10**6 + "]" * 10**6 + "}", "its lists and objects are nested too deeply"),
        ('{"a":' * 10**5 + "1" + "}" * 10**5, "its lists and objects are nested too deeply"),
        ('{"\\\\":"\\\\",\n"a":' + "[\n" * 10**5 + "]" * 10**5 + "}", "its lists and objects are nested too deeply"),
        ("{}\n{}", "no column 'y'; columns: "),
    ],
)
def test_json_lines_that_cannot_be_read(content: str | bytes, told: str) -> None:
    with pytest.raises(DataError, match=told) as refused:
        dataset_of("t", read_with_arrow("t", content if isinstance(content, bytes) else content.encode()), Wanted("y"))
    assert str(refused.value).startswith(("t: ", "cannot read t: "))
    assert len(str(refused.value)) < 400


def test_json_lines_in_every_shape() -> None:
    lines = (
        b'\xef\xbb\xbf \n{"a": 1, "b": "x"}\r\n\n{"b": null, "c": 0.5}\n{"a": 9007199254740993, "c": 1e22, "b": "[[{"}'
    )
    assert read_with_arrow("t", lines).to_pydict() == {
        "a": [1, None, 2**53 + 1],
        "b": ["x", None, "[[{"],
        "c": [None, 0.5, 1e22],
    }
    brackets = json.dumps({"a": "[" * 5000 + '\\" [{'}) + "\n"
    assert read_with_arrow("t", (brackets * 3).encode()).num_rows == 3


def test_what_pandas_keeps_as_its_index_is_no_column(tmp_path: Path) -> None:
    frame = TABLE.to_pandas()
    frame[frame["flag"]].to_parquet(tmp_path / "a.parquet")
    frame.set_index("kind").to_feather(tmp_path / "b.feather")
    assert read(tmp_path / "a.parquet", "n").features == ("x", "word", "flag", "when", "kind")
    assert ParquetStream(tmp_path / "a.parquet").columns == ("n", "x", "word", "flag", "when", "kind")
    assert read(tmp_path / "b.feather", "n").features == ("x", "word", "flag", "when")


@pytest.mark.parametrize("name", ["t.parquet", "t.feather", "t.arrow.gz", "T.IPC"])
def test_what_is_no_such_file_is_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    for content, begins in ((b"a,b\n1,2\n", "61 2c 62 0a 31 2c"), (b"", "nothing")):
        path.write_bytes(content)
        with pytest.raises(DataError, match=f"{name} is neither Parquet nor Arrow: it begins with {begins}"):
            read(path, "b")


def test_without_pyarrow_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(LimpidError, match=r"JSON lines files are read with pyarrow: pip install 'limpid\[tables\]'"):
        read_with_arrow("t", b'{"a":1}')
    assert read_with_arrow("t", b"a,b\n1,2\n") is None
