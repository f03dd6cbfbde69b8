"""108-64-32-2, batch 256: the adult census (32,561 rows), categories one-hot, numbers standardised; kept as CSR."""

import os
from pathlib import Path

import numpy as np
from scipy.sparse import csr_array

from benchmarks.workload import Workload, one_hot
from limpid.errors import DataError


def load() -> Workload:
    import polars as pl
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    path = Path(os.environ.get("LIMPID_DATA", "")) / "tabular" / "adult-train.csv"
    if not path.exists():
        raise DataError(f"{path} is needed; LIMPID_DATA names the folder of data sets")
    table = pl.read_csv(path)
    inputs = table.drop("income")
    numbers = inputs.select(pl.selectors.numeric()).to_numpy()
    names = inputs.select(pl.selectors.string().fill_null("?")).to_numpy()
    parts = [StandardScaler().fit_transform(numbers), OneHotEncoder(sparse_output=False).fit_transform(names)]
    codes = (table["income"] == ">50K").to_numpy().astype(np.int64)
    X = np.concatenate(parts, axis=1, dtype=np.float32)
    return Workload(f"{X.shape[1]}-64-32-2, batch 256, adult, Adam", csr_array(X), one_hot(codes), (64, 32), 256)
