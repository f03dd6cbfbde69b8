"""The answer to an SQL query: from an SQLite file, or from a PostgreSQL server."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from limpid.errors import DataError, LimpidError, optional

POSTGRESQL = ("postgresql://", "postgres://")
ADDRESS = re.compile(
    r"postgres(?:ql)?://(?:[^@/?#]*@)?(?P<place>[\w.\-%\[\]:,]*)(?:/(?P<database>[\w.\-%]*))?(?:\?[^@?#]*)?"
)
"""Nothing in doubt: what is told of an address must not be a part of its password."""
SQLITE_ADDRESS = "sqlite:///"
SQLITE_SUFFIXES = (".sqlite", ".sqlite3", ".db")
READING = (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE)
"""All that a query may do in SQLite: nothing that writes, be it into another file."""
PATIENCE = 5
"""Seconds to wait for each of the two addresses that a server can have."""


def is_database(source: str) -> bool:
    """Whether `source` is a PostgreSQL or SQLite address, or a file whose name says that it is SQLite's."""
    return source.startswith((*POSTGRESQL, SQLITE_ADDRESS)) or source.lower().endswith(SQLITE_SUFFIXES)


def called(source: str) -> str:
    """What a source may be called before others: an address of PostgreSQL has no user, password or options then."""
    if not source.startswith(POSTGRESQL):
        return source
    found = ADDRESS.fullmatch(source)
    return f"postgresql://{found['place']}/{found['database'] or ''}" if found else POSTGRESQL[0]


def asked(source: str, query: str | None) -> tuple[str, dict[str, list[Any]]]:
    """What the source is called, and the columns that answer the one select in `query`, run as it is.

    The connection can only read. Moments with a time zone are in UTC. Errors: `DataError` for a server or file that
    cannot be reached, or a query that fails; `LimpidError` where there is none, or the source is not a database.
    """
    if not is_database(source):
        raise LimpidError(f"a query is for an SQLite file or a postgresql:// address, not for {source}")
    name = called(source)
    if query is None or not query.strip():
        raise LimpidError(f"{name}: which rows? A query is needed, which selects them in an order")
    if "\0" in query or query != query.encode(errors="replace").decode():
        raise LimpidError(f"{name}: a query is text, this one holds what is none")
    return name, (_ask_postgresql if source.startswith(POSTGRESQL) else _ask_sqlite)(name, source, query)


def _ask_sqlite(name: str, source: str, query: str) -> dict[str, list[Any]]:
    path = Path(source.removeprefix(SQLITE_ADDRESS))
    if not path.is_file():
        raise DataError(f"no such SQLite file: {path}")
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            connection.set_authorizer(_only_reading)
            cursor = connection.execute(query)
            return _columns(name, cursor.description, cursor.fetchall())
    except (sqlite3.Error, sqlite3.Warning) as error:
        raise DataError(f"{name}: the query fails: {_in_line(error)}") from None


def _only_reading(action: int, *_: str | None) -> int:
    return sqlite3.SQLITE_OK if action in READING else sqlite3.SQLITE_DENY


def _ask_postgresql(name: str, source: str, query: str) -> dict[str, list[Any]]:
    psycopg = optional("psycopg", "PostgreSQL is asked", "sql")
    with _connected(psycopg, name, source) as connection:
        try:
            if _answers_nothing(connection.pgconn, query.encode()):
                return _columns(name, None, [])
            connection.read_only = True
            connection.execute("set local timezone to 'UTC'")
            # prepared: the server refuses several statements, of which the first could end what can only read
            cursor = connection.execute(query.encode(), prepare=True)
            return _columns(name, cursor.description, cursor.fetchall())
        except psycopg.Error as error:
            raise DataError(f"{name}: the query fails: {_in_line(error)}") from None


def _connected(psycopg: Any, name: str, source: str) -> Any:
    try:
        address = psycopg.conninfo.conninfo_to_dict(source) if ADDRESS.fullmatch(source) else None
    except psycopg.ProgrammingError:  # it quotes what it cannot read, which may be a password
        address = None
    if address is None:
        raise LimpidError(
            "a PostgreSQL address is like postgresql://user:password@host:5432/database; "
            "in a password @ : / ? # % are written as %40 %3A %2F %3F %23 %25"
        )
    hosts = str(address.get("host", "")).split(",")
    try:
        return psycopg.connect(source, connect_timeout=max(2, PATIENCE // len(hosts)))
    except psycopg.Error as error:
        raise DataError(f"cannot reach {name}: {_in_line(error)}") from None


def _answers_nothing(connection: Any, query: bytes) -> bool:
    """Asked before anything is run: what gives no table (copy, call, do, commit) may well write."""
    connection.prepare(b"", query)
    described = connection.describe_prepared(b"")
    return not described.nfields and not described.error_message


def _columns(name: str, described: Any, rows: list[Any]) -> dict[str, list[Any]]:
    if not described:
        raise DataError(f"{name}: the query gives no table; a select is needed")
    columns = [column[0] for column in described]
    repeated = next((column for column in columns if columns.count(column) > 1), None)
    if repeated is not None:
        raise DataError(f"{name}: each column needs a name of its own, got {repeated!r} twice or more; use as")
    cells = zip(*rows, strict=True) if rows else [()] * len(columns)
    return dict(zip(columns, map(list, cells), strict=True))


def _in_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
