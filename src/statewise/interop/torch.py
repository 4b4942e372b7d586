"""Weights and state of a run as ``torch.nn.LSTM`` and ``torch.nn.Linear``, and back.

PyTorch stacks the gates in the order i, f, g, o, which is the i, f, c, o of Keras and statewise;
its matrices are transposed, and it adds two bias vectors, of which one is set to zero here.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from statewise.base.extras import import_extra
from statewise.engine import Fitted, State, Weights
from statewise.ensemble.exported import Exported, Exports, exported
from statewise.errors import SettingError
from statewise.model.network import Network

__all__ = ["TorchModel", "from_torch", "to_torch"]


class TorchModel(NamedTuple):
    """A run in PyTorch: ``out, state = lstm(x, state)``, and ``dense(out[:, -1])`` forecasts."""

    lstm: Any  # torch.nn.LSTM with batch_first=True
    dense: Any  # torch.nn.Linear
    state: tuple[Any, Any] | None  # h and c, (1, rows, units) each; None is zero


LSTM_NAMES = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")


def to_torch(
    model: Network | Exports | Exported,
    weights: Weights | Fitted | None = None,
    state: State | None = None,
    *,
    run: int = 0,
) -> TorchModel:
    """Make PyTorch modules that forecast as one run does.

    Args:
        model, weights, state, run: as for ``to_keras``. A state that was learned, or is given, is
            the result's ``state``; a batch has its rows.

    Raises:
        SettingError: the profile is ``keras-2``, whose gates PyTorch does not have.
        DataError: a weight is not finite.
        ExtraError: PyTorch is not installed.
    """
    found = exported(model, weights, state, run)
    if found.network.numerics.gate != "logistic":
        problem = "has gates that torch.nn.LSTM does not have"
        fix = 'Train with the profile "keras-3", or take the weights to Keras.'
        raise SettingError("profile", found.network.profile, problem, fix)
    torch = import_extra("torch", "torch")
    w = Weights(*(array[0] for array in found.weights))
    units, features, outputs = found.weights.units, found.weights.features, found.weights.outputs
    lstm = torch.nn.LSTM(features, units, batch_first=True)
    dense = torch.nn.Linear(units, outputs)
    arrays = (w.kernel.T, w.recurrent.T, w.bias, np.zeros_like(w.bias))
    lstm.load_state_dict(_tensors(torch, LSTM_NAMES, arrays))
    dense.load_state_dict(_tensors(torch, ("weight", "bias"), (w.dense_kernel.T, w.dense_bias)))
    if found.start is None:
        return TorchModel(lstm, dense, None)
    h, c = (torch.tensor(np.array(part)) for part in found.start)
    return TorchModel(lstm, dense, (h, c))


def _tensors(torch: Any, names: tuple[str, ...], arrays: tuple[Any, ...]) -> dict[str, Any]:
    return {name: torch.tensor(np.array(a)) for name, a in zip(names, arrays, strict=True)}


def from_torch(
    lstm: Any, dense: Any, state: tuple[Any, Any] | None = None
) -> tuple[Network, Weights, State | None]:
    """The network, the weights of one run, and the state of PyTorch modules.

    Args:
        lstm: a ``torch.nn.LSTM`` of one layer and one direction, or its state dict.
        dense: a ``torch.nn.Linear``, or its state dict.
        state: ``(h, c)`` as the LSTM gave it, (1, rows, units) each.

    Raises:
        SettingError: the LSTM has several layers, two directions or a projection; or shapes differ.
        DataError: a weight is not finite.

    Example:
        >>> lstm = {"weight_ih_l0": np.zeros((8, 1)), "weight_hh_l0": np.zeros((8, 2)),
        ...         "bias_ih_l0": np.ones(8), "bias_hh_l0": np.ones(8)}
        >>> dense = {"weight": np.zeros((1, 2)), "bias": np.zeros(1)}
        >>> network, weights, _ = from_torch(lstm, dense)
        >>> network.units, weights.bias[0, 0]
        (2, np.float32(2.0))
    """
    given, linear = _arrays(lstm), _arrays(dense)
    unknown = sorted(set(given) - set(LSTM_NAMES))
    if unknown or not set(LSTM_NAMES[:2]) <= set(given):
        problem = "is not of a torch.nn.LSTM with one layer, one direction and no projection"
        fix = "Give such a module, or its state dict."
        raise SettingError("lstm", unknown or sorted(given), problem, fix)
    if "weight" not in linear:
        raise SettingError("dense", sorted(linear), "has no weight", "Give a torch.nn.Linear.")
    gates, outputs = given["weight_ih_l0"].shape[0], linear["weight"].shape[0]
    biases = [given[name] for name in LSTM_NAMES[2:] if name in given]
    weights = Weights(
        kernel=given["weight_ih_l0"].T[None],
        recurrent=given["weight_hh_l0"].T[None],
        bias=np.sum([np.zeros(gates, np.float32), *biases], axis=0)[None],
        dense_kernel=linear["weight"].T[None],
        dense_bias=linear.get("bias", np.zeros(outputs, np.float32))[None],
    ).check()
    parts = None if state is None else State(*(_array(part) for part in state))
    found = exported(Network(weights.units), weights, parts)
    return found.network, found.weights, found.state


def _arrays(module: Any) -> dict[str, Any]:
    """A module's state dict, or a state dict, as float32 arrays."""
    tensors = module if isinstance(module, Mapping) else module.state_dict()
    return {name: _array(tensor) for name, tensor in tensors.items()}


def _array(tensor: Any) -> Any:
    plain = tensor.detach().cpu().numpy() if hasattr(tensor, "detach") else tensor
    return np.asarray(plain, np.float32)
