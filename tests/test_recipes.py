"""CONTRIBUTING.md's recipes work as they stand: what each adds is offered, computed and named."""

import importlib
import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from apptests import decode, list_captions, read_numbers
from conftest import DEFAULT_LAYERS, ROOT, assert_healthy, make_noise
from opened import (
    LITE0,
    choose,
    list_curves,
    list_maps,
    open_page,
    read_address,
    read_names,
    show,
    walk,
    watch_csv,
)
from scipy import ndimage
from test_docs import read_recipes

from page.views import VIEWS
from page.views.lesson import steps
from viz import texts
from viz.evidence.class_maps import class_maps
from viz.evidence.methods import METHODS
from viz.maps.aggregations import AGGREGATIONS
from viz.maps.feature_maps import compute_feature_map
from viz.maps.one_pass import extract_heatmaps
from viz.measures.metrics import METRICS, MeasuredMap, measure_edges, measure_luma
from viz.measures.table import measure_network
from viz.networks import catalogue
from viz.networks.catalogue import find_network, load_network
from viz.pictures.decode import read_image
from viz.pictures.frame import frame_image
from viz.texts import LANGUAGES, Translate

RECIPES = read_recipes()
TABLES = (AGGREGATIONS, METRICS, METHODS, VIEWS, LANGUAGES)


@pytest.fixture(autouse=True)
def tables(new_server):
    """What a recipe adds to a table goes with its test."""
    before = [dict(table) for table in TABLES]
    yield
    for table, rows in zip(TABLES, before, strict=True):
        table.clear()
        table.update(rows)


@pytest.fixture
def words(tmp_path, monkeypatch):
    """A folder with a copy of the words, from which they are read."""
    for name, module in (("locales", texts), ("lessons", steps)):
        shutil.copytree(ROOT / "assets" / name, tmp_path / "assets" / name)
        monkeypatch.setattr(module, "FOLDER", tmp_path / "assets" / name)
    forget_words()
    yield tmp_path
    forget_words()


def forget_words():
    for read in (texts.load_catalogue, steps.list_steps, steps.read_words):
        read.cache_clear()


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Gives what puts a recipe's file into a copy of its folder, in which its package then looks, too."""
    modules = []

    def place(recipe):
        path = Path(recipe.partition(", ")[2])
        known = next(folder for folder in path.parents if (ROOT / folder).is_dir())
        (tmp_path / path.parent).mkdir(parents=True)
        if path.parent != known:
            (tmp_path / path.parent / "__init__.py").touch()
        (tmp_path / path).write_text(RECIPES[recipe][1], encoding="utf-8")
        package = importlib.import_module(".".join(known.parts))
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path / known)])
        importlib.invalidate_caches()
        modules.append(".".join(path.with_suffix("").parts))
        assert importlib.import_module(modules[-1]).__file__ == str(tmp_path / path)

    yield place
    for name in modules:
        sys.modules.pop(name)
        sys.modules.pop(name.removesuffix(".draw"), None)


def follow(recipe):
    """Run a recipe's row; gives its names."""
    names = {}
    exec(compile(RECIPES[recipe][1], recipe, "exec"), names)
    return names


def add_row(recipe, table):
    """The same; gives the key that is new in the table."""
    before = set(table)
    follow(recipe)
    (key,) = set(table) - before
    return key


def add_words(recipe, folder):
    """Add a recipe's words to the catalogues; gives them by language."""
    found = {}
    for language in LANGUAGES:
        heading, _, entry = RECIPES[f"{recipe}, {language}"][1].partition("\n")
        path = folder / "assets" / "locales" / f"{language}.toml"
        parts = path.read_text(encoding="utf-8").split(f"\n{heading}\n")
        assert len(parts) == 2, heading
        path.write_text(f"\n{heading}\n{entry}".join(parts), encoding="utf-8")
        found[language] = entry.split(" = ")[1].strip().strip('"')
    forget_words()
    return found


def open_photo(network, photo="cat.png", framing="whole", stride=16):
    photo = read_image((ROOT / "assets" / "images" / photo).read_bytes())
    image = frame_image(photo, framing, stride=stride)
    return np.array(image), network.to_batch(image)


