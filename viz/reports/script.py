"""A script that computes a figure's maps without this project: it watches torch's calls, as the pass does."""

from collections.abc import Iterable
from string import Template
from textwrap import wrap

from viz.networks.calls import ACTIVATIONS, CONVOLUTIONS
from viz.networks.layers import Call, Layer
from viz.networks.network import LUMA
from viz.networks.own import OwnNetwork
from viz.networks.sources import efficientnet_lite0 as lite0
from viz.networks.sources import vgg16
from viz.reports.recipe import DIVERGING, Recipe

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
SYMMETRIC = "    low, high = -max(-low, high), max(-low, high)\n"
CROP = """\
side = min(photo.size)
left, top = (photo.width - side) // 2, (photo.height - side) // 2
photo = photo.crop((left, top, left + side, top + side))
"""
BUNDLED = """\
data, weights = open("{file}", "rb").read(), {{}}
assert hashlib.sha256(data).hexdigest().startswith("{digest}"), "another file"
start = 8 + int.from_bytes(data[:8], "little")  # a header's length, the header, the tensors' bytes
for name, entry in json.loads(data[8:start]).items():
    if name != "__metadata__":
        part = slice(*(start + offset for offset in entry["data_offsets"]))
        values = np.frombuffer(data[part], {{"F16": "<f2", "F32": "<f4"}}[entry["dtype"]])
        weights[name] = torch.from_numpy(values.astype(np.float32).reshape(entry["shape"]))
"""
VGG16 = """\
network = torchvision.models.vgg16().features
network.load_state_dict({name.removeprefix("features."): values for name, values in weights.items()})
"""
LITE0 = """\
network = timm.create_model("tf_efficientnet_lite0")
network.load_state_dict(weights, strict=False)  # without counters that only training uses
"""
SCRIPT = Template('''\
"""$title of $photo: $aggregation, $side.
$needs"""
${standard}import matplotlib.pyplot as plt
import numpy as np
import torch
${imports}from PIL import Image, ImageOps
from torch.overrides import TorchFunctionMode
CALLS = """$calls""".split()
# Which call of these, counted from 0, gives a layer's values.
$tables
class Watch(TorchFunctionMode):  # sees every call of a function of torch, whoever makes it
    number = -1
    def __torch_function__(self, function, types, args=(), kwargs=None):
        output = function(*args, **(kwargs or {}))
$count\
        for layer in [layer for layer, number in LAYERS.items() if $wanted]:
            values = output[0]  # reduced now: an in-place ReLU overwrites what a hook has kept
            maps[layer] = $reduction.numpy()
        return output

photo = ImageOps.exif_transpose(Image.open("$photo")).convert("RGBA")
photo = Image.alpha_composite(Image.new("RGBA", photo.size, "white"), photo).convert("RGB")
${crop}image = photo.resize(($width, $height), Image.Resampling.BILINEAR)
pixels = np.asarray(image, dtype=np.float32) / 255
${grey}MEAN, STD = np.float32([$mean, $std])
batch = torch.from_numpy((pixels - MEAN) / STD).permute(2, 0, 1)[None]
${loading}maps = {}
with torch.inference_mode(), Watch():
    network.eval()(batch)
np.savez("layers.npz", **maps)
figure, axes = plt.subplots(1, len(maps) + 1, figsize=(3 * len(maps) + 3, 4), layout="constrained")
axes[0].imshow(image)
for axis, (layer, heatmap) in zip(axes[1:], maps.items()):
${limits}${overlay}\
    drawn = axis.imshow(heatmap, $colors, vmin=low, vmax=high, extent=$extent$alpha)
    axis.set(title=layer, xlim=(0, $width), ylim=($height, 0))
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
SHORT = Template("""\
from pathlib import Path
import viz
${opening}photo = viz.read_image(Path("$photo").read_bytes())
image = viz.frame_image(photo, "$framing", $size, network.stride)
heatmaps = viz.extract_heatmaps(network, network.to_batch(image))
layers = [network.find_layer(name) for name in $layers]
how = {"side": "$side", "aggregation": "$aggregation", "limits": "$limits"}
figure = viz.draw_heatmaps(image, heatmaps, layers, look=$look, **how)
viz.write_html(figure, "layers.html")
""")


def write_script(recipe: Recipe) -> str:
    """Python code that computes the maps of a figure, draws them and keeps the arrays.

    It needs torch, torchvision, pillow, numpy and matplotlib alone (EfficientNet-Lite0 needs timm in
    torchvision's place, one's own network its module), and in its folder the photograph and the weights
    that are bundled or one's own. It writes `layers.npz`, float32 [h, w] by layer name, and `layers.png`.
    """
    imports, loading, files = _load(recipe)
    products = any(_find_call(recipe, layer).behind for layer in recipe.layers)
    height, width = recipe.size
    grey, mean, std = _find_color(recipe)
    reduction = REDUCTIONS.get(recipe.aggregation)
    if reduction is None:  # a row that was added to the table
        reduction = f'viz.AGGREGATIONS["{recipe.aggregation}"](values)'
        imports += "import viz  # of this project, with that row in its table\n"
    return SCRIPT.substitute(
        _write_drawing(recipe, products),
        title=recipe.info.title,
        photo=recipe.photo,
        aggregation=recipe.aggregation,
        side="after the activation" if recipe.side == "post" else "before the activation",
        needs=f"Beside it lies {', '.join([recipe.photo, *files])}.",
        standard="import hashlib\nimport json\n" if "hashlib" in loading else "",
        imports=imports,
        calls="\n".join(wrap(" ".join((*CONVOLUTIONS, *ACTIVATIONS)), WIDTH)),
        count=COUNT_PRODUCTS if products else COUNT,
        wanted="number == place" if products else "number == self.number and name in CALLS",
        reduction=reduction,
        crop=CROP if recipe.framing == "crop" else "",
        width=width,
        height=height,
        grey=grey,
        mean=mean,
        std=std,
        loading=loading,
    )


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
    return {
        "tables": tables,
        "limits": LIMITS[recipe.limits] + symmetric,
        "overlay": f"    axis.imshow(image, extent={whole})\n" if over else "",
        "colors": colors,
        "extent": extent,
        "alpha": f", alpha={recipe.opacity:g}" if over else "",
    }


def write_short_script(recipe: Recipe) -> str:
    """The same maps, and an interactive figure, in ten lines with this project."""
    info = recipe.info
    opening = f'network = viz.load_network("{info.key}")\n'
    if isinstance(info, OwnNetwork):
        home, _, builder = info.builder.partition(":")
        colors = f"{info.mean}, {info.std}, {info.size}"
        opening = f"from {home} import {builder}\nnetwork = viz.wrap_network({builder}(), {colors})\n"
    overlay = "" if recipe.opacity is None else f", overlay=True, opacity={recipe.opacity:g}"
    return SHORT.substitute(
        opening=opening,
        photo=recipe.photo,
        framing=recipe.framing,
        size=min(recipe.size),
        layers=[layer.name for layer in recipe.layers],
        side=recipe.side,
        aggregation=recipe.aggregation,
        limits=recipe.limits,
        look=f'viz.Look("{recipe.colors}"{overlay})',
    )


def _find_call(recipe: Recipe, layer: Layer) -> Call:
    return layer.activation.call if recipe.side == "post" and layer.activation else layer.call


def _find_color(recipe: Recipe) -> tuple[str, str, str]:
    """A line for a network of one channel, and mean and standard deviation."""
    pairs: list[tuple[float, ...]] = [recipe.network.mean, recipe.network.std]
    grey = ""
    if recipe.network.behaviour.channels == 1:
        grey = f"pixels = (pixels @ np.float32({LUMA}))[..., None]  # it takes one channel\n"
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


def _load(recipe: Recipe) -> tuple[str, str, list[str]]:
    """Lines that import, lines that build the network, and the files that lie beside them."""
    info = recipe.info
    if isinstance(info, OwnNetwork):
        return _load_own(recipe, info)
    if info.source == "torchvision":
        name = info.key.partition(":")[2]
        built = f'network = torchvision.models.get_model("{name}", weights="IMAGENET1K_V1")\n'
        return "import torchvision\n", built, []
    home, library, built = {
        "vgg16": (vgg16, "torchvision", VGG16),
        "efficientnet_lite0": (lite0, "timm", LITE0),
    }[info.source]
    file = home.BUNDLED_PATH.name
    reading = BUNDLED.format(file=file, digest=home.BUNDLED_SHA256[:32])
    return f"import {library}\n", reading + built, [file]


def _load_own(recipe: Recipe, info: OwnNetwork) -> tuple[str, str, list[str]]:
    home, _, builder = info.builder.partition(":")
    imports, built, module = f"from {home} import {builder}\n", f"network = {builder}()\n", f"{home}.py"
    if info.weights is None:
        return imports, built, [module]
    file, taken = info.weights.name, recipe.network.taken
    reading = f'torch.load("{file}", map_location="cpu", weights_only=True)'
    if info.weights.suffix == ".safetensors":
        imports, reading = f"{imports}from safetensors.torch import load_file\n", f'load_file("{file}")'
    keys = "".join(f'["{key}"]' for key in (taken.key if taken else "").split(".") if key)
    return imports, f"{built}network.load_state_dict({reading}{keys})\n", [module, file]
