"""The prediction, the class maps under the plain ones, and the deletion test."""

from collections import Counter
from dataclasses import replace

import numpy as np
import streamlit as st

from page.subject.classes import (
    Agreements,
    Classes,
    ClassMaps,
    describe_answer,
    frame_as_chosen,
    frame_as_trained,
    get_class_maps,
    get_probabilities,
    open_classes,
)
from page.subject.picture import Picture
from page.subject.subject import Subject
from page.views.classes.deletion import draw_deletion_test
from page.views.classes.deletion_case import DeletionTest
from page.views.classes.take import Drawn, take_classes
from page.visit import Visit
from page.widgets.errors import say_error, write_error
from page.widgets.figure import draw_explanation, draw_figure, draw_notes
from page.widgets.finite import keep_finite
from page.widgets.networks import ask_for_memory, learn_classes, offer_classes
from page.widgets.numbers import MINUS, write_probability
from page.widgets.report import draw_report
from page.widgets.settings import draw_choice, draw_switch
from page.work.models import remember_classes
from viz.evidence.methods import METHODS
from viz.figures.columns import arrange_columns
from viz.figures.evidence import make_class_panels, shorten_class
from viz.figures.heatmaps import draw_panels
from viz.figures.layout import arrange_panels
from viz.figures.paired import Below, draw_pairs
from viz.maps.heatmaps import Heatmaps
from viz.networks.errors import NetworkError
from viz.networks.layers import Layer
from viz.texts import Translate

SHOWN = 5  # predictions
UNSURE = 0.2  # the highest probability below which one's own network may have the wrong input


def list_class_controls(subject: Subject) -> tuple[str, ...]:
    """The settings that act; without a classifier none above the figure."""
    sidebar = ("layers", "aggregation")
    return (*sidebar, "colors", "range", "overlay") if subject.network.info.has_classes else sidebar


def draw_classes(visit: Visit) -> None:
    """Draw the prediction, the class maps under the plain ones, and the deletion test."""
    visit.status.say(visit.words("classes.line", network=visit.network.title))
    if not visit.network.info.has_classes:
        offer_classes(visit)
        return
    if not ask_for_memory(visit):
        return
    picture, other = frame_as_trained(visit), frame_as_chosen(visit)
    if visit.choice.chosen_framing:
        picture, other = other, picture
    try:
        probabilities = get_probabilities(visit, picture)
    except NetworkError as error:
        if not _is_same(picture, other):  # it may answer in the other framing
            draw_switch(visit.words, "chosen_framing", "classes.chosen_framing")
        if error.reason != "no_answer":
            raise
        say_error(visit.words, error)
        _draw_plain(visit.see(visit.choice, picture))
        return
    visit = learn_classes(visit, probabilities)
    classes = open_classes(visit, picture, probabilities)
    left, right = st.columns(2, gap="large")
    with left:
        _draw_prediction(visit, classes)
        if not _is_same(picture, other):
            _draw_framing(visit, classes, other)
    with right:
        _draw_choices(visit, classes)
    sized = visit.see(visit.choice, classes.picture)
    heatmaps = sized.get_heatmaps()
    sized = keep_finite(sized, heatmaps)
    layers = sized.layers or [sized.network.layers[-1]]
    maps, agreements = get_class_maps(visit, classes)
    drawn = _draw_maps(sized, classes, heatmaps, maps, agreements, layers)
    _draw_notes(visit, classes, heatmaps, layers)
    tested = [layer for layer in layers if layer.name in maps]
    plain = {layer.name: heatmaps[layer.name, layer.pick_side("post"), "mean"] for layer in tested}
    test = DeletionTest(visit, classes, {"mean": plain, "class": maps}, tested)
    draw_deletion_test(test)
    draw_report(take_classes(drawn, test, agreements))
    draw_explanation(visit, "classes.explain_")


def _is_same(picture: Picture, other: Picture) -> bool:
    """Whether both framings give the same pixels, such as of a square photograph."""
    return picture.key == other.key or np.array_equal(picture.pixels, other.pixels)


def _draw_plain(visit: Visit) -> None:
    """The photograph and the plain maps, where there is no class."""
    heatmaps, screen, picture = visit.get_heatmaps(), visit.screen, visit.picture
    visit = keep_finite(visit, heatmaps)
    layers = visit.layers or [visit.network.layers[-1]]
    grid = arrange_panels(len(layers) + 1, screen.width, screen.height, picture.aspect, screen.least)
    panels, look = visit.choose_panels(heatmaps, layers), visit.choose_look(visit.choice.overlay)
    alt = visit.describe_maps("panel.alt", layers=", ".join(layer.name for layer in layers))
    draw_figure(visit, draw_panels(picture.photo, panels, look, grid), "heatmaps", alt)
    draw_notes(visit.list_notes(heatmaps, layers))


def _draw_prediction(visit: Visit, classes: Classes) -> None:
    st.markdown(f"## {visit.words('classes.prediction', network=visit.network.title)}")
    with st.container(gap="xxsmall"):
        for index in classes.order[:SHOWN]:
            share = float(classes.probabilities[index])
            st.progress(min(max(share, 0.0), 1.0), text=f"{classes.names[index]} · **{share:.1%}**")
    st.caption(describe_answer(visit, classes))
    if not visit.network.info.licence and float(classes.probabilities.max()) < UNSURE:
        st.caption(visit.words("classes.unsure"))  # of one's own, whose mean and std one gives


