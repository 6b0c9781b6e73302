"""Numbers as the page writes them."""

from viz.measures.metrics import find_metric

FAINT = 0.01  # probability of a class that has little to lose
LEAST_WRITTEN = 1e-6
MINUS = "\u2212"


def write_probability(value: float) -> str:
    """A probability in percent; of a small one, two digits."""
    if 0 < value < LEAST_WRITTEN:
        return f"<{100 * LEAST_WRITTEN:.4f}%"
    return f"{value:.1%}" if value >= FAINT or value == 0 else f"{100 * value:.2g}%"


def write_metric(metric: str, value: float) -> str:
    """A metric's value, such as "31.4%"."""
    return format(value, f"z{find_metric(metric).format}").replace("-", MINUS)  # z: no minus before a zero
