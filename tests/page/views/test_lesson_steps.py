"""The lesson's data: every step in both languages, its settings, and that what there is to notice is true."""

import numpy as np
import pytest
from conftest import ROOT

from page.choice.address import read_address, write_address
from page.choice.choice import DEFAULT, SETTINGS, STEPS
from page.views.lesson.answers import write_link
from page.views.lesson.steps import list_steps, read_words
from viz.evidence.receptive_fields import receptive_field_box
from viz.evidence.saliency import effective_receptive_field
from viz.maps.one_pass import extract_heatmaps
from viz.maps.values import find_half
from viz.measures.claims import judge
from viz.measures.curves import measure_curves
from viz.measures.metrics import layer_metrics, measure_edges, measure_luma
from viz.measures.table import measure_network
from viz.measures.untrained import choose_measured
from viz.networks.catalogue import load_network
from viz.networks.controls import make_control
from viz.pictures.decode import read_image
from viz.pictures.frame import frame_image
from viz.texts import LANGUAGES

NAMES = [step.name for step in list_steps()]


def test_there_are_as_many_steps_as_the_address_knows():
    assert len(NAMES) == STEPS


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_step_is_told_in_both_languages(language):
    words, english = read_words(language), read_words("en")
    assert list(words) == NAMES
    for step in list_steps():
        told = words[step.name]
        assert all(str(text).strip() for text in vars(told).values())
        assert len(told.choices) == len(english[step.name].choices) == len(set(told.choices))
        assert len(told.figures) == len(step.figures)
        assert step.right is None or step.right in range(len(told.choices))


@pytest.mark.parametrize("step", list_steps(), ids=NAMES)
def test_the_settings_of_every_step_travel_in_an_address(step):
    for choice in (*(figure.choice for figure in step.figures), DEFAULT.change(step.ask)):
        assert read_address(write_address(choice.values, {})) == (choice, [])
    assert step.ask["view"] != "lesson"
    assert step.ask["network"] == "vgg16"
    # What it says to notice is of one photograph; the last step is of the visitor's own.
    assert step.ask.get("photo") == step.photo == (None if step.name == "own" else "cat")
    own = {"lang", "present", "step", *({"photo"} if step.name == "own" else ())}  # left as they are
    assert set(SETTINGS) - set(step.ask) == own


