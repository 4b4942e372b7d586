"""One sample through the network of every lane, forward and backward.

Every function here is inlined into the kernels of ``lanes``; the arrays are those of ``layout``, an
element of which is the whole vector of lanes.
"""

from numba import njit

from statewise.engine.cells import lstm, lstm_gradient
from statewise.engine.simd import clip, fma, where

__all__ = [
    "add_error",
    "backward",
    "error_of",
    "forward",
    "initial_at",
    "keep_where_idle",
    "output",
    "reset_row",
    "reset_where",
]


@njit(forceinline=True)
def gate_inputs(w, p, x, n, h, t, features, units):
    """The four gates' inputs of one unit, whose parameters start at ``p``."""
    zi, zf, zg, zo = w[p], w[p + 1], w[p + 2], w[p + 3]
    for k in range(features):
        p += 4
        a = x[n, t, k]
        zi = fma(a, w[p], zi)
        zf = fma(a, w[p + 1], zf)
        zg = fma(a, w[p + 2], zg)
        zo = fma(a, w[p + 3], zo)
    for j in range(units):
        p += 4
        a = h[t, j]
        zi = fma(a, w[p], zi)
        zf = fma(a, w[p + 1], zf)
        zg = fma(a, w[p + 2], zg)
        zo = fma(a, w[p + 3], zo)
    return zi, zf, zg, zo


@njit(forceinline=True)
def add_gate_gradients(gradient, p, x, n, h, t, features, units, dzi, dzf, dzg, dzo):
    """Add one unit's parameter gradients at one step, the mirror of ``gate_inputs``."""
    g = gradient
    g[p] = g[p] + dzi
    g[p + 1] = g[p + 1] + dzf
    g[p + 2] = g[p + 2] + dzg
    g[p + 3] = g[p + 3] + dzo
    for k in range(features):
        p += 4
        a = x[n, t, k]
        g[p] = fma(a, dzi, g[p])
        g[p + 1] = fma(a, dzf, g[p + 1])
        g[p + 2] = fma(a, dzg, g[p + 2])
        g[p + 3] = fma(a, dzo, g[p + 3])
    for j in range(units):
        p += 4
        a = h[t, j]
        g[p] = fma(a, dzi, g[p])
        g[p + 1] = fma(a, dzf, g[p + 1])
        g[p + 2] = fma(a, dzg, g[p + 2])
        g[p + 3] = fma(a, dzo, g[p + 3])


@njit(forceinline=True)
def initial_at(shape):
    """Where the initial state's parameters start, or -1 where it is zero."""
    if not shape.learned:
        return -1
    return shape.units * 4 * (1 + shape.features + shape.units) + shape.outputs * (1 + shape.units)


@njit(forceinline=True)
def initial(w, at, u, zero):
    """The first of two parameters, ``at`` the units of a state, or zero."""
    return w[at + u] if at >= 0 else zero


@njit(forceinline=True)
def reset_row(carried, b, units, w, at, zero):
    """Set row ``b`` of the state back to the initial state."""
    for u in range(units):
        carried.h[b, u] = initial(w, at, u, zero)
        carried.c[b, u] = initial(w, at, units + u, zero)


@njit(forceinline=True)
def reset_where(mask, carried, b, units, w, at, zero):
    """The same, in the lanes of ``mask`` alone."""
    for u in range(units):
        carried.h[b, u] = where(mask, initial(w, at, u, zero), carried.h[b, u])
        carried.c[b, u] = where(mask, initial(w, at, units + u, zero), carried.c[b, u])


@njit(forceinline=True)
def keep_where_idle(valid, carried, b, units, tape):
    """Undo what ``forward`` did to the state in the lanes that have no sample."""
    for u in range(units):
        carried.h[b, u] = where(valid, carried.h[b, u], tape.h[0, u])
        carried.c[b, u] = where(valid, carried.c[b, u], tape.c[0, u])


