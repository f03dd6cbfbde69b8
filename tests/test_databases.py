"""SQL: one select, which can only read, from SQLite and from a server of PostgreSQL; and passwords stay unsaid."""

import socket
import sqlite3
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest

from limpid.errors import DataError, LimpidError
from limpid.readers import databases, read
from limpid.readers.databases import asked, called
from limpid.saving import load

WRITING = (
    "update t set a = 5",
    "insert into t values (1, 2, 3)",
    "delete from t",
    "drop table t",
    "create table other (a)",
    "create table other (a int)",
    "begin",
    "commit",
    "select 1; drop table t",
    "commit; drop table t",
    "rollback; begin; drop table t; commit",
)


@pytest.fixture
def sqlite(tmp_path: Path) -> Path:
    path = tmp_path / "it's 100% #1?.db"
    with sqlite3.connect(path) as connection:
        connection.execute("create table t (a, b, y)")
        connection.executemany(
            "insert into t values (?, ?, ?)", [(n, n + 0.5 if n % 2 else n, n % 2) for n in range(9)]
        )
        connection.execute("create table odd (mixed, bytes, y)")
        connection.executemany("insert into odd values (?, ?, ?)", [(1, "a", 0), (None, "b", 1), ("x", b"c", 0)])
    return path


@pytest.mark.parametrize("address", ["{}", "sqlite:///{}"])
def test_sqlite_answers_with_its_columns(address: str, sqlite: Path) -> None:
    name, columns = asked(address.format(sqlite), "select a, b from t order by a desc limit 3 -- two")
    assert name == address.format(sqlite)
    assert columns == {"a": [8, 7, 6], "b": [8, 7.5, 6]}
    assert read(sqlite, "y", query="select * from t").X["b"].values.tolist()[:3] == [0, 1.5, 2]


@pytest.mark.parametrize(
    "query", [*WRITING, "attach 'other.db' as other", "vacuum into 'other.db'", "pragma user_version = 5"]
)
def test_sqlite_is_only_read(query: str, sqlite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(sqlite.parent)
    before = sqlite.read_bytes()
    with pytest.raises(
        DataError, match="the query fails: (not authorized|authorization denied|You can only execute one)"
    ):
        asked(str(sqlite), query)
    assert sqlite.read_bytes() == before
    assert list(sqlite.parent.iterdir()) == [sqlite]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        (None, "which rows. A query is needed, which selects them in an order"),
        ("  ", "which rows"),
        ("select a,", "the query fails: incomplete input"),
        ("select c from t", "the query fails: no such column: c"),
        ("-- nothing", "the query gives no table; a select is needed"),
        ("select a, b as a from t", "each column needs a name of its own, got 'a' twice or more; use as"),
        ("select a, y from t where a > 100", "it has no rows"),
        ("select mixed, y from odd", r"column 'mixed': its cells must be of one kind, got numbers .row 1. and texts"),
        ("select bytes, y from odd", "column 'bytes': numbers, texts or dates are needed, got bytes in row 3"),
        ("select a from t\0", "a query is text"),
        ("select '\ud800'", "a query is text"),
    ],
)
def test_what_sqlite_cannot_answer(query: str | None, told: str, sqlite: Path) -> None:
    with pytest.raises(LimpidError, match=told) as refused:
        read(str(sqlite), "y", query=query)
    assert sqlite.name in str(refused.value)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such SQLite file"):
        asked(str(tmp_path / "absent.db"), "select 1")
    path = tmp_path / "a.sqlite"
    path.write_text("a,b\n1,2\n" * 100)
    with pytest.raises(DataError, match="the query fails: file is not a database"):
        asked(str(path), "select * from t")
    with pytest.raises(LimpidError, match="a query is for an SQLite file or a postgresql:// address, not for iris"):
        read("iris", query="select 1")
    with pytest.raises(LimpidError, match="data_dir is for mnist and for tables that name pictures, not for"):
        read(str(path), query="select 1", data_dir=tmp_path)


def test_the_command_asks_too(run: Any, sqlite: Path) -> None:
    code, _, err = run(
        "train", str(sqlite), "--query", "select a, b, y from t", "--target", "y", "--epochs", "1", "--quiet"
    )
    assert (code, err) == (0, "")
    code, out, _ = run("predict", f"{sqlite.stem}.limpid", str(sqlite), "--query", "select b, a from t order by a")
    assert (code, out.count("\n")) == (0, 10)


