"""Every chart is drawn for every shape of grid: whole, inside the page, with named axes."""

from collections.abc import Iterator

import matplotlib.pyplot as plt
import numpy as np
import pytest
from figure_tables import BETAS, make_tables
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from vae.reporting import style
from vae.reporting.catalogue import CHARTS, GALLERY, charts_for
from vae.reporting.figures import DRAWERS
from vae.reporting.group import Group
from vae.reporting.names import LIKELIHOOD_NAMES
from vae.reporting.panels import beta_ticks

FIXED = [f"gaussian_fixed_sigma_{sigma}" for sigma in (0.1, 0.2, 0.4)]
SHAPES = {
    "plain": {"likelihoods": ["bernoulli", *FIXED]},
    "one likelihood": {"likelihoods": ["bernoulli"]},
    "one β": {"betas": [1.0]},
    "one β, not 1": {"betas": [4.0]},
    "no β = 1": {"betas": [0.3, 3.0, 10.0]},
    "one seed": {"seeds": [0]},
    "one of everything": {"likelihoods": ["bernoulli"], "betas": [1.0], "seeds": [0]},
    "no autoencoder": {"autoencoder": False},
    "some diverged": {"diverged": [("bernoulli", 1.0), ("bernoulli", 4.0)]},
    "a likelihood diverged": {"diverged": [("bernoulli", beta) for beta in BETAS]},
    "Inception": {"inception": True},
    "many likelihoods": {"likelihoods": [*LIKELIHOOD_NAMES, *FIXED], "seeds": [0]},
}


@pytest.fixture(autouse=True)
def closed_figures() -> Iterator[None]:
    style.apply()
    yield
    plt.close("all")


def fits(figure: Figure) -> bool:
    """Whether all that is drawn, legends included, lies within the figure."""
    figure.draw_without_rendering()
    legends = [*figure.legends, *(ax.get_legend() for ax in figure.axes if ax.get_legend())]
    boxes = [figure.get_tightbbox().transformed(figure.dpi_scale_trans)]
    boxes += [legend.get_window_extent() for legend in legends]
    union = Bbox.union(boxes)
    return bool((union.min >= -1).all() and (union.max <= figure.bbox.size + 1).all())


@pytest.mark.parametrize("shape", SHAPES)
def test_every_chart_is_drawn_and_names_its_axes(shape):
    tables = make_tables(**SHAPES[shape])
    for name in charts_for(tables.likelihoods):
        axes = [ax for ax in DRAWERS[name](tables).axes if ax.axison]
        assert axes[0].get_xlabel(), name
        assert axes[0].get_ylabel() or axes[0].get_title(), name


@pytest.mark.parametrize(
    "shape", ["one of everything", pytest.param("many likelihoods", marks=pytest.mark.slow)]
)
def test_every_chart_fits_its_page(shape):
    tables = make_tables(**SHAPES[shape])
    for name in charts_for(tables.likelihoods):
        assert fits(DRAWERS[name](tables)), name


def test_a_panel_without_values_says_why():
    tables = make_tables(**SHAPES["a likelihood diverged"])
    for name in ("fid", "dimensions", "training"):
        first, second, *_ = DRAWERS[name](tables).axes
        assert [[text.get_text() for text in ax.texts] for ax in (first, second)] == [
            ["every model diverged"],
            [],
        ]


def test_a_run_in_which_everything_diverged_still_has_all_its_charts():
    likelihoods = ["bernoulli", *FIXED[:2]]
    lost = [(likelihood, beta) for likelihood in likelihoods for beta in BETAS]
    tables = make_tables(likelihoods, autoencoder=False, diverged=lost)
    for name in charts_for(likelihoods):
        assert fits(DRAWERS[name](tables)), name


def test_a_saved_figure_is_opaque_so_that_it_reads_on_a_dark_page(tmp_path):
    style.save(DRAWERS["answer"](make_tables()), tmp_path / "answer.png")
    pixels = plt.imread(tmp_path / "answer.png")
    assert pixels.shape[1] == style.WIDTH * style.DPI
    np.testing.assert_array_equal(pixels[0, 0, :3], 1)
    assert pixels.shape[2] == 3 or pixels[..., 3].min() == 1


def test_every_chart_has_a_drawer_and_every_figure_a_caption_and_an_alternative_text():
    assert set(DRAWERS) == set(CHARTS)
    assert not set(CHARTS) & set(GALLERY), "their captions share a folder"
    for figure in [*CHARTS.values(), *GALLERY.values()]:
        assert figure.category and figure.caption.endswith(".") and len(figure.alt) > 20
        assert not set(figure.alt) & set("[]()*_`\n"), "must not break a Markdown image"


def test_lines_of_seven_likelihoods_differ_in_colour_and_in_marker():
    lines = style.line_styles(7)
    assert len({line["color"] for line in lines}) == len({line["marker"] for line in lines}) == 7
    pairs = {(line["color"], line["marker"]) for line in style.line_styles(30)}
    assert len(pairs) == 30


@pytest.mark.parametrize(
    ("betas", "most", "expected"),
    [
        ([1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8], 8, [1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8]),
        ([1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8], 4, [1 / 16, 1 / 4, 1, 4]),
        ([0.9, 1, 1.1, 8], 4, [1, 8]),
        ([3.0], 4, [3.0]),
    ],
)
def test_named_betas_are_spread_out_around_one(betas, most, expected):
    assert beta_ticks(betas, most) == pytest.approx(expected)


def plane(tables: Group) -> plt.Axes:
    return DRAWERS["rate_distortion"](tables).axes[0]


def test_values_on_the_plane_lie_on_their_line_and_are_the_elbo():
    ax = plane(make_tables(["bernoulli"]))
    assert len(ax.texts) >= 2
    for text in ax.texts:
        rate, distortion = text.get_position()
        assert -(rate + distortion) == pytest.approx(float(text.get_text().replace("−", "-")))


def test_the_plane_has_a_dot_per_beta_without_the_autoencoder_and_lost_models():
    tables = make_tables(["bernoulli"], diverged=[("bernoulli", 4.0)])
    dots = np.concatenate([dot.get_offsets() for dot in plane(tables).collections])
    expected = [(8 / (1 + beta), 20 + beta) for beta in BETAS if beta != 4]
    np.testing.assert_allclose(dots, expected)


@pytest.mark.parametrize("betas", [BETAS, (1.0,)])
def test_the_heat_map_has_a_column_per_beta_and_the_largest_dimension_on_top(betas):
    ax = DRAWERS["dimensions"](make_tables(["bernoulli"], betas)).axes[0]
    (image,) = ax.images
    expected = [[kl / (1 + beta) for beta in betas] for kl in (3, 2, 1)]
    np.testing.assert_allclose(image.get_array(), expected)
    assert image.get_extent() == [-0.5, len(betas) - 0.5, 3.5, 0.5]
    assert ax.get_ylim() == (3.5, 0.5)


def test_training_curves_are_the_unweighted_elbo():
    tables = make_tables(["bernoulli"], betas=[4.0])
    (line,) = DRAWERS["training"](tables).axes[0].lines
    np.testing.assert_allclose(line.get_ydata(), [-(29 + 9), -(28 + 9)])
