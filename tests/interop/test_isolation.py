import random
from typing import Any

import numpy as np

from statewise.interop.isolation import seeded
from tests.interop.models import keras


def drawn() -> tuple[Any, ...]:
    return (
        random.random(),
        np.random.random(),  # noqa: NPY002
        keras.ops.convert_to_numpy(keras.random.normal((2,))).tolist(),
        keras.layers.Dense(1).kernel_initializer.seed,
        keras.utils.get_random_seed() if hasattr(keras.utils, "get_random_seed") else None,
    )


def test_keras_draws_by_the_seed() -> None:
    found = []
    for seed in (1, 1, 2):
        with seeded(seed):
            found.append(drawn())
    assert found[0] == found[1] != found[2]


def test_generators_are_put_back() -> None:
    keras.utils.set_random_seed(7)
    expected = drawn(), drawn()
    keras.utils.set_random_seed(7)
    first = drawn()
    with seeded(3):
        drawn()
    assert (first, drawn()) == expected
