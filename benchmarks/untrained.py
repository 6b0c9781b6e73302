"""The controls of one photograph against what the untrained networks took before, each in processes in turns.

Run it from the project's folder, on a machine that does nothing else:
`python benchmarks/untrained.py --before FOLDER`, where FOLDER holds a state that had 19 untrained networks of
one kind.
"""

import argparse
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from common import WRITE_HELP, Row, compare_slower, print_rows

LIMIT = 1.5

# Run in a folder that holds the project; both begin with a photograph that is framed and a network that is
# loaded, and print seconds.
BEGIN = """
import sys, time
sys.path.insert(0, ".")
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
import numpy as np
from viz.maps.one_pass import extract_heatmaps
from viz.measures.metrics import measure_edges, measure_luma
from viz.measures.untrained import measure_untrained
from viz.networks import catalogue
from viz.pictures.decode import read_image
from viz.pictures.frame import frame_image

image = frame_image(read_image(Path("assets/images/cat.png").read_bytes()))
edges, info = measure_edges(measure_luma(np.array(image))), catalogue.find_network("vgg16")
trained = catalogue.load(info)
batch = trained.to_batch(image)

def measure(network):
    start = time.monotonic()
    return measure_untrained(network.layers, extract_heatmaps(network, batch), edges, start)
"""
BEFORE = """
measure(catalogue.load(info, 0))
start = time.perf_counter()
for seed in range(19):
    measure(catalogue.load(info, seed))
print(time.perf_counter() - start)
"""
# As the page does it, which has two places to compute in.
NOW = """
from viz.networks.controls import CONTROLS, make_control
measure(make_control(trained, "he", 0))
start = time.perf_counter()
with ThreadPoolExecutor(2) as pool:
    keys = [(control, seed) for control in CONTROLS for seed in range(19)]
    list(pool.map(lambda key: measure(make_control(trained, *key)), keys))
print(time.perf_counter() - start)
"""


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--before", type=Path, metavar="FOLDER", required=True, help="the state before")
    parser.add_argument("--repeat", type=int, default=3, help="rounds of processes")
    parser.add_argument("--write", action="store_true", help=WRITE_HELP)
    options = parser.parse_args()
    print_rows("untrained", compare(options.before.resolve(), options.repeat), options.write)


def compare(folder: Path, rounds: int) -> Iterator[Row]:
    """57 networks of three controls against 19 of one."""
    here = Path(__file__).parent.parent
    pairs = [(run(folder, BEGIN + BEFORE), run(here, BEGIN + NOW)) for _ in range(rounds)]
    seconds = [median(pair[state] for pair in pairs) for state in (0, 1)]
    what = "VGG16, 57 networks of three controls, the cat at 224 px"
    yield compare_slower(what, "19 untrained networks, the state before", seconds, LIMIT)


def run(folder: Path, code: str) -> float:
    """The seconds that a script prints in a folder."""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True
    )
    return float(done.stdout)


if __name__ == "__main__":
    main()
