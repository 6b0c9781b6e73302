"""The kinds of class maps. It needs no torch."""

METHODS = ("layercam", "gradcam", "hirescam")

# Those whose maps have a sign, also where no second class is asked about.
SIGNED_METHODS = frozenset({"hirescam"})


def check_method(method: str) -> None:
    """Raises ValueError, with the valid ones, where a method is unknown."""
    if method not in METHODS:
        raise ValueError(f"unknown method {method!r}; expected one of {', '.join(METHODS)}")
