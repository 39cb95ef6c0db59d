"""Captions keep their words when they are read as reStructuredText."""

import pytest
from docutils.core import publish_doctree

from vae.reporting.captions import literal, write_captions
from vae.reporting.catalogue import CHARTS, GALLERY


@pytest.mark.parametrize("text", ["z ~ p(z)", "E[x|z] or |q|", "*L*_K and L_", "a `b` \\ c"])
def test_punctuation_is_no_markup(text):
    document = publish_doctree(literal(text), settings_overrides={"report_level": 1})
    assert document.astext() == text


def test_every_figure_has_its_caption(tmp_path):
    write_captions(tmp_path)
    for name, figure in (CHARTS | GALLERY).items():
        text = (tmp_path / f"{name}.rst").read_text()
        document = publish_doctree(text, settings_overrides={"report_level": 1})
        assert document.astext() == figure.caption
