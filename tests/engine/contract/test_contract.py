"""What every engine of a study must do: one suite, run over all of them."""

import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from statewise.engine import Stopped
from statewise.ensemble.rolling_origin import Known
from statewise.errors import SettingError
from statewise.interop.keras import KerasEngine
from statewise.model.framing import Framing
from statewise.model.network import SGD, Adam, EarlyStopping, Network, ReduceOnPlateau, Training
from statewise.model.regime import StateRegime
from statewise.model.spec import Model
from statewise.study import Arm
from statewise.study.engines import BUILT_IN, Engine
from tests.interop import models

ENGINES: dict[str, Engine] = {
    "built-in": BUILT_IN,
    "keras": KerasEngine(),
    "keras-build": KerasEngine(models.gru),
}
SAMPLES = 12
TEST_SIZE = 4
EPOCHS = 6
Y = np.cumsum(np.random.default_rng(3).normal(size=(2, SAMPLES + 2 + TEST_SIZE)), axis=1)


@pytest.fixture(params=ENGINES, scope="module")
def engine(request: pytest.FixtureRequest) -> Engine:
    return ENGINES[request.param]


def known_of(series: int) -> Known:
    values = Y[series]
    return Known(Framing().fit(values[:-TEST_SIZE]), values, len(values) - TEST_SIZE)


KNOWN = [known_of(0), known_of(1)]
X, TARGETS = (
    np.stack(part)
    for part in zip(*(one.framing.samples(one.y[: one.cutoff]) for one in KNOWN), strict=True)
)


def arm_of(engine: Engine, regime: StateRegime | None = None, **training: Any) -> Arm:
    settings: dict[str, Any] = {"epochs": EPOCHS, "optimizer": Adam(0.05)} | training
    return Arm(
        "a", Model(regime or StateRegime("epoch"), training=Training(**settings)), engine=engine
    )


def fit(arm: Arm, repeats: list[int], data: list[int] | None = None, **settings: Any) -> Any:
    of_run = np.array(data or [0] * len(repeats))
    options = {"seed": 1, "keep_loss": True, "threads": 1, "stop": None} | settings
    return arm.engine.fit(arm.model, X, TARGETS, repeats=repeats, data=of_run, **options)


def forecast(arm: Arm, trained: Any, data: list[int], size: int = TEST_SIZE) -> Any:
    """Forecasts of runs that are as many for each of their series."""
    known = [KNOWN[which] for which in dict.fromkeys(data)]
    return arm.engine.forecast(arm.model, trained, known, size, 1)


def test_a_run_does_not_depend_on_the_others(engine: Engine) -> None:
    arm = arm_of(engine)
    together, data = fit(arm, [0, 2, 1, 2], [0, 0, 1, 1]), [0, 0, 1, 1]
    alone = fit(arm, [2], [1])
    np.testing.assert_array_equal(together.loss[3], alone.loss[0])
    np.testing.assert_array_equal(forecast(arm, together, data)[3], forecast(arm, alone, [1])[0])
    assert len({float(loss) for loss in together.loss[:, 0]}) == 4


def test_the_seed_is_the_key_of_all_randomness(engine: Engine) -> None:
    for regime in (StateRegime("epoch"), StateRegime(shuffle=True)):
        arm = arm_of(engine, regime)
        first, again, other = fit(arm, [0]), fit(arm, [0]), fit(arm, [0], seed=(1, 1))
        np.testing.assert_array_equal(first.loss, again.loss)
        assert not np.array_equal(first.loss, other.loss)


def test_global_generators_are_neither_read_nor_moved(engine: Engine) -> None:
    arm = arm_of(engine)
    random.seed(5)
    np.random.seed(5)  # noqa: NPY002
    first = fit(arm, [0]).loss
    drawn = random.random(), np.random.random()  # noqa: NPY002
    random.seed(5)
    np.random.seed(5)  # noqa: NPY002
    assert drawn == (random.random(), np.random.random())  # noqa: NPY002
    np.testing.assert_array_equal(first, fit(arm, [0]).loss)


