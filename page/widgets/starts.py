"""Where a visitor begins: the lesson, and the figures that a homework asks for."""

from page.choice.choice import HOMEWORK, HOMEWORK_NETWORK, Choice
from page.choice.session import remember
from page.choice.setting import Value
from page.widgets.settings import draw_preset
from page.work.models import Catalogue
from viz.networks.catalogue import list_known_layers
from viz.networks.layers import Layer
from viz.texts import Translate


def draw_starts(words: Translate, choice: Choice, catalogue: Catalogue) -> None:
    """Draw the buttons; that of the homework's own weights once its figure is shown with the bundled ones."""
    info, layers = catalogue.find(str(choice.network)), _find_layers(choice, catalogue)
    _draw_start(words, "open_lesson", "lesson.link", {"view": "lesson"}, "school")
    if info.licence:  # it is about VGG16, and says nothing of one's own network
        _draw_homework(words, choice, catalogue)
    if layers:
        three = layers[0].name, layers[len(layers) // 2].name, layers[-1].name
        values: dict[str, Value] = {"view": "probe", "show": "grid", "layers": three, "side": "post"}
        _draw_start(words, "preset_channels", "layers.preset_channels", values, "grid_on")


def _draw_homework(words: Translate, choice: Choice, catalogue: Catalogue) -> None:
    is_shown = all(choice.values[key] == value for key, value in HOMEWORK.items())
    if not is_shown:
        _draw_start(words, "preset", "layers.preset", HOMEWORK, "assignment")
    elif HOMEWORK_NETWORK in catalogue.offered:
        size = catalogue.find(HOMEWORK_NETWORK).megabytes
        label, values = "layers.preset_fetched", HOMEWORK | {"network": HOMEWORK_NETWORK}
        _draw_start(words, "preset_fetched", label, values, "download", megabytes=size)


def _draw_start(
    words: Translate, key: str, label: str, values: dict[str, Value], icon: str, **told: int
) -> None:
    draw_preset(words, key, label, values, icon=f":material/{icon}:", type="tertiary", **told)


def _find_layers(choice: Choice, catalogue: Catalogue) -> tuple[Layer, ...]:
    """Those of the chosen network, where they are known already."""
    info = catalogue.find(str(choice.network))
    settled = remember().settled
    if settled is not None and settled.choice.network == info.key:
        return settled.known.layers
    return list_known_layers(info) or ()
