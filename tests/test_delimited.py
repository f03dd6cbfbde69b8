"""CSV in every shape: what is read is what Python's csv reads, and what is in doubt is refused by name and row."""

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from limpid.errors import DataError, LimpidError
from limpid.readers import read
from limpid.readers.delimited import BLANKS, PROBED, read_delimited
from limpid.table import MISSING_TEXTS

often = settings(max_examples=400, deadline=None, derandomize=True, database=None)


def columns(content: str | bytes, *as_text: str) -> dict[str, list[Any]]:
    frame = read_delimited("t.csv", content.encode() if isinstance(content, str) else content, as_text)
    found: dict[str, list[Any]] = frame.to_dict(as_series=False)
    return found


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("a,b\n1,x\n2,y\n", {"a": [1, 2], "b": ["x", "y"]}),
        ("a,b\n1,x\n2,y", {"a": [1, 2], "b": ["x", "y"]}),
        ("a,b\r\n1,x\r\n2,y\r\n", {"a": [1, 2], "b": ["x", "y"]}),
        ("a,b\r1,x\r2,y\r", {"a": [1, 2], "b": ["x", "y"]}),
        (b"\xef\xbb\xbfa,b\n1,x\n", {"a": [1], "b": ["x"]}),
        ("a,b\n1,ł\n".encode("utf-16"), {"a": [1], "b": ["ł"]}),
        ("a,b\n1,ł\n".encode("utf-16-be").join([b"\xfe\xff", b""]), {"a": [1], "b": ["ł"]}),
        ("\n \n\na,b\n\n1,x\n  \n\t\n\n2,y\n\n\n", {"a": [1, 2], "b": ["x", "y"]}),
        ("a\tb\n1\t\n\t\n\n2\t3\n", {"a": [1, None, 2], "b": [None, None, 3]}),
        ("a,b\n1,\n,\n", {"a": [1, None], "b": [None, None]}),
        ("a\n1\n\n3\n\n", {"a": [1, None, 3]}),
        ('a\n"x\n\ny"\n', {"a": ["x\n\ny"]}),
        (' a , b\n 1 , x y \n"2"," z "\n', {"a": [1, 2], "b": ["x y", "z"]}),
        ('"a,b","c""d","e\nf"\n"1","2, 3","4\n5"\n', {"a,b": [1], 'c"d': ["2, 3"], "e\nf": ["4\n5"]}),
        (
            "naïve,'quoted',#hash,a.b,=1+1,../x\n1,2,3,4,5,6\n",
            {"naïve": [1], "'quoted'": [2], "#hash": [3], "a.b": [4], "=1+1": [5], "../x": [6]},
        ),
        ("#a,b\n#1,2\n", {"#a": ["#1"], "b": [2]}),
        ('a,b\n5" pipe,6\n3" x 4",7\n', {"a": ['5" pipe', '3" x 4"'], "b": [6, 7]}),
        ('a,b\n1, "x"\n\n2, y\n', {"a": [1, 2], "b": ['"x"', "y"]}),
        ("a;b;c\n1,5;x,y;2\n-2;,;3\n", {"a": [1.5, -2.0], "b": ["x,y", ","], "c": [2, 3]}),
        ("a|b\n1|2\n", {"a": [1], "b": [2]}),
        ("a b\n1\n", {"a b": [1]}),
    ],
)
def test_what_is_read(content: str | bytes, found: dict[str, list[Any]]) -> None:
    assert columns(content) == found


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        ("1 -2 +3", [1, -2, 3]),
        ("1 2.5 -4e1 .5 1.", [1.0, 2.5, -40.0, 0.5, 1.0]),
        ("9007199254740993 -9223372036854775808", [2**53 + 1, -(2**63)]),
        ("123456789012345678901234567890", [123456789012345678901234567890.0]),
        ("1.7976931348623157e308 5e-324 1e-400", [1.7976931348623157e308, 5e-324, 0.0]),
        ("1 ? NA N/A NaN nan null NULL", [1] + [None] * 7),
        ("true False TRUE ?", [True, False, True, None]),
        ("0 1 true", ["0", "1", "true"]),
        ("007 8", ["007", "8"]),
        ("0.5 -0.5 0", [0.5, -0.5, 0.0]),
        ("-01 2", ["-01", "2"]),
        ("x 1 2", ["x", "1", "2"]),
        ("1_000 2", ["1_000", "2"]),
        ("0x10 2", ["0x10", "2"]),
        ("2024-01-05 ?", ["2024-01-05", None]),
        ("? NA", [None, None]),
        ("none None", ["none", "None"]),
    ],
)
def test_what_kind_of_cells_a_column_has(cells: str, found: list[Any]) -> None:
    told = columns("b,c\n" + "".join(f"{cell},x\n" for cell in cells.split(" ")))["b"]
    assert told == found
    assert list(map(type, told)) == list(map(type, found))


