"""The one module that touches Streamlit's session state and the page's address.

A setting's widget has the setting's key. Streamlit forgets a widget that is not drawn, and answers None for
some that it draws again; so a choice is kept here, too, and handed to all widgets at the start of each run.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from secrets import token_hex
from typing import Any, NamedTuple, cast
from urllib.parse import urlencode

import streamlit as st

from page.choice.address import Address, list_moved, read_address, write_address
from page.choice.choice import DEFAULT, NETWORK_SETTINGS, OF_A_NETWORK, SETTINGS, Choice
from page.choice.files import Left, OwnFile
from page.choice.setting import Value
from page.choice.settle import Settled, find_defaults
from viz.pictures.decode import ImageError
from viz.texts import LANGUAGES


class Link(NamedTuple):
    """What an address asked for.

    Attributes:
        choice: As it was read; what cannot be read has its default.
        given: Keys of the settings that it names.
        unreadable: Those of them that cannot be read.
        moved: Those that are numbers between two steps, of which the nearest was taken.
    """

    choice: Choice
    given: frozenset[str]
    unreadable: list[str]
    moved: Sequence[str] = ()


class Offer(NamedTuple):
    """A network of an address that is not there, and that is fetched when the visitor asks for it.

    Attributes:
        network: Its key.
        values: What the address says of networks, by the settings' keys; it is taken together with this one.
    """

    network: str
    values: Mapping[str, Value]


@dataclass
class Said:
    """What a student has said in a step of the lesson.

    Attributes:
        prediction: Place of the choice that was predicted, counted from 0.
        shown: Whether the answer was asked for.
        answer: In the student's words.
    """

    prediction: int | None = None
    shown: bool = False
    answer: str = ""


@dataclass
class Memory:
    """What a session remembers; one object for as long as it lasts.

    Attributes:
        name: Of the session, for its own browser.
        choice: The visitor's, as the widgets had it last.
        settled: What the page showed last; None: nothing yet, or another address has come since.
        link: The address that has come, until the page has told what of it cannot be.
        asked: Keys of the networks that the visitor has asked for on the page since: they may be fetched.
        offer: The network that the address asks for and that is not there.
        address: The parameters that were written last; None: the visitor has come back to some, which stay.
        pending: Values of settings for the next run.
        past: Choices that the page showed before, the last one last.
        shown: The one that the last whole run has shown; None where it is not to be come back to.
        notice: What failed and the choice that it was told with; another choice ends it.
        files: The last file of each uploader that could be read.
        left: Those of them that were taken out a moment ago.
        renewed: How often an uploader was replaced, so that its file is gone.
        refused: Of each uploader the digest of a later file, and what is wrong with it.
        last_photo: The photograph that was shown last.
        last_sample: The last of the page's own among them.
        begun: Whether there was a result of a network.
        loaded: Key of the network that was shown last.
        whole: Key of the network whose classifier may be loaded.
        playing: Whether the layers play, in the view "Layer by layer".
        typed_box: What is typed in place of a box, and is none.
        compares: Whether the next run goes on to measure controls, in the view "Measured".
        erases: Passes and seconds that the erase test has taken by now, where the next run goes on with it.
        said: What the student has said, by the steps' names; the browser keeps it longer.
        heard: Whether the browser has told what it keeps of it: "no", "yes", or "refused" where it keeps
            nothing.
    """

    name: str = field(default_factory=partial(token_hex, 8))
    choice: Choice = DEFAULT
    settled: Settled | None = None
    link: Link | None = None
    asked: set[str] = field(default_factory=set)
    offer: Offer | None = None
    address: Address | None = field(default_factory=dict)
    pending: Mapping[str, Value] = field(default_factory=dict)
    past: list[Choice] = field(default_factory=list)
    shown: Choice | None = None
    notice: tuple[str, Choice | None] | None = None
    files: dict[str, OwnFile] = field(default_factory=dict)
    left: dict[str, Left] = field(default_factory=dict)
    renewed: dict[str, int] = field(default_factory=dict)
    refused: dict[str, tuple[str, ImageError]] = field(default_factory=dict)
    last_photo: str | None = None
    last_sample: str = DEFAULT.photo
    begun: bool = False
    loaded: str | None = None
    whole: str | None = None
    playing: bool = False
    typed_box: str = ""
    compares: bool = False
    erases: tuple[int, float] | None = None
    said: dict[str, Said] = field(default_factory=dict)
    heard: str = "no"


def remember() -> Memory:
    """What this session remembers; at first the choice that its address names."""
    if "_memory" not in st.session_state:
        st.session_state["_memory"] = Memory()
        open_address({name: st.query_params.get_all(name) for name in st.query_params})
    memory: Memory = st.session_state["_memory"]
    return memory


def open_address(address: Address) -> None:
    """Take the choice that the first address names."""
    memory = remember()
    choice, unreadable = read_address(address)
    if "lang" not in address:
        choice = choice.change({"lang": _find_language()})
    given = {"network" if key == "weights" else key for key in address}
    moved = [key for key in list_moved(address, choice) if key not in unreadable]
    memory.link = Link(choice, frozenset(SETTINGS) & given, unreadable, moved)
    memory.asked, memory.offer = set(), None
    memory.address = address
    open_choice(choice)


def reopen_address(address: Address) -> None:
    """Take the choice that an address names to which the visitor went back.

    The address stays as it is, even if it can be said otherwise: one that is written now would stand in the
    visitor's way back again and again. Nothing plays on from there.
    """
    open_address(address)
    memory = remember()
    memory.address, memory.playing = None, False


def open_choice(choice: Choice) -> None:
    """Take a whole choice in place of the visitor's; for callbacks, before the widgets are drawn."""
    memory = remember()
    memory.settled = None  # its layers belong to its network, its box and point to its picture
    hand_out(choice)


