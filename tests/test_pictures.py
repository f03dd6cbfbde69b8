"""Pictures from files: what is read is what the files show, and what cannot be read is refused by name."""

import csv
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import limpid
from limpid.errors import DataError, LimpidError, ModelFileError
from limpid.evaluation import evaluate
from limpid.framing import Framing
from limpid.learning import learn
from limpid.model import Model
from limpid.readers import read
from tests.drawn_digits import DIGITS, LABELS, by_class, write
from tests.test_saving import change


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("pictures") / "digits", range(300))


@pytest.fixture(scope="module")
def model(digits: Path) -> Model:
    learning = learn(read(digits), epochs=30, hidden=[24], learning_rate=0.01)
    list(learning)
    return learning.model


def test_a_folder_is_learned_from_as_its_pixels_are(digits: Path, model: Model, tmp_path: Path) -> None:
    rows = by_class(range(300))
    np.savez(tmp_path / "same.npz", X=DIGITS[rows], y=LABELS[rows])
    dataset, same = read(digits), read(tmp_path / "same.npz")
    assert dataset.X.dtype == np.uint8
    assert (dataset.full_scale, dataset.image_shape) == (255.0, (8, 8))
    assert dataset.task == "classification"
    assert dataset.fingerprint() == same.fingerprint()
    assert dataset.names[0] == str(digits / "0" / "0000.png")
    learning = learn(same, epochs=30, hidden=[24], learning_rate=0.01)
    list(learning)
    assert all(np.array_equal(learning.model.parameters[name], model.parameters[name]) for name in model.parameters)


def table(path: Path, which: range, digits: str) -> Path:
    lines = "".join(f"{digits}{LABELS[n]}/{n:04d}.png,{n % 7},{'abcdefghij'[LABELS[n]]}\n" for n in which)
    path.write_text(f"picture,unused,letter\n{lines}")
    return path


def test_a_table_may_name_pictures(digits: Path, tmp_path: Path) -> None:
    beside = table(digits.parent / "names.csv", range(300), "digits/")
    dataset = read(beside, "letter")
    assert np.array_equal(dataset.X.reshape(-1, 8, 8), DIGITS[:300])
    assert dataset.targets == ("letter",)
    assert dataset.features == ()
    assert dataset.names[1] == "digits/1/0001.png"
    assert np.asarray(dataset.y)[:3].tolist() == ["a", "b", "c"]
    elsewhere = read(table(tmp_path / "names.csv", range(300), ""), "letter", data_dir=digits)
    assert elsewhere.fingerprint() == dataset.fingerprint()
    learning = learn(dataset, epochs=5, hidden=[8])
    list(learning)
    again = read(beside, like=learning.model)
    assert again.fingerprint() == learning.model.origin.fingerprint
    without = tmp_path / "without.csv"
    without.write_text(f"picture\n{digits}/0/0000.png\n")
    asked = read(without, like=learning.model, answers=False)
    assert np.array_equal(asked.X[0].reshape(8, 8), DIGITS[0])


@pytest.mark.parametrize(
    ("text", "data_dir", "told"),
    [
        ("f,y\na.png,0\nb.gif,1\nc.png,1\n", None, "names.csv: column 'f' row 2: 'b.gif' is no PNG or JPEG file"),
        ("f,y\na.png,0\n,1\nc.png,1\n", None, "column 'f' row 2: '' is no PNG or JPEG file"),
        ("f,g,y\na.png,b.jpg,0\na.png,b.jpg,1\n", None, "pictures in one column are needed, got 'f' and 'g'"),
        ("f,y\nabsent.png,0\nb.png,1\n", None, r"cannot read .*absent\.png: No such file or directory"),
        ("f,y\n1,0\n2,1\n", ".", "no column names PNG or JPEG files"),
        ("f,y\na.png,0\na.png,\n", None, "column 'y' row 2: a missing cell"),
        ("f,y\na\0b.png,0\na.png,1\n", None, "holds a zero byte at 5"),
    ],
)
def test_a_table_that_names_pictures_wrongly_is_refused(
    text: str, data_dir: str | None, told: str, tmp_path: Path
) -> None:
    (tmp_path / "names.csv").write_text(text)
    with pytest.raises(DataError, match=told):
        read(tmp_path / "names.csv", "y", data_dir=data_dir)


def test_all_threads_read_the_same(digits: Path) -> None:
    counts: list[tuple[int, int]] = []
    one = read(digits, threads=1, told=lambda done, total: counts.append((done, total)))
    assert one.fingerprint() == read(digits, threads=5).fingerprint()
    assert counts == sorted(counts)
    assert counts[-1] == (300, 300)
    assert len(counts) > 10


