"""Every kind of source, and every way in which one can be wrong."""

import gzip
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from limpid.dataset import Dataset
from limpid.errors import DataError, LimpidError
from limpid.learning import learn
from limpid.model import Model
from limpid.readers import BUILTIN, read

IMAGES = np.arange(3 * 2 * 2, dtype=np.uint8).reshape(3, 2, 2)
LABELS = np.array([7, 1, 7], np.uint8)


def idx(array: np.ndarray, code: int = 8) -> bytes:
    return bytes([0, 0, code, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def write_mnist(folder: Path, compress: bool) -> None:
    for part in ("train", "t10k"):
        for kind, array in (("images-idx3", IMAGES), ("labels-idx1", LABELS)):
            name = folder / f"{part}-{kind}-ubyte"
            if compress:
                name.with_name(name.name + ".gz").write_bytes(gzip.compress(idx(array)))
            else:
                name.write_bytes(idx(array))


@pytest.mark.parametrize("name", [name for name in BUILTIN if name != "mnist"])
def test_built_in_sets_hold_what_they_say(name: str) -> None:
    dataset = read(name)
    rows, inputs = len(dataset), dataset.X.shape[1]
    assert f"{rows:,} " in BUILTIN[name].summary
    assert f"{inputs} " in BUILTIN[name].summary or dataset.image_shape == (8, 8)
    assert dataset.y is not None
    assert not dataset.features or len(dataset.features) == inputs


@pytest.mark.parametrize("compress", [False, True])
def test_mnist_from_its_four_files(compress: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "mnist"
    folder.mkdir()
    write_mnist(folder, compress)
    monkeypatch.setenv("LIMPID_DATA", str(tmp_path))
    for dataset in (read("mnist"), read("mnist", data_dir=folder)):
        assert dataset.test is not None
        assert dataset.X.dtype == np.uint8
        assert (dataset.image_shape, dataset.full_scale, dataset.task) == ((2, 2), 255.0, "classification")
        assert np.array_equal(dataset.test.X, IMAGES.reshape(3, 4))


def test_mnist_is_fetched_where_no_files_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LIMPID_DATA", raising=False)
    asked: dict[str, Any] = {}

    def fetch(name: str, **options: Any) -> Any:
        asked.update(name=name, **options)
        bunch = type("Bunch", (), {})()
        bunch.data, bunch.target = np.zeros((60010, 784)), np.array(["3"] * 60010, object)
        return bunch

    monkeypatch.setattr("sklearn.datasets.fetch_openml", fetch)
    dataset = read("mnist")
    assert asked["name"] == "mnist_784"
    assert (len(dataset), len(dataset.test or ())) == (60000, 10)

    def fail(*_: Any, **__: Any) -> Any:
        raise OSError("no network")

    monkeypatch.setattr("sklearn.datasets.fetch_openml", fail)
    with pytest.raises(DataError, match="cannot be fetched from OpenML .no network.*LIMPID_DATA"):
        read("mnist")


def test_mnist_without_a_file_names_it(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="lacks train-images-idx3-ubyte"):
        read("mnist", data_dir=tmp_path)
    with pytest.raises(DataError, match="no such directory"):
        read("mnist", data_dir=tmp_path / "absent")


def test_an_idx_pair(tmp_path: Path) -> None:
    images, labels = tmp_path / "a-images-idx3-ubyte", tmp_path / "a-labels-idx1-ubyte"
    images.write_bytes(idx(IMAGES))
    labels.write_bytes(idx(LABELS))
    beside, named = read(images), read(images, str(labels))
    assert beside.y is not None
    assert beside.y.tolist() == [7, 1, 7]
    assert beside.fingerprint() == named.fingerprint()
    values = tmp_path / "values.idx"
    values.write_bytes(idx(np.array([[1.5, -2.0]] * 3, ">f4"), 13))
    floats = read(values, str(labels))
    assert floats.X.tolist() == [[1.5, -2.0]] * 3
    assert floats.full_scale is None
    with pytest.raises(DataError, match="which file holds the labels"):
        read(values)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "begins with nothing"),
        (b"\x89PNG....", "begins with 89 50 4e 47"),
        (b"\0\0\7\3" + b"\0" * 99, "not an IDX file"),
        (b"\0\0\x08\xff" + b"\0\0\0\1" * 255, "1 to 4 dimensions"),
        (b"\0\0\x08\x03\0\0", "it ends within its sizes"),
        (idx(IMAGES)[:-1], "truncated: 3 x 2 x 2 values need 12 bytes, it has 11"),
        (idx(IMAGES) + b"x", "longer than its 3 x 2 x 2 values"),
        (b"\0\0\x08\x03" + b"\x7f\xff\xff\xff" * 3, "at most 2147483648 are read"),
        (idx(IMAGES[:, 0, 0]), "needed, got"),
    ],
)
def test_a_damaged_idx_file_is_refused(content: bytes, told: str, tmp_path: Path) -> None:
    images, labels = tmp_path / "a-images-idx3-ubyte", tmp_path / "a-labels-idx1-ubyte"
    images.write_bytes(content)
    labels.write_bytes(idx(LABELS))
    with pytest.raises(DataError, match=told):
        read(images)


