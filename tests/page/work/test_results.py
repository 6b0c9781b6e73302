"""What the passes leave is kept once for all visitors, within bounds."""

from apptests import open_page
from conftest import assert_healthy

from page.subject import channels
from page.work import bounds
from page.work.results import keep_feature_maps


def test_two_sessions_share_one_pass(page, count_passes):
    page.run()
    assert_healthy(open_page().run())
    assert len(count_passes) == 1


def test_the_channels_of_a_session_take_at_most_60_mb(page, monkeypatch):
    kept = {}

    def note(*arguments):
        found = keep_feature_maps(*arguments)
        kept[id(found)] = sum(values.nbytes for values in found.values.values())
        return found

    monkeypatch.setattr(channels, "keep_feature_maps", note)
    page.query_params.update({"view": "probe", "show": "alike", "second": "coffee"})
    page.run()
    assert_healthy(page)
    assert len(kept) == 2
    assert 40e6 < sum(kept.values()) <= 60e6
    assert bounds.KEPT_BYTES + bounds.SECOND_BYTES <= 60e6
