"""A visitor's own files: what can be read is shown and kept, what cannot gets its sentence."""

import numpy as np
import pytest
from apptests import (
    ENGLISH,
    encode,
    list_buttons,
    list_captions,
    list_errors,
    list_maps,
    read_chart,
    read_figure,
    read_titles,
    upload,
)
from conftest import assert_healthy
from PIL import Image

from page.subject import uploads
from viz.texts import load_catalogue

GOOD = encode(Image.new("RGB", (64, 64), "green"))
WIDE = encode(Image.new("RGB", (300, 200), "orange"))


def read_source(page, key="heatmaps"):
    """The photograph that is shown."""
    return read_chart(page, key)["data"][0]["source"]


def test_an_upload_is_shown_and_named_as_not_shareable(page, count_passes):
    page.run()
    upload(page, WIDE)
    assert_healthy(page)
    assert page.selectbox(key="photo").value == "upload"
    assert page.query_params["photo"] == "upload"
    assert ENGLISH("picture.not_shareable") in list_captions(page)
    assert count_passes[-1] == (1, 3, 224, 336)
    page.selectbox(key="photo").set_value("rocket").run()
    assert_healthy(page)
    page.selectbox(key="photo").set_value("upload").run()
    assert len(count_passes) == 3


def test_an_upload_with_one_other_pixel_is_another_picture(page, count_passes):
    page.run()
    pixels = np.zeros((800, 800, 3), dtype=np.uint8)
    upload(page, encode(Image.fromarray(pixels)), "a.png")
    pixels[400, 400] = 1
    upload(page, encode(Image.fromarray(pixels)), "a.png")
    assert len(count_passes) == 3