def test_damaged_gzip_is_refused(tmp_path: Path) -> None:
    good = gzip.compress(idx(np.zeros((50, 9, 9), np.uint8)))
    for name, content in (
        ("cut", good[:30]),
        ("foreign", b"not gzip at all"),
        ("odd", good[:12] + b"\xff" * 9 + good[21:]),
    ):
        path = tmp_path / f"{name}-images-idx3-ubyte.gz"
        path.write_bytes(content)
        path.with_name(f"{name}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(LABELS)))
        with pytest.raises(DataError, match=f"cannot read .*{name}|truncated|not an IDX"):
            read(path)


def test_npz(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, X=np.ones((4, 2)), y=np.array([[0.5], [1.5], [2.5], [3.5]]), other=np.array([0, 1, 0, 1]))
    assert read(path).task == "regression"
    assert read(path, "other").task == "classification"
    assert read(path, task="regression", target="other").task == "regression"
    np.savez(path, x_train=IMAGES, y_train=LABELS, x_test=IMAGES[:1], y_test=LABELS[:1])
    dataset = read(path)
    assert len(dataset.test or ()) == 1
    assert dataset.image_shape == (2, 2)


@pytest.mark.parametrize(
    ("arrays", "told"),
    [
        ({"a": np.ones(3)}, "an array called X or x or x_train or X_train is needed, got a"),
        ({"X": np.ones((3, 2))}, "answers called y or Y"),
        ({"X": np.ones(3), "y": np.ones(3)}, r"got an array of shape \(3,\)"),
        ({"X": np.ones((3, 2)), "y": np.ones(2)}, "need as many targets"),
        ({"X": np.zeros((0, 3)), "y": np.zeros(0)}, "at least one row"),
        ({"X": np.array([[{}]], object), "y": np.ones(1)}, "cannot read .*allow_pickle"),
    ],
)
def test_npz_that_does_not_fit_is_refused(arrays: dict[str, np.ndarray], told: str, tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, **arrays)  # type: ignore[arg-type]
    with pytest.raises(DataError, match=told):
        read(path)


def test_a_damaged_npz_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    for content in (b"", b"PK\x03\x04 nothing", b"x" * 100):
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"cannot read .*a\.npz as \.npz"):
            read(path)


def table(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "t.csv"
    path.write_text(text)
    return path


def cells(dataset: Dataset) -> list[list[float]]:
    """Of each column of numbers."""
    return [dataset.X[name].numbers(name).tolist() for name in dataset.X]


def test_csv(tmp_path: Path) -> None:
    path = table(tmp_path, "age,size,kind,other\n1, 2.5,a,0\n3,-4e1,b,1\n")
    texts = read(path, "kind")
    assert cells(texts) == [[1, 3], [2.5, -40], [0, 1]]
    assert (texts.features, texts.targets, texts.task) == (("age", "size", "other"), ("kind",), "classification")
    assert texts.y is not None
    assert texts.y.tolist() == ["a", "b"]
    whole = read(table(tmp_path, "a,other\n1,0\n2,1\n"), "other").y
    assert whole is not None
    assert whole.dtype == np.int64
    several = read(table(tmp_path, "a,p,q\n1,0,1\n2,1,1\n"), "p,q")
    assert several.task == "multilabel"
    numbers = read(table(tmp_path, "a,p,q\n1,0.5,1\n2,1,1\n"), "p,q")
    assert (numbers.task, numbers.targets) == ("regression", ("p", "q"))


@pytest.mark.parametrize(
    ("text", "target", "told"),
    [
        ("a,b\n" + "1,2\n" * 11 + "abc,3\n", "b", "t.csv: column 'a' row 12: cannot read 'abc' as a number"),
        ("a,b\n1,2\n3,\n", "b", "column 'b' row 2: a missing cell"),
        ("a,b\n1,2\ninf,3\n", "b", "column 'a' row 2: cannot read 'inf' as a number"),
        ("a,b\n" + "1,2\n" * 30 + "1,NA\n", "b", "column 'b' row 31: a missing cell"),
        ("a,b\n1,2\n3,inf\n", "b", "column 'b' row 2: cannot read 'inf'"),
        ("a,b\n1,2\n", "bb", "no column 'bb' .did you mean 'b'"),
        ("a,b\n1,2\n", "b,b", "each target can be named once, got 'b,b'"),
        ("a,b\n1,2\n", "", "which column is to be predicted"),
        ("a,b\n1,2\n", None, "which column is to be predicted.* columns: a, b"),
        ("a,a,b\n1,2,3\n", "b", "each column needs a name of its own, got 'a' 2 times"),
        ("a,,b\n1,2,3\n", "b", "each column needs a name of its own, got an empty one"),
        ("a,b\n", "b", "no rows below the header"),
        ("", "b", "cannot read .* as CSV"),
        ("a,b\n1,2,3\n", "b", "row 1: 3 cells, the header has 2"),
        ("a,b\n1,2\n3\n4,5\n", "b", "row 2: 1 cells, the header has 2"),
        ("b\n1\n2\n", "b", "no column is left to learn from"),
    ],
)
def test_csv_that_does_not_fit_is_refused(text: str, target: str | None, told: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=told):
        read(table(tmp_path, text), target)


def test_a_task_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    path = table(tmp_path, "a,b\n1,x\n2,y\n")
    with pytest.raises(LimpidError, match="a regression needs numbers to predict, got texts like 'x'"):
        read(path, "b", task="regression")
    with pytest.raises(LimpidError, match="several labels need columns of 0 and 1"):
        read(table(tmp_path, "a,b,c\n1,2,3\n2,3,4\n"), "b,c", task="multilabel")
    with pytest.raises(LimpidError, match="unknown task 'guessing'"):
        read(table(tmp_path, "a,b\n1,0\n2,1\n"), "b", task="guessing")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("digit", "no such file or built-in data set: 'digit' .did you mean 'digits'"),
        (__file__, "unknown kind of file"),
    ],
)
def test_sources_that_are_none_are_refused(name: str, told: str) -> None:
    with pytest.raises(DataError, match=told):
        read(name)


