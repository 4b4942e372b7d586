"""The promise that everything rests on: a run is a function of its specification, to the bit."""

import hashlib
import subprocess
import sys
import textwrap
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statewise import engine
from statewise.engine import blocks, compiled
from statewise.engine.compiled import kernels
from statewise.errors import DataError, SettingError
from statewise.model.network import SGD, Adam, Network, Training
from statewise.model.regime import StateRegime

REGIMES = [
    StateRegime("batch"),
    StateRegime("batch", shuffle=True),
    StateRegime("epoch"),
    StateRegime("never"),
    StateRegime(2),
]
SHAPES = [(1, 1, 1, 1, 1), (1, 4, 1, 1, 12), (3, 2, 2, 2, 4), (9, 1, 1, 1, 3)]


def data_sets(count: int, n: int, steps: int, features: int, outputs: int) -> Any:
    rng = np.random.default_rng(2)
    x = rng.uniform(-1, 1, (count, n, steps, features))
    return x, rng.uniform(-1, 1, (count, n, outputs))


def same(a: engine.Fitted, i: int, b: engine.Fitted, j: int) -> None:
    for one, other in zip((*a.weights, *a.state), (*b.weights, *b.state), strict=True):
        np.testing.assert_array_equal(one[i], other[j])
    assert a.loss is not None
    assert b.loss is not None
    np.testing.assert_array_equal(a.loss[i], b.loss[j])
    assert a.diverged_epoch[i] == b.diverged_epoch[j]


@settings(max_examples=40)
@given(
    shape=st.sampled_from(SHAPES),
    regime=st.sampled_from(REGIMES),
    profile=st.sampled_from(["keras-2", "keras-3"]),
    optimizer=st.sampled_from([Adam(), SGD(0.1, 0.5)]),
    repeats=st.lists(st.integers(0, 400), min_size=1, max_size=50, unique=True),
    threads=st.sampled_from([1, 2]),
    where=st.integers(0, 10**6),
)
def test_a_run_is_the_same_in_any_pack(
    shape: Any,
    regime: StateRegime,
    profile: str,
    optimizer: Any,
    repeats: list[int],
    threads: int,
    where: int,
) -> None:
    units, steps, features, outputs, batch = shape
    x, y = data_sets(3, 12, steps, features, outputs)
    network, training = Network(units, profile), Training(4, batch, optimizer)
    of_run = [r % 3 for r in repeats]
    together = engine.fit(
        network, training, regime, x, y, repeats=repeats, data=of_run, threads=threads
    )
    i = where % len(repeats)
    alone = engine.fit(
        network, training, regime, x[of_run[i]], y[of_run[i]], repeats=[repeats[i]], threads=1
    )
    same(together, i, alone, 0)
    windows, _ = data_sets(1, 5, steps, features, outputs)
    out, state = engine.step(network, together.weights, windows[0])
    out_alone, state_alone = engine.step(network, alone.weights, windows[0])
    np.testing.assert_array_equal(out[i], out_alone[0])
    np.testing.assert_array_equal(state.h[i], state_alone.h[0])


def test_a_run_is_the_same_alone_and_among_a_thousand() -> None:
    x, y = data_sets(1, 22, 1, 1, 1)
    arguments = (Network(), Training(200), StateRegime("epoch"), x, y)
    many = engine.fit(*arguments, repeats=1000, threads=2)
    reversed_order = engine.fit(*arguments, repeats=range(999, -1, -1), threads=1)
    for i in (0, 31, 32, 500, 999):
        same(many, i, engine.fit(*arguments, repeats=[i]), 0)
        same(many, i, reversed_order, 999 - i)


def test_a_run_is_the_same_in_another_process() -> None:
    program = textwrap.dedent("""
        import hashlib, sys
        import numpy as np
        import statewise as sw
        x = np.linspace(-1, 1, 24).reshape(12, 2, 1)
        for profile in ("keras-2", "keras-3"):
            for shuffle in (True, False):
                fitted = sw.fit(
                    sw.Network(3, profile), sw.Training(20, 4), sw.StateRegime(shuffle=shuffle),
                    x, x[:, 0] ** 2, repeats=5, threads=int(sys.argv[1]),
                )
                for array in (*fitted.weights, fitted.loss):
                    sys.stdout.write(hashlib.sha256(array.tobytes()).hexdigest())
    """)
    outputs = [
        subprocess.run(
            [sys.executable, "-c", program, threads], capture_output=True, text=True, check=True
        ).stdout
        for threads in ("1", "2")
    ]
    assert outputs[0] == outputs[1]
    assert len(outputs[0]) == 4 * 6 * hashlib.sha256().digest_size * 2


