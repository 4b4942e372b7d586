"""Callbacks of a training whose state is reset in between."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from statewise.interop.keras import KerasEngine
from statewise.model.network import Training
from statewise.model.regime import StateRegime
from tests.interop.models import arm_of, fit, keras


def test_callbacks_work_across_epochs_although_state_is_reset(tmp_path: Path) -> None:
    seen: list[Any] = []

    class EpochMonitor(keras.callbacks.Callback):  # type: ignore[misc]
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            seen.append((epoch, dict(logs), float(self.model.optimizer.learning_rate)))

    def callbacks(repeat: int) -> list[Any]:
        return [
            keras.callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=1, min_delta=1e9),
            keras.callbacks.EarlyStopping("val_loss", patience=3, min_delta=1e9),
            keras.callbacks.ModelCheckpoint(
                tmp_path / f"{repeat}.weights.h5", save_weights_only=True
            ),
            EpochMonitor(),
        ]

    arm = arm_of(regime=StateRegime("epoch"), callbacks=callbacks)
    arm = replace(arm, model=replace(arm.model, training=Training(20, validation=2)))
    fitted = fit(arm, [0, 1])
    assert [epoch for epoch, *_ in seen] == [0, 1, 2, 3] * 2
    assert [round(rate / 1e-3, 4) for *_, rate in seen] == [1.0, 0.5, 0.25, 0.125] * 2
    assert fitted.best_epoch.tolist() == [4, 4]
    assert np.isnan(fitted.loss[:, 4:]).all()
    assert fitted.diverged_epoch.tolist() == [0, 0]
    assert seen[0][1]["loss"] == pytest.approx(float(fitted.loss[0, 0]))
    assert seen[0][1]["val_loss"] == pytest.approx(float(fitted.validation_loss[0, 0]))
    assert sorted(file.name for file in tmp_path.iterdir()) == ["0.weights.h5", "1.weights.h5"]


def test_a_callback_that_looks_at_batches_sees_them_all() -> None:
    batches: list[int] = []

    class Count(keras.callbacks.Callback):  # type: ignore[misc]
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002
            batches.append(batch)

    arm = arm_of(regime=StateRegime("epoch"), callbacks=lambda _: [Count()])
    plain = replace(arm, engine=KerasEngine())
    looked = fit(arm, [0])
    assert batches == [*range(10)] * 3
    fitted = fit(plain, [0])
    np.testing.assert_allclose(looked.loss, fitted.loss, rtol=1e-5)
