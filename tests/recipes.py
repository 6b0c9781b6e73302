"""Figures for the tests of reports: how they were made, their picture and their maps."""

from conftest import ROOT

import viz
from viz.maps.cells import lay_cells
from viz.networks.catalogue import find_network
from viz.reports.recipe import Recipe

PHOTO = ROOT / "assets" / "images" / "cat.png"


def make_recipe(key, names, network=None, info=None, size=224, **changes):
    """A recipe, the framed photograph, and the maps by layer name."""
    network, info = network or viz.load_network(key), info or find_network(key)
    how = {"side": "post", "aggregation": "mean", "framing": "whole", "colors": "viridis", "limits": "own"}
    how |= {"opacity": None} | changes
    photo = viz.read_image(PHOTO.read_bytes())
    image = (
        viz.frame_image(photo, how["framing"], size, network.stride)
        if how["framing"]
        else network.frame(photo)
    )
    heatmaps = viz.extract_heatmaps(network, network.to_batch(image))
    layers, maps, extents = [network.find_layer(name) for name in names], {}, {}
    for layer in layers:
        heatmap = maps[layer.name] = heatmaps[layer.name, layer.pick_side(how["side"]), how["aggregation"]]
        cells = lay_cells(layer, heatmap.shape, *image.size[::-1])
        right, bottom = cells.outline(*(length - 1 for length in heatmap.shape))[2:]
        extents[layer.name] = cells.left, right, bottom, cells.top
    recipe = Recipe("cat.png", "0" * 64, info, network, layers, size=image.size[::-1], extents=extents, **how)
    return recipe, image, maps
