"""The charts of sample quality draw whichever features FID was measured in."""

import numpy as np
import pytest
import torch
from matplotlib.offsetbox import AnnotationBbox
from synthetic_results import make_group

from vae.evaluation.corruptions import CORRUPTIONS
from vae.reporting.figures.fid import AUTOENCODER, FLOOR, SOURCES, draw_fid
from vae.reporting.figures.fid_check import draw_fid_check, spread

pytestmark = pytest.mark.usefixtures("closed_figures")

BETAS = (0.5, 1.0, 2.0)
IMAGE = torch.linspace(0, 1, 64).reshape(1, 8, 8)


@pytest.fixture(params=[False, True], ids=["classifier", "Inception"])
def inception(request) -> bool:
    return request.param


def legend(figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_fid_has_a_line_per_source_the_autoencoder_and_the_floor(inception):
    changes = {metric: lambda beta: 10 * beta for metric in SOURCES}
    figure = draw_fid(make_group(["bernoulli"], BETAS, inception=inception, changes=changes))
    (ax,) = figure.axes
    assert ax.get_ylabel().startswith("Inception FID" if inception else "FID")
    names = [label for label, _ in SOURCES.values()]
    assert sorted(legend(figure)) == sorted([*names, AUTOENCODER, FLOOR])
    means = [list(line.get_ydata()) for line in ax.lines if len(line.get_ydata()) == len(BETAS)]
    assert means == [[10 * beta for beta in BETAS]] * len(SOURCES)


def test_every_fault_has_a_panel_with_its_own_unit_between_floor_and_noise(inception):
    group = make_group(["bernoulli"], inception=inception)
    figure = draw_fid_check(group, IMAGE, seed=0)
    axes = [ax for ax in figure.axes if ax.axison]
    assert len({ax.get_xlabel() for ax in axes}) == len(axes) == len(CORRUPTIONS)
    assert axes[0].get_ylabel() == ("Inception FID" if inception else "FID")
    for ax, (_, strengths) in zip(axes, CORRUPTIONS.values(), strict=True):
        levels = {line.get_ydata()[0] for line in ax.lines if len(set(line.get_ydata())) == 1}
        assert levels == {0.8, 83.8}
        assert list(ax.lines[0].get_xdata()) == [0.0, *strengths]
        assert ax.get_ylim() == axes[0].get_ylim(), "heights can be compared across faults"


def test_a_picture_above_every_strength_shows_what_it_does():
    figure = draw_fid_check(make_group(["bernoulli"]), IMAGE, seed=0)
    for ax, (corrupt, strengths) in zip(figure.axes, CORRUPTIONS.values(), strict=False):
        boxes = [artist for artist in ax.artists if isinstance(artist, AnnotationBbox)]
        assert [box.xy[0] for box in boxes] == [0.0, *strengths]
        last = boxes[-1].offsetbox.get_data()
        spoilt = corrupt(IMAGE[None], strengths[-1], 0)[0, 0].clamp(0, 1).numpy()
        inside = last[2:-2, 2:-2]
        factor = len(inside) // 8
        np.testing.assert_allclose(inside[::factor, ::factor], spoilt, atol=1e-6)


def test_numbers_of_strengths_do_not_meet():
    assert spread([0.0, 0.5, 0.8, 0.95]) == [0.0, 0.5, 0.95]
    assert spread([0.0, 0.1, 0.2]) == [0.0, 0.1, 0.2]
    assert spread([0.3]) == [0.3]


def test_a_run_without_the_check_says_so():
    group = make_group(["bernoulli"])
    tables = {name: table for name, table in group.tables.items() if name != "corruptions"}
    figure = draw_fid_check(type(group)(group.name, tables), IMAGE, seed=0)
    assert "not measured" in figure.texts[0].get_text()
