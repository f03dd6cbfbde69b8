"""Which columns of a table are inputs and which are to be predicted."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from limpid.errors import DataError, listed, nearest
from limpid.readers.pictures import Reading

if TYPE_CHECKING:
    from limpid.model import Model


class Wanted(NamedTuple):
    """What the caller knows of the columns before the table is opened."""

    target: str | None
    """Column names, with commas between several; None where nothing was said."""
    features: tuple[str, ...] = ()
    """The inputs that a model needs; empty for all columns that are not a target."""
    for_model: bool = False
    """Whether the table is for a model that exists: its answers may then be absent."""
    answers: bool = True
    """Whether answers are of use at all."""
    ignored: tuple[str, ...] = ()
    """Columns that are not to be learned from."""
    categorical: tuple[str, ...] = ()
    """Columns whose numbers are names."""
    as_text: tuple[str, ...] = ()
    """Columns whose cells stay texts in a CSV file, where another cell would be read as a number."""
    pictures: Reading = Reading()
    """How picture files are read, where the source is or names some."""

    @staticmethod
    def of(
        target: str | None, model: "Model | None", answers: bool, ignored: Sequence[str], categorical: Sequence[str]
    ) -> "Wanted":
        """For learning with `target`, or for a model's own columns."""
        if model is None:
            texts = tuple(categorical)
            return Wanted(target, answers=answers, ignored=tuple(ignored), categorical=texts, as_text=texts)
        target = target or ",".join(model.targets) or None
        if model.encoder is None:
            return Wanted(target, model.features, for_model=True, answers=answers)
        texts = tuple(column.name for column in model.encoder.columns if column.kind == "category")
        return Wanted(target, model.encoder.inputs, for_model=True, answers=answers, as_text=texts)

    def choose(self, columns: list[str]) -> tuple[list[str], list[str]]:
        """Input and target columns of a table that has these `columns`.

        Errors: `DataError` for a column that is needed and absent, or where the target is not known.
        """
        targets = self._targets(columns)
        absent = [column for column in targets if column not in columns]
        if absent and not self.for_model:
            raise DataError(f"no column {absent[0]!r}{nearest(absent[0], columns)}; columns: {listed(columns)}")
        missing = [column for column in self.features if column not in columns]
        if missing:
            several = "s" if len(missing) > 1 else ""
            needed = ", ".join(map(repr, missing[:20]))
            raise DataError(f"the model needs the column{several} {needed}, which the table lacks")
        for column in self.ignored:
            if column not in columns:
                raise DataError(f"no column {column!r}{nearest(column, columns)} to ignore")
        left = [column for column in columns if column not in targets and column not in self.ignored]
        inputs = list(self.features) or left
        if not inputs:
            without = f" when {self.target!r} is the target" if self.target else ""
            raise DataError(f"no column is left to learn from{without}")
        return inputs, [] if absent or not self.answers else targets

    def _targets(self, columns: list[str]) -> list[str]:
        if not self.target:
            if self.for_model:
                return []
            raise DataError(f"which column is to be predicted? Name it with target; columns: {listed(columns)}")
        if self.target in columns:  # though there be commas in its name
            return [self.target]
        targets = self.target.split(",")
        if len(set(targets)) < len(targets):
            raise DataError(f"each target can be named once, got {self.target!r}")
        return targets
