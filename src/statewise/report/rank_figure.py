"""The critical-difference diagram."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from statewise.show.style import INK, PALETTE, WIDTH, Rows, colour_of, labels_of, styled

__all__ = ["rank_plot"]


@styled
def rank_plot(ranks: Rows) -> Figure:
    """A critical-difference diagram: bars join arms that are not told apart (Demsar 2006)."""
    order = sorted(range(len(ranks)), key=lambda i: ranks[i]["average_rank"])
    labels = labels_of([row["arm"] for row in ranks], 20)
    at = [ranks[i]["average_rank"] for i in order]
    critical, count = ranks[0]["critical_difference"], len(ranks)
    bars = _cliques(at, critical)
    half = (count + 1) // 2
    first = 0.75 + 0.3 * len(bars)
    height = first + 0.62 * half
    figure = Figure(figsize=(WIDTH + 0.6, 0.75 + 0.38 * height))
    axes = figure.add_axes((0.02, 0.02, 0.96, 0.96))
    reach = 0.55 * (count - 1)
    axes.set_xlim(1 - reach, count + reach)
    axes.set_ylim(height, -2.0)
    axes.axis("off")
    axes.plot([1, count], [0, 0], color=INK, lw=1.2)
    for rank in range(1, count + 1):
        axes.plot([rank, rank], [-0.18, 0], color=INK, lw=1.2)
        axes.text(rank, -0.28, str(rank), ha="center", va="bottom", size=8)
    axes.plot([1, 1 + critical], [-1.3, -1.3], color=PALETTE[0], lw=2.2)
    axes.text(1, -1.42, f"critical difference {critical:.2f}", va="bottom", size=8)
    for j, (a, b) in enumerate(bars):
        y = 0.45 + 0.3 * j
        axes.plot([a - 0.03, b + 0.03], [y, y], color=INK, lw=3.2)
    for j, i in enumerate(order):
        left = j < half
        y = first + 0.62 * (j if left else count - 1 - j)
        edge = 1 - 0.05 * reach if left else count + 0.05 * reach
        axes.plot([at[j], at[j], edge], [0, y, y], color=colour_of(i), lw=1.1)
        shift = -0.03 * reach if left else 0.03 * reach
        axes.text(edge + shift, y, labels[i], ha="right" if left else "left", va="center", size=8)
    return figure


def _cliques(ranks: Sequence[float], critical: float) -> list[tuple[float, float]]:
    """The longest stretches of sorted ranks that are no wider than the critical difference."""
    found: list[tuple[int, int]] = []
    for i, low in enumerate(ranks):
        last = max(j for j, high in enumerate(ranks) if high - low <= critical)
        if last > i and (not found or last > found[-1][1]):
            found.append((i, last))
    return [(ranks[i], ranks[j]) for i, j in found]
