"""Folders of pictures, a sub-folder for each class, into data sets; and single files, whose class is not known."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limpid.dataset import Dataset
from limpid.errors import DataError, printable
from limpid.readers.columns import Wanted
from limpid.readers.pictures import OTHER_PICTURES, is_picture, read_pictures

SPLITS = (("train", "test"), ("training", "testing"))
"""Names of the two sub-folders of a source that has a split of its own."""


def read_folder(folder: Path, wanted: Wanted) -> Dataset:
    """The pictures in the sub-folders of `folder`, each named as its class, or in those of its train and test folders.

    Where no answers are wanted, all pictures in it and below. Errors: `DataError` that names the folder or file where
    a class has no picture, a picture no class, or one cannot be read.
    """
    if not wanted.answers:
        return read_files([folder], wanted)
    if wanted.target and not wanted.for_model:
        raise DataError(f"{folder}: pictures are named by their folders; no target can be named, got {wanted.target!r}")
    parts = [_labelled(part) for part in _parts(folder)]
    classes = {label for _, label in parts[0]}
    if len(classes) < 2 and not wanted.for_model:
        raise DataError(f"{printable(folder)}: at least two classes are needed to tell apart, got only {classes.pop()}")
    paths = [path for part in parts for path, _ in part]
    y = _labels([label for part in parts for _, label in part])
    return _dataset(printable(folder), paths, y, len(parts[0]), wanted)


def read_files(sources: Sequence[Path], wanted: Wanted) -> Dataset:
    """The pictures in files, and in folders and below, in the order given, then by name; their answers are not known.

    Errors: `DataError` where there is none, or one cannot be read.
    """
    if wanted.answers:
        raise DataError(
            f"{printable(sources[0])}: a picture alone has no answer; a folder of it for each class is needed"
        )
    paths = [path for source in sources for path in (_below(source) if source.is_dir() else [source])]
    if not paths:
        raise DataError(f"{printable(sources[0])} holds no PNG or JPEG picture")
    return _dataset(printable(sources[0]), paths, None, len(paths), wanted)


def _dataset(name: str, paths: list[Path], y: NDArray[Any] | None, count: int, wanted: Wanted) -> Dataset:
    """Of the first `count` pictures; those after them are for testing."""
    rows = read_pictures(paths, wanted.pictures)

    def part(which: slice, test: Dataset | None) -> Dataset:
        return Dataset(
            name,
            rows.X[which],
            None if y is None else y[which],
            image_shape=rows.image_shape,
            full_scale=rows.full_scale,
            names=tuple(map(printable, paths[which])),
            test=test,
        )

    return part(slice(count), part(slice(count, None), None) if count < len(paths) else None)


def _parts(folder: Path) -> list[Path]:
    """The folder itself, or its train and test folders where these have folders of their own."""
    pictures, folders = _entries(folder)
    named = {path.name: path for path in folders}
    for split in SPLITS:
        if all(name in named and _entries(named[name])[1] for name in split):
            odd = [*pictures, *(path for path in folders if path.name not in split)]
            if odd:
                raise DataError(f"{printable(odd[0])}: beside {' and '.join(split)} nothing else can stand")
            return [named[name] for name in split]
    return [folder]


def _labelled(folder: Path) -> list[tuple[Path, str]]:
    """Each picture in a sub-folder, by name, with the sub-folder's name."""
    strays, folders = _entries(folder)
    if not folders:
        raise DataError(f"{printable(folder)}: a folder for each class is needed in it, with PNG or JPEG files")
    if strays:
        raise DataError(f"{printable(strays[0])} belongs to no class, it lies beside their folders")
    found = []
    for each in folders:
        pictures, inner = _entries(each)
        if not pictures:
            raise DataError(f"{printable(each)} holds no PNG or JPEG picture, which a folder for a class needs")
        if inner:
            raise DataError(f"{printable(inner[0])} is a folder within that of a class")
        found += [(path, printable(each.name)) for path in pictures]
    return found


def _below(folder: Path) -> Iterable[Path]:
    """All pictures in a folder and the folders below; none twice, though links may lead in circles."""
    waiting, seen = [folder], set()
    while waiting:
        at = waiting.pop()
        if (place := os.path.realpath(at)) not in seen:
            seen.add(place)
            pictures, folders = _entries(at)
            yield from pictures
            waiting += reversed(folders)


def _entries(folder: Path) -> tuple[list[Path], list[Path]]:
    """Pictures and folders in a folder, each by name, without hidden ones."""
    files: list[Path] = []
    folders: list[Path] = []
    try:
        with os.scandir(folder) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                if not entry.name.startswith((".", "__MACOSX")):
                    path = folder / entry.name
                    (folders if (path.is_dir() if entry.is_symlink() else entry.is_dir()) else files).append(path)
    except OSError as error:
        raise DataError(f"cannot read the folder {printable(folder)}: {error.strerror or error}") from None
    for path in files:
        if path.suffix.lower() in OTHER_PICTURES:
            raise DataError(f"cannot read {printable(path)}: only PNG and JPEG pictures are read")
    return [path for path in files if is_picture(path)], folders


def _labels(names: list[str]) -> NDArray[Any]:
    """Whole numbers where all names are those, else texts."""
    if all(len(name) < 19 and name.isascii() and name.isdigit() and name == str(int(name)) for name in set(names)):
        return np.array(names, dtype=str).astype(np.int64)
    return np.array(names, dtype=str)
