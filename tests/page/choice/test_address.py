"""Every choice travels in an address, and no address breaks the page."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from page.choice.address import read_address, write_address
from page.choice.choice import DEFAULT, HOMEWORK, SETTINGS, Choice

# A value of each setting that is not its default.
OTHERS = {
    "view": "depth",
    "photo": "rocket",
    "network": "torchvision:vgg16",
    "layers": ("conv1_1", "conv5_3"),
    "aggregation": "std",
    "side": "pre",
    "colors": "greys",
    "range": "percentiles",
    "overlay": True,
    "opacity": 0.35,
    "smooth": True,
    "framing": "crop",
    "size": 320,
    "lang": "zh",
    "present": True,
    "beside": "network",
    "beside_photo": "upload",
    "beside_network": "torchvision:vgg19",
    "beside_aggregation": "std",
    "beside_range": "shared",
    "difference": True,
    "depth": "conv4_1",
    "controls": ("coarse", "noise"),
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
    "true": 3,
    "class": 285,
    "against": 282,
    "chosen_framing": True,
    "method": "layercam",
    "erase": 35,
    "class_box": True,
    "step": 5,
}
INVALID = [
    ("photo", "../../etc/passwd"),
    ("layers", ",".join(map(str, range(1001)))),
    ("network", ""),
    ("aggregation", "Mean"),
    ("size", "10000"),
    ("size", "225"),
    ("size", "224.5"),
    ("size", ""),
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
    ("step", "9"),
]


def read(address):
    choice, unreadable = read_address(address)
    assert unreadable == []
    return choice


def write(choice):
    return write_address(choice.values, {})


def test_the_parameters_are_the_promised_ones():
    assert list(SETTINGS) == list(OTHERS)
    assert all(OTHERS[key] != DEFAULT.values[key] for key in OTHERS)


def test_every_setting_travels_alone_and_all_together():
    assert write(DEFAULT) == {}
    for key, value in OTHERS.items():
        written = write(DEFAULT.change({key: value}))
        assert list(written) == [key]
        assert read(written) == DEFAULT.change({key: value}), key
    assert read(write(DEFAULT.change(OTHERS))) == DEFAULT.change(OTHERS)


def test_an_invalid_value_is_its_default_and_named():
    for key, text in INVALID:
        choice, unreadable = read_address({key: [text], "overlay": ["true"]} | {key: [text]})
        assert key in unreadable or (text == "" and key in ("network", "view")), (key, text)
        assert choice.values[key] == DEFAULT.values[key], (key, text)


@given(st.dictionaries(st.sampled_from(list(SETTINGS)), st.lists(st.text(), max_size=3)))
def test_any_address_gives_a_choice_that_can_be_written(address):
    choice, unreadable = read_address(address)
    assert set(unreadable) <= set(address)
    assert read(write(choice)) == choice


def test_layers_are_read_from_repeated_parameters_and_from_commas():
    assert read({"layers": ["conv1_1", "layer1.0.conv1"]}).layers == ("conv1_1", "layer1.0.conv1")
    assert read({"layers": ["conv1_1,conv4_2,conv1_1"]}).layers == ("conv1_1", "conv4_2")
    assert write(DEFAULT.change({"layers": ()})) == {"layers": [""]}
    assert read({"layers": [""]}).layers == ()


def test_links_of_the_time_before_networks_open():
    assert read({"weights": ["imagenet1k_v1"]}).network == "torchvision:vgg16"
    assert read({"weights": ["bundled"]}).network == "vgg16"
    assert read({"weights": ["imagenet1k_v1"], "network": ["vgg16"]}).network == "vgg16"


def test_finer_values_of_old_links_are_rounded_to_a_sliders_steps():
    choice = read({"threshold": ["0.34"], "opacity": ["0.37"]})
    assert choice == DEFAULT.change({"threshold": 0.3, "opacity": 0.35})


def test_what_other_choices_decide_is_not_written():
    written = write_address(DEFAULT.change({"layer": "conv5_3", "step": 2}).values, {"layer": "conv5_3"})
    assert written == {"step": ["2"]}


def test_a_choice_cannot_be_changed_in_place():
    with pytest.raises(AttributeError):
        Choice().view = "depth"
    assert DEFAULT.change({}) == DEFAULT


def test_the_homeworks_view_is_the_homeworks():
    chosen = DEFAULT.change(HOMEWORK)
    assert chosen.layers == ("conv1_1", "conv3_1", "conv4_2")
    how = chosen.aggregation, chosen.side, chosen.framing, chosen.size, chosen.colors, chosen.range
    assert how == ("mean", "post", "squash", 224, "jet", "own")
    assert read(write(chosen)) == chosen
