"""A profile: what was found out about a source of examples, for programs, notebooks and the terminal."""

from dataclasses import asdict, dataclass
from html import escape
from typing import Any

from limpid.errors import LimpidError
from limpid.profile.figures import ColumnFigures
from limpid.profile.findings import SUSPECT, Finding
from limpid.profile.targets import Target


@dataclass(frozen=True)
class ArrayFigures:
    """What rows of numbers without names hold."""

    inputs: int
    """Numbers a row has."""
    image_shape: tuple[int, int] | None
    """(height, width) where a row is a picture."""
    dtype: str
    least: str
    most: str
    zeros: float
    """The share of numbers that are 0."""
    constant: int
    """Inputs that are the same in every row."""


@dataclass(frozen=True)
class Profile:
    """What a source holds, what learning would make of it, and what there is to beware of."""

    source: str
    rows: int
    columns: tuple[ColumnFigures, ...]
    """Of a table, in its order; empty for arrays whose inputs have no names."""
    target: Target | None
    """What is to be predicted; None where nobody said it and no column is likely."""
    findings: tuple[Finding, ...]
    """Those that something should be done about first."""
    repeated: int
    """Rows that repeat an earlier one."""
    array: ArrayFigures | None = None
    """The figures of arrays whose inputs have no names."""
    test_rows: int = 0
    """Examples that the source keeps for testing; they are not looked at."""

    @property
    def inputs(self) -> int:
        """How many numbers a network would get of each row."""
        return self.array.inputs if self.array else sum(column.inputs for column in self.columns)

    @property
    def suspects(self) -> dict[str, str]:
        """The columns that had better not be learned from, each with its kind: identifier or leak."""
        return {found.column: found.kind for found in self.findings if found.kind in SUSPECT}

    def to_rows(self) -> list[dict[str, Any]]:
        """A dictionary of plain values for each column, with all that was found out about it."""
        return [
            {
                **asdict(column),
                "frequent": [list(each) for each in column.frequent],
                "target": self.target is not None and column.name in self.target.names,
                "findings": [f"{found.kind}: {found.reason}" for found in self.findings if found.column == column.name],
            }
            for column in self.columns
        ]

    def to_frame(self) -> Any:
        """The rows as a polars data frame. Errors: `LimpidError` where polars is missing."""
        try:
            import polars
        except ImportError:
            raise LimpidError("data frames are made with polars: pip install 'limpid[tables]'") from None
        texts = ("least", "middle", "most")  # a column of polars is of one kind: the ends are written out
        rows = [
            {
                **row,
                **{end: None if row[end] is None else str(row[end]) for end in texts},
                "frequent": [text for text, _ in row["frequent"]],
            }
            for row in self.to_rows()
        ]
        return polars.DataFrame(rows, infer_schema_length=None)

    def describe(self) -> dict[str, Any]:
        """Plain values, as JSON can hold them."""
        return {
            "source": self.source,
            "rows": self.rows,
            "test_rows": self.test_rows,
            "repeated": self.repeated,
            "inputs": self.inputs,
            "target": self.target and asdict(self.target),
            "suspects": self.suspects,
            "findings": [asdict(found) for found in self.findings],
            "array": self.array and asdict(self.array),
            "columns": self.to_rows(),
        }

    def _repr_html_(self) -> str:
        titles = ("name", "kind", "missing", "distinct", "values", "inputs", "tells alone")
        head = "".join(f"<th>{title}</th>" for title in titles)
        rows = "".join(f"<tr>{_row(column)}</tr>" for column in self.columns)
        items = "".join(
            f"<li>{escape(found.column)} <b>{escape(found.kind)}</b>: {escape(found.reason)}</li>"
            for found in self.findings
        )
        target = f", target {escape(', '.join(self.target.names))}: {self.target.task}" if self.target else ""
        table = f"<table><tr>{head}</tr>{rows}</table>" if self.columns else ""
        return f"<p>{escape(self.source)}: {self.rows:,} rows{target}</p>{table}<ul>{items}</ul>"


def _row(column: ColumnFigures) -> str:
    told = "" if column.told is None else f"{column.told:.0%}"
    cells = (
        column.name,
        column.kind,
        f"{column.missing:,}",
        f"{column.distinct:,}",
        column.values,
        column.inputs,
        told,
    )
    return "".join(f"<td>{escape(str(cell))}</td>" for cell in cells)
