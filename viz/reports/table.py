"""Numbers to a table that can leave the page."""

import csv
import io
from collections.abc import Mapping, Sequence

Row = Mapping[str, object]


def write_csv(rows: Sequence[Row]) -> str:
    """A table as comma-separated values (RFC 4180), with one line of names.

    Every row has the columns of the first one. None is left empty; numbers keep all their digits.
    """
    if not rows:
        raise ValueError("expected at least one row")
    columns = list(rows[0])
    if any(list(row) != columns for row in rows):
        raise ValueError(f"expected the columns {', '.join(columns)} in every row")
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, columns)
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()
