"""A script that computes a figure's maps without this project: it watches torch's calls, as the pass does."""

from collections.abc import Iterable
from string import Template
from textwrap import wrap

from viz.networks.calls import ACTIVATIONS, CONVOLUTIONS
from viz.networks.layers import Call, Layer
from viz.networks.network import LUMA
from viz.reports.loading import write_loading
from viz.reports.recipe import DIVERGING, Asked, Recipe

WIDTH = 96  # characters of a line, where texts are wrapped
REDUCTIONS = {
    "mean": "values.mean(dim=0)",
    "max": "values.amax(dim=0)",
    "l2": "values.norm(dim=0)",
    "std": "values.std(dim=0, correction=0)",
    "strongest": "values[values.mean(dim=(1, 2)).argmax()].clone()",
}
LIMITS = {
    "own": "    low, high = heatmap.min(), heatmap.max()\n",
    "shared": "    low, high = min(map(np.min, maps.values())), max(map(np.max, maps.values()))\n",
    "percentiles": (
        "    low, high = np.percentile(heatmap, (1, 99))\n"
        "    low, high = (low, high) if low < high else (heatmap.min(), heatmap.max())\n"
    ),
}
SYMMETRIC_OWN = "    low, high = -np.abs(heatmap).max(), np.abs(heatmap).max()\n"
SYMMETRIC = "    low, high = -max(-low, high), max(-low, high)\n"
CROP = """\
side = min(photo.size)
left, top = (photo.width - side) // 2, (photo.height - side) // 2
photo = photo.crop((left, top, left + side, top + side))
"""
TRAINED = """\
photo = photo.resize([int($resize * side / min(photo.size)) for side in photo.size], Image.Resampling.$filter)
left, top = round((photo.width - $width) / 2), round((photo.height - $height) / 2)
image = photo.crop((left, top, left + $width, top + $height))
"""
RESIZED = """\
image = photo.resize(($width, $height), Image.Resampling.BILINEAR)
"""
# What is kept of a layer, after "for layer in ...:" in `SCRIPT`.
REDUCED = """\
            values = output[0]  # reduced now: an in-place ReLU overwrites what a hook has kept
            maps[layer] = $reduction.numpy()
"""
SIGNAL = """\
            signals[layer] = output  # what follows gets a copy, which an in-place ReLU may overwrite
            output = output.clone()
"""
RUN = """\
maps = {}
with torch.inference_mode(), Watch():
    network.eval()(batch)
"""
EXPLAIN = """\
signals = {}
with Watch():
    logits = network.eval().requires_grad_(False)(batch.requires_grad_())[0]
def explain(index):  # how the cells of each layer speak for a class
    slopes = torch.autograd.grad(logits[index], list(signals.values()), retain_graph=True)
    return {layer: $weigh.detach() for (layer, values), slope in zip(signals.items(), slopes)}
"""
WEIGH = {
    "layercam": "(slope.clamp(min=0) * values)[0].sum(dim=0)",
    "gradcam": "(slope.mean(dim=(2, 3), keepdim=True) * values)[0].sum(dim=0)",
    "hirescam": "(slope * values)[0].sum(dim=0)",
}
DRAW = """\
figure, axes = plt.subplots(1, len(maps) + 1, figsize=(3 * len(maps) + 3, 4), layout="constrained")
axes[0].imshow(image)
for axis, (layer, heatmap) in zip(axes[1:], maps.items()):
"""
DRAW_CHANNELS = """\
size = 2 * $columns, 2 * $rows + 1
figure, rows = plt.subplots($rows, $columns, figsize=size, layout="constrained", squeeze=False)
figure.suptitle($heading)
panels = [(layer, number, one) for layer, values in maps.items() for number, one in zip(CHANNELS, values)]
for axis, (layer, number, heatmap) in zip(rows.flat, panels):
"""
SCRIPT = Template('''\
"""$title of $photo: $what, $side.
$needs"""
${standard}import matplotlib.pyplot as plt
import numpy as np
import torch
${imports}from PIL import Image, ImageOps
from torch.overrides import TorchFunctionMode
CALLS = """$calls""".split()
# Which call of these, counted from 0, gives a layer's values.
${tables}class Watch(TorchFunctionMode):  # sees every call of a function of torch, whoever makes it
    number = -1
    def __torch_function__(self, function, types, args=(), kwargs=None):
        output = function(*args, **(kwargs or {}))
$count\
        for layer in [layer for layer, number in LAYERS.items() if $wanted]:
$kept\
        return output
photo = ImageOps.exif_transpose(Image.open("$photo")).convert("RGBA")
photo = Image.alpha_composite(Image.new("RGBA", photo.size, "white"), photo).convert("RGB")
${framing}${grey}MEAN, STD = np.float32([$mean, $std])
batch = torch.from_numpy(($pixels - MEAN) / STD).permute(2, 0, 1)[None]
${loading}${running}np.savez("layers.npz", **maps)
${drawing}${limits}${overlay}\
    drawn = axis.imshow(heatmap, $colors, vmin=low, vmax=high, extent=$extent$alpha)
    axis.set(title=$label, xlim=(0, $width), ylim=($height, 0))
    figure.colorbar(drawn, ax=axis, location="bottom")
figure.savefig("layers.png", dpi=300)
''')
COUNT = """\
        name = function.__name__.partition(".")[0].strip("_")
        self.number += name in CALLS
"""
COUNT_PRODUCTS = """\
        name = function.__name__.partition(".")[0].strip("_")
        self.number, self.products = (self.number + 1, []) if name in CALLS else (self.number, self.products)
        self.products.append(name)
        place = (self.number, name, 0 if name in CALLS else self.products.count(name))
"""


