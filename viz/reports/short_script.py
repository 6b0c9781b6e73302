"""A figure's maps in ten lines with this project."""

from string import Template

from viz.networks.own import OwnNetwork
from viz.reports.recipe import Recipe

OPEN = """\
from pathlib import Path
import viz
${opening}photo = viz.read_image(Path("$photo").read_bytes())
image = $framed
"""
HEATMAPS = """\
heatmaps = viz.extract_heatmaps(network, network.to_batch(image))
layers = [network.find_layer(name) for name in $layers]
how = {"side": "$side", "aggregation": "$aggregation", "limits": "$limits"}
figure = viz.draw_heatmaps(image, heatmaps, layers, look=$look, **how)
viz.write_html(figure, "layers.html")
"""
CLASS_MAPS = """\
maps = viz.class_maps(network, network.to_batch(image), $index, method="$method"$against)
np.savez("layers.npz", **{name: maps[name] for name in $layers})
"""
CHANNELS = """\
batch, maps = network.to_batch(image), {}
for layer in map(network.find_layer, $layers):
    maps[layer.name] = compute_feature_map(network, batch, layer.name, layer.pick_side("$side"))
np.savez("layers.npz", **{name: values[..., $channels] for name, values in maps.items()})
"""


def write_short_script(recipe: Recipe) -> str:
    """The same maps as `viz.reports.script.write_script`: an interactive figure of layers, else arrays."""
    body, facts = HEATMAPS, {"aggregation": recipe.aggregation, "limits": recipe.limits}
    opening = _open(recipe)
    if recipe.asked is not None:
        asked = recipe.asked
        against = "" if asked.against is None else f", against={asked.against}"
        body, facts = CLASS_MAPS, {"index": str(asked.index), "method": asked.method, "against": against}
    elif recipe.channels:
        body, facts = CHANNELS, {"channels": str(list(recipe.channels))}
        opening = f"from viz.maps.feature_maps import compute_feature_map\n{opening}"
    else:
        overlay = "" if recipe.opacity is None else f", overlay=True, opacity={recipe.opacity:g}"
        facts["look"] = f'viz.Look("{recipe.colors}"{overlay})'
    framed = f'viz.frame_image(photo, "{recipe.framing}", {min(recipe.size)}, network.stride)'
    if recipe.preprocessing is not None:
        framed = "network.frame(photo)"
    return Template(OPEN + body if body == HEATMAPS else f"import numpy as np\n{OPEN}{body}").substitute(
        facts,
        opening=opening,
        photo=recipe.photo,
        framed=framed,
        layers=[layer.name for layer in recipe.layers],
        side=recipe.side,
    )


def _open(recipe: Recipe) -> str:
    info = recipe.info
    if not isinstance(info, OwnNetwork):
        return f'network = viz.load_network("{info.key}")\n'
    home, _, builder = info.builder.partition(":")
    arguments = [f"{builder}()", str(info.mean), str(info.std), str(info.size)]
    if info.classes is not None:
        arguments.append(f'Path("{info.classes.name}").read_text().splitlines()')
    return f"from {home} import {builder}\nnetwork = viz.wrap_network({', '.join(arguments)})\n"
