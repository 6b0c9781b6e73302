"""One's own network from the command line: it runs, or a sentence says what to do."""

import pickle
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file, save_model
from torch import nn

from viz.maps.one_pass import extract_heatmaps
from viz.networks.catalogue import load
from viz.networks.errors import NetworkError
from viz.networks.own import OwnNetwork, read_arguments
from viz.networks.sources.own import Taken, build_module, load_weights
from viz.networks.sources.state import KEYS, PREFIXES
from viz.texts import Translate

BUILDERS = """
import torch
from torch import nn

SHARED = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())


class Small(nn.Module):
    def __init__(self, inputs=3):
        super().__init__()
        self.conv = nn.Conv2d(inputs, 8, 3, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.act = nn.ReLU(inplace=True)
        self.fc = nn.Linear(8, 3)

    def forward(self, x):
        return self.fc(self.act(self.norm(self.conv(x))).mean((2, 3)))


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 3, 3)
        self.second = self.first

    def forward(self, x):
        return self.second(self.first(x))


class Child(nn.Module):
    def __init__(self):
        super().__init__()
        self.module = nn.Conv2d(3, 4, 3)

    def forward(self, x):
        return self.module(x)


def two():
    return Small(2)


def shared():
    return SHARED


def number():
    return 3


def broken():
    raise OSError("no disk\\nand more")


def leave():
    raise SystemExit(2)


def stop():
    raise KeyboardInterrupt


def swell():
    raise MemoryError
"""


