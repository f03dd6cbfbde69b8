"""Data sets by name: those inside scikit-learn, and MNIST from its four IDX files."""

import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from limpid.dataset import Dataset
from limpid.errors import DataError
from limpid.readers.idx import pictures, read_idx_array


@dataclass(frozen=True)
class Builtin:
    """A data set that is known by name."""

    summary: str
    read: Callable[[], Dataset]


def read_digits() -> Dataset:
    """1,797 handwritten digits, 8 x 8 pixels of 0..16 (E. Alpaydin, C. Kaynak 1998), from inside scikit-learn."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    return Dataset("digits", bunch.data.astype(np.uint8), bunch.target, image_shape=(8, 8), full_scale=16.0)


def read_toy(name: str) -> Dataset:
    """One of the small tables inside scikit-learn."""
    from sklearn import datasets

    bunch = getattr(datasets, f"load_{name}")()
    classes = getattr(bunch, "target_names", None)
    y = bunch.target if classes is None else np.asarray(classes).astype(str)[bunch.target]
    task = "regression" if classes is None else "classification"
    return Dataset(name, bunch.data, y, task, tuple(map(str, bunch.feature_names)), ("target",))


def read_mnist(data_dir: str | Path | None = None) -> Dataset:
    """70,000 handwritten digits, 28 x 28 pixels of 0..255 (LeCun, Cortes, Burges), 10,000 of them for testing.

    From the four IDX files, .gz or not, in `data_dir` or $LIMPID_DATA/mnist; else from OpenML through scikit-learn,
    which keeps a copy. Errors: `DataError` where a file is missing or damaged, or OpenML does not answer.
    """
    if data_dir is None and os.environ.get("LIMPID_DATA"):
        found = Path(os.environ["LIMPID_DATA"]) / "mnist"
        data_dir = found if found.is_dir() else None
    if data_dir is None:
        return _fetch_mnist()
    if not Path(data_dir).is_dir():
        raise DataError(f"no such directory: {data_dir}")
    train, test = (_mnist_part(Path(data_dir), part) for part in ("train", "t10k"))
    return pictures("mnist", *train, test=pictures("mnist", *test))


def _mnist_part(folder: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    found = []
    for kind in ("images-idx3-ubyte", "labels-idx1-ubyte"):
        name = f"{part}-{kind}"
        path = next((path for path in (folder / name, folder / f"{name}.gz") if path.exists()), None)
        if path is None:
            raise DataError(f"{folder} lacks {name} (or {name}.gz): MNIST is four IDX files")
        found.append(read_idx_array(path))
    return found[0], found[1]


def _fetch_mnist() -> Dataset:
    from sklearn.datasets import fetch_openml

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # each try that failed; the error tells it all
            bunch = fetch_openml("mnist_784", version=1, as_frame=False, parser="liac-arff")
    except OSError as error:
        raise DataError(
            f"MNIST cannot be fetched from OpenML ({error}); put its four IDX files into a folder and name that with "
            "data_dir, or set LIMPID_DATA to the folder that holds it as 'mnist'"
        ) from None
    images, labels = bunch.data.astype(np.uint8).reshape(-1, 28, 28), bunch.target.astype(np.int64)
    return pictures("mnist", images[:60000], labels[:60000], pictures("mnist", images[60000:], labels[60000:]))


BUILTIN: dict[str, Builtin] = {
    "digits": Builtin("1,797 handwritten digits, 8 x 8 pixels, 10 classes", read_digits),
    "mnist": Builtin("70,000 handwritten digits, 28 x 28 pixels, 10 classes", read_mnist),
    "iris": Builtin("150 flowers, 4 measurements, 3 species", lambda: read_toy("iris")),
    "wine": Builtin("178 wines, 13 measurements, 3 cultivars", lambda: read_toy("wine")),
    "breast_cancer": Builtin("569 tumours, 30 measurements, malignant or benign", lambda: read_toy("breast_cancer")),
    "diabetes": Builtin("442 patients, 10 measurements, progression after a year", lambda: read_toy("diabetes")),
}
"""Every data set by name."""
