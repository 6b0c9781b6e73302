"""What the network takes the photograph for, and its class maps."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from page.subject.picture import Picture, reframe
from page.subject.subject import Subject
from page.work.models import load_model, remember_classes
from page.work.pictures import PictureKey, choose_frame
from page.work.queue import PASSES, say_nothing
from page.work.results import ask_classes, compute_class_maps
from viz.pictures.frame import MIN_SIZE

ClassMaps = dict[str, NDArray[np.float32]]
Agreements = dict[str, float | None]


@dataclass(frozen=True)
class Classes:
    """What the network takes the photograph for, and the class that the visitor asks about.

    Attributes:
        picture: Framed for class evidence.
        names: Of all classes.
        probabilities: Of all classes, [classes].
        chosen: The class that is asked about.
        against: The one that it is held against; None for none.
    """

    picture: Picture
    names: tuple[str, ...]
    probabilities: NDArray[np.float32]
    chosen: int
    against: int | None

    @property
    def asked(self) -> list[int]:
        """The chosen class and, if there is one, the other."""
        return [self.chosen] if self.against is None else [self.chosen, self.against]

    @property
    def order(self) -> list[int]:
        """Indices of all classes, the most probable first."""
        return rank_classes(self.probabilities)


def rank_classes(probabilities: NDArray[np.float32]) -> list[int]:
    """Indices of the classes, the most probable first."""
    order: list[int] = np.argsort(-probabilities, kind="stable").tolist()
    return order


def frame_as_chosen(subject: Subject) -> Picture:
    """The photograph with the visitor's framing, at the size at which class evidence is computed."""
    how = choose_frame(subject.choice.framing, MIN_SIZE, subject.network.info)
    return reframe(subject.picture, PictureKey(subject.picture.key.digest, *how), subject.words)


def frame_as_trained(subject: Subject) -> Picture:
    """The photograph with the network's own preprocessing; where that is not known, the middle square."""
    info, digest = subject.network.info, subject.picture.key.digest
    framing = "crop" if info.preprocessing is None else ""
    key = PictureKey(digest, framing, info.size, 1, info.preprocessing)
    return reframe(subject.picture, key, subject.words)


def get_probabilities(subject: Subject, picture: Picture) -> NDArray[np.float32]:
    """How probable the network finds each class: one pass, the first time."""
    framed, model = picture.framed, subject.network.model
    text = subject.words("classes.predicting", network=subject.network.title)
    return subject.status.compute(text, model, ask_classes, framed, model)[0]


def open_classes(subject: Subject, picture: Picture, probabilities: NDArray[np.float32]) -> Classes:
    """The same with the classes that are asked about, all of which the network has."""
    choice, names = subject.choice, remember_classes(subject.network.info)
    best = int(np.argmax(probabilities))
    chosen = best if choice.class_index is None else choice.class_index
    return Classes(picture, names, probabilities, chosen, choice.against)


def get_class_maps(subject: Subject, classes: Classes) -> tuple[ClassMaps, Agreements]:
    """The finite class maps by the visitor's method: one pass for all methods, the first time.

    With them, by layer, how each agrees with that of the least likely class; nothing of a contrast.
    """
    framed, model, asked = classes.picture.framed, subject.network.model, (classes.chosen, classes.against)
    text = subject.words("classes.computing")
    maps, agreements = subject.status.compute(text, model, compute_class_maps, framed, model, *asked)
    wanted = subject.choice.method
    chosen = {layer: values for (layer, method), values in maps.items() if method == wanted}
    finite = {layer: values for layer, values in chosen.items() if np.isfinite(values).all()}
    return finite, {layer: value for (layer, method), value in agreements.items() if method == wanted}


def describe_answer(subject: Subject, classes: Classes) -> str:
    """What the network's output is taken for, in a sentence."""
    model, words = subject.network.model, subject.words
    if model.info.licence:  # those of the catalogue
        return words("classes.answer_logits")
    behaviour = PASSES.run(say_nothing, load_model, model).behaviour
    _, count = PASSES.run(say_nothing, ask_classes, classes.picture.framed, model)
    many = "each" if behaviour.ending == "sigmoid" else "probabilities"
    kinds = {"logits": ("logit", "logits"), "probabilities": ("one", many)}[behaviour.answer]
    sentence = words(f"classes.answer_{kinds[count > 1]}", name=classes.names[-1])
    return f"{sentence} {words('classes.answer_set')}"
