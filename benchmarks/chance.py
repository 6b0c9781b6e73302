"""How often chance gives each answer of the view "Measured", and the numbers of the controls that come along.

Run it from the project's folder: `python benchmarks/chance.py`. It measures networks of each control on the
sample photographs. Then a network of a control plays the trained one, against others: what it is told was not
learned. With `--write` it also replaces assets/controls/.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from common import WRITE_HELP, print_table
from verdicts import BOXES

# Python looks for imports in this script's folder, not in the project's.
sys.path.insert(0, str(Path(__file__).parent.parent))

from viz.maps.one_pass import extract_heatmaps
from viz.measures import shipped
from viz.measures.claims import RULES, SEEDS, Truth, compare, judge
from viz.measures.curves import Curves, measure_box, measure_curves
from viz.measures.metrics import measure_edges, measure_luma
from viz.networks.catalogue import load_network
from viz.networks.controls import CONTROLS, make_control
from viz.networks.layers import Layer
from viz.networks.network import Network
from viz.pictures.decode import read_image
from viz.pictures.frame import frame_image
from viz.pictures.samples import SAMPLES, read_sample
from viz.texts import Translate

NETWORK = "vgg16"
# The answers, as `viz.measures.claims` has them and as the table calls them.
ANSWERS = {
    "truth": {
        "yes": "true",
        "no": "not true",
        "depends": "depends on the threshold",
        "untestable": "cannot be tested",
    },
    "learned": {
        "yes": "learned: above all controls",
        "opposite": "below all",
        "mixed": "not above some or any",
        "untold": "among all",
    },
}

Pool = dict[str, list[Curves]]  # by control
Played = dict[str, list[tuple[Truth, list[float]]]]  # by control: the first answer and the ranked effects
Rates = dict[str, dict[str, float]]  # by "truth" or "learned", by answer

translate = Translate("en")


def main() -> None:
    """Measure the pools, draw from them, and print a row for each claim and control."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pool", type=int, default=30, help="networks of each control and photograph")
    parser.add_argument("--draws", type=int, default=shipped.DRAWS, help="draws for each claim and control")
    parser.add_argument("--write", action="store_true", help=WRITE_HELP)
    options = parser.parse_args()
    network, pools, sizes, entries = load_network(NETWORK), {}, {}, {}
    for photo in SAMPLES:
        pixels = np.array(frame_image(read_image(read_sample(photo))))
        sizes[photo] = pixels.shape[:2]
        pools[photo] = measure_pool(network, pixels, photo, options.pool)
        for control, networks in pools[photo].items():
            for metric in shipped.METRICS:
                name = shipped.name_entry(NETWORK, pixels, control, metric)
                entries[name] = np.array([curves[metric] for curves in networks[:SEEDS]], dtype=np.float32)
    header = ("claim", "the network that plays is", *(ANSWERS[key][word] for key, word in list_answers()))
    chance: dict[str, Rates] = {}
    with print_table("chance", options.write, header) as add:
        for claim, rule in RULES.items():
            if rule.constructed:
                continue
            verdicts = {
                photo: judge_pool(network.layers, sizes[photo], pool, claim)
                for photo, pool in pools.items()
                if claim != "object" or photo in BOXES
            }
            rates = {control: play(verdicts, control, options.draws) for control in CONTROLS}
            for control, found in rates.items():
                cells = [f"{found[key].get(word, 0):.1%}" for key, word in list_answers()]
                add(
                    (translate(f"claim.{claim}").removesuffix("."), translate(f"untrained.{control}"), *cells)
                )
            chance[claim] = {
                key: {word: max(found[key].get(word, 0.0) for found in rates.values()) for word in words}
                for key, words in ANSWERS.items()
            }
    if options.write:
        np.savez_compressed(shipped.SHIPPED, allow_pickle=False, **entries)
        shipped.CHANCE.write_text(json.dumps(chance, indent=1) + "\n", encoding="utf-8")


def list_answers() -> list[tuple[str, str]]:
    """Which of the two answers, and each that it can be."""
    return [(key, word) for key, words in ANSWERS.items() for word in words]


def measure_pool(network: Network, pixels: np.ndarray, photo: str, count: int) -> Pool:
    """The metrics of networks of each control; with a box where the photograph has one."""
    edges = measure_edges(measure_luma(pixels))
    batch = network.to_batch(frame_image(read_image(read_sample(photo))))
    pool: Pool = {}
    for control in CONTROLS:
        pool[control] = []
        for seed in range(count):
            heatmaps = extract_heatmaps(make_control(network, control, seed), batch)
            maps = [heatmaps[layer.name, shipped.SIDE, shipped.AGGREGATION] for layer in network.layers]
            curves = measure_curves(maps, edges)
            if photo in BOXES:
                left, top, right, bottom = map(int, BOXES[photo].split(","))
                curves |= measure_box(maps, (left, top, right, bottom), *edges.shape)
            pool[control].append(curves)
        print(photo, control, file=sys.stderr)
    return pool


def play(verdicts: Mapping[str, Played], player: str, draws: int) -> Rates:
    """How often each answer is given to a network of a control, on photographs that are drawn, too."""
    random, counts = np.random.default_rng(0), {key: Counter[str]() for key in ANSWERS}
    pools = list(verdicts.values())
    for _ in range(draws):
        pool = pools[random.integers(len(pools))]
        drawn = {control: random.permutation(len(pool[control]))[: SEEDS + 1] for control in CONTROLS}
        truth, mine = pool[player][drawn[player][0]]
        # The first of its own control is the one that plays.
        others = {control: [pool[control][place][1] for place in drawn[control][1:]] for control in CONTROLS}
        ranked = [
            (effect, {control: [effects[number] for effects in others[control]] for control in CONTROLS})
            for number, effect in enumerate(mine)
        ]
        counts["truth"][truth] += 1
        counts["learned"][compare(ranked)] += 1
    return {key: {word: found[word] / draws for word in found} for key, found in counts.items()}


def judge_pool(layers: Sequence[Layer], size: tuple[int, int], pool: Pool, claim: str) -> Played:
    """The answer to each network as if it were the trained one, and its effects in the ranked demands."""
    verdicts = {
        control: [judge(claim, layers, size, curves) for curves in networks]
        for control, networks in pool.items()
    }
    return {
        control: [
            (verdict.truth, [finding.effect for finding in verdict.findings if finding.demand.is_ranked])
            for verdict in found
        ]
        for control, found in verdicts.items()
    }


if __name__ == "__main__":
    main()
