import itertools

import pytest
from conftest import naming

from viz.figures.columns import FOOT_HEIGHT, LEAST_WIDTH, arrange_columns
from viz.figures.layout import BAR_HEIGHT, GAP, TITLE_HEIGHT

SCREENS = [(320, 600), (366, 700), (768, 900), (880, 520), (1040, 660), (1600, 900)]
SHAPES = [(2 / 3, 2 / 3), (2 / 3, 1.5), (0.4, 0.4, 0.4), (2.5, 1, 2.5)]


def list_slots(columns):
    heads = [head for head in columns.heads if head is not None]
    return [*heads, *itertools.chain(*columns.rows)]


def assert_columns_are_sound(count, aspects, width, height):
    columns = arrange_columns(count, aspects, width, height, second_photo=True)
    assert [len(row) for row in columns.rows] == [count] * len(aspects)
    for cells in zip(*columns.rows, columns.feet, strict=True):
        assert len({cell.left for cell in cells}) == 1
        for upper, lower in itertools.pairwise(cells[:-1]):
            assert lower.top == pytest.approx(upper.top + upper.height + BAR_HEIGHT + TITLE_HEIGHT)
        assert cells[-1].top == pytest.approx(cells[-2].top + cells[-2].height + BAR_HEIGHT)
    for slot in list_slots(columns):
        assert 0 <= slot.left <= slot.left + slot.width <= width + 1e-6
        assert TITLE_HEIGHT <= slot.top <= slot.top + slot.height <= columns.grid.height
    for one, other in itertools.combinations(list_slots(columns), 2):
        beside = abs(one.left - other.left) >= one.width + GAP - 1e-6
        first, second = sorted((one, other), key=lambda slot: slot.top)
        assert beside or second.top >= first.top + first.height + TITLE_HEIGHT
    for row, aspect in zip(columns.rows, aspects, strict=True):
        assert row[0].height == pytest.approx(row[0].width * aspect)
    assert max(foot.top + foot.height for foot in columns.feet) <= columns.grid.height
    assert columns.grid.slots == (columns.heads[0], *columns.rows[0])


def test_partners_stand_under_each_other_and_nothing_overlaps():
    for count, aspects, screen in itertools.product((1, 3, 4, 13), SHAPES, SCREENS):
        with naming(count, aspects, screen):
            assert_columns_are_sound(count, aspects, *screen)


def test_two_rows_of_the_default_layers_fit_a_laptop():
    columns = arrange_columns(4, (2 / 3, 2 / 3), 1040, 660)
    assert len({slot.top for slot in columns.rows[0]}) == 1
    assert columns.grid.height <= 660
    assert columns.rows[0][0].width >= LEAST_WIDTH


def test_columns_wrap_with_all_of_their_rows():
    columns = arrange_columns(13, (2 / 3, 2 / 3), 1040, 660)
    tops = [sorted({slot.top for slot in row}) for row in columns.rows]
    assert len(tops[0]) == 3
    assert tops[0][0] < tops[1][0] < tops[0][1] < tops[1][1] < tops[0][2]


def test_a_phone_has_one_column_and_no_cell_for_a_text():
    columns = arrange_columns(3, (2 / 3,) * 3, 366, 240)  # most of its screen is above the figure
    assert columns.heads[1:] == (None, None)
    assert len({slot.left for slot in list_slots(columns)}) == 1
    assert min(slot.width for slot in list_slots(columns)) > 340
    first, second, third = (row[0] for row in columns.rows)
    assert columns.heads[0].top < first.top < second.top < third.top < columns.rows[0][1].top
    assert columns.feet[0].top + FOOT_HEIGHT + TITLE_HEIGHT == pytest.approx(columns.rows[0][1].top)
    both = arrange_columns(3, (2 / 3,) * 2, 366, 700, second_photo=True)
    assert both.heads[0].top < both.heads[1].top < both.rows[0][0].top


def test_a_bar_for_two_stands_under_the_second():
    own, shared = (
        (columns.rows[0][0], columns.rows[1][0], columns.feet[0])
        for columns in (arrange_columns(2, (1, 1), 1040, 660, shared_bars=bars) for bars in (False, True))
    )
    gaps = [lower.top - upper.top - upper.height for upper, lower, _ in (own, shared)]
    assert gaps[1] < gaps[0] == pytest.approx(BAR_HEIGHT + TITLE_HEIGHT)
    gaps = [foot.top - lower.top - lower.height for _, lower, foot in (own, shared)]
    assert gaps[1] > gaps[0] == pytest.approx(BAR_HEIGHT)


def test_no_layer_is_refused():
    with pytest.raises(ValueError, match="at least one layer, got 0"):
        arrange_columns(0, (1, 1), 1000, 600)