def test_every_reset_is_another_training(engine: Engine) -> None:
    losses = {
        policy: fit(arm_of(engine, StateRegime(policy)), [0]).loss[0]
        for policy in ("batch", "epoch", "never", 3, SAMPLES)
    }
    first = [losses[policy][0] for policy in ("batch", "epoch", 3)]
    assert len(set(map(float, first))) == 3
    # An epoch is as long as its samples, and only later epochs know that nothing was reset.
    np.testing.assert_array_equal(losses["epoch"], losses[SAMPLES])
    assert losses["never"][0] == losses["epoch"][0]
    assert losses["never"][1] != losses["epoch"][1]


def test_batches_that_do_not_divide(engine: Engine) -> None:
    arm = arm_of(engine, StateRegime(), batch_size=5, optimizer=SGD(1e-9))
    uneven = fit(arm, [0]).loss[0, 0]
    if engine != ENGINES["keras-build"]:  # dropout draws for every batch
        whole = arm_of(engine, StateRegime(), batch_size=12, optimizer=SGD(1e-9))
        assert uneven == pytest.approx(fit(whole, [0]).loss[0, 0], rel=1e-5)
    with pytest.raises(SettingError, match="does not divide"):
        fit(arm_of(engine, StateRegime("epoch"), batch_size=5), [0])


def test_validation_leaves_training_as_it_is(engine: Engine) -> None:
    regime = StateRegime("never", reset_forecast="never")
    arm = arm_of(engine, regime, validation=3)
    looked = fit(arm, [0, 1])
    plain = arm.engine.fit(
        arm_of(engine, regime).model, X[:, :-3], TARGETS[:, :-3], repeats=[0, 1], seed=1,
        data=np.zeros(2, int), keep_loss=True, threads=1, stop=None,
    )  # fmt: skip
    np.testing.assert_allclose(looked.loss, plain.loss, rtol=1e-6)
    np.testing.assert_allclose(
        forecast(arm, looked, [0, 0]), forecast(arm, plain, [0, 0]), rtol=1e-6
    )
    assert looked.validation_loss.shape == (2, EPOCHS)
    assert np.isfinite(looked.validation_loss).all()


def test_early_stopping_goes_back_to_the_best_epoch(engine: Engine) -> None:
    stopping = EarlyStopping(patience=2)
    arm = arm_of(engine, epochs=60, validation=4, early_stopping=stopping)
    stopped = fit(arm, [0])
    seen = stopped.validation_loss[0]
    best = int(stopped.best_epoch[0])
    assert best == int(np.nanargmin(seen)) + 1 < 60
    assert np.isnan(seen[best + 2 :]).all()
    shorter = replace(
        arm,
        model=replace(
            arm.model, training=replace(arm.model.training, epochs=best, early_stopping=None)
        ),
    )
    np.testing.assert_allclose(
        forecast(arm, stopped, [0]), forecast(arm, fit(shorter, [0]), [0]), rtol=1e-5
    )


def test_schedules_change_the_training(engine: Engine) -> None:
    plain = fit(arm_of(engine), [0]).loss
    cosine = fit(arm_of(engine, schedule="cosine"), [0]).loss
    lr_scale = fit(arm_of(engine, schedule=ReduceOnPlateau(factor=0.01, patience=1)), [0]).loss
    assert cosine[0, 0] == pytest.approx(plain[0, 0], rel=0.2)
    assert not np.array_equal(cosine, plain)
    assert np.isfinite(lr_scale).all()


def test_a_run_that_diverges_is_recorded_and_leaves_the_others(engine: Engine) -> None:
    wild = fit(arm_of(engine, optimizer=SGD(1e6)), [0])
    assert wild.diverged_epoch[0] > 0
    tame = fit(arm_of(engine), [0])
    assert tame.diverged_epoch[0] == 0
    assert np.isfinite(tame.loss).all()


def test_training_can_be_stopped(engine: Engine) -> None:
    with pytest.raises(Stopped):
        fit(arm_of(engine), [0], stop=np.ones(1, np.uint8))


def test_a_loss_that_is_not_wanted_is_not_kept(engine: Engine) -> None:
    assert fit(arm_of(engine), [0], keep_loss=False).loss is None


