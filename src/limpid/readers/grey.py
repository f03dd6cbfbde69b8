"""One PNG or JPEG file as grey pixels."""

import io
import stat
from collections.abc import Callable
from contextlib import nullcontext
from math import isqrt
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from limpid.errors import DataError, printable
from limpid.pixels import FLAT
from limpid.readers.headers import JPEG, PNG, jpeg_size, png_size

if TYPE_CHECKING:
    from PIL.Image import Image

LARGEST_FILE = 2**26
"""Bytes of a file that are read at most."""
LARGE = 2**24
"""Pixels above which pictures are unpacked one after the other, to have the memory of one."""
MOST_PIXELS = 2**21
"""Pixels that show enough of any picture, however long and thin it is."""
UPRIGHT: dict[int, Callable[[NDArray[Any]], NDArray[Any]]] = {
    2: np.fliplr,
    3: lambda grey: np.rot90(grey, 2),
    4: np.flipud,
    5: np.transpose,
    6: lambda grey: np.rot90(grey, -1),
    7: lambda grey: np.rot90(grey, 2).T,
    8: np.rot90,
}
"""By EXIF's orientation (Exif 2.32, tag 274), what turns a picture so that it stands as it was seen."""

_large = Lock()


def read_grey(path: Path, enough: int | None = None) -> NDArray[np.uint8]:
    """The pixels (height, width) of the first picture in a PNG or JPEG file, black 0 and white 255, upright.

    Colours count by their luminance (ITU-R BT.601), what is transparent is white. Where `enough` is given, a picture
    whose sides are twice as long or more is made smaller, but no side shorter than that, as is one of very many
    pixels. Errors: `DataError`
    that names the file where it cannot be read, is damaged or holds too many pixels.
    """
    # not by PIL.Image.open, which knows forty more formats, and warns or fails at sizes of its own
    try:
        content = _content(path)
        width, height = png_size(content) if content.startswith(PNG) else jpeg_size(content)
        with _large if width * height > LARGE else nullcontext():
            return _unpacked(content, (width, height), enough)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(f"cannot read {printable(path)}: {reason}") from None


def _content(path: Path) -> bytes:
    about = path.stat()
    if not stat.S_ISREG(about.st_mode):
        raise DataError("it is not a plain file")
    if about.st_size > LARGEST_FILE:
        raise DataError(f"it has {about.st_size} bytes, at most {LARGEST_FILE} are read")
    content = path.read_bytes()
    if not content.startswith((PNG, JPEG)):
        raise DataError(f"it is neither PNG nor JPEG, it begins with {content[:4].hex(' ') or 'nothing'}")
    return content


def _unpacked(content: bytes, size: tuple[int, int], enough: int | None) -> NDArray[np.uint8]:
    from PIL.ImageFile import ImageFile
    from PIL.JpegImagePlugin import JpegImageFile
    from PIL.PngImagePlugin import PngImageFile

    try:
        kind: Callable[[io.BytesIO], ImageFile] = PngImageFile if content.startswith(PNG) else JpegImageFile
        image = kind(io.BytesIO(content))
        if image.size != size:
            raise ValueError("it tells more than one size")
        if enough is not None and min(image.size) >= 2 * enough:  # a smaller one keeps all its bits
            image.draft("L", (enough, enough))
        image.load()
        grey = _grey(image, enough)
        turned = UPRIGHT.get(_orientation(image.info.get("exif")), np.asarray)
        return np.ascontiguousarray(turned(grey))
    except MemoryError:
        raise
    except Exception as error:  # Pillow raises whatever a damaged file leads to
        raise DataError(f"it is damaged: {str(error) or type(error).__name__}") from None


def _grey(image: "Image", enough: int | None) -> NDArray[np.uint8]:
    from PIL.Image import fromarray

    if image.mode.startswith("I"):  # 16 bits, which Pillow would cut off
        high = (np.asarray(image, np.uint32) * 255 + 32767) // 65535
        return np.asarray(_smaller(fromarray(high.astype(np.uint8)), enough))
    if not image.has_transparency_data:
        return np.asarray(_smaller(_as("L", image), enough))
    image = _smaller(_as("RGBA", image), enough)
    seen = _on("white", image)
    if np.ptp(seen) < FLAT:  # white ink on nothing
        seen = _on("black", image)
    return seen


def _as(mode: str, image: "Image") -> "Image":
    return image if image.mode == mode else image.convert(mode)


def _smaller(image: "Image", enough: int | None) -> "Image":
    pixels = image.width * image.height
    factor = max(min(image.size) // enough, isqrt((pixels - 1) // MOST_PIXELS) + 1) if enough else 1
    return image.reduce(factor) if factor > 1 else image


def _on(colour: str, image: "Image") -> NDArray[np.uint8]:
    from PIL import Image

    paper = Image.new("RGBA", image.size, colour)
    paper.alpha_composite(image)
    return np.asarray(paper.convert("L"))


def _orientation(exif: object) -> int:
    """What EXIF data say of how the camera was held; 1, upright, where they say nothing that can be read."""
    if not isinstance(exif, bytes):
        return 1
    data = exif.removeprefix(b"Exif\0\0")
    orders: dict[bytes, Literal["little", "big"]] = {b"II*\0": "little", b"MM\0*": "big"}
    order = orders.get(data[:4])
    if order is None:
        return 1

    def number(at: int, size: int) -> int:
        return int.from_bytes(data[at : at + size], order)

    first = number(4, 4)
    entries = (first + 2 + 12 * entry for entry in range(number(first, 2)))
    return next((number(entry + 8, 2) for entry in entries if number(entry, 2) == 274), 1)
