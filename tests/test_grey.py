"""One PNG or JPEG file: what is read is what it shows, and what is damaged, foreign or boastful is refused by name."""

import io
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngInfo

from limpid.errors import DataError
from limpid.readers import read
from limpid.readers.grey import read_grey

DIGITS = (read("digits").X[:2].reshape(-1, 8, 8) * (255 / 16)).round().astype(np.uint8)
COLOURS = np.random.default_rng(0).integers(0, 256, (13, 17, 4)).astype(np.uint8)


def saved(image: Any, kind: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def test_a_large_jpeg_may_be_read_smaller_and_shows_the_same(tmp_path: Path) -> None:
    across = np.linspace(0, 255, 2400)
    picture = np.broadcast_to(across, (1600, 2400)).astype(np.uint8)
    for name in ("a.jpg", "a.png"):
        Image.fromarray(picture).save(tmp_path / name)
        small = read_grey(tmp_path / name, 512)
        assert 512 <= min(small.shape) < 1024
        assert read_grey(tmp_path / name).shape == (1600, 2400)
        assert np.allclose(small, np.linspace(0, 255, small.shape[1]), atol=3)


def wanted(image: Any) -> np.ndarray:
    """By the formula of ITU-R BT.601, on white."""
    colours = np.asarray(image.convert("RGBA")).astype(float)
    share = colours[..., 3:] / 255
    return (colours[..., :3] * share + 255 * (1 - share)) @ [0.299, 0.587, 0.114]


def test_of_any_picture_no_more_is_kept_than_is_needed(tmp_path: Path) -> None:
    for picture in (np.zeros((300, 20000), np.uint8), np.zeros((1100, 2200), np.uint16)):
        Image.fromarray(picture).save(tmp_path / "a.png")
        assert 2**18 < read_grey(tmp_path / "a.png", 512).size <= 2**21
        assert read_grey(tmp_path / "a.png").shape == picture.shape


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_every_kind_of_png(mode: str, tmp_path: Path) -> None:
    image = Image.fromarray(COLOURS).convert(mode)
    image.save(tmp_path / "a.png")
    assert np.allclose(read_grey(tmp_path / "a.png"), wanted(image), atol=1.5)


def test_what_is_transparent_is_white(tmp_path: Path) -> None:
    image = Image.fromarray(COLOURS[..., :3]).quantize(8)
    image.save(tmp_path / "palette.png", transparency=3)
    found = read_grey(tmp_path / "palette.png")
    assert (found[np.asarray(image) == 3] == 255).all()
    assert not (found == 255).all()
    white_ink = np.zeros((9, 9, 4), np.uint8)
    white_ink[3:6, 3:6] = 255
    Image.fromarray(white_ink).save(tmp_path / "canvas.png")
    assert np.array_equal(read_grey(tmp_path / "canvas.png"), white_ink[..., 3]), "on white it would show nothing"


def test_sixteen_bits_are_scaled_not_cut(tmp_path: Path) -> None:
    exact = COLOURS[..., 0].astype(np.uint16) * 257
    Image.fromarray(exact).save(tmp_path / "deep.png")
    assert np.array_equal(read_grey(tmp_path / "deep.png"), COLOURS[..., 0])


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_every_kind_of_jpeg(mode: str, tmp_path: Path) -> None:
    across, down = np.meshgrid(np.linspace(20, 230, 32), np.linspace(40, 200, 24))
    image = Image.fromarray(np.stack([across, down, 255 - across], axis=2).astype(np.uint8)).convert(mode)
    image.save(tmp_path / "a.jpg", quality=100, subsampling=0)
    assert np.allclose(read_grey(tmp_path / "a.jpg"), wanted(image), atol=4)


@pytest.mark.parametrize("kind", ["png", "jpg"])
@pytest.mark.parametrize("turn", range(10))
def test_a_camera_held_sideways(turn: int, kind: str, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[271], exif[274] = "maker", turn
    image = Image.fromarray(COLOURS[..., 0])
    image.save(tmp_path / f"a.{kind}", exif=exif)
    upright = ImageOps.exif_transpose(Image.open(tmp_path / f"a.{kind}"))
    assert np.array_equal(read_grey(tmp_path / f"a.{kind}"), np.asarray(upright))


@pytest.mark.parametrize("exif", [b"", b"Exif\0\0", b"Exif\0\0MM\0*", b"Exif\0\0II*\0\xff\xff\xff\xff", b"x" * 40])
def test_orientations_that_cannot_be_read_are_none(exif: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(saved(Image.fromarray(COLOURS[..., 0]), exif=exif))
    assert np.array_equal(read_grey(tmp_path / "a.png"), COLOURS[..., 0])


def test_of_moving_pictures_the_first_is_read(tmp_path: Path) -> None:
    first, second = (Image.fromarray(DIGITS[number]) for number in (0, 1))
    first.save(tmp_path / "a.png", save_all=True, append_images=[second])
    assert np.array_equal(read_grey(tmp_path / "a.png"), DIGITS[0])


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*each) for each in chunks)


def header(width: int, height: int, depth: int = 8, colour: int = 0, interlaced: int = 0) -> tuple[bytes, bytes]:
    return b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)


