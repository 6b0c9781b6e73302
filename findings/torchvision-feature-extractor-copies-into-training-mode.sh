#!/bin/sh
# torchvision 0.29.2 with torch 2.15.0: a copy of what create_feature_extractor gives is in training mode.
#
# The extractor is in eval mode, and so is each of its parts. copy.deepcopy of it gives a module in training
# mode, all of its parts with it, without a warning; a copy of a plain network keeps its mode. Whoever runs a
# copy, as tools do that hook a private one, has batch norms use the statistics of the one picture.
#
# Seen: parts in training mode of the extractor, of its copy, of a copy of the plain network: 0 all 0;
# the copy's output is another one
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet torch==2.15.0 torchvision==0.29.2
seen=$("$folder/venv/bin/python" - <<'PYTHON'
import copy

import torch
from torchvision.models import resnet18
from torchvision.models.feature_extraction import create_feature_extractor

plain = resnet18(weights=None).eval()
extractor = create_feature_extractor(plain, ["layer4"]).eval()
copies = copy.deepcopy(extractor), copy.deepcopy(plain)


def count(module):
    modes = [part.training for part in module.modules()]
    return "all" if all(modes) else str(sum(modes))


picture = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
with torch.no_grad():
    same = torch.allclose(extractor(picture)["layer4"], copies[0](picture)["layer4"])
print(count(extractor), count(copies[0]), count(copies[1]), "same" if same else "another")
PYTHON
)
echo "parts in training mode of the extractor, of its copy, of a copy of the plain network; output: $seen"
test "$seen" = "0 all 0 another"
