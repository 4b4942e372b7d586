"""KerasEngine in studies: mixed arms, what a document holds, and settings that are refused."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from statewise.errors import SettingError
from statewise.model.network import Network, Training
from statewise.model.regime import REGIMES
from statewise.model.spec import Model
from statewise.report.html import html_report
from statewise.report.study_tables import study_tables
from statewise.report.text import study_text
from statewise.study import Arm, from_document, run_study, to_document
from statewise.study.shards import cells_of
from tests.interop import models
from tests.interop.models import STATEFUL, arm_of, keras, study_of


def test_a_study_mixes_engines_and_says_which_arm_ran_where(tmp_path: Path) -> None:
    own = Arm("own", Model(STATEFUL, training=Training(3)))
    study = study_of(own, arm_of(), arm_of(models.deep, name="deep"))
    path = tmp_path / "study.db"
    result = run_study(study, store=path)
    np.testing.assert_allclose(
        result.arms["keras"].forecasts, result.arms["own"].forecasts, rtol=1e-5
    )
    assert result.arms["deep"].forecasts.shape == (2, 6)
    # The repeats of the first two are pairs, and those of the third are not theirs.
    [(_, cutoff)] = result.naive
    keys = [result.restarts(name, cutoff) for name in ("own", "keras", "deep")]
    assert keys[0] == keys[1] != keys[2]
    assert "Keras on tensorflow" in study_text(result, [])
    page = html_report(result)
    assert "Keras on tensorflow" in page
    assert "Bidirectional &gt; Dropout &gt; SimpleRNN &gt; Dense" in page
    assert keras.__version__ in page
    assert len(study_tables(result)["scores"]) == 6
    again = run_study(study, store=path)
    assert again.trained_runs == 0
    more = run_study(replace(study, repeats=3), store=path)
    assert more.trained_runs == 3
    np.testing.assert_array_equal(more.arms["deep"].forecasts[:2], result.arms["deep"].forecasts)


def test_keys_of_the_built_in_engine_say_nothing_of_it() -> None:
    own, keras_arm = Arm("a", Model(STATEFUL, training=Training(3))), arm_of(name="a")
    assert "engine" not in to_document(study_of(own))["arms"][0]
    document = to_document(study_of(keras_arm))
    assert document["arms"][0]["engine"] == {"kind": "keras", "backend": "tensorflow"}
    assert from_document(json.loads(json.dumps(document))) == study_of(keras_arm)
    keys = {cell.key for arm in (own, keras_arm) for *_, cell in cells_of(study_of(arm), arm)}
    assert len(keys) == 2


def test_settings_that_contradict_the_engine_are_refused() -> None:
    with pytest.raises(SettingError, match="is not something that Keras' recurrent layers can do"):
        study_of(replace(arm_of(), model=Model(network=Network(initial_state="learned"))))
    with pytest.raises(SettingError, match="has no effect: build makes the model"):
        study_of(
            replace(
                arm_of(models.lstm), model=replace(arm_of(models.lstm).model, network=Network(5))
            )
        )


def test_a_stateless_model_serves_a_regime_that_carries_nothing() -> None:
    result = run_study(study_of(arm_of(models.stateless, REGIMES["stateless"])))
    assert np.isfinite(result.arms["keras"].scores).all()
