import pytest
from hypothesis import given
from hypothesis import strategies as st

from page.address import read_settings, write_settings
from page.browser.screen import LARGEST, SMALLEST, USUAL_HEIGHT, USUAL_WIDTH, Screen, read_screen
from page.settings import HOMEWORK_VIEW, SETTINGS

DEFAULTS = read_settings({})
OTHERS = {
    "view": "depth",
    "photo": "rocket",
    "layers": ["conv1_1", "conv5_3"],
    "aggregation": "std",
    "side": "pre",
    "colors": "greys",
    "range": "percentiles",
    "overlay": True,
    "opacity": 0.35,
    "smooth": True,
    "framing": "crop",
    "size": 320,
    "network": "torchvision:vgg16",
    "lang": "zh",
    "present": True,
    "depth": "conv4_1",
    "controls": ["coarse", "noise"],
    "threshold": 0.7,
    "box": (10, 20, 300, 200),
    "show": "alike",
    "point": (100, 20),
    "layer": "conv2_2",
    "field": True,
    "second": "coffee",
    "channel": 7,
    "rank": "peak",
    "thumbs": "shared",
    "thumb_page": 3,
    "patches": True,
    "class": 285,
    "against": 282,
    "method": "hirescam",
    "erase": 35,
    "class_box": True,
    "step": 5,
    "beside": "network",
    "beside_photo": "upload",
    "beside_network": "torchvision:vgg19",
    "beside_aggregation": "std",
    "beside_range": "shared",
    "difference": True,
}


def test_the_parameters_are_the_promised_ones():
    names = "photo network layers aggregation side framing size colors range overlay opacity smooth lang view"
    names += (
        " depth controls threshold box show point layer field second channel rank thumbs thumb_page patches"
    )
    names += " present step beside beside_photo beside_network beside_aggregation beside_range difference"
    names += " class against method erase class_box"
    assert set(SETTINGS) == set(names.split())
    assert set(OTHERS) == set(SETTINGS)


def test_defaults_leave_the_address_empty():
    assert write_settings(DEFAULTS) == {}


@pytest.mark.parametrize("name", OTHERS)
def test_every_setting_travels(name):
    written = write_settings(DEFAULTS | {name: OTHERS[name]})
    assert list(written) == [name]
    assert read_settings(written) == DEFAULTS | {name: OTHERS[name]}


def test_all_settings_travel_together():
    assert read_settings(write_settings(OTHERS)) == OTHERS


def test_no_layers_at_all_travel_too():
    assert write_settings(DEFAULTS | {"layers": []}) == {"layers": [""]}
    assert read_settings({"layers": [""]})["layers"] == []


def test_layers_are_read_from_repeated_parameters_and_from_commas():
    assert read_settings({"layers": ["conv1_1", "layer1.0.conv1"]})["layers"] == ["conv1_1", "layer1.0.conv1"]
    assert read_settings({"layers": ["conv1_1,conv4_2,conv1_1"]})["layers"] == ["conv1_1", "conv4_2"]


def test_links_of_the_time_before_networks_open():
    assert read_settings({"weights": ["imagenet1k_v1"]})["network"] == "torchvision:vgg16"
    assert read_settings({"weights": ["bundled"]})["network"] == "vgg16"
    assert read_settings({"weights": ["<b>"]}) == DEFAULTS
    assert read_settings({"weights": ["imagenet1k_v1"], "network": ["vgg16"]})["network"] == "vgg16"


def test_finer_values_of_old_links_are_rounded_to_a_sliders_steps():
    assert read_settings({"threshold": ["0.34"], "opacity": ["0.37"]}) == DEFAULTS | {
        "threshold": 0.3,
        "opacity": 0.35,
    }


def test_that_a_photograph_is_ones_own_travels():
    """Else no photograph in the address, which is the cat, would also be one's own."""
    for name, own in (
        ("photo", "upload"),
        ("photo", "camera"),
        ("second", "upload"),
        ("beside_photo", "upload"),
    ):
        assert write_settings(DEFAULTS | {name: own}) == {name: [own]}
        assert read_settings({name: [own]})[name] == own


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("photo", "../../etc/passwd"),
        ("layers", ",".join(map(str, range(1001)))),
        ("network", "torchvision:resnet1000"),
        ("network", "untrained:vgg16"),
        ("aggregation", "Mean"),
        ("size", "10000"),
        ("size", "225"),
        ("size", "224.5"),
        ("opacity", "nan"),
        ("opacity", "-1"),
        ("overlay", "yes"),
        ("lang", "<script>"),
        ("view", ""),
        ("controls", "untrained,magic"),
        ("threshold", "0"),
        ("threshold", "nan"),
        ("threshold", "0.1"),
        ("box", "1,2,3"),
        ("box", "5,5,5,9"),
        ("box", "-1,0,5,9"),
        ("box", "0,0,99999999999,9"),
        ("box", "a,b,c,d"),
        ("point", "1"),
        ("point", "-1,5"),
        ("point", "5,99999999"),
        ("channel", "16384"),
        ("channel", "-1"),
        ("thumb_page", "0"),
        ("second", "camera"),
        ("beside", "other"),
        ("beside_photo", "camera"),
        ("beside_network", "untrained:vgg16"),
    ],
)
def test_an_invalid_value_is_its_default(name, text):
    assert read_settings({name: [text]}) == DEFAULTS


@given(st.dictionaries(st.sampled_from(list(SETTINGS)), st.lists(st.text(), max_size=3)))
def test_any_address_gives_settings_that_can_be_written(parameters):
    settings = read_settings(parameters)
    assert read_settings(write_settings(settings)) == settings


def test_defaults_are_not_shared_between_sessions():
    read_settings({})["controls"].clear()
    assert read_settings({})["controls"] == []


def test_the_homeworks_view_is_the_homeworks():
    assert HOMEWORK_VIEW["layers"] == ["conv1_1", "conv3_1", "conv4_2"]
    chosen = {
        name: HOMEWORK_VIEW[name] for name in ("aggregation", "side", "framing", "size", "colors", "range")
    }
    assert list(chosen.values()) == ["mean", "post", "squash", 224, "jet", "own"]


@pytest.mark.parametrize(
    ("text", "screen"),
    [
        ("800x600", Screen(800, 600)),
        (None, Screen(USUAL_WIDTH, USUAL_HEIGHT)),
        ("", Screen(USUAL_WIDTH, USUAL_HEIGHT)),
        ("axb", Screen(USUAL_WIDTH, USUAL_HEIGHT)),
        ("1x2x3", Screen(USUAL_WIDTH, USUAL_HEIGHT)),
        ("-5x99999999", Screen(SMALLEST, LARGEST)),
    ],
)
def test_screens_are_read_with_care(text, screen):
    assert read_screen(text) == screen
