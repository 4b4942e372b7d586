"""A forecaster that is kept in a file: saved, loaded, and updated there."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from statewise.base.modelfile import locked
from statewise.forecasting.saved import read, write
from statewise.forecasting.settings import Settings
from statewise.forecasting.views import Views

__all__ = ["Kept"]


class Kept(Settings, Views):
    """What a forecaster does with files."""

    def save(
        self,
        path: str | Path,
        *,
        wait: float | None = None,
        on_wait: Callable[[str], object] | None = None,
    ) -> None:
        """Write the model to a file that holds numbers and text alone, whole or not at all.

        What is written is what was fitted: parameters that were set since then are not in it. A
        model that is there is replaced, after an update of it that is on its way.

        Args:
            path: the file; its folder is made where there is none.
            wait, on_wait: for an update, as of ``updating``.

        Raises:
            OutputError: the file cannot be written.
            ModelError: it is being updated, and was for so long.
        """
        with locked(path, wait, on_wait):
            write(self._fitted(), Path(path))

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """The model that was saved.

        Raises:
            ModelError: the file is missing, truncated, altered, or of a later version.
        """
        fitted = read(Path(path))
        model = cls(**fitted.settings.get_params(deep=False))
        model.fitted_ = fitted
        return model

    @classmethod
    @contextmanager
    def updating(
        cls,
        path: str | Path,
        *,
        save: str | Path | None = None,
        wait: float | None = None,
        on_wait: Callable[[str], object] | None = None,
    ) -> Iterator[Self]:
        """The model of a file within a block, at whose end it is written there again.

        Updates of one file take turns, in whichever processes and threads: each begins with the
        model that the one before wrote, so none is lost. If the block ends by an exception, or the
        process is killed, the file is as it was.

        Args:
            path: the file.
            save: write the model here instead, and leave ``path`` as it is.
            wait: how many seconds to wait at most for another update; for as long as it takes by
                default.
            on_wait: called with a sentence if another update is waited for, such as ``print``.

        Yields:
            The model, to ``update`` and ``step``, to forecast with, or to ``fit`` again.

        Raises:
            ModelError: the file cannot be used, as for ``load``, or another update goes on.
            OutputError: the model cannot be written.

        Warns:
            UserWarning: the file system has no locks, or is that of a network, where one process
                at a time should update the file.

        Example:
            >>> from statewise import Forecaster
            >>> path = getfixture("tmp_path") / "sales.model"
            >>> Forecaster(horizon=2).fit([3.0, 5.0, 4.0] * 4).save(path)
            >>> with Forecaster.updating(path) as model:
            ...     forecast = model.update([6.0, 5.0]).predict(3)
            >>> Forecaster.load(path).predict(3).equals(forecast)
            True
        """
        target = path if save is None else save
        with locked(target, wait, on_wait) as alone:
            model = cls.load(path)
            before = model.fitted_
            if save is None and not alone:
                text = "cannot be locked where it lies: let one process at a time update it"
                warnings.warn(f"{path} {text}", UserWarning, stacklevel=3)
            yield model
            if save is not None or model.fitted_ is not before:
                write(model._fitted(), Path(target))
