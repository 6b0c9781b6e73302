"""The same page for Streamlit Community Cloud, which takes the list of packages beside this file."""

import sys
from pathlib import Path

if (root := str(Path(__file__).parents[1])) not in sys.path:  # this file runs anew at each change
    sys.path.insert(0, root)

from page.main import draw_page

draw_page()