def test_forecasts_are_made_from_the_past_alone(engine: Engine) -> None:
    arm = arm_of(engine, StateRegime("epoch", warm_up="train", reset_forecast="never"))
    trained = fit(arm, [0, 1], [0, 1])
    whole = forecast(arm, trained, [0, 1])
    assert whole.shape == (2, TEST_SIZE)
    np.testing.assert_array_equal(whole[:, :2], forecast(arm, trained, [0, 1], 2))


def test_when_a_forecast_starts_and_resets(engine: Engine) -> None:
    def made(reset_training: Any, **forecasting: Any) -> Any:
        arm = arm_of(engine, StateRegime(reset_training, **forecasting))
        return forecast(arm, fit(arm, [0]), [0])[0]

    cold = made("epoch", reset_forecast="never")
    reset = made("epoch", reset_forecast="step")
    warm = made("epoch", reset_forecast="never", warm_up="train")
    assert cold[0] == reset[0]
    assert (cold[1:] != reset[1:]).all()
    assert warm[0] != cold[0]
    np.testing.assert_array_equal(reset, made("epoch", reset_forecast="step", warm_up="train"))
    # What training left is where the forecast starts, if nothing is ever reset.
    never = made("never", reset_forecast="never")
    from_zero = made("never", reset_forecast="step")
    assert never[0] != from_zero[0]


def test_a_state_that_continues_runs_over_the_samples_held_back(engine: Engine) -> None:
    arm = arm_of(engine, StateRegime("never", reset_forecast="never"), validation=3)
    trained = fit(arm, [0])

    def made(**regime: Any) -> Any:
        other = replace(arm.model, regime=replace(arm.model.regime, **regime))
        return forecast(replace(arm, model=other), trained, [0])[0]

    np.testing.assert_array_equal(made(), made(warm_up=3))
    assert made()[0] != made(warm_up=2)[0]
    # A state that is reset anyway has nothing to run over.
    assert made(reset_forecast="step")[0] == made(reset_forecast="step", warm_up=3)[0]
    fresh = replace(arm.model, regime=StateRegime("epoch", reset_forecast="never"))
    cold = forecast(replace(arm, model=fresh), trained, [0])[0]
    assert cold[0] == made(reset_forecast="step")[0]


def test_a_learned_initial_state_is_carried_or_refused(engine: Engine) -> None:
    arm = arm_of(engine, StateRegime("epoch", reset_forecast="step"))
    learned = replace(arm.model, network=Network(initial_state="learned"))
    try:
        engine.check(learned, 1, 0)
    except SettingError:
        return
    from_zero = forecast(arm, fit(arm, [0]), [0])
    arm = replace(arm, model=learned)
    assert (forecast(arm, fit(arm, [0]), [0]) != from_zero).all()


@pytest.mark.parametrize(("profile", "batch_size"), [("keras-2", 3), ("keras-3", 1)])
def test_both_engines_agree(profile: str, batch_size: int) -> None:
    regimes = [
        StateRegime(),
        StateRegime(shuffle=True),
        StateRegime("epoch", warm_up="train", reset_forecast="never"),
        StateRegime("never", reset_forecast="never" if batch_size == 1 else "step"),
        StateRegime(2, warm_up=3, reset_forecast="never"),
    ]
    trainings = [
        Training(EPOCHS, batch_size),
        Training(
            EPOCHS, batch_size, SGD(0.05, 0.5), clip_error=0.3, schedule="cosine", validation=3
        ),
    ]
    for regime in regimes:
        for training in trainings:
            arm = Arm("a", Model(regime, network=Network(2, profile), training=training))
            other = replace(arm, engine=KerasEngine())
            own, theirs = fit(arm, [0, 1], [0, 1]), fit(other, [0, 1], [0, 1])
            said = str((regime, training))
            np.testing.assert_allclose(theirs.loss, own.loss, rtol=1e-4, err_msg=said)
            if training.validation:
                np.testing.assert_allclose(
                    theirs.validation_loss, own.validation_loss, rtol=1e-4, err_msg=said
                )
            np.testing.assert_allclose(
                forecast(other, theirs, [0, 1]), forecast(arm, own, [0, 1]), atol=1e-4, err_msg=said
            )