@pytest.mark.parametrize(
    ("last", "found"),
    [("7", 7), ("2.5", 2.5), (" 8 ", 8), ("?", None), ("", None), ("1e3", 1000.0), ("007", "007")],
)
def test_the_last_of_many_cells_counts_too(last: str, found: Any) -> None:
    told = columns("b,c\n" + "4,x\n" * 2 * PROBED + f"{last},x\n")["b"]
    assert told[-1] == found
    assert told[0] == (type(found)(4) if found is not None else 4)
    assert type(told[0]) is type(told[-1]) or found is None


def test_decimal_commas_are_no_texts_changed() -> None:
    assert columns("a;b\n1,5;Paris\n2;Nice, Old Town\n3;7,5\n") == {
        "a": [1.5, 2.0, 3.0],
        "b": ["Paris", "Nice, Old Town", "7,5"],
    }
    assert columns("a\tb\n1,5\t1.234,5\n")["a"] == [1.5]
    assert columns("a\tb\n1,5\t1.234,5\n")["b"] == ["1.234,5"]


def test_columns_may_be_asked_to_stay_texts() -> None:
    assert columns("a,b,c\n1,02,\n1.50,?,x\n", "a", "b", "c") == {
        "a": ["1", "1.50"],
        "b": ["02", None],
        "c": [None, "x"],
    }


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "cannot read t.csv as CSV: it is empty"),
        ("\ufeff \n\t\n", "cannot read t.csv as CSV: it is empty"),
        ("a,b\n", "t.csv: no rows below the header"),
        ("a,b\n\n \n", "t.csv: no rows below the header"),
        ("a,b\n1,2\n3\n4,5,6\n", "t.csv row 2: 1 cells, the header has 2"),
        ("a,b\n1,2\n3,4,5\n4\n", "t.csv row 2: 3 cells, the header has 2"),
        ("a,b\n1,2,\n3,4,\n", "t.csv row 1: 3 cells, the header has 2"),
        ("a,b\n1,2\n\n\n4\n", "t.csv row 2: 1 cells, the header has 2"),
        ('a,b\n"x\ny",2\n3\n', "t.csv row 2: 1 cells, the header has 2"),
        ("a,b\n1\tx\n", "t.csv row 1: 1 cells, the header has 2"),
        ("a,,b\n1,2,3\n", "t.csv: each column needs a name of its own, got an empty one"),
        ("a,b,\n1,2,3\n", "t.csv: each column needs a name of its own, got an empty one"),
        ("a, a\n1,2\n", "t.csv: each column needs a name of its own, got 'a' 2 times"),
        ('a,b\n1,"x\n2,y\n', "t.csv row 1: a quote is opened and never closed"),
        ('a,b\n1,2\n2,"y\n3,z"x\n', "t.csv row 2: ',' expected after '\"'"),
        ('"a,b\n1,2\n', "t.csv row 0: a quote is opened and never closed"),
        (b"a,b\n1,\x00\n", "cannot read t.csv as CSV: it holds a zero byte at 6; it is no text, or is UTF-16"),
        ("a,b\n1,x\n".encode("utf-16-le"), "zero byte at 1"),
        ("a,b\n1,\0\n".encode("utf-16"), "zero byte at 6"),
        (b"\xff\xfea", "t.csv begins as UTF-16 but is not: truncated data at byte 2"),
        ("a,b\n1,x\n".encode("utf-32"), "zero byte"),
        ("a,b\n1,x\n2,é\n".encode("latin-1"), "t.csv row 2: byte 0xe9 is not UTF-8; save it as UTF-8"),
        ("a,b\n" + "1,2\n" * 20 + "1e999,3\n", "t.csv: column 'a' row 21: cannot read '1e999' as a number"),
        ("a,b\n" + "1,2\n" * 20 + "-inf,3\n", "t.csv: column 'a' row 21: cannot read '-inf' as a number"),
        ("a,b\n" + "1,2\n" * 20 + "NAN,3\n", "t.csv: column 'a' row 21: cannot read 'NAN' as a number"),
        (
            "a,b\n" + "1,2\n" * 20 + f"{'x' * 999},3\n",
            "cannot read 'x{20,60} as a number .if its cells are names, call",
        ),
    ],
)
def test_what_cannot_be_read_is_refused(content: str | bytes, told: str) -> None:
    with pytest.raises(DataError, match=told) as refused:
        columns(content)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 300


