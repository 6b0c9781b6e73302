"""An address opens the page as it was when the address was copied, in either language."""

import pytest
from apptests import list_captions
from conftest import assert_healthy
from opened import LITE0, list_maps, open_page, read_address

from page.choice.choice import SETTINGS
from viz.texts import Translate

COMPARED = "beside.correlation_note"

# An address, how many maps it shows, and the key of a sentence that stands around them.
ADDRESSES = {
    "a network": (
        {"network": LITE0, "layers": "conv_stem,conv_head", "depth": "conv_head", "layer": "conv_stem"},
        2,
        "layers.thirds",
    ),
    "a photograph beside": (
        {"beside": "photo", "beside_photo": "rocket", "difference": "true", "framing": "squash"},
        12,
        COMPARED,
    ),
    "a network beside": ({"network": LITE0, "beside": "network", "beside_range": "shared"}, 8, COMPARED),
    "no training beside": ({"beside": "untrained", "difference": "true"}, 12, COMPARED),
    "an aggregation beside": (
        {"aggregation": "strongest", "beside": "aggregation", "beside_aggregation": "l2"},
        8,
        COMPARED,
    ),
    "a side beside": (
        {"side": "pre", "range": "percentiles", "beside": "side", "beside_range": "shared"},
        8,
        COMPARED,
    ),
    "a contrast": (
        {"view": "classes", "network": LITE0, "class": "967", "against": "968", "method": "layercam"},
        8,
        "classes.explain_title",
    ),
}


@pytest.mark.parametrize(("address", "count", "sentence"), ADDRESSES.values(), ids=ADDRESSES)
def test_an_address_restores_a_view(address, count, sentence):
    expected = {key: text.split(",") if SETTINGS[key].is_list else [text] for key, text in address.items()}
    page = open_page(**address, lang="zh")
    for language in ("zh", "en"):
        page.segmented_control(key="lang").set_value(language).run()
        assert_healthy(page)
        assert len(list_maps(page, "class_maps" if "view" in address else "heatmaps")) == count
        assert read_address(page) == expected | ({"lang": ["zh"]} if language == "zh" else {})
        assert Translate(language)(sentence) in [*list_captions(page), *(box.label for box in page.expander)]
    page.selectbox(key="colors").set_value("greys").run()
    assert read_address(page) == expected | {"colors": ["greys"]}
    for key, texts in expected.items():
        value = page.session_state[key]
        assert SETTINGS[key].write(tuple(value) if isinstance(value, list) else value) == texts
