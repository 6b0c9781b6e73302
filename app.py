"""VGG16's layers, side by side: `streamlit run app.py`.

Streamlit runs this file in two ways. The server imports it once, for `app`, whose lifespan loads the network
once the first figure is there. Each session then runs it as a script, for the page.
"""

import os
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.middleware import Middleware
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.starlette import App


@asynccontextmanager
async def start_warming(_: App) -> AsyncIterator[None]:
    """Have a thread that loads torch, the network and the first picture's maps when the time has come."""
    threading.Thread(target=_warm_up, name="warm-up", daemon=True).start()
    yield


def _warm_up() -> None:
    from views.work import warm_up  # Streamlit's caches want to be made after its runtime

    warm_up()


def _say_bug(error: Exception) -> bool:
    from views.page import say_bug

    return say_bug(error)


if get_script_run_ctx(suppress_warning=True) is None:
    from views.memory import limit_arenas
    from views.preload import PreloadPlotly
    from views.shown import ROUTE

    # torch's threads wait for each other asleep, not spinning: at the start the browser, or another visitor's
    # pass, wants the same processors. A pass alone takes some 3 % longer. It is read when torch is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # Linux hands torch memory in large pages, so that a pass need not stop for each 4 KB of its feature maps.
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
    # How long a pass, which asks Python for each next step, waits while the script of another visitor runs;
    # 5 ms, as by default, leave processors idle.
    sys.setswitchinterval(0.0005)
    limit_arenas()
    app = App(
        __file__,
        lifespan=start_warming,
        routes=[ROUTE],
        middleware=[Middleware(PreloadPlotly)],
        on_script_error=_say_bug,
    )
else:
    from views.page import draw_page

    draw_page()
