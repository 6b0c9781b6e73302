"""The least that a Streamlit page with a heatmap can be: what the real page's times are held against.

The benchmark starts it: see `visitor.py`.
"""

import plotly.graph_objects as go
import streamlit as st

SIDE = 14
PERIODS = (2, 3, 5, 7, 11)

period = st.selectbox("Values", PERIODS, key="values")
values = [[(row * column) % period for column in range(SIDE)] for row in range(SIDE)]
st.plotly_chart(go.Figure(go.Heatmap(z=values)))
