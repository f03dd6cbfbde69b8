"""The answer to an SQL query: from an SQLite file, or from a PostgreSQL server."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from limpid.errors import DataError, LimpidError

POSTGRESQL = ("postgresql://", "postgres://")
SQLITE_ADDRESS = "sqlite:///"
SQLITE_SUFFIXES = (".sqlite", ".sqlite3", ".db")


def is_database(source: str) -> bool:
    """Whether `source` is a PostgreSQL or SQLite address, or a file whose name says that it is SQLite's."""
    return source.startswith((*POSTGRESQL, SQLITE_ADDRESS)) or source.lower().endswith(SQLITE_SUFFIXES)


def asked(source: str, query: str | None) -> tuple[str, Any]:
    """What the source is called, without a password, and the polars frame that answers `query`, run as it is.

    The connection can only read. Errors: `DataError` for a server or file that cannot be reached, or a query that
    fails; `LimpidError` where there is none, or the source is not a database.
    """
    if not is_database(source):
        raise LimpidError(f"a query is for an SQLite file or a postgresql:// address, not for {source}")
    name = _without_password(source)
    if not query:
        raise LimpidError(f"{name}: which rows? A query is needed, which selects them in an order")
    return name, (_postgresql if source.startswith(POSTGRESQL) else _sqlite)(name, source, query)


def _sqlite(name: str, source: str, query: str) -> Any:
    path = Path(source.removeprefix(SQLITE_ADDRESS))
    if not path.is_file():
        raise DataError(f"no such SQLite file: {path}")
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            cursor = connection.execute(query)
            return _frame(name, cursor.description, cursor.fetchall())
    except (sqlite3.Error, sqlite3.Warning) as error:
        raise DataError(f"{name}: the query fails: {_one_line(error)}") from None


def _postgresql(name: str, source: str, query: str) -> Any:
    try:
        import psycopg
    except ImportError:
        raise LimpidError("PostgreSQL is asked with psycopg: pip install 'limpid[sql]'") from None
    try:
        with psycopg.connect(source, connect_timeout=10) as connection:
            connection.read_only = True
            cursor = connection.execute(query.encode())
            return _frame(name, cursor.description, cursor.fetchall() if cursor.description else [])
    except psycopg.OperationalError as error:
        raise DataError(f"cannot reach {name}: {_one_line(error)}") from None
    except psycopg.Error as error:
        raise DataError(f"{name}: the query fails: {_one_line(error)}") from None


def _frame(name: str, described: Any, rows: list[Any]) -> Any:
    try:
        import polars
    except ImportError:
        raise LimpidError("tables are read with polars: pip install 'limpid[tables]'") from None
    if not described:
        raise DataError(f"{name}: the query gives no table; a select is needed")
    columns = [column[0] for column in described]
    repeated = [column for column in columns if columns.count(column) > 1]
    if repeated:
        raise DataError(f"{name}: each column needs a name of its own, got {repeated[0]!r} twice or more; use as")
    cells = zip(*rows, strict=True) if rows else [()] * len(columns)
    try:
        series = [polars.Series(column, list(each), strict=True) for column, each in zip(columns, cells, strict=True)]
    except (TypeError, polars.exceptions.PolarsError) as error:
        raise DataError(f"{name}: a column holds cells of several kinds: {_one_line(error)}") from None
    return polars.DataFrame(series)


def _without_password(source: str) -> str:
    """The address without what stands between the user's name and the host."""
    scheme, separator, rest = source.partition("://")
    user, at, host = rest.rpartition("@")
    if not at:
        return source.partition("?")[0] if separator else source
    return f"{scheme}://{user.partition(':')[0]}@{host.partition('?')[0]}"


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