def test_hostile_names_stay_in_one_short_line(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    names = ["a\nb", "\x1b[31mred", "=cmd()", *(f"column {number}" for number in range(200)), "y"]
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([names, *([[n % 7 for n in range(len(names))]] * 3)])
    for target in (None, "z", "a\nb,a\nb"):
        with pytest.raises(DataError) as refused:
            read(path, target)
        assert "\n" not in str(refused.value)
        assert "\x1b" not in str(refused.value)
        assert len(str(refused.value)) < 700
    assert read(path, "a\nb").targets == ("a\nb",)


def test_a_name_may_hold_a_comma(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('"rent, warm",a\n1,2\n3,4\n')
    assert read(path, "rent, warm").targets == ("rent, warm",)


def test_long_lines_and_many_columns() -> None:
    long = "x" * 3_000_000
    assert columns(f'a,{long}\n"{long}",1\n') == {"a": [long], long: [1]}
    names = [f"c{number}" for number in range(3000)]
    wide = columns(",".join(names) + "\n" + ",".join(map(str, range(3000))) + "\n")
    assert list(wide) == names
    assert wide["c2999"] == [2999]
    with pytest.raises(DataError, match="row 1: a quote is opened and never closed"):
        columns('a,b\n1,"' + "2,3\n" * 20_000)
    with pytest.raises(DataError, match="row 1: field larger than field limit"):
        columns('a,b\n1,"' + "2,3\n" * 200_000)


def as_python_has_it(content: str, delimiter: str) -> dict[str, list[str | None]] | None:
    """The cells by Python's own csv, by the rules that `read_delimited` promises; None where they refuse."""
    content = content.replace("\r\n", "\n").replace("\r", "\n")
    try:
        rows = list(csv.reader(io.StringIO(content, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    assume(
        '"' not in content or not any(len(row) == 1 and row[0] and not row[0].strip(BLANKS) for row in rows)
    )  # blank, or quoted?
    header, *rows = rows
    rows = [row for row in rows if len(row) > 1 or row == [""] or "".join(row).strip(BLANKS)]
    if any(len(row) != len(header) for row in rows) or not rows:
        return None
    return dict(zip(header, map(list, zip(*[map(_stripped, row) for row in rows], strict=True)), strict=True))


def _stripped(cell: str | None) -> str | None:
    """As a table has it: Python strips more than polars."""
    return None if cell is None or cell.strip() in MISSING_TEXTS else cell.strip()


def check_against_python(content: str, delimiter: str) -> None:
    wanted = None if "\0" in content else as_python_has_it(content, delimiter)
    if wanted is None:
        with pytest.raises(DataError):
            columns(content, "h1", "h2", "h3")
    else:
        found = columns(content, "h1", "h2", "h3")
        assert {name: list(map(_stripped, cells)) for name, cells in found.items()} == wanted


@often
@given(
    st.lists(
        st.sampled_from(["a", "1", "{}", "{}", '"', '"', '""', "\n", "\n", "\r\n", "\r", " ", "ł", "?", "\t", ";"]),
        max_size=30,
    ),
    st.sampled_from(",;\t|"),
)
def test_the_same_cells_as_pythons_csv(pieces: list[str], delimiter: str) -> None:
    content = f"h1{delimiter}h2{delimiter}h3\n" + "".join(pieces).format(*[delimiter] * 60)
    check_against_python(content, delimiter)


@often
@given(
    st.lists(st.lists(st.text(max_size=5), min_size=3, max_size=3), min_size=1, max_size=4), st.sampled_from(",;\t|")
)
def test_what_python_writes_is_read_back(rows: list[list[str]], delimiter: str) -> None:
    into = io.StringIO(newline="")
    csv.writer(into, delimiter=delimiter, lineterminator="\n").writerows([["h1", "h2", "h3"], *rows])
    check_against_python(into.getvalue(), delimiter)


GOOD = 'id,x,when,kind,"a ""b""",y\n' + "".join(
    f'{n},{n / 7},2024-01-{n + 1:02},{"red" if n % 3 else ""},"q, {n}",{n % 2}\n' for n in range(12)
)
inside = st.integers(0, len(GOOD.encode()))
harm = st.tuples(st.sampled_from(["cut", "put", "swap", "drop", "double"]), inside, inside, st.binary(max_size=4))


def _harmed(content: bytes, kind: str, first: int, second: int, piece: bytes) -> bytes:
    first, second = sorted((first, second))
    if kind == "cut":
        return content[:second]
    if kind == "put":
        return content[:first] + piece + content[first:]
    if kind == "swap":
        return content[:first] + piece + content[first + len(piece) :]
    return content[:first] + content[second:] if kind == "drop" else content[:second] + content[first:]


@often
@given(st.lists(harm, min_size=1, max_size=4))
def test_harmed_files_are_refused_or_read(harms: list[tuple[str, int, int, bytes]]) -> None:
    content = GOOD.encode()
    for each in harms:
        content = _harmed(content, *each)
    _read_or_refuse(content)


@often
@given(st.one_of(st.binary(max_size=60), st.text(max_size=60).map(lambda text: text.encode("utf-8", "replace"))))
def test_any_bytes_are_refused_or_read(content: bytes) -> None:
    _read_or_refuse(content)
    _read_or_refuse(b"a,b,y\n" + content)


def _read_or_refuse(content: bytes) -> None:
    """Nothing but an error of limpid's own may come out; what is read is a table."""
    try:
        frame = read_delimited("t.csv", content)
        dataset = read(frame, frame.columns[-1])
    except LimpidError as refused:
        assert "\n" not in str(refused)
    else:
        assert len(dataset) == frame.height > 0
        assert all(np.isfinite(column.values[~column.missing]).all() for column in dataset.X.columns.values())