def make_truncated():
    whole = encode(Image.effect_noise((300, 200), 50).convert("RGB"), "JPEG")
    return whole[: len(whole) // 2]


# What makes the file, and why it is refused.
BAD_FILES = {
    "empty": (bytes, "empty"),
    "text named png": (lambda: b"hello, I am no picture", "format"),
    "svg": (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "format"),
    "gif": (lambda: encode(Image.new("P", (50, 50)), "GIF"), "format"),
    "bmp": (lambda: encode(Image.new("RGB", (50, 50)), "BMP"), "format"),
    "truncated": (make_truncated, "broken"),
    "one pixel wide": (lambda: encode(Image.new("RGB", (1, 300))), "too_small"),
    "bomb": (lambda: encode(Image.new("1", (9400, 9400))), "too_many_pixels"),
    "too narrow": (lambda: encode(Image.new("RGB", (2000, 20))), "too_narrow"),
    "too many bytes": (lambda: b"\xff\xd8\xff" + bytes(11 * 2**20), "too_many_bytes"),
}


@pytest.mark.parametrize(("make", "reason"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_bad_file_gets_its_sentence_and_nothing_is_lost(page, make, reason):
    page.query_params["photo"] = "coffee"
    page.run()
    before = read_source(page)
    upload(page, make())
    assert not page.exception
    for _ in range(2):
        (error,) = list_errors(page)
        assert page.sidebar.error[0].value == error  # beside the uploader
        assert error.startswith(load_catalogue("en")[f"image_error.{reason}"].split("{")[0])
        assert "{" not in error
        assert error.endswith(ENGLISH("image_error.kept"))
        assert page.selectbox(key="photo").value == page.query_params["photo"] == "coffee"
        assert read_source(page) == before
        page.selectbox(key="photo").set_value("upload").run()  # it is still there, and still bad
    page.selectbox(key="aggregation").set_value("max").run()  # the page still works
    assert not page.exception
    page.selectbox(key="photo").set_value("cat").run()
    assert_healthy(page)


def test_a_bad_file_after_a_good_one_keeps_the_good_one(page):
    page.run()
    upload(page, GOOD)
    before = read_source(page)
    upload(page, b"nothing", "bad.png")
    assert len(page.error) == 1
    assert page.selectbox(key="photo").value == "upload"
    assert read_source(page) == before
    page.selectbox(key="photo").set_value("cat").run()
    assert_healthy(page)
    upload(page, b"", "worse.png")
    assert len(page.error) == 1
    assert page.selectbox(key="photo").value == "cat"
    page.selectbox(key="photo").set_value("upload").run()  # the good one is not lost
    assert len(page.error) == 1
    assert read_source(page) == before
    upload(page, GOOD)
    assert_healthy(page)


def test_a_bad_file_on_a_link_to_an_upload_sets_the_choice_to_what_is_shown(page):
    page.query_params["photo"] = "upload"
    page.run()
    upload(page, b"nothing", "bad.png")
    assert len(page.sidebar.error) == 1
    assert not page.info
    assert page.selectbox(key="photo").value == "cat"
    assert "photo" not in page.query_params


def test_a_bad_second_photograph_is_told_beside_its_uploader_and_the_good_one_stays(page):
    page.query_params.update({"view": "probe", "show": "alike", "layers": "conv5_3", "second": "upload"})
    page.run()
    upload(page, b"nothing", "bad.png", key="second_upload")
    assert list_errors(page) == [ENGLISH("image_error.format")]
    upload(page, GOOD, key="second_upload")
    assert_healthy(page)
    before = read_source(page, "matched")
    upload(page, b"nothing", "bad.png", key="second_upload")
    (error,) = list_errors(page)
    assert error.endswith(ENGLISH("image_error.kept"))
    assert read_source(page, "matched") == before


@pytest.mark.parametrize("own", ["upload", "camera"])
def test_a_photograph_that_is_no_longer_here_is_asked_for(page, own):
    page.query_params["photo"] = own
    page.run()
    assert_healthy(page)
    assert [info.value for info in page.info] == [ENGLISH("picture.waiting_lost")]
    assert len(list_maps(read_figure(page))) == 4
    upload(page, WIDE)
    assert not page.info
    assert read_titles(page)[0].endswith("336×224 px, as the network sees it")


def test_no_upload_yet_says_what_to_do(page):
    page.run()
    page.selectbox(key="photo").set_value("upload").run()
    assert_healthy(page)
    assert [info.value for info in page.info] == [ENGLISH("picture.waiting_upload")]
    assert read_figure(page)


def test_a_stand_in_for_a_file_counts_as_none(monkeypatch):
    class Gone:
        """Streamlit's value of an uploader whose file the server has forgotten."""

    monkeypatch.setattr(uploads, "read_widget", {"upload": Gone(), "second_upload": None}.get)
    assert [uploads.read_file(key) for key in ("upload", "second_upload", "camera")] == [None] * 3


def test_a_picture_whose_shorter_side_is_not_the_asked_one_says_so(page):
    page.run()
    upload(page, encode(Image.new("RGB", (2400, 240), "orange")))
    assert_healthy(page)
    assert read_titles(page)[0].endswith("960×96 px, as the network sees it")
    sentence = ENGLISH("picture.narrow", got=96, size=224)
    assert sentence in list_captions(page)
    page.radio(key="framing").set_value("crop").run()
    assert sentence not in list_captions(page)


def read_memory(page):
    return page.session_state["_memory"]


@pytest.mark.parametrize("present", ["false", "true"])
def test_a_button_takes_the_photograph_away(page, present):
    page.query_params.update({"photo": "coffee", "present": present})
    page.run()
    assert "take_away" not in list_buttons(page)
    before = read_source(page)
    for data in (GOOD, WIDE):
        (uploader,) = page.file_uploader
        upload(page, data, key=uploader.key)
        assert page.selectbox(key="photo").value == "upload"
        assert page.button(key="take_away").label == ENGLISH("picture.take_away")
        page.button(key="take_away").click().run()
        assert_healthy(page)
        assert page.selectbox(key="photo").value == page.query_params["photo"] == "coffee"
        assert read_source(page) == before
        assert not page.info
        assert not read_memory(page).files
        assert not read_memory(page).left
        assert "take_away" not in list_buttons(page)
        (uploader,) = page.file_uploader
        assert not uploader.value


def test_an_emptied_uploader_takes_the_photograph_away(page, monkeypatch):
    page.query_params["photo"] = "rocket"
    page.run()
    before = read_source(page)
    upload(page, GOOD)
    page.file_uploader(key="upload").clear().run()
    assert_healthy(page)
    assert page.selectbox(key="photo").value == page.query_params["photo"] == "rocket"
    assert read_source(page) == before
    assert not page.info
    assert not read_memory(page).files
    now = uploads.time.monotonic()
    monkeypatch.setattr(uploads.time, "monotonic", lambda: now + uploads.GRACE_S)
    page.run()
    assert not read_memory(page).left


def test_a_file_that_replaces_another_empties_the_uploader_in_passing(page):
    page.run()
    upload(page, GOOD)
    before = read_source(page)
    page.file_uploader(key="upload").clear().run()
    upload(page, b"nothing", "bad.png")
    assert len(page.error) == 1
    assert page.selectbox(key="photo").value == "upload"
    assert read_source(page) == before
    page.file_uploader(key="upload").clear().run()
    upload(page, WIDE)
    assert_healthy(page)
    assert page.selectbox(key="photo").value == "upload"
    assert read_source(page) != before


def test_what_is_taken_out_while_a_sample_is_shown_leaves_the_sample(page):
    page.run()
    upload(page, GOOD)
    page.selectbox(key="photo").set_value("brick").run()
    assert "take_away" not in list_buttons(page)  # beside a sample it would seem to be the sample's
    page.file_uploader(key="upload").clear().run()
    assert page.selectbox(key="photo").value == "brick"
    assert not read_memory(page).files


def test_a_second_photograph_is_taken_out_of_its_uploader(page):
    page.query_params.update({"view": "probe", "show": "alike", "layers": "conv5_3", "second": "upload"})
    page.run()
    upload(page, GOOD, key="second_upload")
    assert read_chart(page, "matched")
    page.file_uploader(key="second_upload").clear().run()
    assert_healthy(page)
    assert not read_memory(page).files
    assert not [chart for chart in page.get("plotly_chart") if "matched" in chart.proto.id]


@pytest.mark.parametrize(("most", "bits"), [(255, 8), (4095, 12), (16383, 14), (65535, None), (0, None)])
def test_a_picture_is_never_dark_without_a_word(page, most, bits):
    """What a camera of 12 bits wrote into 16 is read as 16 bits."""
    samples = np.linspace(0, most, 64 * 64).astype(np.uint16).reshape(64, 64)
    page.run()
    upload(page, encode(Image.fromarray(samples)))
    assert_healthy(page)
    told = [] if bits is None else [ENGLISH("picture.dark", bits=bits)]
    assert [info.value for info in page.info] == told
    page.selectbox(key="photo").set_value("cat").run()
    assert [info.value for info in page.info] == []
