"""Initial weights have the distributions of the profile table, and depend on their key alone."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from statewise.engine.initial import initial_weights, orthonormalise, sample_orders
from statewise.errors import SettingError


@pytest.mark.parametrize(("units", "features"), [(1, 1), (3, 2)])
def test_distributions(units: int, features: int) -> None:
    weights = initial_weights(11, range(4000), units, features, outputs=1)
    limit = np.sqrt(6.0 / (features + 4 * units))
    kernel = weights.kernel.ravel()
    assert np.abs(kernel).max() <= limit
    assert stats.kstest(kernel, "uniform", (-limit, 2 * limit)).pvalue > 0.001
    dense_limit = np.sqrt(6.0 / (units + 1))
    dense = weights.dense_kernel.ravel()
    assert stats.kstest(dense, "uniform", (-dense_limit, 2 * dense_limit)).pvalue > 0.001
    gram = weights.recurrent @ weights.recurrent.transpose(0, 2, 1)
    np.testing.assert_allclose(gram, np.broadcast_to(np.eye(units), gram.shape), atol=1e-6)
    # A row is a direction drawn evenly in 4 units dimensions: one coordinate is like a beta.
    d = 4 * units
    square = weights.recurrent[:, 0, 0] ** 2
    assert stats.kstest(square, "beta", (0.5, (d - 1) / 2)).pvalue > 0.001
    assert (weights.bias[:, units : 2 * units] == 1.0).all()
    assert weights.bias.sum() == 4000 * units
    assert (weights.dense_bias == 0.0).all()


def test_orthonormalise_is_qr_with_positive_diagonal() -> None:
    normal = np.random.default_rng(0).standard_normal((5, 6, 24))
    found = normal.copy()
    orthonormalise(found)
    for matrix, rows in zip(normal, found, strict=True):
        q, r = np.linalg.qr(matrix.T)
        np.testing.assert_allclose(rows, (q * np.sign(np.diag(r))).T, atol=1e-13)


@given(
    st.lists(st.integers(0, 2000), min_size=1, max_size=8, unique=True),
    st.integers(1, 4),
    st.integers(0, 5),
)
def test_a_repeat_depends_on_its_key_alone(repeats: list[int], units: int, seed: int) -> None:
    together = initial_weights(seed, repeats, units, 1)
    for i, repeat in enumerate(repeats):
        alone = initial_weights(seed, [repeat], units, 1)
        for a, b in zip(together, alone, strict=True):
            np.testing.assert_array_equal(a[i], b[0])


def test_other_keys_give_other_weights() -> None:
    first = initial_weights(1, range(500), 1, 1).kernel
    assert len(np.unique(first[:, 0, 0])) == 500
    assert not np.isin(initial_weights(2, range(500), 1, 1).kernel, first).any()
    assert not np.isin(initial_weights((1, 1), range(500), 1, 1).kernel, first).any()


def test_no_two_seeds_run_together() -> None:
    """NumPy pads entropy with zeros and cuts large numbers up; our keys do not."""
    seeds: list[Any] = [1, (1, 0), (1, 0, 0), (1, 1), 2**32 + 1, (1, 2**32 - 1), 0, (0, 1)]
    drawn = [initial_weights(seed, [0], 1, 1).kernel.tobytes() for seed in seeds]
    assert len(set(drawn)) == len(seeds)
    np.testing.assert_array_equal(
        initial_weights((7,), [0], 1, 1).kernel, initial_weights(7, [0], 1, 1).kernel
    )


@pytest.mark.parametrize("seed", [-1, None, "a", 1.5, (), (1, -1), (1, 2**32), 2**64, True])
def test_seeds_are_whole_numbers(seed: Any) -> None:
    with pytest.raises(SettingError, match="seed = "):
        initial_weights(seed, [0], 1, 1)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ((1, [], 1, 1), "repeats"),
        ((1, [-1], 1, 1), "repeats"),
        ((1, [2**32], 1, 1), "repeats"),
        ((1, [0], 0, 1), "units"),
        ((1, [0], 1, 0), "features"),
        ((1, [0], 1, 1, 0), "outputs"),
    ],
)
def test_shapes_and_repeats_are_checked(arguments: Any, name: str) -> None:
    with pytest.raises(SettingError, match=f"{name} = "):
        initial_weights(*arguments)


def test_no_global_random_state_is_read_or_changed() -> None:
    np.random.seed(7)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # type: ignore[index]  # noqa: NPY002
    first = initial_weights(1, [0], 2, 1).kernel
    np.random.seed(8)  # noqa: NPY002
    np.testing.assert_array_equal(first, initial_weights(1, [0], 2, 1).kernel)
    np.random.seed(7)  # noqa: NPY002
    np.testing.assert_array_equal(before, np.random.get_state()[1])  # type: ignore[index]  # noqa: NPY002


def test_orders_are_permutations_however_they_are_cut() -> None:
    whole = np.zeros((7, 22), np.int32)
    sample_orders(3, 5)(whole)
    np.testing.assert_array_equal(np.sort(whole, axis=1), np.tile(np.arange(22), (7, 1)))
    cut = np.zeros((7, 22), np.int32)
    draw = sample_orders(3, 5)
    draw(cut[:3])
    draw(cut[3:])
    np.testing.assert_array_equal(whole, cut)


def test_every_order_is_as_likely_as_any_other() -> None:
    orders = np.zeros((24000, 4), np.int32)
    sample_orders(1, 0)(orders)
    _, counts = np.unique(orders, axis=0, return_counts=True)
    assert len(counts) == 24
    assert stats.chisquare(counts).pvalue > 0.001
