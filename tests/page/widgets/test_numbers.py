"""Numbers as the page writes them."""

from page.widgets.numbers import write_metric, write_probability


def test_small_probabilities_keep_two_digits():
    values = (0, 4e-7, 0.00012, 0.0123, 0.94)
    assert [*map(write_probability, values)] == ["0.0%", "<0.0001%", "0.012%", "1.2%", "94.0%"]


def test_a_metric_has_its_own_format_and_a_true_minus():
    assert write_metric("active_share", 0.314) == "31.4%"
    assert write_metric("edge_correlation", -0.25) == "−0.25"
    assert write_metric("edge_correlation", -0.001) == "0.00"
