"""Planes of two metrics and the charts of likelihoods: what is drawn and what is framed."""

import math

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from synthetic_results import make_group

from vae.reporting.figures.likelihoods import draw_beta_sigma, draw_gaps, draw_masses
from vae.reporting.figures.planes import OTHERS, draw_criteria, draw_fidelity_diversity
from vae.reporting.figures.training import draw_rate_distortion, draw_training

pytestmark = pytest.mark.usefixtures("closed_figures")

BETAS = (0.5, 1.0, 2.0)
TWINS = ("gaussian_learned_sigma", "gaussian_learned_sigma_discretized")


def dots(ax: Axes, label: str) -> list[list[float]]:
    found = [c for c in ax.collections if c.get_label() == label]
    return [np.asarray(c.get_offsets())[0].tolist() for c in found]


def curve(ax: Axes, label: str) -> list[float]:
    (found,) = [line for line in ax.lines if line.get_label() == label]
    return list(found.get_ydata())


def by_beta(*values: float) -> dict[float, float]:
    return dict(zip(BETAS, values, strict=True))


def test_the_best_by_either_criterion_is_framed_and_named():
    changes = {"bits_per_dim": by_beta(2.2, 2.0, 2.1), "fid_prior": by_beta(30, 20, 10)}
    ax = draw_criteria(make_group([TWINS[0]], BETAS, changes=changes)).axes[0]
    nats = math.log(2) * 64  # of a bit per pixel
    np.testing.assert_allclose(dots(ax, "β = 1/2"), [[0.2 * nats, 30]])
    assert dots(ax, "best by likelihood") == [[0, 20]]
    np.testing.assert_allclose(dots(ax, "best by FID"), [[0.1 * nats, 10]])
    assert [text.get_text() for text in ax.texts] == ["2", "1"]
    assert ax.get_xscale() == "symlog" and not ax.xaxis_inverted()


def test_where_one_beta_is_best_by_both_it_is_named_once():
    changes = {"bits_per_dim": by_beta(2.2, 2.0, 2.1), "fid_prior": by_beta(30, 10, 20)}
    ax = draw_criteria(make_group([TWINS[0]], BETAS, changes=changes)).axes[0]
    assert [text.get_text() for text in ax.texts] == ["1"]


def test_lower_left_is_better_for_log_probabilities_too():
    changes = {"log_likelihood_binarised": by_beta(-25, -23, -24)}
    ax = draw_criteria(make_group(["bernoulli"], BETAS, changes=changes)).axes[0]
    assert [dots(ax, f"β = {beta}")[0][0] for beta in ("1/2", "1", "2")] == [2, 0, 1]
    assert dots(ax, "best by likelihood")[0][0] == 0 and not ax.xaxis_inverted()


def test_fidelity_and_diversity_share_their_axes_and_show_the_others():
    axes = [ax for ax in draw_fidelity_diversity(make_group(TWINS, BETAS)).axes if ax.axison]
    for ax in axes:
        assert ax.get_xlim()[0] < 0 and ax.get_xlim()[1] > 1
        assert all(
            ax.get_ylim()[0] < y < ax.get_ylim()[1] for line in ax.lines for y in line.get_ydata()
        )
        assert [line.get_label() for line in ax.lines].count(OTHERS) == 1


def test_gaps_add_up_and_the_bound_of_papers_stands_beside_them():
    changes = {
        "log_likelihood": dict.fromkeys(BETAS, -20.0),
        "elbo": by_beta(-26, -23, -25),
        "approximation_gap": by_beta(2, 1, 2),
        "amortisation_gap": by_beta(4, 2, 3),
        "importance_bound": by_beta(-21, -20.5, -20.25),
    }
    rescaled = {"log_likelihood": by_beta(-13, -13, -13), "scale_gain": by_beta(7, 7, 7)}
    ax = draw_gaps(make_group([TWINS[0]], BETAS, changes=changes | rescaled)).axes[0]
    assert curve(ax, "log p(x) − ELBO") == [6, 3, 5], "scales as trained"
    ax = draw_gaps(make_group(["bernoulli"], BETAS, changes=changes)).axes[0]
    total = curve(ax, "log p(x) − ELBO")
    assert total == [6, 3, 5]
    parts = np.add(curve(ax, "approximation gap"), curve(ax, "amortisation gap"))
    np.testing.assert_allclose(parts, total)
    assert curve(ax, "log p(x) − $L_K$") == [1, 0.5, 0.25]


def test_both_forms_of_a_family_stand_in_one_panel_with_their_best_beta():
    changes = {
        f"{TWINS[0]}/bits_per_dim": by_beta(2.4, 2.3, 2.2),
        f"{TWINS[1]}/bits_per_dim": by_beta(2.0, 1.9, 2.1),
    }
    above, below = draw_masses(make_group(TWINS, BETAS, changes=changes)).axes
    assert above.get_title() == "Gaussian, learned σ"
    assert [text.get_text() for text in above.texts] == ["β = 2", "β = 1"]
    rings = [c.get_offsets()[0] for c in above.collections if isinstance(c, PathCollection)]
    np.testing.assert_allclose(rings, [[2.0, 2.2], [1.0, 1.9]])
    assert below.get_yscale() == "log"


def test_the_curves_of_all_sigmas_meet_on_the_product():
    changes = {
        f"gaussian_fixed_sigma_{sigma}/rate": lambda beta, s=sigma: 1 / (beta * s**2)
        for sigma in (0.1, 0.2)
    }
    ax = draw_beta_sigma(make_group([k.split("/")[0] for k in changes], changes=changes)).axes[0]
    for line in ax.lines:
        np.testing.assert_allclose(line.get_ydata(), 1 / line.get_xdata())


def test_training_curves_are_the_unweighted_elbo_up_to_the_epoch_kept():
    (ax,) = draw_training(make_group(["bernoulli"], betas=[4.0]), warmup_epochs=2).axes
    (elbo, kept, warmup) = ax.lines
    group = make_group(["bernoulli"], betas=[4.0])
    rows = group.table("history")
    rows = rows[(rows.model == "vae") & (rows.split == "validation") & (rows.seed == 0)]
    expected = -(rows.distortion + rows.rate)[rows.epoch > 0]
    np.testing.assert_allclose(elbo.get_ydata(), expected)
    assert list(kept.get_xdata()) == [4.0] and list(warmup.get_xdata()) == [2, 2]


def test_curves_are_those_of_the_first_seed():
    group = make_group(["bernoulli"], betas=[1.0])
    history = group.table("history")
    history = history[~((history.seed == 0) & (history.epoch > 2))]
    tables = {**group.tables, "history": history}
    (ax,) = draw_training(type(group)(group.name, tables)).axes
    assert list(ax.lines[0].get_xdata()) == [1, 2]


def test_values_on_the_plane_lie_on_their_line_and_are_the_elbo():
    ax = draw_rate_distortion(make_group(["bernoulli"])).axes[0]
    assert len(ax.texts) >= 2
    for text in ax.texts:
        rate, distortion = text.get_position()
        assert -(rate + distortion) == pytest.approx(float(text.get_text().replace("−", "-")))
