"""Captions carry their numbers, and keep their words when read as reStructuredText."""

import pytest
from docutils.core import publish_doctree
from synthetic_results import make_group

from vae.configuration.benchmark import read_yaml
from vae.dependencies import PACKAGE
from vae.files import write_text
from vae.reporting.figures.captions import (
    captions,
    counted,
    literal,
    write_captions,
    written_captions,
)
from vae.reporting.figures.catalogue import CHARTS, GALLERY

WRITTEN = PACKAGE.parent / "report" / "captions.yaml"


@pytest.mark.parametrize("text", ["z ~ p(z)", "E[x|z] or |q|", "*L*_K and L_", "a `b` \\ c"])
def test_punctuation_is_no_markup(text):
    document = publish_doctree(literal(text), settings_overrides={"report_level": 1})
    assert document.astext() == text


def test_every_figure_has_its_caption_with_numbers_of_seeds_and_images(tmp_path):
    groups = [make_group(seeds=(0, 1))]
    found = captions(WRITTEN, groups)
    write_captions(tmp_path, found)
    assert set(found) == set(CHARTS | GALLERY)
    images = int(groups[0].reference("fid_images"))
    assert f"(2 seeds, {images} test images" in found["answer"].caption
    for name, one in found.items():
        assert "{" not in one.caption and one.caption.endswith(".")
        assert len(one.alt) > 20
        assert not set(one.alt) & set("[]()*_`\n"), "must not break a Markdown image"
        text = (tmp_path / f"{name}.rst").read_text()
        document = publish_doctree(text, settings_overrides={"report_level": 1})
        assert document.astext() == one.caption


def test_every_caption_is_of_a_figure_that_there_is():
    assert set(read_yaml(WRITTEN)) == set(CHARTS | GALLERY)


@pytest.mark.parametrize("text", ["- answer", "answer: {caption: The best β.}", "answer: 3"])
def test_a_figure_without_words_is_refused(tmp_path, text, input_error):
    path = tmp_path / "captions.yaml"
    write_text(path, text)
    with input_error(path, "answer"):
        written_captions(path)


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ([3, 3], "3 seeds"),
        ([1], "1 seed"),
        ([10_000, 397], "397 to 10,000 seeds"),
        ([0], "the seeds"),
        ([], "the seeds"),
    ],
)
def test_numbers_that_differ_between_groups_are_a_span(numbers, text):
    assert counted(numbers, "seed") == text
