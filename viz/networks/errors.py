"""What can go wrong with a network, in sentences for people. It needs no torch."""

from viz.texts import SentenceError


class WeightsError(SentenceError, RuntimeError):
    """The weights cannot be used. The message is a sentence that says what to do.

    Attributes:
        reason: "missing", "altered", "download", "disk" or "switched_off".
    """

    section = "weights_error"


class NetworkError(SentenceError, ValueError):
    """A network or its picture does not fit. The message is a sentence that says what to do.

    Attributes:
        reason: The sentence's key under "network_error" in the catalogues.
    """

    section = "network_error"
