#!/bin/sh
# torch 2.15.0: to set torch.backends.cudnn.conv.fp32_precision makes torch.backends.cudnn.allow_tf32
# raise, and with it cudnn.flags() and torch.export, in the whole process and without a graphics card.
#
# The new setting alone, as its documentation shows it, is valid. Reading the older one afterwards is a
# RuntimeError about mixed interfaces; torch's own context manager and its export read it. Setting the older
# one to False first keeps all of them usable.
#
# Seen: alone: RuntimeError RuntimeError; the older one set first: works works
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet torch==2.15.0 numpy==2.4.6
cat > "$folder/ask.py" <<'PYTHON'
import sys

import torch


def ask(function):
    try:
        function()
    except RuntimeError as error:
        return type(error).__name__
    return "works"


def enter_flags():
    with torch.backends.cudnn.flags(enabled=True):
        pass


if sys.argv[1] == "first":
    torch.backends.cudnn.allow_tf32 = False
torch.backends.cudnn.conv.fp32_precision = "ieee"
print(ask(lambda: torch.backends.cudnn.allow_tf32), ask(enter_flags))
PYTHON
alone=$("$folder/venv/bin/python" "$folder/ask.py" alone)
first=$("$folder/venv/bin/python" "$folder/ask.py" first)
echo "the new setting alone: $alone; the older one set first: $first"
test "$alone" = "RuntimeError RuntimeError"
test "$first" = "works works"
