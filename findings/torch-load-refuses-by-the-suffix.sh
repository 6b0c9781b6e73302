#!/bin/sh
# torch 2.15.0: torch.load decides by a path's suffix. A checkpoint that torch.save wrote under a name that
# ends in .safetensors cannot be read back by its path; the same bytes by an open file can.
#
# Seen: by its path: fails; by an open file: reads
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet torch==2.15.0 safetensors==0.8.0 numpy==2.4.6
cd "$folder"
seen=$("$folder/venv/bin/python" - <<'PYTHON'
import torch


def ask(function):
    try:
        return "reads" if list(function()) == ["weight"] else "reads something else"
    except Exception:
        return "fails"


torch.save({"weight": torch.ones(2)}, "model.safetensors")
print(ask(lambda: torch.load("model.safetensors", weights_only=True)), end=" ")
with open("model.safetensors", "rb") as file:
    print(ask(lambda: torch.load(file, weights_only=True)))
PYTHON
)
echo "by its path, by an open file: $seen"
test "$seen" = "fails reads"
