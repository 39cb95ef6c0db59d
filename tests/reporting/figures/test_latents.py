"""Charts of the parts of the rate, of latent dimensions and of spectra: what they draw."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import StepPatch
from synthetic_results import make_group
from synthetic_tables import FREQUENCIES
from synthetic_values import made_up

from vae.reporting.figures import style
from vae.reporting.figures.latents import (
    INFORMATION,
    SATURATED,
    brightest,
    draw_dimensions,
    draw_rate_parts,
)
from vae.reporting.figures.spectra import draw_spectra

pytestmark = pytest.mark.usefixtures("closed_figures")

BETAS = (0.25, 1.0, 4.0)
CEILING = float(np.log(397))
PARTS = {
    "rate": {0.25: 12.0, 1.0: 9.0, 4.0: 2.0},
    "mutual_information": {0.25: 5.9, 1.0: 5.0, 4.0: 1.5},
    "mutual_information_saturated": {0.25: 1.0, 1.0: 1.0, 4.0: 0.0},
    "mutual_information_ceiling": dict.fromkeys(BETAS, CEILING),
    "marginal_kl": {0.25: 6.1, 1.0: 4.0, 4.0: 0.5},
    "marginal_kl_lower": {0.25: 2.0, 1.0: 1.0, 4.0: 0.1},
}


def panel(figure: Figure) -> Axes:
    return figure.axes[0]


def line(ax: Axes, label: str) -> Line2D:
    (found,) = [one for one in ax.lines if one.get_label() == label]
    return found


def test_saturated_betas_are_grey_and_below_the_ceiling():
    ax = panel(draw_rate_parts(make_group(["bernoulli"], BETAS, changes=PARTS)))
    assert list(line(ax, INFORMATION).get_xdata()) == [4.0]
    assert list(line(ax, SATURATED).get_xdata()) == [0.25, 1.0]
    assert line(ax, SATURATED).get_color() == style.GREY
    assert line(ax, "log N").get_ydata()[0] == pytest.approx(CEILING)
    np.testing.assert_allclose(line(ax, "rate").get_ydata(), [12.0, 9.0, 2.0])
    assert ax.get_ylim()[0] == 0 and ax.get_ylim()[1] > 12


def test_the_marginal_kl_is_a_bar_between_its_bounds():
    ax = panel(draw_rate_parts(make_group(["bernoulli"], BETAS, changes=PARTS)))
    (bars,) = [c for c in ax.collections if isinstance(c, LineCollection)]
    ends = [segment[:, 1].tolist() for segment in bars.get_segments()]
    np.testing.assert_allclose(ends, [[2.0, 6.1], [1.0, 4.0], [0.1, 0.5]])


def test_without_a_lower_bound_the_marginal_kl_is_a_point():
    changes = PARTS | {"marginal_kl_lower": None}
    ax = panel(draw_rate_parts(make_group(["bernoulli"], BETAS, changes=changes)))
    (bars,) = [c for c in ax.collections if isinstance(c, LineCollection)]
    assert all(np.ptp(segment[:, 1]) == 0 for segment in bars.get_segments())


@pytest.mark.parametrize("betas", [BETAS, (1.0,)])
def test_the_heat_map_has_a_column_per_beta_and_the_largest_dimension_on_top(betas):
    ax = panel(draw_dimensions(make_group(["bernoulli"], betas)))
    (image,) = ax.images
    drawn = np.asarray(image.get_array())
    assert drawn.shape == (10, len(betas))
    expected = [max(0.01, made_up(beta)["rate"] / 2) for beta in betas]
    np.testing.assert_allclose(drawn[0], expected)
    assert (np.diff(drawn, axis=0) <= 0).all()
    assert image.get_extent() == [-0.5, len(betas) - 0.5, 10.5, 0.5]


def test_active_units_end_at_the_line():
    ax = panel(draw_dimensions(make_group(["bernoulli"], BETAS)))
    (steps,) = [patch for patch in ax.patches if isinstance(patch, StepPatch)]
    active = [made_up(beta)["active_units"] + 0.5 for beta in BETAS]
    assert list(steps.get_data().values) == active


def test_one_likelihood_does_not_set_the_scale_of_all():
    rows = [("a", 3.0), ("b", 4.0), ("c", 110.0)]
    assert brightest(pd.DataFrame(rows, columns=["likelihood", "kl"])) == 4.0


def test_spectra_are_shares_of_the_test_images_without_the_brightness():
    ax = panel(draw_spectra(make_group(["bernoulli"], BETAS)))
    labels = [one.get_label() for one in ax.lines]
    assert labels == ["test images", "β = 1/4", "β = 1", "β = 4", "autoencoder"]
    assert set(line(ax, "test images").get_ydata()) == {1}
    drawn = line(ax, "β = 1")
    np.testing.assert_allclose(drawn.get_xdata(), FREQUENCIES[1:])
    kept = made_up(1.0)["high_frequency_energy"]
    expected = np.exp(-10 * FREQUENCIES[1:] * (1 / kept - 1))
    np.testing.assert_allclose(drawn.get_ydata(), expected)


def test_a_beta_whose_cells_all_diverged_is_left_out_of_the_spectra():
    group = make_group(["bernoulli"], BETAS, diverged=[("bernoulli", 4.0)])
    labels = [one.get_label() for one in panel(draw_spectra(group)).lines]
    assert labels == ["test images", "β = 1/4", "β = 1", "autoencoder"]
