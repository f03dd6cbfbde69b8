"""What PNG and JPEG files say of themselves: what is cut, damaged or too large is refused before it takes memory."""

import zlib
from collections.abc import Sequence

from limpid.errors import DataError

PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
LARGEST = 2**26
"""Pixels that are unpacked at most: 8192 x 8192."""
LARGEST_PNG = 2**27
"""Bytes that a PNG file is unpacked to at most: a thousandth of them may be in the file."""
LARGEST_WORK = 2**31
"""Pixels that all passes of a progressive JPEG may have together: each takes its time, however few bytes it has."""
MOST_PARTS = 2**16
"""Chunks or segments of a file that are looked at at most."""
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Numbers a pixel by PNG's colour type (W3C, PNG 2003, 11.2.2)."""
INTERLACED = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
"""First row and column, and steps down and across, of each pass of an interlaced PNG (the same, 8.2)."""


def png_size(content: bytes) -> tuple[int, int]:
    """Width and height of a PNG file, all of whose parts are there and have the right checksums.

    Errors: `DataError` that says what is wrong; the caller knows the file's name.
    """
    view, at = memoryview(content), len(PNG)
    if len(content) < 33:
        raise DataError("it is truncated")
    if content[12:16] != b"IHDR":
        raise DataError("it is damaged: it does not begin with its size")
    width, height = _number(view[16:20]), _number(view[20:24])
    bits, interlaced = content[24] * CHANNELS.get(content[25], 4), bool(content[28])
    _check_size(width, height)
    if width * height * bits > 8 * LARGEST_PNG:
        raise DataError(f"it has {width} x {height} pixels of {bits} bits, at most {LARGEST_PNG} bytes are unpacked")
    packed = []
    for _ in range(MOST_PARTS):
        kind, end = bytes(view[at + 4 : at + 8]), at + 8 + _number(view[at : at + 4])
        if end + 4 > len(content):
            raise DataError("it is truncated")
        if zlib.crc32(view[at + 4 : end]) != _number(view[end : end + 4]):
            raise DataError(f"it is damaged: the checksum of its part {kind!r} is wrong")
        if kind == b"IDAT":
            packed.append(view[at + 8 : end])
        if kind == b"IEND":
            _check_unpacked(packed, _unpacked_bytes(width, height, bits, interlaced))
            return width, height
        at = end + 4
    raise DataError(f"it has more than {MOST_PARTS} parts")


def jpeg_size(content: bytes) -> tuple[int, int]:
    """Width and height of a JPEG file, by the parts before its pixels (ITU-T T.81, annex B).

    Errors: `DataError` that says what is wrong; the caller knows the file's name.
    """
    view, at, size = memoryview(content), 2, None
    for _ in range(MOST_PARTS):
        while content[at : at + 2] == b"\xff\xff":  # filled up
            at += 1
        marker, length = content[at : at + 2], _number(view[at + 2 : at + 4])
        if len(marker) == 2 and (marker[0] != 0xFF or marker[1] in {0x00, 0xD8, 0xD9}):
            raise DataError(f"it is damaged: {marker.hex(' ')} stands where a part should begin")
        if len(marker) < 2 or length < 2 or at + 2 + length > len(content):
            raise DataError("it is truncated")
        if marker[1] in range(0xC0, 0xD0) and marker[1] not in {0xC4, 0xC8, 0xCC}:
            size = _number(view[at + 7 : at + 9]), _number(view[at + 5 : at + 7])
        if marker[1] == 0xDA:
            width, height = size or (0, 0)
            _check_size(width, height)
            passes = content.count(b"\xff\xda", at)
            if width * height * passes > LARGEST_WORK:
                raise DataError(
                    f"it has {width} x {height} pixels in {passes} passes, {LARGEST_WORK} in all are unpacked"
                )
            return width, height
        at += 2 + length
    raise DataError(f"it has more than {MOST_PARTS} parts")


def _check_size(width: int, height: int) -> None:
    if not 0 < width * height <= LARGEST:
        raise DataError(f"it has {width} x {height} pixels, from 1 to {LARGEST} are read")


def _unpacked_bytes(width: int, height: int, bits: int, interlaced: bool) -> int:
    """What the rows of a PNG come to, each with a byte before it that says how it was filtered."""
    total = 0
    for top, left, down, across in INTERLACED if interlaced else ((0, 0, 1, 1),):
        rows, columns = -((top - height) // down), -((left - width) // across)
        total += rows * (1 + (columns * bits + 7) // 8) if rows > 0 and columns > 0 else 0
    return total


def _check_unpacked(packed: Sequence[memoryview], needed: int) -> None:
    """That there is all: Pillow takes what ends too early for complete."""
    unpacking, left = zlib.decompressobj(), needed
    try:
        for part in packed:
            rest: bytes | memoryview = part
            while rest and left > 0 and not unpacking.eof:
                left -= len(unpacking.decompress(rest, 2**20))
                rest = unpacking.unconsumed_tail
    except zlib.error as error:
        raise DataError(f"it is damaged: {error}") from None
    if left > 0:
        raise DataError("it is damaged: its pixels end too early")


def _number(big_endian: memoryview) -> int:
    return int.from_bytes(big_endian, "big")
