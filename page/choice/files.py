"""A visitor's files."""

from typing import NamedTuple


class OwnFile(NamedTuple):
    """A visitor's file that can be read.

    Attributes:
        data: Its bytes.
        digest: Their SHA-256.
    """

    data: bytes
    digest: str


class Left(NamedTuple):
    """A file that has just gone from its uploader.

    Attributes:
        file: It.
        shown: Whether it was the photograph that the page showed.
        since: When, on the monotonic clock, in seconds.
    """

    file: OwnFile
    shown: bool
    since: float
