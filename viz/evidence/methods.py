"""The kinds of class maps. It needs no torch."""

METHODS = ("layercam", "gradcam", "hirescam")

# Those whose maps have a sign, also where no second class is asked about.
SIGNED_METHODS = frozenset({"hirescam"})
