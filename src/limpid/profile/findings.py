"""What a look at a table brings to light: about which column, what it is, and why."""

from dataclasses import dataclass

SUSPECT = ("identifier", "leak")
"""Kinds of findings after which a column had better not be learned from."""
WARNINGS = (*SUSPECT, "target")
"""And those that keep a target from being learned; all other kinds are good to know."""


@dataclass(frozen=True)
class Finding:
    """One thing that was found."""

    column: str
    """The name of the column, or empty where it is about the whole table."""
    kind: str
    """identifier, leak, target; or strong, copy, missing, text, imbalance, classes, codes, repeats."""
    reason: str
    """Why, in words."""

    @property
    def warning(self) -> bool:
        """Whether something should be done about it before learning."""
        return self.kind in WARNINGS
