"""Which columns of a table are inputs and which are to be predicted."""

from typing import NamedTuple

from limpid.errors import DataError, nearest
from limpid.model import Model
from limpid.readers.pictures import Reading


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
    pictures: Reading = Reading()
    """How picture files are read, where the source is or names some."""

    @staticmethod
    def of(target: str | None, model: Model | None, answers: bool, pictures: Reading) -> "Wanted":
        """For learning with `target`, or for a model's own columns."""
        if model is None:
            return Wanted(target, answers=answers, pictures=pictures)
        target = target or ",".join(model.targets) or None
        return Wanted(target, model.features, for_model=True, answers=answers, pictures=pictures)

    def choose(self, name: str, columns: list[str]) -> tuple[list[str], list[str]]:
        """Input and target columns of the table called `name`.

        Errors: `DataError` for a column that is needed and absent, or where the target is not known.
        """
        if not self.target and not self.for_model:
            raise DataError(
                f"{name}: which column is to be predicted? Name it with target; columns: {', '.join(columns)}"
            )
        targets = self.target.split(",") if self.target else []
        if len(set(targets)) < len(targets):
            raise DataError(f"{name}: each target can be named once, got {self.target!r}")
        absent = [column for column in targets if column not in columns]
        if absent and not self.for_model:
            raise DataError(
                f"{name}: no column {absent[0]!r}{nearest(absent[0], columns)}; columns: {', '.join(columns)}"
            )
        missing = [column for column in self.features if column not in columns]
        if missing:
            raise DataError(f"{name}: the model needs {_listed(missing)}, which the table lacks")
        inputs = list(self.features) or [column for column in columns if column not in targets]
        if not inputs:
            raise DataError(f"{name}: no column is left to learn from when {self.target!r} is the target")
        return inputs, [] if absent or not self.answers else targets


def _listed(columns: list[str]) -> str:
    plural = "s" if len(columns) > 1 else ""
    return f"the column{plural} {', '.join(map(repr, columns))}"
