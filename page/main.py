"""The whole page, one run of it from top to bottom: a choice is read, settled, shown, and written."""

from collections.abc import Sequence
from dataclasses import replace
from math import lcm
from pathlib import Path
from typing import Any

import streamlit as st

from page.browser.screen import find_screen, is_narrow
from page.choice.choice import NOTHING, Choice
from page.choice.past import remember_past
from page.choice.session import (
    Memory,
    choose_next,
    close_address,
    hand_out,
    keep_choice,
    offer_network,
    read_choice,
    remember,
)
from page.choice.settle import Known, Settled, settle
from page.sidebar import draw_network, draw_settings, draw_top
from page.subject.network import show_network
from page.subject.picture import find_unreadable, open_picture
from page.subject.subject import Subject
from page.views import VIEWS
from page.views.lesson.answers import keep_in_browser
from page.views.view import View
from page.visit import Visit
from page.widgets.errors import say_error, show_notice, tell_failures
from page.widgets.header import draw_header
from page.widgets.images import write_data_url
from page.widgets.link import explain_link
from page.widgets.look import draw_look
from page.widgets.networks import draw_offer
from page.widgets.presenting import find_factor, open_sides
from page.widgets.starts import draw_starts
from page.work.models import Catalogue, Model, open_catalogue
from page.work.status import NotLoadedError, Status, is_unasked
from viz.networks.catalogue import NetworkInfo, list_known_layers
from viz.pictures.decode import ImageError
from viz.texts import Translate

# Streamlit would fetch a named icon from outside.
ICON = write_data_url((Path(__file__).parent.parent / "assets" / "icon.png").read_bytes())
STYLE = Path(__file__).parent / "style.css"
SIDEBAR_WIDTH = 336
UPLOADER = ("button", "limits", "refused")  # where Streamlit has words, in English alone
DARK_BITS = 14  # of 16; a sample that uses no more is at most a quarter as bright as it can be
BUNDLED = "vgg16"  # which the page goes back to


def draw_page(arguments: Sequence[str] = ()) -> None:
    """Read the visitor's choice, draw everything, write the address.

    Args:
        arguments: What whoever started the server wrote behind `--`, as `viz.networks.own` reads it.
    """
    memory, wished = remember(), read_choice()
    words = Translate(wished.lang)
    with st.spinner(words("page.opening")) if arguments else st.empty():
        catalogue = open_catalogue(arguments)
    known = Known(tuple(VIEWS), catalogue.offered)
    choice = settle(wished, memory.settled, known)
    view = VIEWS[choice.view]
    if view.adapt is None and memory.loaded != choice.network:
        choice = _withhold(choice, known, catalogue)
    hand_out(choice)
    shown = choice if view.adapt is None else settle(view.adapt(choice), None, known)
    info = catalogue.find(str(shown.network))
    title = words("page.title", network=info.title)
    st.set_page_config(page_title=title, page_icon=ICON, layout="wide", initial_sidebar_state=SIDEBAR_WIDTH)
    st.html(STYLE)
    if catalogue.error is not None:
        say_error(words, catalogue.error)
    folded = draw_header(words, choice, title, VIEWS)
    draw_top(words)
    sides = open_sides(words, choice, folded, has_layers=view.adapt is None)
    if view.adapt is None:
        with sides[0]:
            draw_network(words, choice, catalogue)
    status, folded = _draw_begin(words, choice, catalogue, folded)
    before = memory.settled
    try:
        _open_network(info, status)
        subject = _open_subject(choice, shown, known, catalogue, status, words)
        _draw_view(subject, view, sides, folded)
    except NotLoadedError as error:
        _fall_back(error, shown, before, catalogue, words)
    except ImageError as error:  # no photograph is there
        say_error(words, error)
    remember_past()
    close_address()


