"""The activations of gates and candidates, on lane values, inlined into what calls them."""

from numba import njit

from statewise.engine.simd import clip, exp2i, fma, inside_unit, round_even

__all__ = ["gate", "gate_slope", "logistic", "tanh"]

TANH_BOUND = 9.02  # tanh rounds to one beyond it
LOGISTIC_LOW, LOGISTIC_HIGH = -87.0, 88.0  # exp(-x) stays finite, the result stays normal

# ln 2 in two parts: the first has few enough bits that k * LN2_HIGH is exact for |k| < 2**9.
LOG2_E, LN2_HIGH, LN2_LOW = 1.44269504089, 0.693359375, -2.12194440e-4


@njit(forceinline=True)
def tanh(x):
    """The hyperbolic tangent, within 5.5 ulp; beyond one by one ulp at most.

    ``x P(x^2) / Q(x^2)`` with P and Q of degree 4, the relative minimax fit on [0, 9.02] found by
    Lawson's iteration in 40-digit arithmetic (error 2.1e-8 before rounding). All coefficients are
    positive, so nothing cancels.
    """
    x = clip(x, -TANH_BOUND, TANH_BOUND)
    s = x * x
    p = fma(s, 1.33199094675e-8, 2.05841576983e-5)
    p = fma(s, p, 3.49407898398e-3)
    p = fma(s, p, 0.13379756538)
    p = fma(s, p, 0.999999979307)
    q = fma(s, 7.7623831919e-7, 3.28316311277e-4)
    q = fma(s, q, 0.0258712458347)
    q = fma(s, q, 0.467130718601)
    q = fma(s, q, 1.0)
    return x * p / q


@njit(forceinline=True)
def logistic(x):
    """``1 / (1 + exp(-x))``, within 3 ulp.

    exp(-x) is ``2**k exp(r)`` with k whole and r within ln(2) / 2; exp(r) is 1 + r plus the
    minimax polynomial of the rest up to degree 6, found like tanh's (error 3.1e-9).
    """
    x = clip(x, LOGISTIC_LOW, LOGISTIC_HIGH)
    k = round_even(x * -LOG2_E)
    r = fma(k, -LN2_LOW, fma(k, -LN2_HIGH, -1.0 * x))
    p = fma(r, 0.00138145790151, 0.00836871871299)
    p = fma(r, p, 0.0416683884541)
    p = fma(r, p, 0.16666520612)
    p = fma(r, p, 0.499999934458)
    p = fma(r, p, 1.0)
    p = fma(r, p, 1.0)
    return 1.0 / (exp2i(p, k) + 1.0)


@njit(forceinline=True)
def gate(z, hard):
    """A gate's activation: the logistic function, or clip(0.2 z + 0.5, 0, 1) where ``hard``."""
    if hard:
        return clip(fma(z, 0.2, 0.5), 0.0, 1.0)
    return logistic(z)


@njit(forceinline=True)
def gate_slope(a, hard):
    """The derivative of ``gate`` where its value is ``a``; zero where a hard gate is clipped."""
    if hard:
        return inside_unit(a, 0.2)
    return a * (1.0 - a)
