"""Figures for the tests of reports: how they were made, their picture and their maps."""

from conftest import ROOT

import viz
from viz.maps.cells import lay_cells
from viz.maps.ranges import choose_limits
from viz.networks.catalogue import find_network
from viz.reports.recipe import Recipe
from viz.reports.shown import Photo, Shown

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


def list_items(recipe, image, maps, words):
    """The framed photograph and its maps, by layer name, for a print."""
    limits = choose_limits([maps[layer.name] for layer in recipe.layers], recipe.limits, recipe.diverging)
    items = [Photo(words("picture.panel"), image)]
    for place, (layer, (low, high)) in enumerate(zip(recipe.layers, limits, strict=True)):
        ends = ("negative", "positive") if recipe.diverging[place] else ("weak", "strong")
        drawn = recipe.color_maps[place], low, high, tuple(words(f"panel.{end}") for end in ends)
        where = maps[layer.name], recipe.extents[layer.name], image
        items.append(Shown(layer.name, layer.name, *where, *drawn, recipe.opacity))
    return items
