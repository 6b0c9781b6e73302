"""Hostile and broken files, through the page's own reading."""

import subprocess
import sys

import pytest
from conftest import ROOT
from hostile_files import list_cases

from viz.pictures.decode import ImageError, read_image
from viz.pictures.frame import frame_image
from viz.texts import LANGUAGES, Translate

CASES = list_cases()


def test_the_corpus_is_large_enough():
    assert len(CASES) >= 60
    assert len({(case.group, case.name) for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.group}: {case.name[:40]!r}")
def test_every_file_ends_in_a_picture_or_a_sentence_in_each_language(case):
    try:
        picture = frame_image(read_image(case.data))
    except ImageError as error:
        for language in LANGUAGES:
            sentence = Translate(language)(error.key, **error.details)
            assert len(sentence) > 10
            assert case.name not in sentence
    else:
        assert picture.mode == "RGB"
        assert min(picture.size) >= 32


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_no_file_takes_long_or_much_memory():
    script = [sys.executable, "benchmarks/corpus.py"]
    done = subprocess.run(script, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
