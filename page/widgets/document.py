"""The report in words that a view gives: settings, verdicts, what may be said, a paragraph to write."""

import re
from collections.abc import Sequence

from page.subject.judging import has_stages, judge_all
from page.subject.subject import Subject
from page.widgets.taken import Taken
from page.widgets.verdicts import write_answers, write_finding
from page.work.queue import PASSES, say_nothing
from page.work.results import compute_maps
from viz.maps.aggregations import AGGREGATIONS, name_aggregation
from viz.measures.claims import SEEDS, Verdict
from viz.networks.controls import CONTROLS
from viz.reports.document import Document, Section
from viz.reports.print import describe
from viz.texts import Translate

MARKUP = re.compile(r"\*\*|:small\[|\]$|:\w+-badge\[")  # of the page's sentences


def write_document(taken: Taken, link: str) -> Document:
    """The report of what a view shows, in the page's language.

    The verdicts are of the picture, side and aggregation that are chosen; what they need of the maps is kept,
    and the controls are those that the page has measured by now.
    """
    subject, words = taken.subject, taken.subject.words
    verdicts = _judge(subject)
    view, photo = words(f"view.{subject.choice.view}"), taken.photo
    sections = [_write_settings(taken)]
    if verdicts:
        sections += [_write_verdicts(subject, verdicts), _write_sentences(subject, verdicts)]
    facts = {"network": subject.network.title, "photo": photo}
    layers = ", ".join(layer.name for layer in taken.layers)
    sections.append(
        Section(words("report.paragraph"), [words("report.paragraph_begin", layers=layers, **facts)])
    )
    sections.append(Section(words("report.again"), [link]))
    title = words("report.title", view=view, **facts)
    return Document(title, taken.name("png"), describe(taken.recipe, words), sections)


def _judge(subject: Subject) -> list[Verdict]:
    if not has_stages(subject):
        return []
    how = subject.picture.framed, subject.network.model, tuple(AGGREGATIONS)
    looked = subject.look_at(PASSES.run(say_nothing, compute_maps, *how))
    box = subject.choice.box if len(subject.choice.box or ()) == 4 else None
    edges = None if box is None else (box[0], box[1], box[2], box[3])
    return [found.verdict for found in judge_all(subject, looked, edges).values()]


def _write_settings(taken: Taken) -> Section:
    words, recipe = taken.subject.words, taken.recipe
    height, width = recipe.size
    framing = words(f"advanced.framing_{recipe.framing}") if recipe.framing else words("report.own_framing")
    facts = {
        "network": recipe.info.title,
        "weights": recipe.info.licence or words("report.own_weights"),
        "photo": recipe.photo,
        "digest": recipe.digest,
        "picture": f"{framing}, {width}×{height}",
        "layers": ", ".join(layer.name for layer in recipe.layers),
        "side": taken.subject.name_side(),
        "aggregation": name_aggregation(recipe.aggregation, words),
        "range": words(f"look.range_{recipe.limits}"),
    }
    rows = [[words(f"report.setting_{key}"), value] for key, value in facts.items()]
    return Section(words("report.settings"), rows=[[words("report.setting"), words("report.value")], *rows])


def _write_verdicts(subject: Subject, verdicts: Sequence[Verdict]) -> Section:
    """Each claim with its answers and, where it was tested, its numbers and ranks."""
    words, points = subject.words, []
    for verdict in verdicts:
        answers = words("verdict.next").join(write_answers(words, verdict).values())
        claim = words("report.claim", claim=words(f"claim.{verdict.claim}"), answers=answers)
        points.append((claim, [_strip(write_finding(subject, finding)) for finding in verdict.findings]))
    return Section(words("verdict.title"), [words("verdict.controls", seeds=SEEDS)], points)


def _write_sentences(subject: Subject, verdicts: Sequence[Verdict]) -> Section:
    """What the verdicts allow to say of this photograph, and no more."""
    words, network = subject.words, subject.network.title
    tested = [verdict for verdict in verdicts if verdict.findings]
    points = [(write_sentence(words, verdict, network), ()) for verdict in tested]
    return Section(words("report.say"), [words("report.say_limits")], points)


def write_sentence(words: Translate, verdict: Verdict, network: str) -> str:
    """Two sentences: whether a claim is true of the photograph, and whether training brought it."""
    tested = [answer for answer in verdict.met if answer is not None]
    facts = {"claim": words(f"claim.{verdict.claim}"), "met": sum(tested), "count": len(tested)}
    truth = words(f"say.{verdict.truth}", network=network, **facts)
    unbeaten = words("verdict.and").join(words(f"untrained.{control}") for control in verdict.unbeaten)
    is_mixed_of_all = verdict.learned == "mixed" and len(verdict.unbeaten) == len(CONTROLS)
    answer = "all" if is_mixed_of_all else verdict.learned
    learned = words(f"say.learned_{answer}", controls=unbeaten, count=SEEDS * len(CONTROLS))
    return words("say.both", truth=truth, learned=learned)


def _strip(sentence: str) -> str:
    return MARKUP.sub("", sentence.replace("  \n", " ")).strip()
