"""The loops are compiled for the types that they have, and never again."""

from typing import Any

import numpy as np
import pytest

from statewise.simple.loops import loops


def test_nothing_compiles_after_the_loops_are_built() -> None:
    functions: list[Any] = [*loops()]
    for function in functions:
        [signature] = function.signatures
        with pytest.raises(TypeError, match="No matching definition"):
            function(*[np.zeros((1,) * 7, np.complex64)] * len(signature))
    assert loops() is loops()
