"""What went wrong, in a sentence."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from page.choice.choice import Choice
from page.choice.session import remember
from page.work.status import NotLoadedError, name_failure
from viz.texts import SentenceError, Translate

NOTICE_ICON = ":material/cloud_off:"


def write_error(words: Translate, error: SentenceError) -> str:
    """An error's sentence in the visitor's language."""
    return words(error.key, **error.details)


def say_error(words: Translate, error: SentenceError, icon: str = ":material/error:") -> None:
    """Draw it."""
    st.error(write_error(words, error), icon=icon)


@contextmanager
def tell_failures(words: Translate, view: str) -> Iterator[None]:
    """Say in a sentence why a view, or a part of it that runs by itself, cannot be drawn."""
    try:
        yield
    except NotLoadedError:
        raise  # the page goes back to a network that can be had
    except SentenceError as error:
        say_error(words, error)
    except Exception as error:  # nobody foresaw it: the log gets the traceback, the visitor a plain sentence
        logging.getLogger(__name__).exception("the view %s failed", view)
        st.error(words(name_failure(error)), icon=":material/error:")


def show_notice(choice: Choice) -> None:
    """Say what failed, until the visitor's next choice: the page may run again by itself before."""
    memory = remember()
    if memory.notice is None:
        return
    sentence, told = memory.notice
    if told not in (None, choice):
        memory.notice = None
        return
    memory.notice = (sentence, choice)
    st.error(sentence, icon=NOTICE_ICON)


def add_notice(sentence: str, choice: Choice) -> None:
    """Say what of a choice fails that is known only where the view is drawn; else as `show_notice`."""
    memory = remember()
    before = "" if memory.notice is None else f"{memory.notice[0]} "
    memory.notice = (before + sentence, choice)
    st.error(sentence, icon=NOTICE_ICON)
