"""Lines of code that build the network of a figure without this project."""

from viz.networks.own import OwnNetwork
from viz.networks.sources import efficientnet_lite0 as lite0
from viz.networks.sources import vgg16
from viz.reports.recipe import Recipe

BUNDLED = """\
data, weights = open("{file}", "rb").read(), {{}}
assert hashlib.sha256(data).hexdigest().startswith("{digest}"), "another file"
start = 8 + int.from_bytes(data[:8], "little")  # a header's length, the header, the tensors' bytes
for name, entry in json.loads(data[8:start]).items():
    if name != "__metadata__":
        part = slice(*(start + offset for offset in entry["data_offsets"]))
        values = np.frombuffer(data[part], {{"F16": "<f2", "F32": "<f4"}}[entry["dtype"]])
        weights[name] = torch.from_numpy(values.astype(np.float32).reshape(entry["shape"]))
"""
VGG16 = """\
network = torchvision.models.vgg16().features
network.load_state_dict({name.removeprefix("features."): values for name, values in weights.items()})
"""
LITE0 = """\
network = timm.create_model("tf_efficientnet_lite0")
network.load_state_dict(weights, strict=False)  # without counters that only training uses
"""


def write_loading(recipe: Recipe) -> tuple[str, str, list[str]]:
    """Lines that import, lines that build the network, and the files that lie beside them."""
    info = recipe.info
    if isinstance(info, OwnNetwork):
        return _load_own(recipe, info)
    if info.source == "torchvision":
        name = info.key.partition(":")[2]
        built = f'network = torchvision.models.get_model("{name}", weights="IMAGENET1K_V1")\n'
        return "import torchvision\n", built, []
    home, library, built = {
        "vgg16": (vgg16, "torchvision", VGG16),
        "efficientnet_lite0": (lite0, "timm", LITE0),
    }[info.source]
    file = home.BUNDLED_PATH.name
    reading = BUNDLED.format(file=file, digest=home.BUNDLED_SHA256[:32])
    return f"import {library}\n", reading + built, [file]


def _load_own(recipe: Recipe, info: OwnNetwork) -> tuple[str, str, list[str]]:
    home, _, builder = info.builder.partition(":")
    imports, built, module = f"from {home} import {builder}\n", f"network = {builder}()\n", f"{home}.py"
    if info.weights is None:
        return imports, built, [module]
    file, taken = info.weights.name, recipe.network.taken
    reading = f'torch.load("{file}", map_location="cpu", weights_only=True)'
    if info.weights.suffix == ".safetensors":
        imports, reading = f"{imports}from safetensors.torch import load_file\n", f'load_file("{file}")'
    keys = "".join(f'["{key}"]' for key in (taken.key if taken else "").split(".") if key)
    return imports, f"{built}network.load_state_dict({reading}{keys})\n", [module, file]
