"""The menu "For your report" without a browser."""

import ast

from apptests import ENGLISH, encode
from conftest import assert_healthy, make_noise
from opened import CHINESE, open_page

OFFERED = ("print", "html", "arrays", "code", "word", "markdown", "bundle")


def list_offers(page):
    return [button.proto.label for button in page.get("download_button")]


def unfold(page):
    page.session_state["report"] = True
    return page.run()


def list_code(page):
    return [block.value for block in page.code]


def test_the_menu_offers_files_code_and_a_link(new_server, count_passes):
    page = open_page(aggregation="max", overlay="true", lang="zh")
    assert list_offers(page) == list_code(page) == []  # nothing is made for those who do not look
    unfold(page)
    assert list_offers(page) == [CHINESE(f"report.{name}") for name in OFFERED]
    (link,) = list_code(page)
    assert link == "?aggregation=max&overlay=true&lang=zh"
    page.toggle(key="report_code_shown").set_value(True).run()
    assert_healthy(page)
    script, short, _ = sorted(list_code(page), key=len, reverse=True)
    for code in (script, short):
        ast.parse(code)
    assert "values.amax(dim=0)" in script and 'aggregation": "max"' in short
    assert len(count_passes) == 1  # the one for the maps


def test_a_visitors_own_name_of_a_file_becomes_none():
    page = open_page()
    page.file_uploader(key="upload").set_value(
        ("../<b>me.png", encode(make_noise(60, 80)), "image/png")
    ).run()
    unfold(page).toggle(key="report_code_shown").set_value(True).run()
    assert_healthy(page)
    script = max(list_code(page), key=len)
    assert 'Image.open("photograph.png")' in script
    assert not any("me.png" in code for code in list_code(page))
    assert ENGLISH("report.menu") in [box.label for box in page.expander]