def test_an_aggregation(words, network):
    key, name = add_row("aggregation", AGGREGATIONS), add_words("aggregation", words)
    channels = compute_feature_map(network, open_photo(network)[1], "conv3_1", "post")
    expected = np.sort(channels, axis=-1)[..., (channels.shape[-1] - 1) // 2]  # torch takes the lower middle
    for language in LANGUAGES:
        page = open_page(aggregation=key, layers="conv3_1", beside="aggregation", lang=language)
        assert_healthy(page)
        assert name[language] in page.selectbox(key="aggregation").options
        assert read_address(page)["aggregation"] == [key]
        np.testing.assert_allclose(decode(list_maps(page)[0]["z"]), expected, rtol=1e-3, atol=1e-3)
    page = open_page(beside="aggregation", beside_aggregation=key)
    assert name["en"] in page.selectbox(key="beside_aggregation").options
    for _, page in walk(open_page(aggregation=key)):
        assert_healthy(page)


def test_a_metric(words, network, monkeypatch):
    key, name = add_row("metric", METRICS), add_words("metric", words)
    pixels, batch = open_photo(network)
    rows = measure_network(extract_heatmaps(network, batch), network, pixels)
    assert all(0 < row[key] <= 1 for row in rows)
    edges = measure_edges(measure_luma(np.array(make_noise())))
    assert METRICS[key].measure(MeasuredMap(np.ones((5, 6)), edges)) == pytest.approx(1 / 30)
    read_csv = watch_csv(monkeypatch)
    for language in LANGUAGES:
        page = open_page(view="measure", lang=language)
        assert_healthy(page)
        curves = {title: values for (_, title), values in list_curves(page).items()}
        assert list(curves[name[language]].values()) == pytest.approx([row[key] for row in rows])
        assert name[language] in read_numbers(page)[0]
        assert [float(row[key]) for row in read_csv()] == pytest.approx([row[key] for row in rows])


def test_a_class_map_method(words):
    key, name = add_row("method", METHODS), add_words("method", words)
    network = load_network(LITE0)
    _, batch = open_photo(network, "coffee.png", "crop")
    maps = class_maps(network, batch, 967, key)
    plain = extract_heatmaps(network, batch)
    assert {layer: values.shape for layer, values in maps.items()} == {
        layer.name: plain[layer.name, layer.pick_side("post"), "mean"].shape for layer in network.layers
    }
    for language in LANGUAGES:
        address = {"view": "classes", "network": LITE0, "photo": "coffee", "framing": "crop"}
        address |= {"chosen_framing": "true"}
        page = open_page(**address, method=key, lang=language)
        assert_healthy(page)
        assert name[language] in page.segmented_control(key="method").options
        shown = decode(list_maps(page, "class_maps")[-1]["z"])
        np.testing.assert_allclose(shown, maps["conv_head"], atol=1e-5 * np.abs(shown).max())


def test_a_source_of_networks(place, monkeypatch):
    place("source, viz/networks/sources/edges.py")
    row = follow("source")["row"]
    monkeypatch.setattr(catalogue, "NETWORKS", (*catalogue.NETWORKS, row))
    network = catalogue.load(find_network(row.key, catalogue.list_networks()))
    _, batch = open_photo(network, stride=row.stride)
    brightness, (layer,) = batch[0].sum(dim=0).numpy(), network.layers
    edges = [ndimage.sobel(brightness, axis, mode="constant") for axis in (1, 0)]
    heatmap = extract_heatmaps(network, batch)[layer.name, "post", "mean"]
    np.testing.assert_allclose(heatmap, np.clip(edges, 0, None).mean(axis=0), atol=1e-4)
    assert catalogue.load(row, seed=1).layers == network.layers
    page = open_page()
    assert row.title in page.selectbox(key="network").options
    choose(page, row.key)
    assert read_names(page) == [layer.name]
    np.testing.assert_array_equal(decode(list_maps(page)[0]["z"]), heatmap)
    assert any(row.licence in caption for caption in list_captions(page))
    for _ in walk(page):
        assert_healthy(page)


def test_a_view(words, place, network):
    place("view, page/views/largest/draw.py")
    key, name = add_row("view", VIEWS), add_words("view", words)
    heatmaps = extract_heatmaps(network, open_photo(network)[1])
    for language in LANGUAGES:
        page = open_page(lang=language)
        assert page.segmented_control(key="view").options == [
            *map(Translate(language), (f"view.{other}" for other in VIEWS))
        ]
        assert name[language] in page.segmented_control(key="view").options
        show(page, key)
        assert_healthy(page)
        assert read_address(page)["view"] == [key]
        assert [metric.label for metric in page.metric] == DEFAULT_LAYERS
        page.selectbox(key="aggregation").set_value("max").run()
        values = [f"{heatmaps[layer, 'post', 'max'].max():.3g}" for layer in DEFAULT_LAYERS]
        assert [metric.value for metric in page.metric] == values
        # Of the settings above the figure none acts.
        assert "colors" not in {box.key for box in page.selectbox}
        assert page.multiselect(key="layers").value == DEFAULT_LAYERS
    assert_healthy(open_page(view=key))


def test_a_language(words):
    key = add_row("language", LANGUAGES)
    subprocess.run(["sh", "-ec", RECIPES["language, files"][1]], cwd=words, check=True)
    path = words / "assets" / "locales" / f"{key}.toml"
    path.write_text(
        path.read_text(encoding="utf-8").replace('"Side by side"', '"Nebeneinander"'), encoding="utf-8"
    )
    page = open_page()
    assert page.segmented_control(key="lang").options == list(LANGUAGES.values())
    page.segmented_control(key="lang").set_value(key).run()
    assert_healthy(page)
    assert page.segmented_control(key="view").options[0] == "Nebeneinander"
    assert read_address(page) == {"lang": [key]}
    for view in VIEWS:
        assert_healthy(show(page, view))
    for check in import_checks():
        check()
    # Without a word, or without a placeholder of one, they say so.
    whole = path.read_text(encoding="utf-8")
    for part, check in zip(('language = "Language"\n', "{network}"), import_checks(), strict=True):
        assert part in whole
        path.write_text(whole.replace(part, "", 1), encoding="utf-8")
        forget_words()
        with pytest.raises(AssertionError, match=key):
            check()


def import_checks():
    """The tests that the recipe names, of the keys and of the placeholders."""
    spec = importlib.util.spec_from_file_location("checks", ROOT / "tests" / "viz" / "test_texts.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.test_catalogues_have_the_same_keys, module.test_sentences_have_the_same_placeholders
