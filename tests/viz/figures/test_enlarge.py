import numpy as np
import plotly.graph_objects as go

from viz.figures.enlarge import enlarge

Z = np.arange(6, dtype=np.float32).reshape(2, 3)
FIGURE = go.Figure(
    {
        "data": [
            {
                "type": "heatmap",
                "z": Z,
                "x0": 8,
                "dx": 16,
                "colorbar": {"len": 200, "thickness": 9, "x": 0.25, "tickfont": {"size": 10}},
            },
            {"type": "scatter", "x": [1, 2], "y": [3, 4], "marker": {"size": [0, 6]}, "line": {"width": 2}},
        ],
        "layout": {
            "height": 400,
            "margin": {"b": 2},
            "xaxis": {"domain": [0.1, 0.5], "range": [0, 48]},
            "annotations": [{"text": "conv1_1", "x": 0.5, "yshift": -4, "font": {"size": 14}}],
            "images": [{"sizex": 48, "sizey": 32}],
            "shapes": [
                {"type": "rect", "x0": 1, "x1": 9, "y0": 2, "y1": 8},
                {"type": "circle", "xsizemode": "pixel", "ysizemode": "pixel", "xanchor": 5, "yanchor": 6}
                | {"x0": -8, "x1": 8, "y0": -8, "y1": 8},
            ],
        },
    }
)


def test_lengths_of_the_screen_grow_and_all_else_stays():
    larger = enlarge(FIGURE, 1.5)
    bar, layout = larger.data[0].colorbar, larger.layout
    assert (bar.len, bar.thickness, bar.tickfont.size, bar.x) == (300, 13.5, 15, 0.25)
    assert (larger.data[0].x0, larger.data[0].dx) == (8, 16)
    np.testing.assert_array_equal(larger.data[0].z, Z)
    assert larger.data[1].marker.size == (0, 9)
    assert larger.data[1].line.width == 3
    assert list(larger.data[1].y) == [3, 4]
    assert (layout.height, layout.margin.b) == (600, 3)
    assert (layout.xaxis.domain, layout.xaxis.range) == ((0.1, 0.5), (0, 48))
    assert (layout.annotations[0].font.size, layout.annotations[0].yshift, layout.annotations[0].x) == (
        *(21, -6),
        0.5,
    )
    assert (layout.images[0].sizex, layout.images[0].sizey) == (48, 32)
    assert [(shape.x0, shape.x1, shape.y0) for shape in layout.shapes] == [(1, 9, 2), (-12, 12, -12)]
    assert (layout.shapes[1].xanchor, layout.shapes[1].yanchor) == (5, 6)
    assert (layout.font.size, layout.hoverlabel.font.size) == (18, 19.5)  # Plotly's defaults
    assert FIGURE.layout.height == 400


def test_nothing_is_done_at_the_usual_size():
    assert enlarge(FIGURE, 1) is FIGURE