@pytest.fixture
def server(postgresql: str) -> str:
    with psycopg.connect(postgresql) as connection:
        connection.execute("drop table if exists t")
        connection.execute("create table t (a int, b text, y int)")
        connection.execute("insert into t select n, 'x' || n % 3, n % 2 from generate_series(0, 19) n")
    return postgresql


def test_postgresql_answers_with_its_columns(server: str) -> None:
    name, columns = asked(server, "select a, b from t where b like 'x%' and a % 2 = 0 order by a limit 2;")
    assert name == called(server)
    assert columns == {"a": [0, 2], "b": ["x0", "x2"]}
    kinds = (
        "select 1.50::numeric(10, 2) as d, interval '90 minutes' as i, time '01:00' as t, null as n, true as b,"
        " 2::real as r, timestamptz '2020-07-01 12:00+02' as m, date '9999-12-31' as e, 'NaN'::float8 as nan,"
        " 9007199254740993 as big"
    )
    table = read(
        server.replace("postgresql://", "postgres://"), "b", query=f"{kinds} union all {kinds.replace('true', 'false')}"
    ).X
    assert [table[name].values.tolist()[0] for name in ("d", "i", "t", "r", "big")] == [1.5, 5400, 3600, 2, 2**53 + 1]
    assert table["m"].values.astype("M8[us]")[0].item().isoformat() == "2020-07-01T10:00:00"
    assert [table[name].missing.all() for name in ("n", "nan")] == [True, True]
    assert isinstance(asked(server, kinds)[1]["d"][0], Decimal)


@pytest.mark.parametrize(
    "query",
    [
        *WRITING,
        "with gone as (delete from t returning a) select * from gone",
        "explain analyze delete from t",
        "select nextval('counter')",
        "do $$ begin drop table t; end $$",
        "call dropping()",
        "select dropping_too()",
        "select set_config('transaction_read_only', 'off', false), dropping_too()",
        "set transaction read write",
        "copy t to program 'touch {folder}/written'",
        "copy t to stdout",
        "prepare p as delete from t",
        "lock table t in share mode",
    ],
)
def test_postgresql_is_only_read(query: str, server: str, tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with psycopg.connect(server) as connection:
        connection.execute("create sequence if not exists counter")
        connection.execute(
            "create or replace procedure dropping() language plpgsql as $$ begin commit; drop table t; end $$"
        )
        connection.execute(
            "create or replace function dropping_too() returns int language plpgsql"
            " as $$ begin drop table t; return 1; end $$"
        )
    with pytest.raises(
        DataError, match=r"the query (fails: .*(read-only|read-write|multiple)|gives no table|fails: .*syntax)"
    ):
        asked(server, query.format(folder=tmp_path) if "{folder}" in query else query)
    with psycopg.connect(server) as connection:
        assert connection.execute("select count(*), sum(a) from t").fetchone() == (20, 190)
        assert connection.execute("select to_regclass('other')").fetchone() == (None,)
        assert connection.execute("select is_called from counter").fetchone() == (False,)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("select c from t", 'the query fails: column "c" does not exist'),
        ("select a, a from t", "each column needs a name of its own, got 'a'"),
        ("select array[1] as l, y from t", "column 'l': numbers, texts or dates are needed, got list in row 1"),
        ("""select '{"a": 1}'::jsonb as j, y from t""", "column 'j': numbers, texts or dates are needed, got dict"),
        ("select 'a'::bytea as raw, y from t", "column 'raw': numbers, texts or dates are needed, got bytes"),
        ("select 'infinity'::date as d, y from t", "the query fails: date too large"),
        ("select 1 / (a - a) as z, y from t", "the query fails: division by zero"),
        ("select a, y from t where a < 0", "it has no rows"),
    ],
)
def test_what_postgresql_cannot_answer(query: str, told: str, server: str) -> None:
    with pytest.raises(DataError, match=told) as refused:
        read(server, "y", query=query)
    assert str(refused.value).startswith(called(server))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("postgresql://u:s3cret@h:5432/sales", "postgresql://h:5432/sales"),
        ("postgres://u:s3cret@h/sales?sslmode=require", "postgresql://h/sales"),
        ("postgresql://h/sales?user=u&password=s3cret", "postgresql://h/sales"),
        ("postgresql://u:s3cret@[::1]:5,h-2:6", "postgresql://[::1]:5,h-2:6/"),
        ("postgresql:///sales?host=/var/run&password=s3cret", "postgresql:///sales"),
        ("postgresql://u:s3@cret@h/sales", "postgresql://"),
        ("postgresql://u:s3/cret@h/sales", "postgresql://"),
        ("postgresql://u:s3?cret@h/sales", "postgresql://"),
        ("postgresql://u:s3#cret@h/sales", "postgresql://"),
        ("postgresql://h/sales?password=s3@cret", "postgresql://"),
        ("tables/sales.db", "tables/sales.db"),
    ],
)
def test_what_is_said_of_an_address(address: str, name: str) -> None:
    assert called(address) == name


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("postgresql://u:s3@cret@h/sales", "a PostgreSQL address is like"),
        ("postgresql://u:s3/cret@h/sales", "a PostgreSQL address is like"),
        ("postgresql://u:s3cret%zz@h/sales", "a PostgreSQL address is like"),
        ("postgresql://h/sales?s3cret", "a PostgreSQL address is like"),
        ("postgresql://h/sales?nopassword=s3cret", "a PostgreSQL address is like"),
        ("postgresql://u:s3cret@127.0.0.1:1/sales", "cannot reach postgresql://127.0.0.1:1/sales: .*refused"),
        ("postgresql://u:s3cret@/sales?host=/nowhere", "cannot reach postgresql:///sales: .*No such file"),
        ("postgresql://u:s3cret@127.0.0.1:99999/sales", "cannot reach .*: .*port"),
        ("postgresql://u:s3cret@127.0.0.1/sales?sslmode=maybe", "cannot reach .*sslmode"),
    ],
)
def test_an_address_that_leads_nowhere(address: str, told: str) -> None:
    with pytest.raises(LimpidError, match=told) as refused:
        asked(address, "select 1")
    assert "s3" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_server_that_is_silent_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases, "PATIENCE", 2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with pytest.raises(DataError, match="cannot reach postgresql://127.0.0.1:.*: connection timeout expired"):
            asked(f"postgresql://127.0.0.1:{silent.getsockname()[1]}/sales", "select 1")