def write_script(recipe: Recipe) -> str:
    """Python code that computes the maps of a figure, draws them and keeps the arrays.

    It needs torch, torchvision, pillow, numpy and matplotlib alone (EfficientNet-Lite0 needs timm in
    torchvision's place, one's own network its module), and in its folder the photograph and the weights
    that are bundled or one's own. It writes `layers.npz`, float32 by layer name, [h, w] or of several
    channels [channels, h, w], and `layers.png`.
    """
    imports, loading, files = write_loading(recipe)
    height, width = recipe.size
    products = any(_find_call(recipe, layer).behind for layer in recipe.layers)
    grey, mean, std = _find_color(recipe)
    what, kept, running, more = _write_computing(recipe)
    after = recipe.side == "post" or recipe.asked is not None
    return SCRIPT.substitute(
        _write_drawing(recipe, products),
        width=width,
        height=height,
        title=recipe.info.title,
        photo=recipe.photo,
        what=what,
        side="after the activation" if after else "before the activation",
        needs=f"Beside it lies {', '.join([recipe.photo, *files])}.",
        standard="import hashlib, json\n" if "hashlib" in loading else "",
        imports=imports + more,
        calls="\n".join(wrap(" ".join((*CONVOLUTIONS, *ACTIVATIONS)), WIDTH)),
        count=COUNT_PRODUCTS if products else COUNT,
        wanted="number == place" if products else "number == self.number and name in CALLS",
        kept=kept,
        framing=_write_framing(recipe),
        grey=grey,
        pixels="pixels" if grey else "np.float32(image) / 255",
        mean=mean,
        std=std,
        loading=loading,
        running=running,
    )


def _write_computing(recipe: Recipe) -> tuple[str, str, str, str]:
    """What is computed, in words; lines that keep it of a layer; lines that run; and what these import."""
    if recipe.asked is not None:
        weigh = Template(EXPLAIN).substitute(weigh=WEIGH[recipe.asked.method])
        return _write_asked(recipe.asked), SIGNAL, weigh + _write_classes(recipe.asked), ""
    if recipe.channels:
        kept = Template(REDUCED).substitute(reduction="values[CHANNELS]")
        return "some channels", kept, f"CHANNELS = {list(recipe.channels)}\n{RUN}", ""
    reduction, imports = REDUCTIONS.get(recipe.aggregation), ""
    if reduction is None:  # a row that was added to the table
        reduction = f'viz.AGGREGATIONS["{recipe.aggregation}"](values)'
        imports = "import viz  # of this project, with that row in its table\n"
    return recipe.aggregation, Template(REDUCED).substitute(reduction=reduction), RUN, imports


def _write_asked(asked: Asked) -> str:
    other = "" if asked.against is None else f" against class {asked.against}"
    return f"{asked.method} of class {asked.index}{other}"


