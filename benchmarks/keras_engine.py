"""How much faster KerasEngine trains than one ``fit`` an epoch, on the tutorial's stateful work."""

import os

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import statistics
import time
from dataclasses import replace

import numpy as np

from statewise.data.datasets import shampoo
from statewise.interop.keras import KerasEngine
from statewise.interop.keras_build import Descent, compile_model
from statewise.interop.keras_models import keras, lstm_model
from statewise.tutorial.experiments import tutorial_study

ROUNDS, EPOCHS = 5, 20


def main() -> None:
    """Time both in turn, and print medians with the least and the greatest."""
    engine = KerasEngine()
    arm = tutorial_study(engine=engine).arms[0]
    x, y = arm.model.framing.fit(shampoo().only.y[:-12]).samples(shampoo().only.y[:-12])
    model = lstm_model(arm.model.network, (1, 1, 1), 1, stateful=True)
    compile_model(model, Descent.of(arm.model, len(x)))

    def fit_epochs(count: int) -> float:
        begin = time.perf_counter()
        for _ in range(count):
            model.fit(x, y, batch_size=1, epochs=1, shuffle=False, verbose=0)
            model.layers[1].reset_state()
        return (time.perf_counter() - begin) / count

    def engine_run() -> float:
        begin = time.perf_counter()
        engine.fit(arm.model, x, y, repeats=[0], seed=1)
        return (time.perf_counter() - begin) / arm.model.training.epochs

    fit_epochs(2)
    begin = time.perf_counter()
    brief = replace(arm, model=replace(arm.model, training=replace(arm.model.training, epochs=1)))
    engine.fit(brief.model, x, y, repeats=[0], seed=1)
    print(f"Keras {keras.__version__}; compiling once: {time.perf_counter() - begin:.2f} s")
    pairs = [(fit_epochs(EPOCHS), engine_run()) for _ in range(ROUNDS)]
    for name, values in (
        ("one fit an epoch, ms an epoch", [1e3 * a for a, _ in pairs]),
        ("KerasEngine, ms an epoch", [1e3 * b for _, b in pairs]),
        ("times", [a / b for a, b in pairs]),
    ):
        low, high = min(values), max(values)
        print(f"{name}: {statistics.median(values):.3g} ({low:.3g} to {high:.3g})")
    assert np.isfinite(model.get_weights()[0]).all()


if __name__ == "__main__":
    main()