BLACK, END = (b"IDAT", zlib.compress(b"\0" * 30)), (b"IEND", b"")
GOOD = saved(Image.fromarray(DIGITS[0]))
GOOD_JPEG = saved(Image.fromarray(COLOURS[..., :3]), "JPEG")
SIZE_AT = GOOD_JPEG.index(b"\xff\xc0") + 5
SCAN_AT = GOOD_JPEG.index(b"\xff\xda")
REFUSED: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "it is neither PNG nor JPEG, it begins with nothing"),
    "text": (b"not a picture", "it is neither PNG nor JPEG, it begins with 6e 6f 74 20"),
    "GIF": (saved(Image.fromarray(DIGITS[0]), "GIF"), "it is neither PNG nor JPEG"),
    "WebP": (saved(Image.fromarray(DIGITS[0]), "WEBP"), "it is neither PNG nor JPEG"),
    "PNG alone": (GOOD[:8], "it is truncated"),
    "half": (GOOD[: len(GOOD) // 2], "it is truncated"),
    "without end": (GOOD[:-12], "it is truncated"),
    "half a JPEG": (GOOD_JPEG[: len(GOOD_JPEG) // 2], "it is truncated|image file is truncated"),
    "JPEG without end": (GOOD_JPEG[:-2], "image file is truncated"),
    "flipped bit": (GOOD[:45] + bytes([GOOD[45] ^ 1]) + GOOD[46:], "the checksum of its part b'IDAT' is wrong"),
    "no size": (png((b"IDAT", b"x" * 30), END), "it does not begin with its size"),
    "no width": (png(header(0, 5), END), "it has 0 x 5 pixels"),
    "two sizes": (png(header(3, 3), header(3000, 3000), (b"IDAT", zlib.compress(b"\0" * 12)), END), "more than one"),
    "too few pixels": (png(header(5, 5), (b"IDAT", zlib.compress(b"\0" * 20)), END), "its pixels end too early"),
    "no pixels": (png(header(5, 5), END), "its pixels end too early"),
    "pixels of nothing": (png(header(5, 5), (b"IDAT", b"abc"), END), "it is damaged: Error -3"),
    "unknown colour": (png(header(5, 5, 8, 5), (b"IDAT", zlib.compress(b"\0" * 999)), END), "it is damaged"),
    "many parts": (png(header(5, 5), *[(b"abCD", b"")] * 2**16), "it has more than 65536 parts"),
    "boastful": (png(header(2**31 - 1, 2**31 - 1), END), "it has 2147483647 x 2147483647 pixels, from 1 to"),
    "deep": (png(header(8000, 8000, 16, 6), END), "it has 8000 x 8000 pixels of 64 bits, at most 134217728 bytes"),
    "text bomb": (
        png(header(5, 5), (b"zTXt", b"k\0\0" + zlib.compress(b"\0" * 2**27)), BLACK, END),
        "it is damaged: Decompressed data too large",
    ),
    "boastful JPEG": (
        GOOD_JPEG[:SIZE_AT] + b"\xff\xff\xff\xff" + GOOD_JPEG[SIZE_AT + 4 :],
        "it has 65535 x 65535 pixels",
    ),
    "JPEG without size": (GOOD_JPEG[: SIZE_AT - 5] + GOOD_JPEG[SCAN_AT:], "it has 0 x 0 pixels"),
    "JPEG of passes": (
        GOOD_JPEG[:SIZE_AT] + b"\x1f\xff\x1f\xff" + GOOD_JPEG[SIZE_AT + 4 :] + b"\xff\xda" * 99,
        "100 passes",
    ),
    "JPEG of parts": (b"\xff\xd8" + b"\xff\xe0\0\2" * 2**16, "it has more than 65536 parts"),
    "JPEG of ends": (GOOD_JPEG[:20] + b"\xff\xd9\xff\xd9", "ff d9 stands where a part should begin"),
    "JPEG of nothing": (GOOD_JPEG[:20] + b"\0" * 50, "00 00 stands where a part should begin"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_undamaged_picture_is_refused(name: str, tmp_path: Path) -> None:
    content, told = REFUSED[name]
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(DataError, match=told) as refused:
        read_grey(tmp_path / "a.png")
    assert str(refused.value).startswith(f"cannot read {tmp_path}/a.png: it ")
    assert "\n" not in str(refused.value)


def zeros(count: int) -> bytes:
    packing = zlib.compressobj(9)
    return b"".join(packing.compress(bytes(2**20)) for _ in range(count // 2**20 + 1)) + packing.flush()


@pytest.mark.parametrize("side", [20000, 60000])
def test_bombs_are_refused_before_they_are_unpacked(side: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = png(header(side, side), (b"IDAT", zeros(2**26)), END)
    assert len(content) < 10**6
    (tmp_path / "bomb.png").write_bytes(content)

    def explode(*_: object) -> None:
        raise AssertionError("unpacked")

    monkeypatch.setattr("zlib.decompressobj", explode)
    monkeypatch.setattr("limpid.readers.grey._unpacked", explode)
    with pytest.raises(DataError, match=f"it has {side} x {side} pixels, from 1 to 67108864 are read"):
        read_grey(tmp_path / "bomb.png")


def test_more_than_is_said_is_not_unpacked(tmp_path: Path) -> None:
    """8 x 8 pixels that go on for 128 MB: the rest is never looked at."""
    (tmp_path / "a.png").write_bytes(png(header(8, 8), (b"IDAT", zeros(2**27)), END))
    assert (read_grey(tmp_path / "a.png") == 0).all()


def test_a_file_that_is_too_long_is_not_opened(tmp_path: Path) -> None:
    with (tmp_path / "a.png").open("wb") as file:
        file.write(GOOD)
        file.truncate(2**40)
    with pytest.raises(DataError, match="it has 1099511627776 bytes, at most 67108864 are read"):
        read_grey(tmp_path / "a.png")


def test_a_file_cut_anywhere_is_refused(tmp_path: Path) -> None:
    for content in (GOOD, GOOD_JPEG):
        for length in range(len(content)):
            (tmp_path / "a.png").write_bytes(content[:length])
            with pytest.raises(DataError, match=r"a\.png: it is"):
                read_grey(tmp_path / "a.png")


@pytest.mark.filterwarnings("ignore")  # Pillow's, which `read` keeps to itself
@pytest.mark.parametrize("interlaced", [0, 1])
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (5, 2), (8, 8), (17, 33)])
def test_interlaced_or_not(size: tuple[int, int], interlaced: int, tmp_path: Path) -> None:
    """Zeros for the bytes that there must be, and one fewer."""
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    bytes_needed = 0
    for left, top, right, down in passes if interlaced else [(0, 0, 1, 1)]:
        columns, rows = len(range(left, size[0], right)), len(range(top, size[1], down))
        bytes_needed += rows * (1 + 3 * columns) if columns else 0
    for missing in (0, 1):
        data = zlib.compress(b"\0" * (bytes_needed - missing))
        (tmp_path / "a.png").write_bytes(png(header(*size, 8, 2, interlaced), (b"IDAT", data), END))
        if missing:
            with pytest.raises(DataError, match="its pixels end too early"):
                read_grey(tmp_path / "a.png")
        else:
            assert read_grey(tmp_path / "a.png").shape == size[::-1]


def sources() -> Iterator[bytes]:
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA"):
        yield saved(Image.fromarray(COLOURS).convert(mode))
    about = PngInfo()
    about.add_text("k", "v" * 100, zip=True)
    frames = [Image.fromarray(DIGITS[1])]
    yield saved(Image.fromarray(DIGITS[0]), save_all=True, append_images=frames, pnginfo=about, dpi=(70, 70))
    yield saved(Image.fromarray(COLOURS[..., :3]).convert("P"), transparency=3, icc_profile=b"x" * 50)
    yield saved(Image.fromarray(COLOURS[..., 0].astype(np.uint16) * 200))
    exif = Image.Exif()
    exif[274] = 6
    for options in ({}, {"progressive": True}, {"subsampling": 0}, {"exif": exif}):
        yield saved(Image.fromarray(COLOURS[..., :3]), "JPEG", **options)
    yield saved(Image.fromarray(COLOURS[..., :3]).convert("CMYK"), "JPEG", icc_profile=b"x" * 50)


SOURCES = list(sources())


def parts(content: bytes) -> list[tuple[bytes, bytes]]:
    """The chunks of a PNG file."""
    at, found = 8, []
    while at < len(content):
        end = at + 8 + int.from_bytes(content[at : at + 4], "big")
        found.append((content[at + 4 : at + 8], content[at + 8 : end]))
        at = end + 4
    return found


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.sampled_from(SOURCES), draw=st.data(), sealed=st.booleans())
@pytest.mark.filterwarnings("ignore")  # Pillow's, which `read` keeps to itself
def test_damage_is_refused_or_harmless(content: bytes, draw: st.DataObject, sealed: bool, tmp_path: Path) -> None:
    """Bytes changed, put in or taken out; in a PNG that is `sealed`, within a chunk that then gets its checksum."""
    chunks = parts(content) if sealed and content.startswith(b"\x89PNG") else []
    which = draw.draw(st.integers(0, len(chunks) - 1)) if chunks else 0
    before = chunks[which][1] if chunks else content
    at = draw.draw(st.integers(0, len(before)))
    inserted, taken = draw.draw(st.binary(max_size=4)), draw.draw(st.integers(0, 4))
    after = before[:at] + inserted + before[at + taken :]
    if chunks:
        chunks[which] = (chunks[which][0], after)
        if draw.draw(st.booleans()):
            chunks.insert(draw.draw(st.integers(0, len(chunks))), chunks[which])
        after = png(*chunks)
    (tmp_path / "a.png").write_bytes(after)
    try:
        grey = read_grey(tmp_path / "a.png", 512)
    except DataError as error:
        assert str(error).startswith(f"cannot read {tmp_path}/a.png: it ")
        assert "\n" not in str(error)
    else:
        assert grey.dtype == np.uint8
        assert grey.ndim == 2
        assert 0 < grey.size < 2**26
