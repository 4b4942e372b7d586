"""JAX: one run written as scans over epochs and samples, then vmap over restarts, then jit.

Adam is written out. The restarts are the last axis of every array, so that they are adjacent in
memory: for 1000 of them that was faster than one flat vector of weights for each restart, and
unrolling the inner scan did not help.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from peer import Entry, Floats, Work, answer, read_work, time_runs

RESTARTS = (1, 10, 100, 1000)

Weights = dict[str, jax.Array]


def loss_of(
    w: Weights, h: jax.Array, c: jax.Array, x: jax.Array, y: jax.Array
) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
    """The squared error of one sample, and the state after it."""
    i, f, g, o = x * w["kernel"] + h * w["recurrent"] + w["bias"]
    c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
    h = jax.nn.sigmoid(o) * jnp.tanh(c)
    return jnp.square(w["dense_kernel"] * h + w["dense_bias"] - y), (h, c)


def train(w: Weights, x: jax.Array, y: jax.Array, rates: jax.Array) -> tuple[Weights, jax.Array]:
    """Train one restart: its weights, and the loss of each epoch.

    ``rates`` (epochs, samples) are Adam's step sizes, bias correction included.
    """
    gradient_of = jax.value_and_grad(loss_of, has_aux=True)

    def sample(carry: Any, now: Any) -> tuple[Any, jax.Array]:
        w, m, v, h, c = carry
        x, y, rate = now
        (loss, (h, c)), gradient = gradient_of(w, h, c, x, y)
        m = jax.tree.map(lambda m, g: m + 0.1 * (g - m), m, gradient)
        v = jax.tree.map(lambda v, g: v + 0.001 * (g * g - v), v, gradient)
        w = jax.tree.map(lambda w, m, v: w - rate * m / (jnp.sqrt(v) + 1e-7), w, m, v)
        return (w, m, v, h, c), loss

    def epoch(carry: Any, rates: jax.Array) -> tuple[Any, jax.Array]:
        zero = jnp.zeros(())
        (w, m, v, _, _), losses = jax.lax.scan(sample, (*carry, zero, zero), (x, y, rates))
        return (w, m, v), losses.mean()

    zeros = jax.tree.map(jnp.zeros_like, w)
    (w, _, _), losses = jax.lax.scan(epoch, (w, zeros, zeros), rates)
    return w, losses


def adam_rates(epochs: int, samples: int) -> Floats:
    """Adam's step size of each sample of each epoch, for a learning rate of 1e-3."""
    t = np.arange(1, epochs * samples + 1, dtype=np.float64).reshape(epochs, samples)
    return (1e-3 * np.sqrt(1.0 - 0.999**t) / (1.0 - 0.9**t)).astype(np.float32)


def initial(work: Work, restarts: int) -> Weights:
    """The initial weights of the first restarts, a restart along the last axis."""
    names = ("kernel", "recurrent", "bias", "dense_kernel", "dense_bias")
    return {name: jnp.asarray(getattr(work, name)[:restarts].T.copy()) for name in names}


def main() -> None:
    """Time each number of restarts on the work on standard input."""
    work = read_work()
    data = [jnp.asarray(a) for a in (work.x, work.y, adam_rates(work.epochs, len(work.x)))]
    train_all = jax.jit(jax.vmap(train, in_axes=(-1, None, None, None), out_axes=(-1, 0)))

    def time_restarts(restarts: int) -> Entry:
        weights = initial(work, restarts)

        def run() -> Floats:
            return np.asarray(jax.block_until_ready(train_all(weights, *data))[1])

        return time_runs("JAX, `vmap` of `scan`", work, run, restore=lambda: None)

    answer(f"JAX {jax.__version__}", [time_restarts(restarts) for restarts in RESTARTS])


if __name__ == "__main__":
    main()