def _write_classes(asked: Asked) -> str:
    """Lines that make the maps of a class, or of one against another, which has both signs."""
    if asked.against is not None:
        return (
            f"own, other = explain({asked.index}), explain({asked.against})\n"
            "maps = {layer: (own[layer] - other[layer]).numpy() for layer in LAYERS}\n"
        )
    cut = "" if asked.is_signed else ".clamp(min=0)"
    return (
        f"found = explain({asked.index})\nmaps = {{layer: found[layer]{cut}.numpy() for layer in LAYERS}}\n"
    )


def _write_framing(recipe: Recipe) -> str:
    height, width = recipe.size
    if recipe.preprocessing is None:
        crop = CROP if recipe.framing == "crop" else ""
        return crop + Template(RESIZED).substitute(width=width, height=height)
    how = recipe.preprocessing
    facts = {"resize": how.resize, "filter": how.interpolation.upper()}
    return Template(TRAINED).substitute(facts, width=width, height=height)


def _write_drawing(recipe: Recipe, products: bool) -> dict[str, str]:
    """The tables of the layers, and how their maps are drawn; one table of what is the same for all."""
    height, width = recipe.size
    signed, kinds = recipe.diverging, recipe.color_maps
    names, calls = [layer.name for layer in recipe.layers], [_find_call(recipe, one) for one in recipe.layers]
    whole, extents = _round((0, width, height, 0)), [_round(recipe.extents[name]) for name in names]
    tables = _write_table("LAYERS", names, (repr(tuple(call) if products else call.number) for call in calls))
    extent, colors = whole, repr(kinds[0])
    symmetric = SYMMETRIC if any(signed) else ""
    if set(extents) - {whole}:
        tables, extent = tables + _write_table("EXTENTS", names, extents), "EXTENTS[layer]"
    if len(set(kinds)) > 1:
        tables += _write_table("COLORS", names, map(repr, kinds))
        colors, symmetric = "COLORS[layer]", f'    if COLORS[layer] == "{DIVERGING}":\n    {SYMMETRIC}'
    over = recipe.opacity is not None
    columns, label, drawing = len(recipe.channels), "layer", DRAW
    if recipe.channels:
        label = 'f"{layer} · {number}"'
        facts = {"rows": len(names), "columns": columns, "heading": repr(recipe.heading)}
        drawing = Template(DRAW_CHANNELS).substitute(**facts)
    return {
        "drawing": drawing,
        "label": label,
        "tables": tables,
        "limits": SYMMETRIC_OWN
        if recipe.limits == "own" and all(signed)
        else LIMITS[recipe.limits] + symmetric,
        "overlay": f"    axis.imshow(image, extent={whole})\n" if over else "",
        "colors": colors,
        "extent": extent,
        "alpha": f", alpha={recipe.opacity:g}" if over else "",
    }


def _find_call(recipe: Recipe, layer: Layer) -> Call:
    after = recipe.side == "post" or recipe.asked is not None  # class maps are of what goes on
    return layer.activation.call if after and layer.activation else layer.call


def _find_color(recipe: Recipe) -> tuple[str, str, str]:
    """A line for a network of one channel, and mean and standard deviation."""
    pairs: list[tuple[float, ...]] = [recipe.network.mean, recipe.network.std]
    grey = ""
    if recipe.network.behaviour.channels == 1:
        grey = f"pixels = (np.float32(image) / 255 @ np.float32({LUMA}))[..., None]  # it takes one channel\n"
        pairs = [(sum(part * one for part, one in zip(LUMA, values, strict=True)),) for values in pairs]
    mean, std = ([float(f"{value:.9g}") for value in values] for values in pairs)
    return grey, str(mean), str(std)


def _write_table(name: str, names: Iterable[str], values: Iterable[str]) -> str:
    """A dictionary in lines of code, as many items in one as there is room for."""
    items = [f'"{key}":~{value.replace(" ", "~")}' for key, value in zip(names, values, strict=True)]
    lines = wrap(f"{name}~=~{{{', '.join(items)}}}", WIDTH, break_long_words=False, break_on_hyphens=False)
    return "\n    ".join(lines).replace("~", " ") + "\n"


def _round(extent: Iterable[float]) -> str:
    return f"({', '.join(f'{edge:g}' for edge in extent)})"
