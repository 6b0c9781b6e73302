import itertools

import numpy as np
import pytest
import torch
from conftest import make_noise, naming
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torchvision import transforms

from viz.pictures.frame import FRAMINGS, frame_image, plan_frame

BLACK = (0, 0, 0)


def assert_same_pixels(image, expected, case):
    np.testing.assert_array_equal(np.asarray(image), np.asarray(expected), err_msg=str(case))


WHOLE_SIZES = [
    ((224, 224), 224, (224, 224)),
    ((16, 16), 224, (224, 224)),
    ((451, 300), 224, (336, 224)),  # 451 * 224 / 300 = 336.7, of which 336 is torchvision's
    ((300, 451), 224, (224, 336)),
    ((451, 300), 512, (768, 512)),  # 769.7
    ((640, 480), 300, (396, 300)),  # 400 lies between 396 and 412
    ((1000, 500), 224, (448, 224)),  # 2:1 is the widest that keeps its short side
    ((500, 1000), 512, (512, 1024)),
    ((900, 300), 224, (528, 176)),  # sqrt(2 * 224**2 / 3) = 182.9
    ((100, 2000), 224, (64, 1280)),  # sqrt(2 * 224**2 / 20) = 70.8
    ((4000, 20), 224, (3136, 32)),  # read_image refuses this one; 32 is all the network can do with
]


def test_whole_sizes():
    for sides, size, expected in WHOLE_SIZES:
        assert frame_image(Image.new("RGB", sides), "whole", size).size == expected, (sides, size)


@settings(max_examples=100)
@given(
    short=st.integers(16, 3000),
    ratio=st.floats(1, 20),
    size=st.integers(224, 512),
    stride=st.sampled_from([1, 9, 16, 32]),
    tall=st.booleans(),
)
def test_whole_keeps_proportions_its_limit_and_its_stride(short, ratio, size, stride, tall):
    sides = (short, int(short * ratio))[:: 1 if tall else -1]
    width, height = frame_image(Image.new("1", sides), "whole", size, stride).size
    assert width * height <= 2 * size * size
    assert 32 <= min(width, height) <= size
    assert (width - size) % stride == (height - size) % stride == 0
    # Half a stride, or a whole one where the limit takes it back, and a pixel that is rounded down.
    stretch = max(sides) / min(sides)
    assert abs(max(width, height) - min(width, height) * stretch) <= stride + 1
    if stretch <= 2:
        assert min(width, height) == size


@pytest.mark.parametrize("sides", [(451, 300), (300, 451), (640, 427), (333, 500)])
def test_whole_is_torchvision_s_resize_to_the_next_stride(sides):
    width, height = transforms.Resize(224)(Image.new("RGB", sides)).size
    assert frame_image(Image.new("RGB", sides), stride=1).size == (width, height)
    nearest = min(range(224, 449, 32), key=lambda side: (abs(side - max(width, height)), -side))
    assert max(frame_image(Image.new("RGB", sides), stride=32).size) == nearest


def test_crop_is_the_central_square():
    for sides, left, top in (((60, 40), 10, 0), ((40, 61), 0, 10), ((40, 40), 0, 0)):
        photo = make_noise(*sides)
        square = Image.fromarray(np.asarray(photo)[top : top + 40, left : left + 40])
        expected = square.resize((230, 230), Image.Resampling.BILINEAR)
        assert_same_pixels(frame_image(photo, "crop", 230), expected, sides)


def test_squash_is_torchvision_s_resize():
    for sides, size in itertools.product(((451, 300), (100, 120), (224, 900)), (224, 512)):
        photo = make_noise(*sides)
        expected = transforms.Resize((size, size))(photo)
        assert_same_pixels(frame_image(photo, "squash", size), expected, (sides, size))


def test_pixels_agree_with_torch_s_antialiased_bilinear():
    photo = make_noise(451, 300)
    for framing in FRAMINGS:
        framed = frame_image(photo, framing)
        source = photo.crop((75, 0, 375, 300)) if framing == "crop" else photo
        channels = torch.from_numpy(np.array(source, dtype=np.float32)).permute(2, 0, 1)[None]
        resized = torch.nn.functional.interpolate(
            channels, size=(framed.height, framed.width), mode="bilinear", antialias=True
        )
        expected = resized[0].permute(1, 2, 0).numpy()
        np.testing.assert_allclose(np.asarray(framed, float), expected, atol=1.01, err_msg=framing)


def test_frame_is_a_new_picture():
    for framing, sides in itertools.product(FRAMINGS, ((224, 224), (60, 40))):
        photo = make_noise(*sides)
        framed = frame_image(photo, framing)
        assert framed.mode == "RGB", (framing, sides)
        framed.paste(BLACK, (0, 0, *framed.size))
        assert_same_pixels(photo, make_noise(*sides), (framing, sides))


def test_frame_refusals():
    for arguments, message in (
        (("fit", 224), "unknown framing 'fit'; expected one of whole, crop, squash"),
        (("", 224), "unknown framing ''; expected one of whole, crop, squash"),
        (("whole", 7), "unusable size 7; expected 8 to 512 pixels"),
        (("crop", 513), "unusable size 513; expected 8 to 512 pixels"),
    ):
        with naming(*arguments), pytest.raises(ValueError) as caught:
            frame_image(make_noise(), *arguments)
        assert str(caught.value) == message


@pytest.mark.parametrize("photo", [(451, 300), (300, 451), (300, 300), (301, 300), (900, 60)])
@pytest.mark.parametrize("size", [32, 224, 256])
def test_framings_of_one_plan_give_one_picture(photo, size):
    pixels = np.random.default_rng(0).integers(0, 256, (photo[1], photo[0], 3), dtype=np.uint8)
    image = Image.fromarray(pixels)
    plans = {framing: plan_frame(*photo, framing, size, 16) for framing in FRAMINGS}
    frames = {framing: np.array(frame_image(image, framing, size, 16)) for framing in FRAMINGS}
    for one, other in itertools.combinations(FRAMINGS, 2):
        assert (plans[one] == plans[other]) == np.array_equal(frames[one], frames[other])
