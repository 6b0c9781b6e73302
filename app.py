"""A network's layers, side by side: `streamlit run app.py`, with a network of one's own behind `--`.

Streamlit imports this file for its server, and runs it as a script for its visitors.
"""

import sys

import streamlit as st

from page.front import FRONT

if __name__ == "__main__":
    from page.main import draw_page  # what it imports wants a server that runs

    draw_page(sys.argv[1:])
else:
    app = st.App(__file__, middleware=FRONT)
