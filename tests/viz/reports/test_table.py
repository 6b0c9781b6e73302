import csv
import io

import pytest

from viz.reports.table import write_csv

ROWS = [
    {"photo": 'a "cat", sitting', "share": 1 / 3, "count": 7, "none": None},
    {"photo": "犬", "share": 1e-300, "count": 0, "none": None},
]


def test_numbers_keep_all_their_digits():
    read = list(csv.DictReader(io.StringIO(write_csv(ROWS))))
    assert [float(row["share"]) for row in read] == [1 / 3, 1e-300]
    assert [int(row["count"]) for row in read] == [7, 0]


def test_texts_survive_and_nothing_is_empty():
    read = list(csv.DictReader(io.StringIO(write_csv(ROWS))))
    assert [row["photo"] for row in read] == ['a "cat", sitting', "犬"]
    assert [row["none"] for row in read] == ["", ""]


@pytest.mark.parametrize("rows", [[], [{"a": 1}, {"b": 1}], [{"a": 1}, {"a": 1, "b": 2}]])
def test_other_tables_are_refused(rows):
    with pytest.raises(ValueError, match="expected"):
        write_csv(rows)