@pytest.fixture
def nets(tmp_path, monkeypatch):
    """The user's working directory with a package; gives its module of builders."""
    package = tmp_path / "mynets"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "small.py").write_text(BUILDERS)
    (package / "torn.py").write_text("import nothing_of_this_name\n")
    (package / "script.py").write_text("import sys\nsys.exit('usage: train.py')\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    before = set(sys.modules)
    yield lambda: sys.modules["mynets.small"]
    for name in set(sys.modules) - before:
        if name.startswith("mynets"):
            del sys.modules[name]


def read(builder="Small", *arguments):
    own = read_arguments(["--network", f"mynets.small:{builder}", "--size", "32", *arguments])
    assert own is not None
    return own


def make_state(seed=1):
    """A state that fits `Small`."""
    generator = torch.Generator().manual_seed(seed)
    shapes = {"conv.weight": (8, 3, 3, 3), "conv.bias": (8,), "fc.weight": (3, 8), "fc.bias": (3,)}
    shapes |= {f"norm.{name}": (8,) for name in ("weight", "bias", "running_mean", "running_var")}
    state = {name: torch.rand(shape, generator=generator) for name, shape in shapes.items()}
    return state | {"norm.num_batches_tracked": torch.tensor(7)}


def check_refused(reason, words, compute):
    with pytest.raises(NetworkError) as caught:
        compute()
    assert caught.value.reason == reason
    for sentence in (str(caught.value), Translate("zh")(caught.value.key, **caught.value.details)):
        assert all(word in sentence for word in words), sentence
        assert "\n" not in sentence
    return str(caught.value)


# The command line.


def test_arguments_have_defaults():
    own = read_arguments(["--network", "package.module:build"])
    imagenet = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    assert own == OwnNetwork(
        title="build",
        has_classes=False,
        size=224,
        builder="package.module:build",
        mean=imagenet[0],
        std=imagenet[1],
    )
    assert own.key == own.source == "own"
    assert hash(own) == hash(read_arguments(["--network=package.module:build"]))


@pytest.mark.parametrize(
    ("arguments", "title"),
    [
        ([], "build"),
        (["--weights", "some/where/my net.safetensors"], "my net"),
        (["--weights", "w.pt", "--title", " My  LeNet "], "My LeNet"),
        (["--weights", "w.pt", "--title", ""], "w"),
    ],
)
def test_it_is_called_by_its_title_its_weights_or_its_builder(arguments, title):
    assert read_arguments(["--network", "package.module:build", *arguments]).title == title


@pytest.mark.parametrize(
    "color", [["0.5,0.25,1"], ["0.5", "0.25", "1"], ["0.5,", "0.25,", "1"], ["0.5, 0.25, 1"]]
)
def test_colors_have_commas_or_spaces(color):
    own = read_arguments(["--mean", *color, "--network", "nets:Net", "--std", *color])
    assert own.mean == own.std == (0.5, 0.25, 1)


@pytest.mark.parametrize("arguments", [[], ["--size", "32"], ["-q", "tests", "--no-browser"]])
def test_no_network_is_none(arguments):
    assert read_arguments(arguments) is None


@pytest.mark.parametrize(
    ("arguments", "reason", "words"),
    [
        (["--weigths", "file.pth"], "arguments", ["--weigths file.pth"]),
        (["--weight", "file.pth"], "arguments", ["--weight file.pth"]),
        (["--classes"], "arguments", ["--classes"]),
        (["--network", "module.build"], "builder_name", ["module.build", "package.module:build"]),
        (["--network", "folder/module.py:build"], "builder_name", ["folder/module.py:build"]),
        (["--network", ".module:build"], "builder_name", [".module:build"]),
        (["--network", "module:build()"], "builder_name", ["module:build()"]),
        (["--mean", "0.5,0.5"], "color_values", ["--mean 0.5,0.5"]),
        (["--mean", "0.5", "0.5", "0.5", "0.5"], "color_values", ["--mean 0.5,0.5,0.5,0.5"]),
        (["--mean", "123.7,116.8,103.9"], "color_values", ["--mean 123.7,116.8,103.9", "255"]),
        (["--std", "a,b,c"], "color_values", ["--std a,b,c"]),
        (["--std", "nan,1,1"], "color_values", ["--std nan,1,1"]),
        (["--std", "0.5,0,0.5"], "zero_std", ["--std 0.5,0,0.5"]),
        (["--size", "7"], "size_value", ["--size 7", "8", "512"]),
        (["--size", "513"], "size_value", ["--size 513"]),
        (["--size", "32.5"], "size_value", ["--size 32.5"]),
    ],
)
def test_what_is_not_understood_ends_in_a_sentence(arguments, reason, words):
    check_refused(reason, words, lambda: read_arguments(["--network", "nets:Net", *arguments]))


# The builder.


def test_the_builder_s_own_weights_stand(nets):
    network = load(read("shared", "--mean", "0.5,0.5,0.5", "--std", "0.25,0.25,0.25"))
    assert torch.equal(network.module[0].weight.cpu(), nets().SHARED[0].weight)
    assert network.module is not nets().SHARED
    assert (network.mean, network.std, network.size) == ((0.5,) * 3, (0.25,) * 3, 32)
    assert network.classes is None


def test_a_network_of_32_pixels_runs_on_32_pixels(nets):
    network = load(read())
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8))
    heatmaps = extract_heatmaps(network, network.to_batch(picture))
    assert {key[:2] for key in heatmaps} == {("conv", "pre"), ("conv", "post")}
    assert all(heatmap.shape == (32, 32) for heatmap in heatmaps.values())


