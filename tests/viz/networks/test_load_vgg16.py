import contextlib
import functools
import hashlib
import http.server
import io
import threading

import pytest
import torch
import torchvision
from safetensors.torch import load_file

from viz.networks import files
from viz.networks import load_vgg16 as model
from viz.networks.catalogue import find_network, load_network
from viz.networks.files import WeightsError
from viz.networks.load_vgg16 import NORMALIZATION, fetch_weights
from viz.networks.vgg16 import LAYERS


def test_structure_is_torchvisions(network):
    reference = torchvision.models.vgg16(init_weights=False).features
    features = network.module.features
    assert len(features) == len(reference) == 31
    for ours, theirs in zip(features, reference, strict=True):
        assert type(ours) is type(theirs)
        for name in ("kernel_size", "stride", "padding", "ceil_mode", "out_channels", "inplace"):
            assert _as_pair(getattr(ours, name, None)) == _as_pair(getattr(theirs, name, None)), name


def _as_pair(value):
    return (value, value) if isinstance(value, int) and not isinstance(value, bool) else value


def test_the_network_is_ready_to_share(network):
    assert not any(module.training for module in network.module.modules())
    assert not any(parameter.requires_grad for parameter in network.module.parameters())


def test_values_are_those_of_the_file(network):
    stored = load_file(model.BUNDLED_PATH)
    assert sum(value.numel() for value in stored.values()) == 14_714_688
    for key, value in network.module.state_dict().items():
        assert value.dtype == torch.float32
        assert torch.equal(value.cpu(), stored[key].float())


def test_first_numbers_are_the_published_ones(network):
    """As printed from the original imagenet-vgg-verydeep-16, to half precision; see PROVENANCE.md."""
    features = network.module.features
    assert float(features[0].bias[0]) == pytest.approx(0.73429835, rel=1e-3)
    assert float(features[28].bias[0]) == pytest.approx(0.18837857, rel=1e-3)
    assert float(features[28].weight[0, 0, 0, 0]) == pytest.approx(0.00040788297, rel=1e-3)


def test_unknown_networks_list_the_valid_ones():
    with pytest.raises(ValueError, match="unknown network 'vgg99'; expected one of vgg16, torchvision:vgg16"):
        load_network("vgg99")


def copy_weights(path, change):
    path.write_bytes(change(model.BUNDLED_PATH.read_bytes()))
    return path


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data[: len(data) // 2],
        lambda data: data[:-1] + bytes([data[-1] ^ 1]),
        lambda data: b"",
        lambda data: b"not weights at all",
    ],
    ids=["truncated", "one bit", "empty", "text"],
)
def test_altered_weights_are_refused(monkeypatch, tmp_path, change):
    monkeypatch.setattr(model, "BUNDLED_PATH", copy_weights(tmp_path / "vgg16.safetensors", change))
    with pytest.raises(WeightsError, match=r"vgg16\.safetensors is not the published") as caught:
        load_network()
    assert caught.value.reason == "altered"
    assert caught.value.details == {"file": "vgg16.safetensors"}


def test_missing_weights_say_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(model, "BUNDLED_PATH", tmp_path / "gone.safetensors")
    with pytest.raises(
        WeightsError, match=r"gone\.safetensors\) cannot be read.*restore assets/weights"
    ) as caught:
        load_network()
    assert caught.value.reason == "missing"


def test_constants_are_torchvisions():
    weights = torchvision.models.VGG16_Weights.IMAGENET1K_V1
    transforms = weights.transforms()
    assert weights.url == model.TORCHVISION_URL
    assert (tuple(transforms.mean), tuple(transforms.std)) == NORMALIZATION["torchvision:vgg16"]
    assert weights.meta["num_params"] * 4 / 2**20 == pytest.approx(
        find_network("torchvision:vgg16").megabytes, rel=0.01
    )


def test_bundled_preprocessing_is_that_of_the_original_weights():
    transforms = torchvision.models.VGG16_Weights.IMAGENET1K_FEATURES.transforms()
    mean, std = NORMALIZATION["vgg16"]
    # torchvision rounds the original means, 123.68, 116.779 and 103.939, to whole grey levels.
    assert mean == pytest.approx(transforms.mean, abs=1 / 255)
    assert std == pytest.approx(transforms.std, abs=1e-4)


