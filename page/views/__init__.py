"""The views, a row and a package each, named as the visitor sees them; no view imports another."""

from page.views.classes.draw import draw_classes, list_class_controls
from page.views.layer_by_layer.draw import draw_layer_by_layer
from page.views.lesson.draw import draw_lesson
from page.views.lesson.steps import adapt_to_lesson
from page.views.measured.draw import draw_measured
from page.views.point_at_it.draw import draw_point_at_it, list_point_controls
from page.views.side_by_side.draw import draw_side_by_side
from page.views.view import View

# In the order in which they are offered; the first is where a visit begins. The keys stand in addresses.
VIEWS = {
    "compare": View(draw_side_by_side, ("layers", "aggregation", "colors", "range", "overlay", "beside")),
    "depth": View(draw_layer_by_layer, ("aggregation", "colors", "range")),
    "measure": View(draw_measured, ("layers", "aggregation")),
    "probe": View(draw_point_at_it, list_point_controls),
    "classes": View(draw_classes, list_class_controls),
    "lesson": View(draw_lesson, adapt=adapt_to_lesson),
}