def test_random_weights_leave_the_builder_s_alone(nets):
    own = read("shared")
    before = load(own).module[0].weight.cpu().clone()
    first, again, other = (load(own, seed).module[0].weight.cpu() for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(nets().SHARED[0].weight, before)
    assert nets().SHARED.training and nets().SHARED[0].weight.requires_grad


@pytest.mark.parametrize(
    ("builder", "reason", "words"),
    [
        ("mynets.absent:build", "no_import", ["mynets.absent", "ModuleNotFoundError: No module named"]),
        ("mynets.torn:build", "no_import", ["mynets.torn", "nothing_of_this_name"]),
        ("mynets.script:build", "no_import", ["mynets.script", "SystemExit: usage: train.py"]),
        ("mynets.small:absent", "no_builder", ["mynets.small", "absent"]),
        ("mynets.small:broken", "builder_failed", ["mynets.small:broken", "OSError: no disk"]),
        ("mynets.small:leave", "builder_failed", ["SystemExit: 2"]),
        ("mynets.small:stop", "builder_failed", ["KeyboardInterrupt"]),
        ("mynets.small:swell", "memory", []),
        ("mynets.small:SHARED", "builder_failed", ["TypeError", "forward"]),
        ("mynets.small:number", "no_module", ["int"]),
        ("mynets.small:two", "channels", ["conv", "2"]),
    ],
)
def test_a_builder_that_fails_ends_in_a_sentence(nets, builder, reason, words):
    sentence = check_refused(reason, words, lambda: load(read_arguments(["--network", builder])))
    assert "and more" not in sentence


# Weights.


save_before = partial(torch.save, _use_new_zipfile_serialization=False)  # as torch did until 1.6
ENDS = (".safetensors", ".pth", ".PT", ".bin", ".ckpt", ".pth.tar", ".tar", ".pkl", "", ".5")


def put_before(prefix, state):
    return {f"{prefix}{name}": value for name, value in state.items()}


def check_loads(tmp_path, state, saved, file="w.pth", save=torch.save):
    """Save it, and hold what was taken to the state; gives what `load_weights` says."""
    save(saved, tmp_path / file)
    module = build_module("mynets.small:Small")
    taken = load_weights(module, tmp_path / file)
    found = module.state_dict()
    for name, value in state.items():
        assert torch.equal(found[name], value) or name.endswith("tracked"), name
    return taken


@pytest.mark.parametrize("save", [save_file, torch.save, save_before])
@pytest.mark.parametrize("end", ENDS)
def test_a_file_is_known_by_its_content(nets, tmp_path, end, save):
    assert check_loads(tmp_path, make_state(), make_state(), f"w{end}", save) == Taken("", (), ())


def test_a_safetensors_file_may_begin_as_a_pickle_does(tmp_path):
    header = b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'.ljust(0x80)
    (tmp_path / "w.pth").write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
    words, module = ["unexpected: a"], nn.Conv2d(3, 1, 1)
    check_refused("unfit_weights", words, lambda: load_weights(module, tmp_path / "w.pth"))


@pytest.mark.parametrize(
    ("key", "wrap"),
    [
        *((key, lambda state, key=key: {key: state, "epoch": 3}) for key in KEYS),
        ("net", lambda state: {"net": state, "acc": 93.1, "epoch": 3, "optimizer": {"state": {}}}),
        ("net", lambda state: {"net": state, "loss": torch.tensor(0.5)}),
        ("state_dict.model", lambda state: {"state_dict": {"model": state, "epoch": 3}}),
        ("ema.net.model", lambda state: {"ema": {"net": {"model": put_before("module.", state)}}}),
        ("", lambda state: state | {"epoch": 3}),
        ("", lambda state: {name: nn.Parameter(state[name], False) for name in state}),
        ("", lambda state: {name: value for name, value in state.items() if "tracked" not in name}),
        *(
            ("", lambda state, prefix=prefix: put_before(prefix, state))
            for prefix in (*PREFIXES, "module._orig_mod.", "model.backbone.", "module.module.module.")
        ),
        ("", lambda state: put_before("module.", state) | {"n_averaged": torch.tensor(9)}),
        ("", lambda state: put_before("module._orig_mod.", state) | {"module.n_averaged": torch.tensor(9)}),
    ],
)
def test_weights_are_taken_out_of_what_they_are_saved_in(nets, tmp_path, key, wrap):
    assert check_loads(tmp_path, make_state(), wrap(make_state())) == Taken(key, (), ())


@pytest.mark.parametrize(
    ("wrong", "taken"),
    [
        ((), Taken("state_dict.model", ("net", "state_dict_ema", "ema"), ())),
        (("state_dict",), Taken("net", ("state_dict_ema", "ema"), ())),
        (("state_dict", "net", "state_dict_ema"), Taken("ema", (), ())),
    ],
)
def test_of_several_states_the_first_that_fits_is_taken(nets, tmp_path, wrong, taken):
    keys = ("ema", "state_dict_ema", "net", "state_dict")
    states = {key: make_state(seed) for seed, key in enumerate(keys)}
    saved = {key: {"fc.bias": torch.zeros(9)} if key in wrong else state for key, state in states.items()}
    saved["state_dict"] = {"model": saved["state_dict"]}
    assert check_loads(tmp_path, states[taken.key.split(".")[0]], saved) == taken


def test_a_plain_state_is_taken_before_an_average_that_stands_further_up(nets, tmp_path):
    saved = {"state_dict": {"ema": make_state(2)}, "params": make_state()}
    assert check_loads(tmp_path, make_state(), saved) == Taken("params", ("state_dict.ema",), ())


def test_a_file_that_holds_itself_ends(nets, tmp_path):
    saved = {"net": make_state()}
    saved["ema"] = saved["model"] = saved
    assert check_loads(tmp_path, make_state(), saved).key == "model.model.net"


def save_with_numpy_1(saved, path):
    save_before(saved, path)
    content = path.read_bytes()
    assert b"cnumpy._core.multiarray\n" in content
    path.write_bytes(content.replace(b"cnumpy._core.", b"cnumpy.core."))


@pytest.mark.parametrize("save", [torch.save, save_before, save_with_numpy_1])
@pytest.mark.parametrize("kind", [np.float64, np.float32, np.float16, np.int64, np.uint8, np.bool_])
def test_numpy_s_numbers_may_stand_beside_a_state(nets, tmp_path, kind, save):
    allowed = set(torch.serialization.get_safe_globals())
    assert check_loads(tmp_path, make_state(), {"net": make_state(), "acc": kind(1)}, save=save).key == "net"
    assert set(torch.serialization.get_safe_globals()) == allowed


def test_tensors_that_the_network_has_not_are_told_and_left(nets, tmp_path):
    names = ["loss.weight", f"a.{99 * 'b'}", "![x](http://a.b)\n$y$", "权重"]
    state = put_before("module.", make_state() | dict.fromkeys(names, torch.zeros(2, dtype=torch.int8)))
    taken = check_loads(tmp_path, make_state(), state)
    assert taken.surplus == ("loss.weight", f"a.{57 * 'b'}…", "??x??http?//a.b???y?", "权重")


@pytest.mark.parametrize("kind", [torch.half, torch.bfloat16, torch.double])
def test_other_precisions_become_single(nets, tmp_path, kind):
    save_file({name: value.to(kind) for name, value in make_state().items()}, tmp_path / "w.safetensors")
    weight = load(read("Small", "--weights", "w.safetensors")).module.conv.weight
    assert weight.dtype == torch.float32
    assert torch.equal(weight.cpu(), make_state()["conv.weight"].to(kind).float())


def quantise(value):
    return torch.quantize_per_tensor(value, 0.1, 0, torch.qint8)


@pytest.mark.filterwarnings("ignore::UserWarning")  # of torch, about sparse and quantised tensors
@pytest.mark.parametrize(
    ("reason", "convert"),
    [
        ("integer_weights", lambda value: value.to(torch.int8)),
        ("integer_weights", lambda value: value.long()),
        ("boolean_weights", lambda value: value > 0),
        ("complex_weights", lambda value: value.cfloat()),
        ("sparse_weights", lambda value: value.to_sparse()),
        ("meta_weights", lambda value: value.to("meta")),
        ("quantised_weights", quantise),
    ],
)
def test_tensors_of_another_kind_have_a_sentence(nets, tmp_path, reason, convert):
    state = make_state() | {"loss.weight": torch.zeros(2).to_sparse()}
    state |= {name: convert(state[name]) for name in ("conv.weight", "fc.bias")}
    torch.save(state, tmp_path / "w.pth")
    words = ["w.pth", " 2", "conv.weight, fc.bias"]
    check_refused(reason, words, lambda: load(read("Small", "--weights", "w.pth")))


def test_a_tensor_of_two_names_may_stand_in_the_file_once(nets, tmp_path):
    load(read("Tied"))
    model = nets().Tied()
    save_model(model, str(tmp_path / "w.safetensors"))
    found = load(read("Tied", "--weights", "w.safetensors")).module
    assert torch.equal(found.first.weight.cpu(), model.first.weight)
    assert found.first is found.second


def test_a_prefix_of_the_network_s_own_stays(nets, tmp_path):
    load(read("Child"))
    state = nets().Child().state_dict()
    torch.save(state, tmp_path / "w.pth")
    found = load(read("Child", "--weights", "w.pth")).module
    assert torch.equal(found.module.weight.cpu(), state["module.weight"])


def test_a_prefix_that_some_names_have_not_stays(nets, tmp_path):
    state = make_state()
    state["module.fc.bias"] = state.pop("fc.bias")
    torch.save(state, tmp_path / "w.pth")
    words = ["missing: fc.bias; unexpected: module.fc.bias"]
    check_refused("unfit_weights", words, lambda: load(read("Small", "--weights", "w.pth")))


def test_random_weights_need_no_file(nets):
    load(read("Small", "--weights", "absent.pth"), seed=0)


def test_weights_that_do_not_fit_name_the_first_three_differences(nets, tmp_path):
    state = make_state()
    del state["fc.weight"]
    state["head.bias"] = torch.zeros(3)
    state["conv.weight"] = torch.zeros(16, 3, 3, 3)
    state["conv.bias"] = torch.zeros(16)
    torch.save(state, tmp_path / "w.pth")
    words = ["w.pth", "4", "missing: fc.weight; unexpected: head.bias; shape of conv.weight: "]
    words.append("[16, 3, 3, 3] in the file, [8, 3, 3, 3] in the module")
    sentence = check_refused("unfit_weights", words, lambda: load(read("Small", "--weights", "w.pth")))
    assert "conv.bias" not in sentence


def test_the_state_that_is_nearest_tells_the_differences(nets, tmp_path):
    near = {name: value for name, value in make_state().items() if name != "fc.bias"}
    saved = {"model": {"a": torch.zeros(1)}, "net": near, "loss": torch.zeros(1)}
    torch.save(saved, tmp_path / "w.pth")
    words = ["1", "missing: fc.bias"]
    sentence = check_refused("unfit_weights", words, lambda: load(read("Small", "--weights", "w.pth")))
    assert "unexpected" not in sentence


def test_a_refusal_shows_names_of_the_file_short_and_plain(tmp_path):
    torch.save({"![x](http://a.b)\n" + 99 * "b": torch.zeros(1)}, tmp_path / "w.pth")
    words = [f"missing: weight; unexpected: ??x??http?//a.b??{42 * 'b'}…"]
    module = nn.Conv2d(3, 1, 1, bias=False)
    check_refused("unfit_weights", words, lambda: load_weights(module, tmp_path / "w.pth"))


class Opens:
    """Unpickling it would make a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (self.path, "w")


@pytest.mark.parametrize("save", [torch.save, lambda saved, path: path.write_bytes(pickle.dumps(saved, 2))])
def test_a_pickle_that_runs_code_is_refused_and_does_not(nets, tmp_path, save):
    trace = tmp_path / "executed"
    save({"conv.weight": Opens(str(trace))}, tmp_path / "w.pth")
    words = ["w.pth", "torch.save(model.state_dict(), ...)"]
    check_refused("refused_pickle", words, lambda: load(read("Small", "--weights", "w.pth")))
    assert not trace.exists()
    pickle.loads(pickle.dumps(Opens(str(trace)))).close()
    assert trace.exists()


@pytest.mark.parametrize(
    ("file", "content", "reason", "words"),
    [
        ("absent.pth", None, "no_weights", ["absent.pth", "FileNotFoundError"]),
        ("absent.safetensors", None, "no_weights", ["absent.safetensors", "FileNotFoundError"]),
        ("mynets.pth", "folder", "no_weights", ["mynets.pth", "IsADirectoryError"]),
        ("w.pth", b"", "empty_weights", ["w.pth"]),
        ("w.h5", b"\x89HDF\r\n\x1a\n\0", "weights_kind", ["w.h5", "torch.save"]),
        ("w.pth", b"\x80\2", "damaged_weights", ["w.pth", "EOFError"]),
        ("w.pth", b"PK\3\4cut", "damaged_weights", ["w.pth", "BadZipFile"]),
        ("w.pth", b"\x20\0\0\0\0\0\0\0{cut", "damaged_weights", ["w.pth", "SafetensorError"]),
        ("w.safetensors", b"junk" * 999, "text_weights", ["w.safetensors", "torch.save"]),
        ("w.pth", "权重在网盘".encode("gbk"), "text_weights", ["w.pth"]),
        ("w.pth", b"version https://git-lfs.github.com/spec/v1\n", "lfs_weights", ["git lfs pull"]),
        ("w.pth", b"\n<!DOCTYPE html><title>Sign in</title>", "html_weights", ["w.pth"]),
        ("w.pth", b"\xef\xbb\xbf<html>", "html_weights", ["w.pth"]),
        ("w.bin", "script", "scripted_weights", ["w.bin", "torch.jit.load(...).state_dict()"]),
        ("w.pth", [torch.zeros(3)], "no_state", ["w.pth", "state_dict, ", "model.state_dict()"]),
        ("w.pth", {"epoch": 3, "net": {}}, "no_state", ["w.pth"]),
        ("w.pth", {"net": {}, "path": Path("a")}, "refused_pickle", ["w.pth"]),
        ("w.pth", {"net": {}, "array": np.zeros(2)}, "refused_pickle", ["w.pth"]),
        ("w.pth", nn.Linear(2, 2), "refused_pickle", ["w.pth", "model.state_dict()"]),
    ],
)
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")  # torch.jit's own
def test_a_file_that_cannot_be_used_ends_in_a_sentence(nets, tmp_path, file, content, reason, words):
    if content == "folder":
        (tmp_path / file).mkdir()
    elif content == "script":
        torch.jit.save(torch.jit.trace(nn.Linear(2, 2), torch.zeros(2)), tmp_path / file)
    elif isinstance(content, bytes):
        (tmp_path / file).write_bytes(content)
    elif content is not None:
        torch.save(content, tmp_path / file)
    check_refused(reason, words, lambda: load(read("Small", "--weights", file)))


# Names of classes.


@pytest.mark.parametrize("text", ["cat\ndog\n猫头鹰\n", "\ufeffcat\r\ndog \r\n猫头鹰\n\n"])
def test_classes_stand_one_a_line(nets, tmp_path, text):
    (tmp_path / "names.txt").write_bytes(text.encode())
    own = read("Small", "--classes", "names.txt")
    assert own.has_classes
    assert load(own).classes == ("cat", "dog", "猫头鹰")


@pytest.mark.parametrize(
    ("content", "reason", "words"),
    [
        (None, "no_classes", ["names.txt", "FileNotFoundError"]),
        ("猫\n狗\n".encode("gbk"), "no_classes", ["names.txt", "UnicodeDecodeError", "UTF-8"]),
        (b" \n\n", "empty_classes", ["names.txt"]),
    ],
)
def test_classes_that_cannot_be_read_end_in_a_sentence(nets, tmp_path, content, reason, words):
    if content is not None:
        (tmp_path / "names.txt").write_bytes(content)
    check_refused(reason, words, lambda: load(read("Small", "--classes", "names.txt")))