def _draw_begin(words: Translate, choice: Choice, catalogue: Catalogue, folded: Any) -> tuple[Status, Any]:
    """Draw the line that says what is there, and beside it the ways to begin.

    With it the place of what a presenter and a phone fold away is returned; None where nothing is folded.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="begin"):
        with st.container():
            status = Status(words, is_quiet=choice.present)
        with st.container(horizontal=True, vertical_alignment="center", width="content", key="starts"):
            if not choice.present:  # a phone has room for one row
                folded = st.container(width="content") if is_narrow() else None
            if choice.view == "compare" and not choice.present:
                draw_starts(words, choice, catalogue)
    return status, folded


def _withhold(choice: Choice, known: Known, catalogue: Catalogue) -> Choice:
    """The choice with a network that is there; one that an address asks for and that is not is offered.

    Meanwhile what was shown last stays, else the network of the start.
    """
    memory = remember()
    if not is_unasked(catalogue.find(str(choice.network))):
        return choice
    offer_network(choice)
    shown = choice.change({"network": memory.loaded or known.networks[0]})
    return settle(shown, memory.settled, known)


def _open_network(info: NetworkInfo, status: Status) -> None:
    """Make sure that a network is there, where another one was shown last; an offer of it ends."""
    memory = remember()
    if memory.loaded == info.key:
        return
    if list_known_layers(info) is None:
        status.load(Model(info))
    memory.loaded = info.key
    if memory.offer is not None and memory.offer.network == info.key:
        memory.offer = None


def _open_subject(
    choice: Choice, shown: Choice, known: Known, catalogue: Catalogue, status: Status, words: Translate
) -> Subject:
    """Settle what the network and the picture decide, and remember what the page shows."""
    memory, info = remember(), catalogue.find(str(shown.network))
    network = show_network(Model(info))
    known = replace(known, photo=find_unreadable(shown, info, words))
    picture = open_picture(settle(shown, None, known), _share_stride(info, shown, catalogue), words)
    seen = replace(known, layers=network.layers, picture=picture.key, size=picture.size)
    seen = replace(seen, scene=(picture.key.digest, picture.key.framing))
    if VIEWS[choice.view].adapt is None:
        shown = settle(choice, memory.settled, seen)
        keep_choice(Settled(shown, seen))
    else:  # the visitor's own settings are left as they are
        shown = settle(shown, None, seen)
        keep_choice(_leave(choice, known, memory))
    explain_link(words, memory.choice, catalogue)
    return Subject(shown, seen, network, picture, words, status, catalogue, memory)


def _share_stride(info: NetworkInfo, choice: Choice, catalogue: Catalogue) -> NetworkInfo:
    """The entry of a network that looks at one picture with the one that it is compared with."""
    if choice.beside != "network":
        return info
    return replace(info, stride=lcm(info.stride, catalogue.find(str(choice.beside_network)).stride))


def _leave(choice: Choice, known: Known, memory: Memory) -> Settled:
    """The visitor's choice with what was known of it last: its own network and picture are not looked at."""
    before = memory.settled
    if before is None:
        return Settled(choice, known)
    if before.choice.photo != choice.photo:  # they belong to the photograph before
        choice = choice.change({"box": None, "point": None})
    if before.choice.network == choice.network:
        known = replace(known, layers=before.known.layers, picture=before.known.picture)
    return Settled(choice, known)


def _draw_view(subject: Subject, view: View, sides: tuple[Any, Any], folded: Any) -> None:
    words, choice, memory = subject.words, subject.choice, subject.memory
    controls = view.list_controls(subject)
    draw_settings(subject, None if view.adapt else controls, *sides)
    if folded is None:
        draw_look(subject, controls)
    else:
        with folded:
            draw_look(subject, controls, folded=True)
    factor = find_factor(choice)
    place = f"{choice.view} {choice.step}" if view.adapt else choice.view
    screen = find_screen(words.language, place, factor)
    _set_variables(words, factor * screen.width)
    show_notice(choice)
    if view.adapt is None:
        draw_offer(subject)
    if choice.view != "depth":
        memory.playing = False
    visit = Visit(**vars(subject), screen=screen)
    with tell_failures(words, choice.view):
        _say_picture(subject)
        view.draw(visit)
    keep_in_browser(visit)


def _set_variables(words: Translate, width: float) -> None:
    """What the style sheet cannot know."""
    told = "; ".join(f'--uploader-{name}: "{words(f"picture.uploader_{name}")}"' for name in UPLOADER)
    st.html(f"<style>:root {{ {told}; --figure-width: {width:.0f} }}</style>")


def _say_picture(subject: Subject) -> None:
    """Say that the picture is another one than was chosen, or darker, or smaller."""
    words, picture = subject.words, subject.picture
    if picture.waiting:
        st.info(words(picture.waiting), icon=":material/add_photo_alternate:")
    if 0 < (picture.framed.used_bits or 0) <= DARK_BITS:
        st.info(words("picture.dark", bits=picture.framed.used_bits), icon=":material/brightness_4:")
    if (shorter := min(picture.size)) < picture.key.size:
        st.caption(words("picture.narrow", got=shorter, size=picture.key.size))


def _fall_back(
    error: NotLoadedError, choice: Choice, before: Settled | None, catalogue: Catalogue, words: Translate
) -> None:
    """Go back to the network that the page showed last, and say why.

    Where that is the one that fails, it is VGG16; without that there is nothing to go back to. A comparison
    and a control that fail end, and the network stays.
    """
    memory, failed = remember(), str(choice.network)
    memory.asked.discard(error.model.info.key)
    memory.link = None  # a link that asked for it is answered by the sentence here
    untrained = error.model.seed is not None
    compared = choice.beside_network if choice.beside == "network" else failed if untrained else None
    if error.model.info.key == compared and choice.beside in ("network", "untrained"):
        memory.notice = (f"{error} {words('beside.closed')}", None)
        choose_next({"beside": NOTHING})
    if untrained:
        memory.notice = (str(error), None)
        choose_next({"controls": tuple(kind for kind in choice.controls if kind != "untrained")})
    if failed == BUNDLED:
        st.error(str(error), icon=":material/error:")
        st.stop()
    last = str(before.choice.network) if before else memory.loaded or BUNDLED
    network = BUNDLED if last == failed else last
    kept = words("weights_error.kept", network=catalogue.find(network).title)
    memory.notice = (f"{error} {kept}", None)
    choose_next({"network": network})
