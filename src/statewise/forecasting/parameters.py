"""Parameters as scikit-learn has them: read from the constructor, set by name, cloned."""

import inspect
from typing import Any, Self

from statewise.base.checks import one_of

__all__ = ["Parameters"]


class Parameters:
    """A class whose constructor does nothing but assign its arguments."""

    @classmethod
    def _names(cls) -> list[str]:
        return [name for name in inspect.signature(cls.__init__).parameters if name != "self"]

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: ARG002
        """The arguments of the constructor, by name."""
        return {name: getattr(self, name) for name in self._names()}

    def set_params(self, **params: Any) -> Self:
        """Set some of them; raises SettingError for a name that is none."""
        for name in params:
            one_of("parameter", name, self._names())
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def clone(self) -> Self:
        """Another with the same parameters, not fitted."""
        return type(self)(**self.get_params())

    def _said(self) -> dict[str, Any]:
        """The parameters that are not at their defaults."""
        defaults = inspect.signature(type(self).__init__).parameters
        return {
            name: value
            for name, value in self.get_params().items()
            if value is not defaults[name].default and value != defaults[name].default
        }

    def __repr__(self) -> str:
        said = [f"{name}={value!r}" for name, value in self._said().items()]
        return f"{type(self).__name__}({', '.join(said)})"