def offer_network(choice: Choice) -> None:
    """Offer the network of a choice, since it is not there; another one is shown meanwhile.

    An address that has just come stays as it is: it leads back to the offer.
    """
    memory = remember()
    values = {key: choice.values[key] for key in (*NETWORK_SETTINGS, *OF_A_NETWORK)}
    memory.offer = Offer(str(choice.network), values)
    if memory.link is not None:
        asked, given, unreadable, moved = memory.link
        memory.link = Link(asked, given.difference(values), unreadable, moved)
        memory.address = None


def take_offer() -> None:
    """Ask for the network that is offered, with all that the address says of it; for callbacks."""
    memory = remember()
    if memory.offer is not None:
        network, values = memory.offer
        memory.asked.add(network)
        open_choice(read_choice().change(values))
        given = frozenset(key for key in values if values[key] != DEFAULT.values[key])
        memory.link = Link(memory.choice, given, [])


def read_choice() -> Choice:
    """The visitor's choice as the widgets have it; what a widget does not tell is as it was.

    A network that a widget or a button has changed since `hand_out`, the visitor has asked for.
    """
    memory = remember()
    told = {key: _read(key) for key in SETTINGS if key in st.session_state}
    values = {key: cast("Value", value) for key, value in told.items() if SETTINGS[key].accepts(value)}
    for key in NETWORK_SETTINGS:
        if values.get(key) not in (None, memory.choice.values[key]):
            memory.asked.add(str(values[key]))
            if key == "network":
                memory.offer = None
    pending, memory.pending = memory.pending, {}
    return memory.choice.change(values | dict(pending))


def hand_out(choice: Choice) -> None:
    """Give every widget its value, at the start of a run: one that is not drawn is forgotten."""
    remember().choice = choice
    for key, value in choice.values.items():
        _write(key, value)


def keep_choice(settled: Settled) -> None:
    """Remember what the page shows; what has changed since `hand_out` has no widget yet that was drawn."""
    memory, values = remember(), settled.choice.values
    choose({key: value for key, value in values.items() if value != memory.choice.values[key]})
    memory.settled, memory.choice = settled, settled.choice


def choose(values: Mapping[str, Value]) -> None:
    """Set some settings; for callbacks, which run before the widgets are drawn."""
    for key, value in values.items():
        _write(key, value)


def choose_next(values: Mapping[str, Value]) -> None:
    """Set some settings, and run anew; for after the widgets were drawn."""
    remember().pending = values
    st.rerun()


def close_address() -> None:
    """Write the address that leads back to what is on the page."""
    memory = remember()
    if memory.settled is None:
        return
    address = _write_settled(memory.settled)
    if memory.playing:  # a step is no choice: its address would fill the browser's history
        address.pop("depth", None)
        address |= {key: text for key, text in (memory.address or {}).items() if key == "depth"}
    if memory.address is not None and address != memory.address:
        st.query_params.from_dict(address)
    memory.address = address


def make_link() -> str:
    """The whole address that leads back to what is on the page; without the browser's part in a test."""
    settled = remember().settled
    address = {} if settled is None else _write_settled(settled)
    query = urlencode(address, doseq=True)
    return f"{(st.context.url or '').partition('?')[0]}{'?' if query else ''}{query}"


def _write_settled(settled: Settled) -> Address:
    address = write_address(settled.choice.values, find_defaults(settled.choice, settled.known))
    if _find_language() != DEFAULT.lang:
        address["lang"] = [settled.choice.lang]  # here English is a choice, too
    return address


def read_widget(key: str) -> Any:
    """The value of a widget that is no setting; None where it has not been drawn."""
    return st.session_state.get(key)


def write_widget(key: str, value: object) -> None:
    """Set the value of a widget that is no setting and has not been drawn in this run."""
    st.session_state[key] = value


def read_report(component: str, name: str) -> Any:
    """What a component of `page/browser/` reports; None where it has not."""
    known: Any = st.session_state.get(component)
    return known.get(name) if hasattr(known, "get") else None


def _read(key: str) -> object:
    value = st.session_state[key]
    return tuple(value) if isinstance(value, list) else value


def _write(key: str, value: Value) -> None:
    st.session_state[key] = list(value) if isinstance(value, tuple) and SETTINGS[key].is_list else value


def _find_language() -> str:
    """The browser's, where the page has it."""
    language = (st.context.locale or "").lower().partition("-")[0]
    return language if language in LANGUAGES else DEFAULT.lang
