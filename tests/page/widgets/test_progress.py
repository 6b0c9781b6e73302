"""What those who wait are told: after the first part, how long the others take."""

import time

from page.widgets.progress import draw_progress, tell_left
from viz.texts import Translate


class Place:
    """As `st.empty`."""

    def progress(self, share, text):
        self.told = share, text


def test_the_first_pass_tells_how_long_the_others_take():
    place, words = Place(), Translate("en")
    draw_progress(place, words, "erase.running_", 0, 60, 0.0)
    assert place.told == (0, words("erase.running_start", done=0, count=60))
    draw_progress(place, words, "erase.running_", 1, 60, 0.5)
    share, text = place.told
    assert share == 1 / 60
    assert "1 of 60, about 30 s left" in text


def test_each_of_several_passes_is_told_before_it(monkeypatch):
    now = iter([0.0, 3.0, 4.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(now))
    words = Translate("en")
    told = list(tell_left(words, "channel.computing_", 3, network="VGG16"))
    assert told[0] == words("channel.computing_start", network="VGG16")
    assert ["1 of 3, about 6 s left" in told[1], "2 of 3, about 2 s left" in told[2]] == [True, True]
