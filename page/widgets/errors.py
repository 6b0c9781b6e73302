"""What went wrong, in a sentence."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from page.choice.choice import Choice
from page.choice.session import remember
from page.work.status import NotLoadedError
from viz.networks.errors import NetworkError
from viz.texts import SentenceError, Translate


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
    except NetworkError as error:
        say_error(words, error)
    except Exception:  # nobody foresaw it: the log gets the traceback, the visitor a plain sentence
        logging.getLogger(__name__).exception("the view %s failed", view)
        st.error(words("page.bug"), icon=":material/error:")


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
    st.error(sentence, icon=":material/cloud_off:")
