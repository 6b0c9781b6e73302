"""What a link asked for that cannot be shown, and why."""

from page.choice.choice import NETWORK_SETTINGS, OF_A_NETWORK, SETTINGS, Choice
from page.choice.session import Link, remember
from page.choice.settle import list_given_up
from page.work.models import Catalogue
from viz.networks.catalogue import NETWORKS
from viz.texts import Translate


def explain_link(words: Translate, settled: Choice, catalogue: Catalogue) -> None:
    """Once, after a link was opened: tell what of it is not what the page shows."""
    memory = remember()
    link, memory.link = memory.link, None
    if link is not None and (sentences := list_sentences(words, link, settled, catalogue)):
        memory.notice = (" ".join(sentences), None)


def list_sentences(words: Translate, link: Link, settled: Choice, catalogue: Catalogue) -> list[str]:
    """What of a link is not shown; its texts are not repeated, since anybody can write a link."""
    given_up = [*link.unreadable, *list_given_up(link.choice, link.given, settled)]
    asked, sentences = link.choice.values, []
    if "network" in given_up:
        shown = catalogue.find(str(settled.network)).title
        sentences.append(_explain_network(words, asked["network"], shown))
    if "beside_network" in given_up and settled.beside == "network":
        shown = catalogue.find(str(settled.beside_network)).title
        sentences.append(_explain_network(words, asked["beside_network"], shown))
    others = [key for key in SETTINGS if key in given_up and key not in NETWORK_SETTINGS]
    if "network" in given_up:  # of another network, too
        others = [key for key in others if key not in OF_A_NETWORK]
    if others:
        sentences.append(words("link.left_out", names=", ".join(f"`{key}`" for key in others)))
    for key in link.moved:
        sentences.append(words("link.moved", name=f"`{key}`", value=f"{settled.values[key]:g}"))
    return sentences


def _explain_network(words: Translate, asked: object, shown: str) -> str:
    titles = {info.key: info.title for info in NETWORKS}
    if asked == "own":
        return words("link.own", shown=shown)
    if asked in titles:
        return words("link.not_fetched", network=titles[str(asked)], shown=shown)
    return words("link.unknown", shown=shown)
