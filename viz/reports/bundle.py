"""Several files in one, with a manifest of what they were made with."""

import io
import json
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from typing import Any

LIBRARIES = ("torch", "torchvision", "numpy", "pillow", "matplotlib", "plotly")
MANIFEST = "manifest.json"


def write_bundle(files: Mapping[str, bytes], settings: Mapping[str, Any], link: str) -> bytes:
    """A ZIP of files by their names and, last, a manifest: a file that has one is complete.

    The manifest tells the settings, the address that restores the view, the versions of the libraries and
    each file's SHA-256.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
        manifest = {
            "made": datetime.now(UTC).isoformat(timespec="seconds"),
            "link": link,
            "settings": dict(settings),
            "versions": {library: version(library) for library in LIBRARIES},
            "sha256": {name: sha256(data).hexdigest() for name, data in files.items()},
        }
        archive.writestr(MANIFEST, json.dumps(manifest, indent=2, ensure_ascii=False))
    return buffer.getvalue()
