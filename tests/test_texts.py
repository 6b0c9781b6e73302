import re
import string
from pathlib import Path

import pytest

from views.address import CONTROLS, OWN_PHOTOS, SAMPLES, SHOWS, THUMB_SCALES, VIEWS
from views.measures import FORMATS
from views.texts import LANGUAGES, load_catalogue, make_translate
from viz.aggregate import AGGREGATIONS
from viz.channels import RANKINGS
from viz.images import FRAMINGS, IMAGE_ERRORS, NORMALIZATION
from viz.layers import SIDES, STAGES
from viz.scales import RANGES
from viz.specs import COLOR_SCALES
from viz.verdicts import OUTCOMES, RULES

VIEWS_FOLDER = Path(__file__).parent.parent / "views"


def list_placeholders(sentence):
    return sorted(field for _, field, _, _ in string.Formatter().parse(sentence) if field is not None)


def list_keys_in_code():
    """Keys as they stand in the code, and the beginnings of those that are put together."""
    code = "\n".join(path.read_text(encoding="utf-8") for path in VIEWS_FOLDER.glob("*.py"))
    whole = set(re.findall(r"""["']([a-z_]+\.[a-z0-9_]+)["']""", code))
    begun = set(re.findall(r"""f["']([a-z_]+\.[a-z_]*)\{""", code))
    return whole, begun


def test_catalogues_have_the_same_keys():
    assert set(load_catalogue("zh")) == set(load_catalogue("en"))


@pytest.mark.parametrize("key", load_catalogue("en"))
def test_sentences_have_the_same_placeholders(key):
    assert list_placeholders(load_catalogue("zh")[key]) == list_placeholders(load_catalogue("en")[key])


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_is_empty(language):
    assert all(sentence.strip() for sentence in load_catalogue(language).values())


def test_every_key_in_the_code_has_a_sentence():
    whole, begun = list_keys_in_code()
    catalogue = load_catalogue("en")
    sections = {key.split(".")[0] for key in catalogue}
    missing = {key for key in whole if key.split(".")[0] in sections and key not in catalogue}
    assert missing == set()
    assert all(any(key.startswith(start) for key in catalogue) for start in begun)


def test_every_sentence_is_used():
    whole, begun = list_keys_in_code()
    unused = [key for key in load_catalogue("en") if key not in whole and not key.startswith(tuple(begun))]
    assert unused == []


@pytest.mark.parametrize(
    ("section", "names"),
    [
        ("aggregation.", AGGREGATIONS),
        ("side.", SIDES),
        ("stage.", STAGES),
        ("explain.", STAGES),
        ("look.", COLOR_SCALES),
        ("look.range_", RANGES),
        ("picture.", [*SAMPLES, *OWN_PHOTOS]),
        ("advanced.framing_", FRAMINGS),
        ("advanced.weights_", NORMALIZATION),
        ("view.", VIEWS),
        ("control.", ["trained", *CONTROLS]),
        ("measure.computing_", ["untrained", "noise"]),
        ("metric.", FORMATS),
        ("claim.", RULES),
        ("probe.line_", SHOWS),
        ("probe.show_", SHOWS),
        ("channel.rank_", RANKINGS),
        ("channel.scale_", THUMB_SCALES),
        ("verdict.", OUTCOMES),
        ("verdict.means_", OUTCOMES),
        ("verdict.", [f"{way}_{scale}" for way in ("rises", "falls") for scale in ("difference", "ratio")]),
        ("image_error.", IMAGE_ERRORS),
        ("weights_error.", ["missing", "altered", "download", "disk"]),
    ],
)
def test_every_choice_has_a_name_and_every_error_a_sentence(section, names):
    assert {section + name for name in names} <= set(load_catalogue("en"))


def test_translate_fills_placeholders():
    assert make_translate("en")("picture.panel_size", width=3, height=2) == "3×2 px, as the network sees it"


def test_no_word_of_a_visitor_stands_in_the_code():
    """Whatever is shown comes from a catalogue: no call of Streamlit gets a plain sentence."""
    shown = (
        r"(?:st|right|slot)\.(?:markdown|caption|error|info|button|selectbox|toggle|subheader)\(\s*f?\"[A-Z]"
    )
    for path in VIEWS_FOLDER.glob("*.py"):
        assert not re.findall(shown, path.read_text(encoding="utf-8")), path.name


def test_unknown_language_lists_the_valid_ones():
    with pytest.raises(ValueError, match="unknown language 'fr'; expected one of en, zh"):
        load_catalogue("fr")
