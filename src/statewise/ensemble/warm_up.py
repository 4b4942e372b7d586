"""The state before the first forecast: where it begins, and what it runs over."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from statewise.engine import State
from statewise.engine.layout import Carried
from statewise.ensemble.trained import Ensemble
from statewise.errors import DataError
from statewise.model.spec import Model

__all__ = ["check_warm_up", "warm_up_samples", "warmed"]

Floats = NDArray[np.float64]
AT_ONCE = 1 << 22  # numbers that are run over in one call


def check_warm_up(model: Model, name: str, samples: int) -> None:
    """Raise DataError if a series has fewer samples than the regime warms up on."""
    wanted = model.regime.warm_up
    if isinstance(wanted, int) and wanted > samples:
        raise DataError(
            name,
            samples,
            f"samples are fewer than warm_up={wanted}",
            'Warm up on fewer, or on "train"; or give a longer series.',
        )


def warm_up_samples(model: Model, samples: int, continues: bool) -> int:
    """How many of a series' last training samples the state runs over before the first forecast.

    A regime that continues from training has not seen the samples that were held back for
    validation, so that the state runs over them even where there is no other warm-up.

    Args:
        model: whose regime and training say it.
        samples: of the series' training part, those held back included.
        continues: whether the state that training left is where it starts.
    """
    wanted = model.regime.warm_up
    if wanted == "train":
        return samples
    if wanted == "none":
        return model.training.held_back(samples) if continues else 0
    return int(wanted)


def warmed(
    ensemble: Ensemble,
    inputs: Sequence[Floats],
    left: State | None,
    since: Sequence[int] | None = None,
) -> Carried:
    """The state before the first forecast: the initial one or what was left, then warmed up.

    Args:
        ensemble: whose state it is.
        inputs: (samples, steps, features) of each series, in the order of time.
        left: (runs, batch, units) that training left, where it is known; it counts where the regime
            continues from it.
        since: how many of the samples of each series came after training, which a state that
            continues runs over too; by default none. A series has as many samples as there are,
            where the warm-up takes more.

    Raises:
        SettingError: the regime continues from training, which left one state a batch row.
    """
    regime = ensemble.model.regime
    continues = left is not None and regime.continues_into_forecast
    carried = ensemble.start()
    if left is not None and continues:
        regime.check_forecast(left[0].shape[1])
        shape = (ensemble.series, ensemble.members, -1)
        carried = ensemble.to_lanes(type(left)(*(part.reshape(shape) for part in left)))
    if ensemble.resets:
        return carried
    more = since if continues and since is not None else [0] * len(inputs)
    last = np.array([
        min(warm_up_samples(ensemble.model, len(x) - late, continues) + late, len(x))
        for x, late in zip(inputs, more, strict=True)
    ])  # fmt: skip
    together = int(last.min())
    for ago in range(int(last.max()), together, -1):  # of some series only
        rows = [x if len(x) else np.zeros((1, *x.shape[1:])) for x in inputs]
        windows = np.stack([x[-min(ago, len(x))] for x in rows])
        _, after = ensemble.run(windows[:, None], carried)
        carried = ensemble.choose(last >= ago, after, carried)
    if together:
        stacked = np.stack([x[len(x) - together :] for x in inputs])
        size = ensemble.series * ensemble.members * stacked[0, 0].size
        for begin in range(0, together, max(1, AT_ONCE // size)):
            part = stacked[:, begin : begin + max(1, AT_ONCE // size)]
            carried = ensemble.run_over(part, carried)
    return carried
