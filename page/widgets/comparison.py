"""What the maps are compared with, or why that cannot be had."""

import streamlit as st

from page.subject.comparison import Comparison, NoComparisonError, open_comparison
from page.visit import Visit
from page.widgets.finite import say_not_finite
from page.widgets.networks import draw_offer_beside
from page.work.status import NotAskedError
from viz.maps.heatmaps import Heatmaps


def find_comparison(visit: Visit, heatmaps: Heatmaps) -> Comparison | None:
    """What is compared with the maps of the visit, if anything is; where it cannot be had, why is said.

    What a link compares with and is not there is offered.
    """
    try:
        comparison = open_comparison(visit, heatmaps)
    except NoComparisonError as error:
        say, icon = (st.info, "add_photo_alternate") if error.is_waiting else (st.error, "error")
        say(str(error), icon=f":material/{icon}:")
        return None
    except NotAskedError as error:
        draw_offer_beside(visit, error.model.info)
        return None
    if comparison is not None and (broken := comparison.heatmaps.not_finite) not in ((), heatmaps.not_finite):
        say_not_finite(visit, comparison.network, comparison.what, broken)
    return comparison
