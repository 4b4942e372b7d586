"""Print the work that every peer does, as one JSON document.

``python benchmarks/work.py | python benchmarks/peers/torch_loop.py`` runs one peer by itself.
"""

import json
from typing import Any

from numpy.typing import NDArray

from statewise import REGIMES, Framing, Network, Training, fit, initial_weights
from statewise.data.datasets import shampoo

EPOCHS = 1000
TEST_SIZE = 12
CHECKED_EPOCHS = 10  # a peer's losses must agree with these
RESTARTS = 1000  # whose initial weights a peer is given

NETWORK, TRAINING, REGIME = Network(), Training(epochs=EPOCHS), REGIMES["stateful"]


def samples() -> tuple[NDArray[Any], NDArray[Any]]:
    """The tutorial's training samples: inputs (22, 1, 1) and targets (22, 1)."""
    history = shampoo().only.y[:-TEST_SIZE]
    return Framing().fit(history).samples(history)


def work() -> dict[str, Any]:
    """The samples, initial weights and first losses as plain lists."""
    x, y = samples()
    weights = initial_weights(1, range(RESTARTS), units=1, features=1)
    fitted = fit(
        NETWORK, Training(epochs=CHECKED_EPOCHS), REGIME, x, y, repeats=RESTARTS, keep_loss=True
    )
    arrays = {
        "x": x[:, 0, 0],
        "y": y[:, 0],
        "kernel": weights.kernel[:, 0],
        "recurrent": weights.recurrent[:, 0],
        "bias": weights.bias,
        "dense_kernel": weights.dense_kernel[:, 0, 0],
        "dense_bias": weights.dense_bias[:, 0],
        "losses": fitted.loss,
    }
    return {"epochs": EPOCHS, **{name: array.tolist() for name, array in arrays.items()}}


if __name__ == "__main__":
    print(json.dumps(work()))
