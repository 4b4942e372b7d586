from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statewise.base.records import as_document, from_document
from statewise.errors import SettingError
from statewise.model.regime import REGIMES, StateRegime


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"reset_training": "sometimes"}, "reset_training"),
        ({"reset_training": 0}, "reset_training"),
        ({"reset_training": 1.5}, "reset_training"),
        ({"warm_up": "all"}, "warm_up"),
        ({"warm_up": 0}, "warm_up"),
        ({"reset_forecast": "epoch"}, "reset_forecast"),
        ({"shuffle": "yes"}, "shuffle"),
    ],
)
def test_an_unknown_value_is_named(fields: dict[str, Any], name: str) -> None:
    with pytest.raises(SettingError, match=rf"^{name} = "):
        StateRegime(**fields)


@pytest.mark.parametrize("policy", ["epoch", "never", 2])
def test_shuffling_contradicts_carried_state(policy: Any) -> None:
    with pytest.raises(SettingError, match=r"shuffle = True: contradicts reset_training.*Use shuf"):
        StateRegime(reset_training=policy, shuffle=True)
    assert StateRegime(reset_training=1, shuffle=True).shuffle


def test_batches_must_divide_where_state_is_carried() -> None:
    StateRegime("batch").check_batches(10, 4)
    StateRegime("epoch").check_batches(10, 5)
    with pytest.raises(SettingError, match=r"batch_size = 4: .*for example batch_size=5"):
        StateRegime("epoch").check_batches(10, 4)


def test_one_state_alone_can_start_a_forecast() -> None:
    StateRegime("never", reset_forecast="never").check_forecast(1)
    StateRegime("never", reset_forecast="step").check_forecast(12)  # starts from zero anyway
    StateRegime("epoch").check_forecast(12)
    with pytest.raises(SettingError, match="batch_size = 12: leaves 12 states"):
        StateRegime("never", reset_forecast="never").check_forecast(12)


def test_presets_are_found_by_name() -> None:
    assert StateRegime.named("stateless") == StateRegime()
    with pytest.raises(SettingError, match="'stateless', 'stateless-shuffled', 'stateful'"):
        StateRegime.named("statefull")


@given(st.sampled_from(sorted(REGIMES)))
def test_a_regime_survives_being_written_down(name: str) -> None:
    regime = REGIMES[name]
    assert from_document(StateRegime, "regime", as_document(regime)) == regime


def test_an_unknown_field_is_named() -> None:
    with pytest.raises(SettingError, match=r"regime\.reset = 'epoch': is not a known field"):
        from_document(StateRegime, "regime", {"reset": "epoch"})


@pytest.mark.parametrize(
    ("regime", "resets"),
    [
        (StateRegime(), "0000 0000 --- 000"),
        (REGIMES["stateful"], "0... 0... --- 0.."),
        (REGIMES["stateful-warm"], "0... 0... 0.. ..."),
        (REGIMES["stateful-reset-forecast"], "0... 0... --- 000"),
        (REGIMES["continuous"], "0... .... --- ..."),
        (REGIMES["continuous-warm"], "0... .... ... ..."),
        (StateRegime(2, warm_up="train"), "0.0. 0.0. 000 000"),
    ],
)
def test_the_timeline_shows_every_reset(regime: StateRegime, resets: str) -> None:
    moments = regime.timeline()
    parts = [
        "".join("0" if m.reset else "." for m in moments if (m.phase, m.epoch) == part) or "---"
        for part in (("training", 0), ("training", 1), ("warm-up", 0), ("forecast", 0))
    ]
    assert " ".join(parts) == resets


def test_reset_every_is_what_the_kernel_takes() -> None:
    regimes: list[Any] = ["batch", "epoch", "never", 3]
    assert [StateRegime(r).reset_every(22) for r in regimes] == [1, 22, 0, 3]
