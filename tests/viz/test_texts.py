import re
import string
from typing import get_args

import pytest
from conftest import ROOT

from page.choice.choice import CONTROLS, SETTINGS
from page.views import VIEWS
from viz.evidence.methods import METHODS
from viz.measures.claims import RULES, Learned, Truth
from viz.measures.metrics import CLAIM_METRICS, METRICS
from viz.networks.layers import STAGES
from viz.texts import LANGUAGES, Translate, load_catalogue

KINDS = ("shallow", "deep", "rise", "fall", "growth", "shrinkage")

SOURCES = [*(ROOT / "page").rglob("*.py"), *(ROOT / "viz").rglob("*.py")]


def list_placeholders(sentence):
    return sorted(field for _, field, _, _ in string.Formatter().parse(sentence) if field is not None)


def list_keys_in_code():
    """Keys as they stand in the code, and the beginnings of those that are put together."""
    code = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
    found = set(re.findall(r"""["']([a-z_]+\.(?!(?:html|npz|png)["'])[a-z0-9_]*)["']""", code))  # no files
    begun = set(re.findall(r"""f["']([a-z_]+\.[a-z_]*)\{""", code))
    begun |= {key for key in found if key.endswith((".", "_"))}  # of the names of options
    return found - begun, begun


def test_catalogues_have_the_same_keys():
    for language in LANGUAGES:
        assert set(load_catalogue(language)) == set(load_catalogue("en")), language


def test_sentences_have_the_same_placeholders():
    for language in LANGUAGES:
        for key, sentence in load_catalogue("en").items():
            translated = load_catalogue(language)[key]
            assert list_placeholders(translated) == list_placeholders(sentence), (language, key)


def test_no_sentence_is_empty():
    for language in LANGUAGES:
        for key, sentence in load_catalogue(language).items():
            assert sentence.strip(), (language, key)


def test_sizes_are_told_width_first():
    for language in LANGUAGES:
        for key, sentence in load_catalogue(language).items():
            if {"width", "height"} <= set(list_placeholders(sentence)):
                assert sentence.index("{width}") < sentence.index("{height}"), (language, key)


def test_percent_signs_stand_close_to_their_numbers():
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "assets").glob("l*/*.toml")]
    texts += [(ROOT / "docs" / "teaching.md").read_text(encoding="utf-8")]
    assert len(texts) == 6
    texts += [format(0.314, spec) for spec in {metric.format for metric in METRICS.values()}]
    assert "31.4%" in texts
    for text in texts:
        assert re.findall(r".*\s%(?!\{).*|.*％.*", text) == []


def test_chinese_texts_keep_to_the_words_of_the_field():
    """A map's cell is 网格点, not a spreadsheet's 单元格, and the reader is a fellow student."""
    for path in (ROOT / "assets").glob("l*/zh.toml"):
        assert re.findall("单元格|您", path.read_text(encoding="utf-8")) == [], path.parent.name


def test_every_key_in_the_code_has_a_sentence():
    whole, begun = list_keys_in_code()
    catalogue = load_catalogue("en")
    sections = {key.split(".")[0] for key in catalogue}
    missing = {key for key in whole if key.split(".")[0] in sections and key not in catalogue}
    assert missing == set()
    begun = {start for start in begun if start.split(".")[0] in sections}
    assert all(any(key.startswith(start) for key in catalogue) for start in begun)


def test_every_sentence_is_used():
    whole, begun = list_keys_in_code()
    used = {*whole, *(f"{key}_help" for key in whole)}
    unused = [key for key in load_catalogue("en") if key not in used and not key.startswith(tuple(begun))]
    unused += [key for key in load_catalogue("en") if key.endswith(".help") and key not in whole]
    assert [
        key for key in unused if not key.startswith(("image_error.", "weights_error.", "network_error."))
    ] == []


SECTIONS = {
    "aggregation.": SETTINGS["aggregation"].options,
    "side.": SETTINGS["side"].options,
    "stage.": STAGES,
    "explain.": STAGES,
    "look.": SETTINGS["colors"].options,
    "look.range_": SETTINGS["range"].options,
    "picture.": [*SETTINGS["photo"].options, *SETTINGS["second"].options],
    "advanced.framing_": SETTINGS["framing"].options,
    "view.": VIEWS,
    "control.": CONTROLS,
    "measure.computing_": ["untrained", "noise"],
    "claim.": RULES,
    "beside.with_": SETTINGS["beside"].options,
    "beside.range_": SETTINGS["beside_range"].options,
    "probe.line_": SETTINGS["show"].options,
    "probe.show_": SETTINGS["show"].options,
    "channel.rank_": SETTINGS["rank"].options,
    "channel.scale_": SETTINGS["thumbs"].options,
    "classes.method_": METHODS,
    "metric.": [*METRICS, *CLAIM_METRICS],
    "verdict.true_": get_args(Truth),
    "verdict.learned_": get_args(Learned),
    "verdict.": KINDS,
    "verdict.demand_": KINDS,
    "weights_error.": ["missing", "unreadable", "altered", "download", "disk", "folder", "switched_off"],
}


def test_every_choice_has_a_name_and_every_error_a_sentence():
    catalogue = set(load_catalogue("en"))
    for section, names in SECTIONS.items():
        assert {section + name for name in names} - catalogue == set(), section


def test_translate_fills_placeholders():
    assert Translate("en")("picture.panel_size", width=3, height=2) == "3×2 px, as the network sees it"


def test_no_word_of_a_visitor_stands_in_the_code():
    """Whatever is shown comes from a catalogue: no call of Streamlit gets a plain sentence."""
    shown = (
        r"(?:st|right|slot)\.(?:markdown|caption|error|info|button|selectbox|toggle|subheader)\(\s*f?\"[A-Z]"
    )
    for path in SOURCES:
        assert not re.findall(shown, path.read_text(encoding="utf-8")), path.name


def test_unknown_language_lists_the_valid_ones():
    with pytest.raises(ValueError, match="unknown language 'fr'; expected one of en, zh"):
        load_catalogue("fr")


CODE = re.compile(r"`[^`]*`|%?\{\{?[^}]*\}\}?|https?:\S+|arXiv:\S+|:\w+:")


@pytest.mark.parametrize("folder", ["locales", "lessons"])
def test_each_language_has_its_own_colon(folder):
    """In Chinese the full-width one, outside of code; in English the other."""
    for language, foreign in (("zh", "[\u4e00-\u9fff”）】] ?:|:[ ]?[\u4e00-\u9fff]"), ("en", "：")):
        text = (ROOT / "assets" / folder / f"{language}.toml").read_text(encoding="utf-8")
        assert re.findall(f".*(?:{foreign}).*", CODE.sub("", text)) == []
