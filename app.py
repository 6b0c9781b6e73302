"""A network's layers, side by side: `streamlit run app.py`, with a network of one's own behind `--`."""

import sys

from page.main import draw_page

draw_page(sys.argv[1:])
