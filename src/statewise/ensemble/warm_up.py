"""The state before the first forecast: where it begins, and what it runs over."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from statewise.engine import State
from statewise.engine.layout import Carried
from statewise.ensemble.trained import Ensemble
from statewise.errors import DataError
from statewise.model.spec import Model

__all__ = ["check_warm_up", "warmed"]

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


def warmed(ensemble: Ensemble, inputs: Sequence[Floats], left: State | None) -> Carried:
    """The state before the first forecast: the initial one or what was left, then warmed up.

    A regime that continues from training has not seen the samples that were held back for
    validation, so that the state runs over them even where there is no other warm-up.

    Args:
        ensemble: whose state it is.
        inputs: (samples, steps, features) of each series, in the order of time.
        left: (runs, batch, units) that training left, where it is known; it counts where the regime
            continues from it.

    Raises:
        SettingError: the regime continues from training, which left one state a batch row.
    """
    regime, training = ensemble.model.regime, ensemble.model.training
    continues = left is not None and regime.continues_into_forecast
    carried = ensemble.start()
    if left is not None and continues:
        regime.check_forecast(left[0].shape[1])
        shape = (ensemble.series, ensemble.members, -1)
        carried = ensemble.to_lanes(type(left)(*(part.reshape(shape) for part in left)))
    if ensemble.resets:
        return carried
    counts = np.array([len(x) for x in inputs])
    if regime.warm_up == "train":
        last = counts
    elif regime.warm_up == "none":
        held = [training.held_back(int(n)) if continues else 0 for n in counts]
        last = np.array(held, np.int64)
    else:
        last = np.full_like(counts, regime.warm_up)
    together = int(last.min())
    for ago in range(int(last.max()), together, -1):  # of some series only
        windows = np.stack([x[-min(ago, len(x))] for x in inputs])
        _, after = ensemble.run(windows[:, None], carried)
        carried = ensemble.choose(last >= ago, after, carried)
    if together:
        stacked = np.stack([x[len(x) - together :] for x in inputs])
        size = ensemble.series * ensemble.members * stacked[0, 0].size
        for begin in range(0, together, max(1, AT_ONCE // size)):
            part = stacked[:, begin : begin + max(1, AT_ONCE // size)]
            carried = ensemble.run_over(part, carried)
    return carried
