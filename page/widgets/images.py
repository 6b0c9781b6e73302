"""Pictures that no run takes away."""

import base64


def write_data_url(png: bytes) -> str:
    """An address that holds the picture itself.

    A file Streamlit serves for one run only: a run that is cut short leaves the browser with an address that
    is gone.
    """
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")