@njit(forceinline=True)
def forward(shape, w, x, n, b, carried, tape, hard):
    """Run sample ``n`` through the recurrent layer from state row ``b``, and leave the state there.

    Every step is written to the tape.
    """
    units, steps, features = shape.units, shape.steps, shape.features
    row = 4 * (1 + features + units)
    for u in range(units):
        tape.h[0, u] = carried.h[b, u]
        tape.c[0, u] = carried.c[b, u]
    for t in range(steps):
        for u in range(units):
            zi, zf, zg, zo = gate_inputs(w, u * row, x, n, tape.h, t, features, units)
            i, f, g, o, c, s = lstm(zi, zf, zg, zo, tape.c[t, u], hard)
            tape.gates[t, u, 0] = i
            tape.gates[t, u, 1] = f
            tape.gates[t, u, 2] = g
            tape.gates[t, u, 3] = o
            tape.squashed[t, u] = s
            tape.c[t + 1, u] = c
            tape.h[t + 1, u] = o * s
    for u in range(units):
        carried.h[b, u] = tape.h[steps, u]
        carried.c[b, u] = tape.c[steps, u]


@njit(forceinline=True)
def output(shape, w, q, tape):
    """Output ``q`` of the dense layer after the last time step, and where its parameters start."""
    units, steps, features = shape.units, shape.steps, shape.features
    p = units * 4 * (1 + features + units) + q * (1 + units)
    out = w[p]
    for u in range(units):
        out = fma(tape.h[steps, u], w[p + 1 + u], out)
    return out, p


@njit(forceinline=True)
def error_of(shape, w, q, y, n, tape, loss_mask):
    """The error of output ``q``, zero in the lanes where it does not count, and its parameters."""
    out, p = output(shape, w, q, tape)
    error = out - y[n, q]
    if loss_mask is not None:
        error = error * loss_mask[n]
    return error, p


@njit(forceinline=True)
def add_error(loss, error, bound):
    """``loss`` plus the squared error; beyond ``bound`` it grows linearly (Huber, 1964), doubled.

    Also the error itself clipped to the bound, half the slope.
    """
    clipped = clip(error, -bound, bound)
    return fma(clipped, 2.0 * error - clipped, loss), clipped


@njit(forceinline=True)
def backward(shape, w, x, y, n, tape, memory, bound, scale, loss, zero, hard, loss_mask, began):
    """Add sample ``n``'s gradients to ``memory.gradient``; return ``loss`` plus its error.

    Back-propagation through the sample's own time steps. The state it started from is a constant,
    but for the initial state where that is learned, in the lanes of ``began``.
    """
    units, steps, features, outputs = shape.units, shape.steps, shape.features, shape.outputs
    row = 4 * (1 + features + units)
    gradient, dz, dh, dc = memory.gradient, memory.dz, memory.dh, memory.dc
    for u in range(units):
        dh[u] = zero
        dc[u] = zero
    for q in range(outputs):
        error, p = error_of(shape, w, q, y, n, tape, loss_mask)
        loss, slope = add_error(loss, error, bound)
        d = slope * scale
        gradient[p] = gradient[p] + d
        for u in range(units):
            p += 1
            gradient[p] = fma(d, tape.h[steps, u], gradient[p])
            dh[u] = fma(d, w[p], dh[u])
    for t in range(steps - 1, -1, -1):
        for u in range(units):
            i, f = tape.gates[t, u, 0], tape.gates[t, u, 1]
            g, o = tape.gates[t, u, 2], tape.gates[t, u, 3]
            s, c = tape.squashed[t, u], tape.c[t, u]
            dzi, dzf, dzg, dzo, dc[u] = lstm_gradient(i, f, g, o, c, s, dh[u], dc[u], hard)
            add_gate_gradients(
                gradient, u * row, x, n, tape.h, t, features, units, dzi, dzf, dzg, dzo
            )
            dz[u, 0] = dzi
            dz[u, 1] = dzf
            dz[u, 2] = dzg
            dz[u, 3] = dzo
        if t > 0 or shape.learned:
            for j in range(units):
                dh[j] = zero
            for u in range(units):
                p = u * row + 4 * (1 + features)
                dzi, dzf, dzg, dzo = dz[u, 0], dz[u, 1], dz[u, 2], dz[u, 3]
                for j in range(units):
                    d = fma(dzi, w[p], dh[j])
                    d = fma(dzf, w[p + 1], d)
                    d = fma(dzg, w[p + 2], d)
                    dh[j] = fma(dzo, w[p + 3], d)
                    p += 4
    if began is not None:
        at = initial_at(shape)
        if at >= 0:
            for u in range(units):
                gradient[at + u] = where(began, gradient[at + u] + dh[u], gradient[at + u])
                p = at + units + u
                gradient[p] = where(began, gradient[p] + dc[u], gradient[p])
    return loss
