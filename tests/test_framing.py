"""How pictures lie in their frame: what is measured is true, and new pictures are brought to it."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from limpid.framing import BACKGROUNDS, CENTRINGS, Framing, measure, placed, whole
from limpid.learning import learn
from limpid.pixels import are_light, border, ink_of, resized
from limpid.readers import read

FRAMINGS = [
    Framing(255.0),
    Framing(255.0, "dark"),
    *(Framing(255.0, ground, (5, 7), centring, (4.0, 5.5)) for ground in BACKGROUNDS for centring in CENTRINGS),
]


def glyphs(count: int = 200) -> np.ndarray:
    """Digits (count, 28, 28) as in MNIST: bright, 18 pixels high, their centre of mass in the middle."""
    drawn = np.kron(read("digits").X[:count].reshape(-1, 8, 8), np.ones((2, 2)))
    drawn = np.stack([255 * np.clip(resized(each, (18, 18)) / 6 - 0.5, 0, 1) for each in drawn])
    frames = np.zeros((count, 28, 28), np.uint8)
    for frame, each in zip(frames, drawn, strict=True):
        down, across = ((each.sum(axis=1 - axis) @ np.arange(18)) / each.sum() for axis in (0, 1))
        top, left = round(13.5 - down), round(13.5 - across)
        frame[top : top + 18, left : left + 18] = each
    return frames


GLYPHS = glyphs()


def photo(glyph: np.ndarray, random: np.random.Generator, paper: float = 190, ink: float = 60) -> np.ndarray:
    """The glyph six times as large, dark on grainy paper in a slanting light, somewhere on (220, 260) pixels."""
    share = np.zeros((220, 260))
    top, left = random.integers(0, [220 - 168, 260 - 168])
    share[top : top + 168, left : left + 168] = resized(glyph / 255, (168, 168))
    light = np.linspace(-25, 25, 260) * random.choice([-1, 1]) + np.linspace(-15, 15, 220)[:, None]
    seen = (paper + light) * (1 - share) + ink * share + random.normal(0, 3, share.shape)
    return np.asarray(np.clip(seen, 0, 255), np.uint8)


def test_what_is_measured() -> None:
    found = measure(GLYPHS.reshape(len(GLYPHS), -1), (28, 28), 255.0)
    assert found is not None
    assert (found.full_scale, found.background, found.centring) == (255.0, "dark", "mass")
    assert found.box is not None
    assert found.centre is not None
    assert found.box[0] == 18
    assert np.allclose(found.centre, 13.5, atol=0.1)
    assert str(found).startswith("light on dark, ink fitted into ")
    digits = measure(read("digits").X, (8, 8), 16.0)
    assert digits is not None
    assert (digits.full_scale, digits.background, digits.centring) == (16.0, "dark", "box")
    assert digits.box is not None
    assert digits.box[0] == 8


def test_a_negative_has_the_other_background_and_the_same_box() -> None:
    dark, light = (measure(each.reshape(len(GLYPHS), -1), (28, 28), 255.0) for each in (GLYPHS, 255 - GLYPHS))
    assert dark is not None
    assert light is not None
    assert light.background == "light"
    assert (light.box, light.centring) == (dark.box, dark.centring)


def test_pictures_without_a_common_frame(random: np.random.Generator) -> None:
    noise = random.integers(0, 256, (60, 30)).astype(np.uint8)
    assert measure(noise, (5, 6), 255.0) == Framing(255.0)
    scattered = np.zeros((200, 20, 20))
    for each in scattered:
        top, left, side = random.integers([1, 1, 2], [9, 9, 9])
        each[top : top + side, left : left + side] = 0.9
    assert measure(scattered.reshape(200, -1), (20, 20), None) == Framing(0.9, "dark")
    assert measure(np.zeros((9, 6)), (2, 3), None) == Framing(1.0, "dark")
    assert measure(scattered.reshape(200, -1) - 0.5, (20, 20), None) is None
    assert str(Framing(1.0)) == "taken whole"
    assert str(Framing(1.0, "light")) == "dark on light, taken whole"


def test_one_picture_of_many_with_another_background_turns_none(random: np.random.Generator) -> None:
    mixed = GLYPHS.copy()
    mixed[::50] = 255 - mixed[::50]
    assert measure(mixed.reshape(len(mixed), -1), (28, 28), 255.0) == Framing(255.0)


def test_a_picture_that_fits_stays_and_its_negative_becomes_it() -> None:
    framing = measure(GLYPHS.reshape(len(GLYPHS), -1), (28, 28), 255.0)
    assert framing is not None
    for glyph in GLYPHS:
        assert placed(glyph, (28, 28), framing) is glyph
        assert np.array_equal(placed(255 - glyph, (28, 28), framing), glyph)


@pytest.mark.parametrize("background", BACKGROUNDS)
def test_a_photo_comes_to_look_like_what_was_learned(background: str, random: np.random.Generator) -> None:
    learned = GLYPHS if background == "dark" else 255 - GLYPHS
    framing = measure(learned.reshape(len(learned), -1), (28, 28), 255.0)
    assert framing is not None
    off, shifted = [], []
    for glyph, wanted in zip(GLYPHS[:25], learned, strict=False):
        for seen in (photo(glyph, random), 255 - photo(glyph, random)):
            got = placed(seen, (28, 28), framing)
            off.append(np.abs(got.astype(float) - wanted).mean())
            shifted.append(np.abs(np.roll(got, 1, axis=1).astype(float) - wanted).mean())
    assert np.median(off) < 10
    assert np.median(off) < 0.5 * np.median(shifted), "a shift by one pixel would be seen"


def spoil(sheet: np.ndarray, by: str) -> np.ndarray:
    """What a camera sees besides ink on paper, over a sheet (220, 260)."""
    down, across = np.indices(sheet.shape)
    seen = sheet.astype(float)
    if by == "dust":
        seen[5:8, 250:253] = 20
    elif by == "table":
        seen[:, :15] = seen[208:] = 50
    elif by == "shadow":
        seen -= seen * 0.35 * (0.5 * across + down > 220)
    elif by == "lines":
        seen -= 25 * (down % 20 < 2)
    elif by == "lamp":
        seen *= 0.7 + 0.4 * np.exp(-((across - 60) ** 2 + (down - 40) ** 2) / 10000)
    return np.asarray(np.clip(seen, 0, 255), np.uint8)


@pytest.mark.parametrize("by", ["dust", "table", "shadow", "lines", "lamp"])
def test_what_else_a_camera_sees_is_left_out(by: str, random: np.random.Generator) -> None:
    framing = measure(GLYPHS.reshape(len(GLYPHS), -1), (28, 28), 255.0)
    assert framing is not None
    off = []
    for glyph in GLYPHS[:25]:
        sheet = photo(glyph, random)
        clean, spoilt = placed(sheet, (28, 28), framing), placed(spoil(sheet, by), (28, 28), framing)
        off.append(np.abs(spoilt.astype(float) - clean).mean())
    assert np.median(off) < 12
    assert max(off) < 30


def test_without_ink_there_is_only_background() -> None:
    framing = Framing(255.0, "light", (20, 20), "mass", (14.0, 14.0))
    assert (placed(np.full((50, 60), 240, np.uint8), (28, 28), framing) == 255).all()
    assert (placed(np.full((50, 60), 10, np.uint8), (28, 28), framing) == 255).all()


def test_whole_pictures_keep_their_proportions() -> None:
    wide = np.full((10, 40), 200, np.uint8)
    wide[4:6, 10:30] = 20
    fitted = whole(wide, (20, 20))
    assert fitted.shape == (20, 20)
    assert (fitted[:7] == 200).all()
    assert (fitted[13:] == 200).all()
    assert np.argwhere(fitted < 110).tolist() == [[10, column] for column in range(5, 15)]
    assert whole(np.zeros((1, 1000), np.uint8), (8, 8)).shape == (8, 8)
    assert whole(wide, (10, 40)) is wide


def test_resizing_keeps_a_flat_picture_flat_and_the_mean() -> None:
    picture = np.random.default_rng(0).uniform(0, 255, (40, 60))
    for shape in ((10, 15), (80, 120), (13, 7)):
        assert np.allclose(resized(np.full((9, 11), 7.0), shape), 7)
        assert abs(resized(picture, shape).mean() - picture.mean()) < 8
    assert np.array_equal(resized(picture, (40, 60)), picture)
    ramp = np.tile(np.arange(60.0), (40, 1))
    assert np.allclose(resized(ramp, (10, 20))[:, 1:-1], 3 * np.arange(1, 19) + 1)


def test_which_pictures_are_light() -> None:
    assert not are_light(GLYPHS).any()
    assert are_light(255 - GLYPHS).all()
    assert are_light(np.array([[[10]], [[200]]])).tolist() == [False, True]
    assert sorted(border(np.arange(12).reshape(1, 3, 4))[0]) == [0, 1, 2, 3, 4, 7, 8, 9, 10, 11]


@settings(max_examples=300, deadline=None)
@given(
    picture=arrays(
        np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=24), elements=st.sampled_from([0, 9, 128, 255])
    ),
    framing=st.sampled_from(FRAMINGS),
)
def test_any_picture_has_an_answer(picture: np.ndarray, framing: Framing) -> None:
    found = placed(picture, (9, 11), framing)
    assert found.dtype == np.uint8
    assert found.shape == (9, 11)
    ink = ink_of(picture)
    assert ink.shape == picture.shape
    assert ((ink >= 0) & (ink <= 1)).all()


def test_a_model_knows_how_its_pictures_lie() -> None:
    learning = learn(read("digits"), epochs=1, hidden=[2])
    assert learning.model.framing == measure(learning.train.X, (8, 8), 16.0)
    assert learn(read("iris"), epochs=1, hidden=[2]).model.framing is None


def test_mnist_is_what_it_says_it_is(data: Any) -> None:
    mnist = read("mnist", data_dir=data / "mnist")
    found = measure(mnist.X, (28, 28), 255.0)
    assert found is not None
    assert (found.background, found.box, found.centring) == ("dark", (20, 20), "mass")
    assert not are_light(mnist.X[::9].reshape(-1, 28, 28)).any(), "each stays as it is"