@pytest.mark.parametrize("regime", REGIMES[:3])
def test_memory_limits_do_not_change_results(
    regime: StateRegime, monkeypatch: pytest.MonkeyPatch
) -> None:
    x, y = data_sets(1, 24, 2, 1, 1)
    arguments = (Network(2), Training(7, batch_size=4), regime, x, y)
    whole = engine.fit(*arguments, repeats=3)
    monkeypatch.setattr(blocks, "GATHERED", 1)  # one batch at a time
    monkeypatch.setattr(blocks, "ORDERED", 1)  # two epochs' orders at a time
    cut = engine.fit(*arguments, repeats=3)
    for i in range(3):
        same(whole, i, cut, i)


def test_chunks_of_windows_do_not_change_forecasts() -> None:
    x, _ = data_sets(1, 11, 2, 1, 1)
    weights = engine.initial_weights(1, range(4), units=3, features=1)
    whole, after = engine.step(Network(3), weights, x[0])
    parts, state = [], None
    for part in np.split(x[0], [1, 2, 7]):
        out, state = engine.step(Network(3), weights, part, state)
        parts.append(out)
    np.testing.assert_array_equal(whole, np.concatenate(parts, axis=1))
    assert state is not None
    np.testing.assert_array_equal(after.c, state.c)


def test_chunks_of_rows_do_not_change_forecasts() -> None:
    x, _ = data_sets(1, 12, 1, 1, 1)
    weights = engine.initial_weights(1, range(2), units=2, features=1)
    start = engine.zero_state(2, 2, rows=3)
    whole, after = engine.step(Network(2), weights, x[0], start)
    first, state = engine.step(Network(2), weights, x[0][:6], start)
    second, state = engine.step(Network(2), weights, x[0][6:], state)
    np.testing.assert_array_equal(whole, np.concatenate([first, second], axis=1))
    np.testing.assert_array_equal(after.h, state.h)


def test_small_targets_are_no_divergence() -> None:
    """The outputs of an untrained network are of the order of one, whatever the targets are."""
    x, y = data_sets(1, 22, 1, 1, 1)
    for scale in (0.0, 1e-9, 1e-6, 1e-3):
        fitted = engine.fit(Network(), Training(3), StateRegime(), x, scale * y, repeats=5)
        assert (fitted.diverged_epoch == 0).all()


def test_repeats_may_be_any_whole_numbers() -> None:
    x, y = data_sets(1, 4, 1, 1, 1)
    arguments = (Network(), Training(2), StateRegime(), x, y)
    several: list[Any] = [range(3), [0, 1, 2], np.arange(3), (0, np.int64(1), 2), 3, np.int64(3)]
    fits = [engine.fit(*arguments, repeats=repeats) for repeats in several]
    for fitted in fits[1:]:
        np.testing.assert_array_equal(fitted.weights.kernel, fits[0].weights.kernel)


def test_several_data_sets_must_say_who_trains_on_which() -> None:
    x, y = data_sets(2, 4, 1, 1, 1)
    with pytest.raises(SettingError, match="data = None: does not say which of 2"):
        engine.fit(Network(), Training(2), StateRegime(), x, y)


def test_reset_forgets_what_came_before() -> None:
    x, _ = data_sets(1, 4, 1, 1, 1)
    weights = engine.initial_weights(1, range(2), units=2, features=1)
    reset, _ = engine.step(Network(2), weights, x[0], reset=True)
    for n in range(4):
        alone, _ = engine.step(Network(2), weights, x[0][n : n + 1])
        np.testing.assert_array_equal(reset[:, n : n + 1], alone)


def test_windows_of_their_own_for_each_run() -> None:
    x, _ = data_sets(3, 5, 1, 1, 1)
    weights = engine.initial_weights(1, range(3), units=1, features=1)
    out, _ = engine.step(Network(), weights, x)
    for run in range(3):
        alone, _ = engine.step(Network(), weights.take(slice(run, run + 1)), x[run])
        np.testing.assert_array_equal(out[run], alone[0])


@pytest.mark.parametrize("optimizer", [Adam(1e4), SGD(1e4)], ids=["adam", "sgd"])
def test_divergence_is_recorded_with_its_epoch(optimizer: Any) -> None:
    x, y = data_sets(1, 22, 1, 1, 1)
    fitted = engine.fit(Network(), Training(20, 1, optimizer), StateRegime(), x, y, repeats=5)
    assert (fitted.diverged_epoch == 1).all()


def test_a_diverged_run_leaves_its_neighbours_alone() -> None:
    x, y = data_sets(2, 22, 1, 1, 1)
    x[1] *= 1e18  # the second data set overflows
    y[1] *= 1e18
    training = Training(30, optimizer=SGD(0.1))
    of_run = [1 if r in {3, 7, 31, 40} else 0 for r in range(60)]
    arguments = (Network(), training, StateRegime("epoch"))
    mixed = engine.fit(*arguments, x, y, repeats=60, data=of_run)
    clean = engine.fit(*arguments, x[0], y[0], repeats=60)
    for i, which in enumerate(of_run):
        assert (mixed.diverged_epoch[i] > 0) == (which == 1)
        if which == 0:
            same(mixed, i, clean, i)


