"""Hostile and broken files, through the page's own reading."""

import subprocess
import sys

import pytest
from conftest import PATIENCE_S, ROOT, naming
from hostile_files import GROUPS, list_cases

from viz.pictures.decode import ImageError, read_image
from viz.pictures.frame import frame_image
from viz.texts import LANGUAGES, Translate


@pytest.fixture(scope="module")
def cases():
    """Built once, and not while pytest looks for tests: it takes seconds."""
    return list_cases()


def test_the_corpus_is_large_enough(cases):
    assert len(cases) >= 60
    assert len({(case.group, case.name) for case in cases}) == len(cases)


def assert_picture_or_sentence(case):
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


@pytest.mark.parametrize("group", GROUPS)
def test_every_file_ends_in_a_picture_or_a_sentence_in_each_language(cases, group):
    files = [case for case in cases if case.group == group]
    assert files
    for case in files:
        with naming(case.name):
            assert_picture_or_sentence(case)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_no_file_takes_long_or_much_memory():
    script = [sys.executable, "benchmarks/corpus.py"]
    done = subprocess.run(script, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode == 0, done.stdout + done.stderr