def test_pictures_of_different_sizes_need_one(tmp_path: Path) -> None:
    write(tmp_path, range(20))
    Image.fromarray(DIGITS[0]).resize((16, 8)).save(tmp_path / "3" / "wide.png")
    told = r"0000\.png has 8 x 8 pixels, .*wide\.png has 16 x 8: name one size for all \(--size 28x28\)"
    with pytest.raises(DataError, match=told):
        read(tmp_path)
    dataset = read(tmp_path, image_shape=(6, 12))
    assert (dataset.X.shape, dataset.image_shape) == ((21, 72), (6, 12))


def test_large_pictures_are_learned_from_only_where_asked(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
        Image.new("RGB", (3000, 257), "white" if name == "a" else "black").save(tmp_path / name / "1.jpg")
    with pytest.raises(DataError, match="has 3000 x 257 pixels, and more than 256 a side are only learned from where"):
        read(tmp_path)
    assert read(tmp_path, image_shape=(5, 5)).X[:, :].mean(axis=1).round().tolist() == [255, 0]


def test_more_pictures_than_memory_are_refused(digits: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("limpid.readers.pictures.memory_available", lambda: 10**9)
    with pytest.raises(LimpidError, match="300 pictures of 9000 x 9000 pixels need 24.3 GB of memory, 1.0 GB are"):
        read(digits, image_shape=(9000, 9000))


def test_a_model_learned_from_a_folder_answers_for_pictures(digits: Path, run: Any, tmp_path: Path) -> None:
    words = ["--hidden", "16", "--epochs", "12", "--learning-rate", "0.02", "--json", "--quiet", "--model", "m.limpid"]
    code, out, _ = run("train", str(digits), *words)
    told = json.loads(out)
    assert (code, told["rows_train"], told["rows_test"]) == (0, 240, 60)
    code, out, _ = run("evaluate", "m.limpid", str(digits), "--json", "--quiet")
    assert json.loads(out) == told, "the rows held out in training are found again"
    assert "pictures of 8 x 8 pixels, light on dark" in run("show", "m.limpid")[1]

    single, folder = digits / "3" / "0003.png", digits / "7"
    code, out, err = run("predict", "m.limpid", str(single), str(folder))
    rows = list(csv.DictReader(out.splitlines()))
    assert (code, err) == (0, "")
    assert [row["row"] for row in rows] == list(map(str, range(1, len(rows) + 1)))
    names = [row["file"] for row in rows]
    assert names == [str(single), *sorted(map(str, folder.iterdir()))]
    model = limpid.load("m.limpid")
    inputs = [DIGITS[int(Path(name).stem)] for name in names]
    assert [int(row["prediction"]) for row in rows] == model.predict(np.stack(inputs)).tolist()


def test_a_picture_that_the_network_saw_is_written(model: Model, run: Any, tmp_path: Path) -> None:
    limpid.save(model, tmp_path / "m.limpid")
    large = Image.fromarray(255 - DIGITS[9]).resize((200, 200))
    sheet = Image.new("L", (300, 260), 255)
    sheet.paste(large, (70, 20))
    sheet.save(tmp_path / "photo.jpg")
    code, out, _ = run("predict", "m.limpid", "photo.jpg", "--seen", "seen.png")
    assert code == 0
    seen = np.asarray(Image.open(tmp_path / "seen.png"))
    assert np.array_equal(seen.ravel(), read("photo.jpg", like=model, answers=False).X[0])
    assert np.corrcoef(seen.ravel(), DIGITS[9].ravel())[0, 1] > 0.8
    again = run("predict", "m.limpid", "seen.png")[1]
    assert again == out.replace("photo.jpg", "seen.png"), "it is seen as it is"
    code, _, _ = run("predict", "m.limpid", "photo.jpg", "seen.png", "--seen", "all", "--out", "answers.csv")
    assert code == 0
    assert (tmp_path / "answers.csv").read_text().count("\n") == 3
    assert sorted(path.name for path in (tmp_path / "all").iterdir()) == ["seen_1.png", "seen_2.png"]
    assert (tmp_path / "all" / "seen_1.png").read_bytes() == (tmp_path / "seen.png").read_bytes()


def test_rows_that_are_no_bytes_are_seen_as_pictures_too(run: Any, tmp_path: Path) -> None:
    run("train", "digits", "--epochs", "3", "--hidden", "8")
    Image.fromarray(DIGITS[0]).save(tmp_path / "zero.png")
    code, _, _ = run("predict", "digits.limpid", "zero.png", "--seen", "seen.png")
    assert code == 0
    assert np.array_equal(np.asarray(Image.open(tmp_path / "seen.png")), DIGITS[0])
    asked = read(tmp_path / "zero.png", like=limpid.load("digits.limpid"), answers=False)
    assert np.allclose(asked.X[0], read("digits").X[0], atol=0.04)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("predict m.limpid absent.png", "no such file or built-in data set: 'absent.png'"),
        ("predict m.limpid a.png absent.png", "no such file: absent.png"),
        ("predict m.limpid a.png t.csv", "several sources can only be pictures and folders of them, got t.csv"),
        ("predict m.limpid bad.png", "cannot read bad.png: it is neither PNG nor JPEG"),
        ("predict m.limpid a.png bad.png --seen all", "cannot read bad.png: it is neither PNG nor JPEG"),
        ("predict m.limpid empty", "empty holds no PNG or JPEG picture"),
        ("predict m.limpid a.png b.png --seen one.png", "a folder is needed for 2 pictures that the network saw"),
        ("predict m.limpid a.png --seen a.png", "the picture seen cannot be written to a.png: the source lies there"),
        ("predict m.limpid a.png --out a.png", "the answers cannot be written to a.png: the source lies there"),
        ("predict m.limpid seen --seen seen", "seen_1.png: a source lies there"),
        ("predict m.limpid a.png --seen no/one.png", "cannot write the picture seen no/one.png: No such file"),
        ("predict iris.limpid a.png", "the model did not learn from pictures but from 4 numbers a row"),
        ("predict iris.limpid iris --seen all", "the network saw no pictures that could be written"),
        ("predict old.limpid a.png", "train it again"),
        ("evaluate m.limpid a.png", "a picture alone has no answer"),
        ("evaluate m.limpid seen", "seen: a folder for each class is needed in it"),
        ("train a.png", "a picture alone has no answer"),
        ("train seen --target y", "no target can be named, got 'y'"),
        ("train seen --size 28", "--size needs width and height in pixels, as 28x28, got '28'"),
        ("train seen --size 0x5", "--size needs width and height in pixels, as 28x28, got '0x5'"),
        ("train seen --size 5x-5", "--size needs width and height in pixels, as 28x28, got '5x-5'"),
        ("train iris --size 5x5", "only pictures can be given a size, iris are none"),
        ("train seen --data-dir .", "data_dir is for mnist and for tables that name pictures, not for seen"),
    ],
)
def test_a_refusal_is_one_line_and_writes_nothing(
    words: str, told: str, model: Model, run: Any, tmp_path: Path
) -> None:
    limpid.save(model, tmp_path / "m.limpid")
    limpid.save(replace(model, framing=None), tmp_path / "old.limpid")
    if "iris" in words:
        run("train", "iris", "--epochs", "1", "--hidden", "2", "--quiet")
    for name in ("empty", "seen"):
        (tmp_path / name).mkdir()
    for place in ("a.png", "b.png", "seen/seen_1.png"):
        Image.fromarray(DIGITS[0]).save(tmp_path / place)
    (tmp_path / "bad.png").write_text("no picture")
    (tmp_path / "t.csv").write_text("x\n1\n")
    before = {path: path.is_file() and path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    code, out, err = run(*words.split())
    assert (code, out) == (2, "")
    assert told in err
    assert len(err.splitlines()) == 1
    assert {path: path.is_file() and path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_a_walk_ends_where_links_lead_in_circles(model: Model, digits: Path, tmp_path: Path) -> None:
    place = tmp_path / "deep" / "er"
    place.mkdir(parents=True)
    Image.fromarray(DIGITS[0]).save(place / "a.png")
    (place / "round").symlink_to(tmp_path)
    (tmp_path / "other").symlink_to(digits / "3")
    dataset = read(tmp_path, like=model, answers=False)
    assert len(dataset) == 1 + len(list((digits / "3").iterdir()))


def test_pictures_of_any_size_are_known_again(tmp_path: Path) -> None:
    """Learned from as they are fitted into a size, they are not cropped to their ink when they are measured."""
    random = np.random.default_rng(0)

    def larger(digit: np.ndarray) -> Any:
        width, height = random.integers(20, 60, 2)
        return Image.fromarray(np.pad(digit, 1)).resize((int(width), int(height)))

    write(tmp_path / "any", range(120), larger)
    learning = learn(read(tmp_path / "any", image_shape=(10, 10)), epochs=2, hidden=[8])
    list(learning)
    model = learning.model
    again = read(tmp_path / "any", like=model)
    assert again.fingerprint() == model.origin.fingerprint
    assert np.array_equal(again.X, learning.dataset.X)


def test_other_pictures_are_measured_as_they_are_answered(model: Model, tmp_path: Path) -> None:
    def inverted(digit: np.ndarray) -> Any:
        return Image.fromarray(255 - digit)

    write(tmp_path / "paper", range(300, 340), inverted)
    measured, answered = (read(tmp_path / "paper", like=model, answers=answers) for answers in (True, False))
    assert np.array_equal(measured.X, answered.X)
    assert np.array_equal(measured.X.reshape(-1, 8, 8), DIGITS[by_class(range(300, 340))])


def test_models_keep_their_framing(model: Model, tmp_path: Path) -> None:
    path = tmp_path / "m.limpid"
    limpid.save(model, path)
    assert limpid.load(path).framing == model.framing
    change(path, lambda d, a: d.pop("framing"))  # as files were before there was one
    assert limpid.load(path).framing is None
    limpid.save(replace(model, framing=Framing(16.0)), path)
    assert limpid.load(path).framing == Framing(16.0)


@pytest.mark.parametrize(
    "edit",
    [
        {"full_scale": 0}, {"full_scale": "white"}, {"full_scale": None}, {"background": "grey"}, {"box": None},
        {"box": [9, 8]}, {"box": [0, 8]}, {"box": [7.5, 8]}, {"box": [8]}, {"centring": "eye"}, {"centring": None},
        {"centre": [4]}, {"centre": ["a", 4]}, {"centre": None}, {"more": 1},
    ],
)  # fmt: skip
def test_a_framing_that_does_not_fit_is_refused(edit: dict[str, Any], model: Model, tmp_path: Path) -> None:
    limpid.save(model, tmp_path / "m.limpid")
    change(tmp_path / "m.limpid", lambda d, a: d["framing"].update(edit))
    with pytest.raises(ModelFileError, match=r"m\.limpid is damaged"):
        limpid.load(tmp_path / "m.limpid")


def test_a_framing_without_pictures_is_refused(tmp_path: Path) -> None:
    learning = learn(read("iris"), epochs=1, hidden=[2])
    list(learning)
    limpid.save(replace(learning.model, framing=Framing(255.0)), tmp_path / "m.limpid")
    with pytest.raises(ModelFileError, match="a framing is for pictures"):
        limpid.load(tmp_path / "m.limpid")


def test_what_reading_pictures_takes_is_checked(digits: Path, model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong: list[dict[str, Any]] = [
        {"image_shape": (0, 3)},
        {"image_shape": (8, 8), "like": model},
        {"image_shape": (8,)},
    ]
    for given in wrong:
        with pytest.raises(LimpidError, match="an image_shape is two positive numbers, and a model has its own; got"):
            read(digits, **given)
    with pytest.raises(LimpidError, match="a source is needed, got none"):
        read([])
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(LimpidError, match=r"pip install 'limpid\[pictures\]'"):
        read(digits)


def test_mnist_as_pictures_and_as_photos(data: Path, tmp_path: Path) -> None:
    """The same digits from IDX files and from PNG files give the same network; photos of them are read as well."""
    mnist = read("mnist", data_dir=data / "mnist")
    assert mnist.test is not None
    labels = np.asarray(mnist.y), np.asarray(mnist.test.y)
    parts = {"train": (mnist.X[:1000], labels[0]), "test": (mnist.test.X[:300], labels[1])}
    random = np.random.default_rng(0)
    for part, (X, y) in parts.items():
        for number, row in enumerate(X.reshape(-1, 28, 28)):
            names = [tmp_path / kind / part / f"{y[number]}" for kind in ("png", "photo")]
            for name in names:
                name.mkdir(parents=True, exist_ok=True)
            Image.fromarray(row).save(names[0] / f"{number:04d}.png")
            if part == "test":
                sheet = Image.new("L", (200, 150), 235)
                ink = Image.fromarray(row).resize((120, 120), Image.Resampling.BICUBIC)
                across, down = map(int, random.integers(0, [80, 30]))
                sheet.paste(Image.new("L", ink.size, 40), (across, down), ink)
                sheet.save(names[1] / f"{number:04d}.jpg", quality=80)
    pictures = read(tmp_path / "png")
    assert pictures.test is not None
    order = np.argsort(labels[0][:1000], kind="stable")
    same = replace(mnist.rows(order), test=pictures.test)
    assert np.array_equal(pictures.X, same.X)
    trained = []
    for dataset in (pictures, same):
        learning = learn(dataset, epochs=6, hidden=[64])
        list(learning)
        trained.append(learning.model)
    assert all(np.array_equal(trained[0].parameters[name], array) for name, array in trained[1].parameters.items())
    assert np.array_equal(read(tmp_path / "png" / "test", like=trained[0]).X, pictures.test.X)
    photos = read(tmp_path / "photo" / "test", like=trained[0])
    assert photos.names[0].endswith(".jpg")
    accuracy, of_photos = (evaluate(trained[0], each).accuracy or 0 for each in (pictures.test, photos))
    assert accuracy > 0.8
    assert of_photos > accuracy - 0.03
