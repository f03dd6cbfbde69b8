import numpy as np
import pytest

from limpid.dropout import dropout_mask


def test_the_share_dropped_and_the_scale() -> None:
    mask = dropout_mask(0.3, seed=1, step=0, layer=1, rows=1000, units=101)
    assert set(np.unique(mask)) == {0.0, 1 / 0.7}
    assert (mask == 0).mean() == pytest.approx(0.3, abs=0.005)
    assert mask.mean() == pytest.approx(1, abs=0.01)


def test_a_place_is_known_by_its_row_and_unit_alone() -> None:
    many, few = (dropout_mask(0.5, 7, 3, 2, rows, 33) for rows in (64, 5))
    assert np.array_equal(many[:5], few)


def test_seed_step_and_layer_each_change_it() -> None:
    base = dropout_mask(0.5, 1, 1, 1, 50, 50)
    for key in ((2, 1, 1), (1, 2, 1), (1, 1, 2)):
        assert (dropout_mask(0.5, *key, 50, 50) == base).mean() == pytest.approx(0.5, abs=0.05)


def philox(counter: list[int], key: list[int]) -> list[int]:
    """Philox 4x64-10 as in Salmon et al. 2011, in whole numbers."""
    low = (1 << 64) - 1
    for _ in range(10):
        first, second = counter[0] * 0xD2E7470EE14C6C93, counter[2] * 0xCA5A826395121157
        counter = [
            (second >> 64) ^ counter[1] ^ key[0],
            second & low,
            (first >> 64) ^ counter[3] ^ key[1],
            first & low,
        ]
        key = [(key[0] + 0x9E3779B97F4A7C15) & low, (key[1] + 0xBB67AE8584CAA73B) & low]
    return counter


def test_the_bits_are_the_published_generators() -> None:
    """The draw is a contract with every engine: seed, step, layer and place decide, as the module says."""
    rate, seed, step, layer, rows, units = 0.3, 11, 5, 2, 3, 7
    drawn = []
    for place in range(rows * units):
        words = philox([1 + place // 8, 0, layer, step], [seed, 0])
        drawn.append((words[place % 8 // 2] >> (32 * (place % 2))) & 0xFFFFFFFF)
    wanted = np.array(drawn).reshape(rows, units) >= round(rate * 2**32)
    assert np.array_equal(dropout_mask(rate, seed, step, layer, rows, units) > 0, wanted)