@pytest.fixture
def model(tmp_path: Path) -> Model:
    path = table(tmp_path, "a,b,kind\n" + "".join(f"{n},{n % 3},{'xy'[n % 2]}\n" for n in range(20)))
    learning = learn(read(path, "kind"), epochs=1, hidden=[2])
    list(learning)
    return learning.model


def test_a_table_for_a_model_has_its_columns_in_its_order(model: Model, tmp_path: Path) -> None:
    dataset = read(table(tmp_path, "b,unused,a\n5,?,6\n"), like=model)
    assert cells(dataset) == [[6], [5]]
    assert dataset.y is None
    with_answers = read(table(tmp_path, "kind,b,a\ny,5,6\n"), like=model)
    assert with_answers.y is not None
    assert with_answers.y.tolist() == ["y"]
    digits_as_text = read(table(tmp_path, "kind,b,a\n1,5,6\n"), like=model)
    assert digits_as_text.y is not None
    assert digits_as_text.y.dtype.kind == "U"


def test_answers_that_are_not_needed_are_not_read(model: Model, tmp_path: Path) -> None:
    path = table(tmp_path, "kind,b,a\n,5,6\n")
    assert read(path, like=model, answers=False).y is None
    arrays = tmp_path / "a.npz"
    np.savez(arrays, x_train=np.ones((3, 2)), x_test=np.ones((1, 2)))
    dataset = read(arrays, like=model, answers=False)
    assert (len(dataset), len(dataset.test or ())) == (3, 1)
    images = tmp_path / "q-images-idx3-ubyte"
    images.write_bytes(idx(IMAGES[:, :1]))
    assert read(images, like=model, answers=False).y is None


def test_test_rows_never_get_the_training_answers(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, x_train=np.ones((3, 2)), x_test=np.zeros((3, 2)), labels=np.array([0, 1, 0]))
    assert read(path, "labels").test is None


def test_tables_of_bytes_are_no_pictures(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, X=np.eye(4, dtype=np.uint8), y=np.arange(4) % 2)
    assert read(path).full_scale is None


def test_what_a_built_in_set_has_no_use_for_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LimpidError, match="iris has its own target, none can be named, got 'x'"):
        read("iris", "x")
    with pytest.raises(LimpidError, match="data_dir is for mnist and for tables that name pictures, not for iris"):
        read("iris", data_dir=tmp_path)


def test_a_suffix_may_be_in_capitals(tmp_path: Path) -> None:
    path = tmp_path / "T.CSV"
    path.write_text("a,b\n1,2\n3,4\n")
    assert read(path, "b").features == ("a",)


def test_what_a_model_lacks_is_named(model: Model, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="the model needs the column 'b', which the table lacks"):
        read(table(tmp_path, "a,kind\n1,x\n"), like=model)
    path = tmp_path / "a.npz"
    np.savez(path, X=np.ones((3, 5)))
    with pytest.raises(DataError, match="the model learned from 2 inputs, got 5"):
        read(path, like=model)


def test_without_polars_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "polars", None)
    with pytest.raises(LimpidError, match=r"pip install 'limpid\[tables\]'"):
        read(table(tmp_path, "a,b\n1,2\n"), "b")
