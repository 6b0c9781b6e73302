import itertools

import pytest
from conftest import naming

from viz.figures.layout import BAR_HEIGHT, GAP, MIN_PANEL_WIDTH, TITLE_HEIGHT, arrange_panels


def list_rows(grid):
    return [len(list(group)) for _, group in itertools.groupby(slot.top for slot in grid.slots)]


ROWS = [
    ((5, 1040, 718, 2 / 3), [3, 2]),  # the first screen of a laptop
    ((4, 1040, 649, 1), [4]),  # the homework's view
    ((4, 880, 411, 2 / 3), [4]),  # on a small laptop, where two rows would show them larger
    ((4, 700, 900, 2 / 3), [2, 2]),  # one row could not be read
    ((2, 1040, 718, 2 / 3), [2]),
    ((1, 1040, 718, 2 / 3), [1]),
    ((14, 1040, 649, 2 / 3), [5, 5, 4]),
    ((5, 366, 600, 2 / 3), [1] * 5),  # a phone
    ((14, 366, 600, 1), [1] * 14),
    ((5, 700, 900, 1), [3, 2]),  # a tablet
]


def test_rows_for_screens():
    for screen, rows in ROWS:
        assert list_rows(arrange_panels(*screen)) == rows, screen


def assert_slots_are_sound(count, width, height, aspect):
    grid = arrange_panels(count, width, height, aspect)
    assert len(grid.slots) == count
    for slot in grid.slots:
        assert slot.height == pytest.approx(slot.width * aspect)
        assert slot.left >= 0
        assert slot.left + slot.width <= width + 1e-6
        assert slot.top >= TITLE_HEIGHT
        assert slot.top + slot.height + BAR_HEIGHT <= grid.height + 1e-6
    for one, other in itertools.combinations(grid.slots, 2):
        beside = abs(one.left - other.left) >= one.width + GAP - 1e-6
        below = abs(one.top - other.top) >= one.height + TITLE_HEIGHT + BAR_HEIGHT - 1e-6
        assert beside or below


def test_slots_keep_the_shape_stay_inside_and_never_touch():
    counts, aspects = (1, 2, 3, 5, 8, 14), (0.4, 1, 2.5)
    widths, heights = (320, 366, 768, 1040, 1600), (500, 718, 1000)
    for count, width, height, aspect in itertools.product(counts, widths, heights, aspects):
        with naming(count, width, height, aspect):
            assert_slots_are_sound(count, width, height, aspect)


def test_pictures_stay_readable_or_fill_the_width():
    for count in range(1, 15):
        grid = arrange_panels(count, 1040, 718, 2 / 3)
        assert min(slot.width for slot in grid.slots) >= MIN_PANEL_WIDTH, count


def test_tall_pictures_grow_without_a_jump_and_to_twice_the_screen_at_most():
    for count in (1, 2, 5, 14):
        heights = [arrange_panels(count, 1040, 718, 1 + step / 100).height for step in range(1900)]
        assert max(heights) <= 2 * 718 + 1, count
        if count == 1:
            assert max(abs(later - before) for before, later in itertools.pairwise(heights)) < 30


def test_a_portrait_stays_smaller_than_a_phones_screen():
    grid = arrange_panels(5, 366, 700, 2)
    assert max(slot.height for slot in grid.slots) <= 700
    assert list_rows(grid) == [1] * 5


def test_portraits_stand_on_one_screen():
    for aspect in (4 / 3, 3 / 2, 16 / 9, 2):
        grid = arrange_panels(5, 1040, 718, aspect)
        assert grid.height <= 718, aspect
        assert min(slot.width for slot in grid.slots) >= 180, aspect


def test_shares_are_those_of_the_figure():
    grid = arrange_panels(2, 1000, 600, 0.5)
    slot = grid.slots[0]
    assert grid.share_across(slot) == pytest.approx([slot.left / 1000, (slot.left + slot.width) / 1000])
    assert grid.share_down(slot) == pytest.approx(
        [1 - (slot.top + slot.height) / grid.height, 1 - slot.top / grid.height]
    )


def test_the_free_place_of_the_last_row():
    assert arrange_panels(4, 1040, 718, 1).spare is None
    grid = arrange_panels(5, 1040, 718, 2 / 3)
    assert grid.spare is not None
    assert grid.spare.left == pytest.approx(grid.slots[2].left)
    assert grid.spare.top == pytest.approx(grid.slots[3].top)


def test_no_picture_is_refused():
    with pytest.raises(ValueError, match="at least one picture, got 0"):
        arrange_panels(0, 1000, 600, 1)