def _draw_framing(visit: Visit, classes: Classes, other: Picture) -> None:
    """Say how the photograph is framed, and what the other framing changes; offer that one."""
    words, trained, chosen = visit.words, _name_trained(visit), _name_chosen(visit)
    first, second = (chosen, trained) if visit.choice.chosen_framing else (trained, chosen)
    st.caption(words("classes.framed", framing=first))
    try:
        probabilities = get_probabilities(visit, other)
    except NetworkError as error:  # nothing else of the view needs it
        st.markdown(words("classes.reframed_fails", framing=second, error=write_error(words, error)))
    else:
        best = int(np.argmax(probabilities))
        found = {"name": classes.names[best], "share": write_probability(float(probabilities[best]))}
        st.markdown(words("classes.reframed", framing=second, **found))
    draw_switch(words, "chosen_framing", "classes.chosen_framing")


def _name_trained(visit: Visit) -> str:
    words, info, how = visit.words, visit.network.info, visit.network.info.preprocessing
    if how is None:
        return words("classes.framing_square", size=info.size)
    facts = {"resize": how.resize, "interpolation": words(f"classes.{how.interpolation}")}
    return words("classes.framing_trained", size=info.size, **facts)


def _name_chosen(visit: Visit) -> str:
    picture = frame_as_chosen(visit)
    height, width = picture.size
    label = visit.words(f"advanced.framing_{picture.key.framing}")
    return visit.words("classes.framing_chosen", framing=label, width=width, height=height)


def _draw_choices(visit: Visit, classes: Classes) -> None:
    words, order, names = visit.words, classes.order, _label_classes(visit)
    st.markdown(f"## {words('classes.question')}")
    others = [index for index in order if index != classes.chosen]
    for key, options, placeholder in (
        ("class", order, words("classes.most_probable", name=names[order[0]])),
        ("against", others, words("classes.against_none")),
    ):
        st.selectbox(
            words(f"classes.{key}"),
            options,
            index=None,
            format_func=names.__getitem__,
            key=key,
            placeholder=placeholder,
            help=words(f"classes.{key}_help"),
        )
    draw_choice(words, st.segmented_control, "method", "classes.method", "classes.method_", required=True)
    shares = []
    for index in classes.asked:
        share = write_probability(float(classes.probabilities[index]))
        shares.append(words("classes.probability", name=shorten_class(names[index]), share=share))
    st.caption(" ".join(shares))


def _label_classes(visit: Visit) -> list[str]:
    """The names of the classes, and the index behind those that several have: browsers know labels alone."""
    names = remember_classes(visit.network.info)
    counts = Counter(names)
    return [name if counts[name] == 1 else f"{name} ({index})" for index, name in enumerate(names)]


def _draw_maps(
    visit: Visit,
    classes: Classes,
    heatmaps: Heatmaps,
    maps: ClassMaps,
    agreements: Agreements,
    layers: list[Layer],
) -> Drawn:
    words, choice, screen, picture = visit.words, visit.choice, visit.screen, visit.picture
    name = classes.names[classes.chosen]
    against = None if classes.against is None else classes.names[classes.against]
    how = choice.method, choice.range, picture.size, (name, against), words
    # Of a class alone a map without a sign is dark where all of its values were cut.
    dark = {name for name, value in agreements.items() if value is not None and not maps[name].any()}
    shown = [layer for layer in layers if layer.name in maps and layer.name not in dark]
    found = dict(zip(shown, make_class_panels(maps, shown, *how), strict=True))
    lower = [
        found.get(layer, words("classes.dark" if layer.name in dark else "classes.not_finite"))
        for layer in layers
    ]
    feet = [_write_agreement(agreements[layer.name], words) for layer in layers] if agreements else ()
    below = Below(lower, None, words("classes.how_to_read"), feet)
    height, width = picture.size
    photo = replace(picture.photo, title=words("classes.photo", width=width, height=height))
    panels = visit.choose_panels(heatmaps, layers)
    columns = arrange_columns(len(layers), [picture.aspect] * 2, screen.width, screen.height)
    figure = draw_pairs(photo, panels, below, visit.choose_look(choice.overlay), columns)
    facts = {"layers": ", ".join(layer.name for layer in layers), "photo": picture.alt, "name": name}
    alt = words("classes.alt", method=words(f"classes.method_{choice.method}"), **facts)
    draw_figure(visit, figure, "class_maps", alt)
    return Drawn(visit, classes, layers, panels, found, figure)


def _write_agreement(value: float | None, words: Translate) -> str:
    if value is None:
        return words("beside.undefined")
    return words("beside.correlation", value=f"{value:.2f}".replace("-", MINUS))


def _draw_notes(visit: Visit, classes: Classes, heatmaps: Heatmaps, layers: list[Layer]) -> None:
    words, notes = visit.words, visit.list_notes(heatmaps, layers)
    names = [shorten_class(classes.names[index]) for index in classes.asked]
    if classes.against is not None:
        notes.append(words("classes.contrast_note", name=names[0], other=names[1]))
    elif METHODS[visit.choice.method].signed:
        notes.append(words("classes.signed_note", name=names[0]))
    if classes.against is None:
        notes.append(words("classes.agreement_note"))
    size, other = classes.picture.key.size, visit.picture.key.size
    if size != other and visit.choice.chosen_framing:
        notes.append(words("classes.size_note", size=size, other=other))
    draw_notes(notes)