def test_passwords_are_never_said_nor_kept(server: str, run: Any, tmp_path: Path) -> None:
    query = ("--query", "select a, b, y from t order by a", "--target", "y")
    told = []
    for typed in (
        ("train", server, *query, "--epochs", "1", "--json", "--report", "page.html", "--checkpoint", "kept"),
        ("show", "postgres.limpid"),
        ("inspect", server, *query),
        ("evaluate", "postgres.limpid", server, *query),
    ):
        code, out, err = run(*typed)
        assert code == 0
        told += [out, err]
    assert load("postgres.limpid").origin.source == called(server)
    for wrong in (
        ("train", server.replace("s3cret", "s3cretly"), *query),
        ("train", server, "--target", "y"),
        ("train", server, "--nonsense"),
        ("train", server, *query, "--ignore", "nothing"),
        ("train", server, "--query", "select 'x' as y from t", "--target", "y"),
        ("inspect", server, "--query", "select"),
        ("predict", "postgres.limpid", server, "--query", "select a from t"),
        ("evaluate", "postgres.limpid", server.replace("/postgres", "/absent"), *query),
        ("train", "postgresql://u:s3@cret@h/sales", *query),
    ):
        code, out, err = run(*wrong)
        assert code == 2
        assert err.count("\n") == 1
        told += [out, err]
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.name for path in written} > {"page.html", "postgres.limpid"}
    for text in (*told, *(str(path) for path in written), *(path.read_bytes().decode("latin-1") for path in written)):
        assert "s3cret" not in text
        assert "s3@cret" not in text


def test_without_psycopg_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "psycopg", None)
    with pytest.raises(LimpidError, match=r"PostgreSQL is asked with psycopg: pip install 'limpid\[sql\]'"):
        asked("postgresql://h/sales", "select 1")