def test_what_there_is_to_notice_is_true(network, make_batch):
    """Each number that the texts state, computed again."""
    batch, squashed = make_batch(), make_batch(framing="squash")
    maps, homework = extract_heatmaps(network, batch), extract_heatmaps(network, squashed)
    untrained = load_network("untrained:vgg16")
    random = extract_heatmaps(untrained, batch)
    centred = extract_heatmaps(make_control(network, "zero_mean", 0), batch)
    data = (ROOT / "assets/images/cat.png").read_bytes()
    framed = frame_image(read_image(data))
    luma = measure_luma(np.array(framed))
    names = [layer.name for layer in network.layers]

    def correlate(one, other):
        return np.corrcoef(maps[one].ravel(), maps[other].ravel())[0, 1]

    def measure(found, threshold=0.5):
        return {name: layer_metrics(found[name, "post", "mean"], luma, threshold) for name in names}

    def share(threshold, part):
        shares = [metrics.largest_region_share for metrics in measure(maps, threshold).values()]
        return f"{np.mean(shares[part]):.0%}"

    def percent(value):
        return f"{value:.0%}"

    deep = network.find_layer("conv5_3")
    left, top, right, bottom = receptive_field_box(deep, 6, 8, 224, 336)
    field = effective_receptive_field(network, batch, "conv5_3", 6, 8, "post", "mean", 0)
    channels = measure_network(maps, network, np.array(framed))[-1]
    third = maps.channel_means["conv3_1", "post"]
    assert homework["conv1_1", "post", "mean"].min() >= 0
    assert maps["conv5_3", "pre", "mean"].max() < 0
    assert third.max() / third.sum() < 0.01
    assert (deep.receptive_field, right - left, bottom - top) == (196, 196, 196)
    facts = {
        "homework": [f"{homework[name, 'post', 'mean'].max():.0f}" for name in ("conv1_1", "conv3_1")],
        "red": [f"{maps[name, 'post', 'mean'].max():.3g}" for name in ("conv1_2", "conv3_1")]
        + [f"{maps['conv5_3', 'post', 'mean'].max():.1f}"],
        "field": ["196×196", percent(find_half(field[top:bottom, left:right]))],
        "relu": [percent(maps.zero_shares[name]) for name in ("conv1_2", "conv3_1", "conv5_3")]
        + [f"{correlate(('conv5_3', 'pre', 'mean'), ('conv5_3', 'post', 'mean')):.2f}".replace("-", "−")],
        "mean": [percent(channels["top_10"]), f"{channels['dead_channels']:.0f}"]
        + [
            f"{correlate((name, 'post', 'mean'), (name, 'post', 'strongest')):.2f}"
            for name in ("conv3_1", "conv5_3")
        ],
        "untrained": [
            text
            for found in (maps, random)
            for text in (
                percent(measure(found)["conv5_3"].largest_region_share),
                f"{measure(found)['conv1_2'].edge_correlation:.2f}",
                f"{measure(found)['conv5_3'].edge_correlation:.2f}",
            )
        ]
        + [f"{measure(centred)[name].edge_correlation:.2f}" for name in ("conv1_2", "conv5_3")],
        "break": [share(t, part) for t in (0.2, 0.3, 0.5) for part in (slice(0, 3), slice(6, None))],
    }
    for language in LANGUAGES:
        for name, expected in facts.items():
            words = read_words(language)[name]
            for text in expected:
                assert text in words.notice + words.question, (language, name, text)


@pytest.mark.parametrize(
    ("key", "side", "told"),
    [
        ("vgg16", "post", "not true as it opens (1 of 6 thresholds)"),
        ("vgg16", "pre", "true before the ReLU (5 of 6)"),
        ("efficientnet_lite0", "post", "true with EfficientNet-Lite0 (5 of 6)"),
    ],
)
def test_the_verdict_that_the_teachers_page_turns_is_as_it_says(key, side, told):
    network = load_network(key)
    photo = read_image((ROOT / "assets/images/cat.png").read_bytes())
    framed = frame_image(photo, stride=network.stride)
    heatmaps = extract_heatmaps(network, network.to_batch(framed))
    layers = choose_measured(network.layers, side)
    edges = measure_edges(measure_luma(np.array(framed)))
    maps = [heatmaps[layer.name, layer.pick_side(side), "mean"] for layer in layers]
    verdict = judge("regions", layers, edges.shape, measure_curves(maps, edges, layers))
    tested = [answer for answer in verdict.met if answer is not None]
    assert f"{sum(tested)} of {len(tested)}" in told
    starts = {"no": "not true", "yes": "true", "depends": "“depends on the threshold"}
    assert told.startswith(starts[verdict.truth])
    assert told in (ROOT / "docs/teaching.md").read_text(encoding="utf-8")


def test_the_teachers_page_has_each_steps_link_title_and_right_choice():
    text = (ROOT / "docs/teaching.md").read_text(encoding="utf-8")
    words = read_words("en")
    for number, step in enumerate(list_steps(), start=1):
        title = f"{number} {words[step.name].title}"
        assert f"\n### {title}\n" in text
        (row,) = [line for line in text.splitlines() if f"| {title} |" in line]
        assert f"| `{write_link(number, 'en')}` |" in row
        if step.right is not None:
            choice = words[step.name].choices[step.right]
            assert (choice if choice.startswith("1") else choice[0].lower() + choice[1:]) in row
    assert "(docs/teaching.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
