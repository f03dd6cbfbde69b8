"""Real tables with answers, as numbers: what `$LIMPID_DATA/tabular` holds."""

import os
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.apart import ApartError

TABLES = {
    "adult-train": "income",
    "mammography": "class",
    "phoneme": "class",
    "winequality-white": "quality",
    "abalone": "rings",
    "banknote_authentication": "class",
    "german": "class",
    "sonar": "class",
    "auto_imports": "price",
}
NUMBERS = {"winequality-white", "abalone", "auto_imports"}
"""Those whose target is a number."""


def read(name: str) -> tuple[Any, Any]:
    """Inputs with one column for each category, and answers."""
    import polars as pl

    path = Path(os.environ.get("LIMPID_DATA", "")) / "tabular" / f"{name}.csv"
    if not path.exists():
        raise ApartError(f"{path} is needed; LIMPID_DATA names the folder of data sets")
    found = pl.read_csv(path)
    y = found[TABLES[name]].to_numpy()
    inputs = found.drop(TABLES[name]).with_columns(
        pl.selectors.numeric().fill_null(strategy="mean"), pl.selectors.string().fill_null("?")
    )
    return inputs.to_dummies(pl.selectors.string()).to_numpy().astype(np.float32), y
