"""The slow twin: the same network in NumPy float64, one run at a time, written for obviousness.

Parameters are a list of arrays in Keras' shapes and order: kernel (features, 4 units), recurrent
(units, 4 units), bias (4 units), dense kernel (units, outputs), dense bias (outputs). The gates are
in the order i f c o.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from statewise.engine import State, Weights
from statewise.model.network import SGD, Network, Training
from statewise.model.regime import StateRegime

Array = NDArray[np.float64]
Parameters = list[Array]


def parameters_of(weights: Weights, run: int) -> Parameters:
    return [np.asarray(array[run], np.float64) for array in weights]


def gate(z: Array, kind: str) -> Array:
    if kind == "hard_sigmoid":
        return np.clip(0.2 * z + 0.5, 0.0, 1.0)
    return 1.0 / (1.0 + np.exp(-z))


def gate_slope(z: Array, kind: str) -> Array:
    if kind == "hard_sigmoid":
        return np.where(np.abs(z) < 2.5, 0.2, 0.0)
    a = gate(z, kind)
    return a * (1.0 - a)


def forward(
    parameters: Parameters, x: Array, h: Array, c: Array, kind: str
) -> tuple[Array, Array, Array, list[Any]]:
    """Outputs (rows, outputs) of windows x (rows, steps, features), the state, and a tape."""
    kernel, recurrent, bias, dense_kernel, dense_bias = parameters
    tape = []
    for t in range(x.shape[1]):
        z = x[:, t] @ kernel + h @ recurrent + bias
        zi, zf, zg, zo = np.split(z, 4, axis=1)
        i, f, g, o = gate(zi, kind), gate(zf, kind), np.tanh(zg), gate(zo, kind)
        after = f * c + i * g
        tape.append((x[:, t], h, c, zi, zf, zo, i, f, g, o, after))
        c = after
        h = o * np.tanh(c)
    return h @ dense_kernel + dense_bias, h, c, tape


def mean_error(out: Array, y: Array, bound: float) -> float:
    """The mean of squares, which go on as straight lines beyond the bound."""
    size = np.abs(out - y)
    return float(np.mean(np.where(size <= bound, size**2, 2.0 * bound * size - bound**2)))


def loss(
    parameters: Parameters, x: Array, y: Array, h: Array, c: Array, kind: str, bound: float = np.inf
) -> float:
    out, _, _, _ = forward(parameters, x, h, c, kind)
    with np.errstate(invalid="ignore"):
        return mean_error(out, y, bound)


def gradient(
    parameters: Parameters, x: Array, y: Array, h: Array, c: Array, kind: str, bound: float = np.inf
) -> tuple[Parameters, float, Array, Array]:
    """The gradient of ``loss`` by back-propagation, with the loss and the state after."""
    _, recurrent, _, dense_kernel, _ = parameters
    out, h_last, c_last, tape = forward(parameters, x, h, c, kind)
    d_out = 2.0 * np.clip(out - y, -bound, bound) / out.size
    grads = [np.zeros_like(p) for p in parameters]
    grads[3] = h_last.T @ d_out
    grads[4] = d_out.sum(axis=0)
    dh = d_out @ dense_kernel.T
    dc = np.zeros_like(dh)
    for x_t, h_before, c_before, zi, zf, zo, i, f, g, o, after in reversed(tape):
        squashed = np.tanh(after)
        dc = dc + dh * o * (1.0 - squashed**2)
        dz = np.concatenate(
            [
                dc * g * gate_slope(zi, kind),
                dc * c_before * gate_slope(zf, kind),
                dc * i * (1.0 - g**2),
                dh * squashed * gate_slope(zo, kind),
            ],
            axis=1,
        )
        grads[0] += x_t.T @ dz
        grads[1] += h_before.T @ dz
        grads[2] += dz.sum(axis=0)
        dh = dz @ recurrent.T
        dc = dc * f
    with np.errstate(invalid="ignore"):
        return grads, mean_error(out, y, bound), h_last, c_last


def train(
    network: Network,
    training: Training,
    regime: StateRegime,
    parameters: Parameters,
    x: Array,
    y: Array,
    orders: list[Any] | None = None,
) -> tuple[Parameters, list[float], Array, Array]:
    """Train one run: the parameters, each epoch's loss, and the state that is left."""
    kind = network.numerics.gate
    optimizer = training.optimizer
    p = [array.copy() for array in parameters]
    m = [np.zeros_like(a) for a in p]
    v = [np.zeros_like(a) for a in p]
    rows = min(training.batch_size, len(x))
    zero = np.zeros((rows, network.units))
    h, c = zero, zero
    step = 0
    losses = []
    bound = np.inf if training.clip_error is None else training.clip_error
    steps = training.epochs * -(-len(x) // rows)
    for epoch in range(training.epochs):
        order = np.arange(len(x)) if orders is None else orders[epoch]
        total = 0.0
        for k, begin in enumerate(range(0, len(x), rows)):
            policy = regime.reset_training
            every = {"batch": 1, "epoch": 10**9, "never": 0}.get(str(policy), policy)
            if every and k % int(every) == 0:
                h, c = zero, zero
            batch = order[begin : begin + rows]
            n = len(batch)
            grads, value, h_after, c_after = gradient(
                p, x[batch], y[batch], h[:n], c[:n], kind, bound
            )
            h, c = np.concatenate([h_after, h[n:]]), np.concatenate([c_after, c[n:]])
            total += value * n
            step += 1
            fall = 0.5 + 0.5 * np.cos(np.pi * (step - 1) / steps)
            rate = optimizer.learning_rate * (fall if training.schedule == "cosine" else 1.0)
            if isinstance(optimizer, SGD):
                for j, g in enumerate(grads):
                    m[j] = optimizer.momentum * m[j] - rate * g
                    p[j] = p[j] + m[j]
                continue
            b1, b2 = optimizer.beta_1, optimizer.beta_2
            epsilon = optimizer.epsilon or network.numerics.adam_epsilon
            rate *= np.sqrt(1.0 - b2**step) / (1.0 - b1**step)
            for j, g in enumerate(grads):
                m[j] = b1 * m[j] + (1.0 - b1) * g
                v[j] = b2 * v[j] + (1.0 - b2) * g**2
                p[j] = p[j] - rate * m[j] / (np.sqrt(v[j]) + epsilon)
        losses.append(total / len(x))
    return p, losses, h, c


def state_of(state: State, run: int) -> tuple[Array, Array]:
    return np.asarray(state.h[run], np.float64), np.asarray(state.c[run], np.float64)
