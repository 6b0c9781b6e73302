"""Where the weights, the photographs and the words lie that come along."""

from pathlib import Path
from typing import Final

_FOLDER: Final = Path(__file__).parent
# An installed package has them inside it, a checkout beside it.
ASSETS: Final = (_FOLDER if (_FOLDER / "assets").is_dir() else _FOLDER.parent) / "assets"
