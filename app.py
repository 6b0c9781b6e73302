"""VGG16's layers, side by side: `streamlit run app.py`."""

from views.page import draw_page

draw_page()
