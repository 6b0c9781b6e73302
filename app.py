"""VGG16's layers, side by side: `streamlit run app.py`."""

from page.main import draw_page

draw_page()
