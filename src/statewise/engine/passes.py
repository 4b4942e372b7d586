"""One sample through the network of every lane, forward and backward.

Every function here is inlined into the kernels of ``lanes``; the arrays are those of ``layout``, an
element of which is the whole vector of lanes.
"""

from numba import njit

from statewise.engine.simd import (
    add,
    clip,
    dot,
    filled,
    fma,
    load_adjacent,
    load_each,
    store_tuple,
    where,
)

__all__ = ["add_error", "backward", "error_of", "forward", "kept", "output", "reset_row", "undo"]


@njit(forceinline=True)
def kept(mask, new, old):
    """``new`` in the lanes of ``mask``, ``old`` in the others; ``new`` where there is no mask."""
    if mask is None:
        return new
    return where(mask, new, old)


@njit(forceinline=True)
def dense_at(cell, shape):
    """Where the dense layer's parameters start."""
    return shape.units * cell.gates * (1 + shape.features + shape.units)


@njit(forceinline=True)
def initial_at(cell, shape):
    """Where the parameters of the initial state start, if it is learned."""
    return dense_at(cell, shape) + shape.outputs * (1 + shape.units)


@njit(forceinline=True)
def gate_inputs(cell, run, p, n, t):
    """The inputs of one unit's gates at one step; the unit's parameters start at ``p``."""
    w, h = run.weights, run.tape.states[0]
    z = load_adjacent(w, p, cell.gates)
    for k in range(run.shape.features):
        p += cell.gates
        z = fma(run.x[n, t, k], load_adjacent(w, p, cell.gates), z)
    for j in range(run.shape.units):
        p += cell.gates
        z = fma(h[t, j], load_adjacent(w, p, cell.gates), z)
    return z


@njit(forceinline=True)
def add_gate_gradients(cell, run, gradient, p, n, t, dz):
    """Add one unit's parameter gradients at one step, the mirror of ``gate_inputs``."""
    h = run.tape.states[0]
    store_tuple(gradient, p, add(load_adjacent(gradient, p, cell.gates), dz))
    for k in range(run.shape.features):
        p += cell.gates
        old = load_adjacent(gradient, p, cell.gates)
        store_tuple(gradient, p, fma(run.x[n, t, k], dz, old))
    for j in range(run.shape.units):
        p += cell.gates
        store_tuple(gradient, p, fma(h[t, j], dz, load_adjacent(gradient, p, cell.gates)))


@njit(forceinline=True)
def initial(cell, run, u, now):
    """The state that unit ``u`` is set back to: parameters where it is learned, else zero."""
    if run.shape.learned:
        return load_adjacent(
            run.weights, initial_at(cell, run.shape) + u * cell.states, cell.states
        )
    return filled(now, 0.0)


@njit(forceinline=True)
def reset_row(cell, run, b, mask):
    """Set row ``b`` of the state back to the initial state, in the lanes of ``mask`` or in all."""
    for u in range(run.shape.units):
        now = load_each(run.carried, (b, u))
        store_tuple(run.carried, (b, u), kept(mask, initial(cell, run, u, now), now))


@njit(forceinline=True)
def undo(run, b, valid):
    """Undo what ``forward`` did to the state in the lanes that have no sample."""
    for u in range(run.shape.units):
        before, after = load_each(run.tape.states, (0, u)), load_each(run.carried, (b, u))
        store_tuple(run.carried, (b, u), where(valid, after, before))


@njit(forceinline=True)
def forward(cell, hard, run, n, b):
    """Run sample ``n`` through the recurrent layer from state row ``b``, and leave the state there.

    Every step is written to the tape.
    """
    units, steps, tape = run.shape.units, run.shape.steps, run.tape
    row = cell.gates * (1 + run.shape.features + units)
    for u in range(units):
        store_tuple(tape.states, (0, u), load_each(run.carried, (b, u)))
    for t in range(steps):
        for u in range(units):
            z = gate_inputs(cell, run, u * row, n, t)
            steps_kept, after = cell.forward(z, load_each(tape.states, (t, u)), hard)
            store_tuple(tape.kept, (t, u, 0), steps_kept)
            store_tuple(tape.states, (t + 1, u), after)
    for u in range(units):
        store_tuple(run.carried, (b, u), load_each(tape.states, (steps, u)))


@njit(forceinline=True)
def output(cell, run, q):
    """Output ``q`` of the dense layer after the last time step, and where its parameters start."""
    w, h = run.weights, run.tape.states[0]
    p = dense_at(cell, run.shape) + q * (1 + run.shape.units)
    out = w[p]
    for u in range(run.shape.units):
        out = fma(h[run.shape.steps, u], w[p + 1 + u], out)
    return out, p


@njit(forceinline=True)
def error_of(cell, run, y, n, q, loss_mask):
    """The error of output ``q``, zero in the lanes where it does not count, and its parameters."""
    out, p = output(cell, run, q)
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
def backward(cell, hard, block, n, scale, loss, loss_mask, began):
    """Add sample ``n``'s gradients to those of the block; return ``loss`` plus its error.

    Back-propagation through the sample's own time steps. The state it started from is a constant,
    but for the initial state where that is learned, in the lanes of ``began``.
    """
    run, gradient, slopes, dz = block.run, block.gradient, block.slopes, block.dz
    shape, w, tape = run.shape, run.weights, run.tape
    units, steps, features = shape.units, shape.steps, shape.features
    row = cell.gates * (1 + features + units)
    h, dh = tape.states[0], slopes[0]
    for u in range(units):
        store_tuple(slopes, u, filled(load_each(slopes, u), 0.0))
    for q in range(shape.outputs):
        error, p = error_of(cell, run, block.y, n, q, loss_mask)
        loss, slope = add_error(loss, error, block.optimizer.clip)
        d = slope * scale
        gradient[p] = gradient[p] + d
        for u in range(units):
            p += 1
            gradient[p] = fma(d, h[steps, u], gradient[p])
            dh[u] = fma(d, w[p], dh[u])
    for t in range(steps - 1, -1, -1):
        for u in range(units):
            steps_kept = load_adjacent(tape.kept, (t, u, 0), cell.kept)
            before = load_each(tape.states, (t, u))
            dz_of, before_slopes = cell.backward(steps_kept, before, load_each(slopes, u), hard)
            store_tuple(slopes, u, before_slopes)
            add_gate_gradients(cell, run, gradient, u * row, n, t, dz_of)
            store_tuple(dz, (u, 0), dz_of)
        if t > 0 or shape.learned:  # nothing reads the slope of a state that is a constant
            for u in range(units):
                p = u * row + cell.gates * (1 + features)
                dz_of = load_adjacent(dz, (u, 0), cell.gates)
                for j in range(units):
                    dh[j] = dot(dz_of, load_adjacent(w, p, cell.gates), dh[j])
                    p += cell.gates
    if began is not None and shape.learned:
        for u in range(units):
            p = initial_at(cell, shape) + u * cell.states
            old = load_adjacent(gradient, p, cell.states)
            store_tuple(gradient, p, where(began, add(old, load_each(slopes, u)), old))
    return loss