def test_divergence_is_seen_in_the_last_step_too() -> None:
    x, y = data_sets(1, 1, 1, 1, 1)
    fitted = engine.fit(Network(), Training(1, 1, SGD(1e39)), StateRegime(), x, y)
    assert fitted.diverged_epoch[0] == 1


def test_progress_goes_to_the_end_and_loss_can_be_dropped() -> None:
    x, y = data_sets(1, 4, 1, 1, 1)
    seen: list[float] = []
    fitted = engine.fit(
        Network(),
        Training(2),
        StateRegime(),
        x,
        y,
        repeats=70,
        keep_loss=False,
        threads=1,
        on_progress=seen.append,
    )
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert len(seen) == 3  # blocks
    assert fitted.loss is None
    assert fitted.runs == 70


def test_an_exception_in_progress_stops_the_rest() -> None:
    x, y = data_sets(1, 4, 1, 1, 1)

    def stop(_: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        engine.fit(
            Network(), Training(2), StateRegime(), x, y, repeats=500, threads=1, on_progress=stop
        )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": np.zeros((4, 1))}, r"x = \(4, 1\): is not \(samples, steps, features\)"),
        ({"x": np.zeros((0, 1, 1))}, "x = "),
        ({"y": np.zeros((3, 1))}, "y = .*Give one target a sample"),
        ({"repeats": 0}, "repeats = 0"),
        ({"repeats": []}, "repeats = "),
        ({"repeats": [-1]}, "repeats = -1"),
        ({"x": [["a"]]}, "x = 'list': is not an array of real numbers"),
        ({"x": [[[1.0]], [[1.0, 2.0]]]}, "x = 'list': is not an array of real numbers"),
        ({"x": np.zeros((4, 1, 1), complex)}, "x = "),
        ({"seed": -1}, "seed = "),
        ({"data": [1]}, "data = "),
        ({"data": [0.5]}, "data = "),
        ({"threads": 0}, "threads = 0"),
        ({"initial": engine.initial_weights(1, [0], 2, 1)}, "initial = "),
    ],
)
def test_bad_arguments_are_named(change: dict[str, Any], message: str) -> None:
    x, y = data_sets(1, 4, 1, 1, 1)
    arguments = {"x": x, "y": y} | change
    with pytest.raises(SettingError, match=message):
        engine.fit(Network(), Training(1), StateRegime(), **arguments)


def test_values_that_are_not_finite_are_refused_with_their_place() -> None:
    x, y = data_sets(1, 4, 1, 1, 1)
    x[0, 2, 0, 0] = np.nan
    with pytest.raises(DataError, match=r"x = nan: is not finite at \(0, 2, 0, 0\)"):
        engine.fit(Network(), Training(1), StateRegime(), x, y)
    with pytest.raises(DataError, match="y = 1e\\+300"):
        engine.fit(Network(), Training(1), StateRegime(), x[:, :2], np.full((2, 1), 1e300))


def test_a_batch_that_does_not_divide_is_refused_where_state_is_carried() -> None:
    x, y = data_sets(1, 10, 1, 1, 1)
    with pytest.raises(SettingError, match="batch_size = 4: does not divide the 10"):
        engine.fit(Network(), Training(1, batch_size=4), StateRegime("epoch"), x, y)


def test_step_refuses_what_does_not_fit() -> None:
    weights = engine.initial_weights(1, range(2), units=2, features=1)
    with pytest.raises(SettingError, match="x = "):
        engine.step(Network(2), weights, np.zeros((3, 1, 2)))
    with pytest.raises(SettingError, match="x = "):
        engine.step(Network(3), weights, np.zeros((3, 1, 1)))
    states: list[Any] = [engine.zero_state(3, 2), engine.zero_state(2, 2, rows=0), (1, 2), 5]
    for state in states:
        with pytest.raises(SettingError, match="state = "):
            engine.step(Network(2), weights, np.zeros((3, 1, 1)), state)


@pytest.mark.parametrize(
    ("network", "training", "uneven"),
    [
        (Network(), Training(2), False),
        (Network(), Training(2), True),
        (Network(initial_state="learned"), Training(2), False),
        (Network(), Training(2, validation=1), False),
    ],
    ids=["alike", "uneven", "learned", "validated"],
)
def test_what_is_loaded_ahead_is_what_the_fit_uses(
    network: Network, training: Training, uneven: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: set[Any] = set()

    def recorded(*which: Any) -> Any:
        asked.add(which)
        return kernels(*which)

    for module in (engine, compiled):
        monkeypatch.setattr(module, "kernels", recorded)
    engine.load(network, training, 2, uneven=uneven)
    loaded = set(asked)
    x, y = data_sets(2, 4, 1, 1, 1)
    sets = [x[0], x[1, : 3 if uneven else 4]], [y[0], y[1, : 3 if uneven else 4]]
    engine.fit(network, training, StateRegime(), *sets, repeats=2, data=[0, 1])
    assert len(loaded) == 1
    assert asked == loaded