def make_torchvision_file(zipped):
    """A file as torchvision's is, in either of torch's formats, but with other numbers."""
    torch.manual_seed(3)
    state = {}
    channels = 3
    for layer in LAYERS:
        state[f"features.{layer.index}.weight"] = torch.randn(layer.channels, channels, 3, 3)
        state[f"features.{layer.index}.bias"] = torch.randn(layer.channels)
        channels = layer.channels
    state["classifier.0.weight"] = torch.randn(10, 10)
    buffer = io.BytesIO()
    torch.save(state, buffer, _use_new_zipfile_serialization=zipped)
    return buffer.getvalue(), state


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves `data`, claiming its full length, but sends only the first `sent` bytes of it."""

    def __init__(self, data, sent, *arguments):
        self.data, self.sent = data, sent
        super().__init__(*arguments)

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.data)))
        self.end_headers()
        self.wfile.write(self.data[: self.sent])

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def serve_file(data, sent=None):
    handler = functools.partial(Handler, data, len(data) if sent is None else sent)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def hub(monkeypatch, tmp_path):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    return tmp_path / "checkpoints"


def point_to(monkeypatch, url, data):
    digest = hashlib.sha256(data).hexdigest()[:8]
    monkeypatch.setattr(model, "TORCHVISION_URL", f"{url}/vgg16-{digest}.pth")


@pytest.mark.parametrize("zipped", [True, False], ids=["zip format", "older format"])
def test_torchvisions_weights_are_fetched_once(monkeypatch, hub, zipped):
    data, state = make_torchvision_file(zipped)
    steps = []
    with serve_file(data) as url:
        point_to(monkeypatch, url, data)
        path = fetch_weights(lambda done, total: steps.append((done, total)))
    assert path.read_bytes() == data
    assert steps[-1] == (len(data), len(data))
    assert [path.name] == [file.name for file in hub.iterdir()]
    loaded = load_network("torchvision:vgg16").module.state_dict()  # the server is gone
    assert all(torch.equal(value.cpu(), state[key]) for key, value in loaded.items())
    assert len(loaded) == 26


def test_a_download_cut_in_the_middle_leaves_nothing_and_can_be_repeated(monkeypatch, hub):
    data, _ = make_torchvision_file(True)
    with serve_file(data, sent=len(data) // 2) as url:
        point_to(monkeypatch, url, data)
        with pytest.raises(WeightsError, match="Check the server's network and choose them again") as caught:
            load_network("torchvision:vgg16")
    assert caught.value.reason == "download"
    assert list(hub.iterdir()) == []
    with serve_file(data) as url:
        point_to(monkeypatch, url, data)
        assert load_network("torchvision:vgg16").layers == LAYERS


def test_another_file_than_the_published_one_is_not_kept(monkeypatch, hub):
    data, _ = make_torchvision_file(True)
    with serve_file(data) as url:
        point_to(monkeypatch, url, b"other")
        with pytest.raises(WeightsError) as caught:
            fetch_weights()
    assert caught.value.reason == "download"
    assert list(hub.iterdir()) == []


def test_no_network_is_a_sentence(monkeypatch, hub):
    monkeypatch.setattr(model, "TORCHVISION_URL", "http://127.0.0.1:9/vgg16-00000000.pth")
    with pytest.raises(WeightsError, match=r"could not be fetched from 127\.0\.0\.1") as caught:
        load_network("torchvision:vgg16")
    assert caught.value.details["host"] == "127.0.0.1"
    assert list(hub.iterdir()) == []


def test_a_full_disk_is_a_sentence(monkeypatch, hub):
    data, _ = make_torchvision_file(True)

    def fail(*_):
        raise OSError(28, "No space left on device")

    with serve_file(data) as url:
        point_to(monkeypatch, url, data)
        monkeypatch.setattr(files.os, "replace", fail)
        with pytest.raises(WeightsError, match=r"cannot be stored in .*free 600 MB") as caught:
            fetch_weights()
    assert caught.value.reason == "disk"
    assert list(hub.iterdir()) == []


def test_a_kept_file_that_was_altered_is_refused(monkeypatch, hub):
    data, _ = make_torchvision_file(True)
    point_to(monkeypatch, "http://127.0.0.1:9", data)
    hub.mkdir()
    model.torchvision_path().write_bytes(data[:-1])
    with pytest.raises(WeightsError) as caught:
        load_network("torchvision:vgg16")
    assert caught.value.reason == "altered"


def test_the_untrained_network_is_seeded_and_keeps_its_scale(make_batch):
    first, again, other = (load_network("untrained:vgg16", seed).module.features for seed in (0, 0, 1))
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), again.parameters(), strict=True))
    assert not torch.equal(first[0].weight, other[0].weight)
    assert not any(parameter.requires_grad for parameter in first.parameters())
    for module in first:
        if isinstance(module, torch.nn.Conv2d):
            fan_in = module.in_channels * 9
            assert float(module.weight.var()) == pytest.approx(2 / fan_in, rel=0.1)
            assert not module.bias.any()
    signal = make_batch()
    before = float(signal.square().mean())
    assert before / 30 < float(first[:30](signal).square().mean()) < before * 30
