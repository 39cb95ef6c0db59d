"""One panel per metric: which metrics, and what their lines are."""

import numpy as np
import pytest
from matplotlib.axes import Axes
from synthetic_results import BETAS, make_group

from vae.reporting.figures.metrics import draw_metrics
from vae.reporting.group import Group

pytestmark = pytest.mark.usefixtures("closed_figures")

LOSS = {"log_likelihood_binarised": lambda beta: -30 - 5 * abs(np.log2(beta))}


def title(ax: Axes) -> str:
    return ax.get_title().replace("\n", " ").replace("\xa0", " ").rstrip(" ↑↓")


def panel(group: Group, start: str) -> Axes:
    (found,) = [ax for ax in draw_metrics(group).axes if title(ax).startswith(start)]
    return found


def curves(ax: Axes, betas=BETAS) -> list[np.ndarray]:
    """The vertical places of all lines that span the grid."""
    return [
        np.asarray(line.get_ydata()) for line in ax.lines if len(line.get_xdata()) == len(betas)
    ]


def titles(group: Group) -> list[str]:
    return [title(ax) for ax in draw_metrics(group).axes if ax.axison]


def test_criteria_come_first_and_then_what_explains_them():
    found = titles(make_group())
    assert found[0] == "bits/dim"
    assert found[-4:] == ["MSE", "rate", "active units", "high-frequency energy"]


def test_a_metric_that_nobody_has_gets_no_panel():
    assert "bits/dim" not in titles(make_group(["bernoulli"]))
    assert any(found.startswith("Inception FID") for found in titles(make_group(inception=True)))


def test_log_probabilities_are_drawn_as_the_loss_against_the_best_beta_of_the_same_seed():
    ax = panel(make_group(changes=LOSS), "log p of binarised")
    (curve,) = curves(ax)
    np.testing.assert_allclose(curve, [-10, -5, 0, -5, -10, -15], atol=1e-9)
    assert ax.get_ylim()[0] < min(curve) and max(curve) < ax.get_ylim()[1]
    assert ax.get_yscale() == "symlog"


def test_other_metrics_are_drawn_as_they_are():
    ax = panel(make_group(changes={"mse": lambda beta: 0.01 * beta}), "MSE")
    for curve in curves(ax):
        np.testing.assert_allclose(curve, 0.01 * np.array(BETAS))


def test_a_logarithmic_axis_looks_like_one():
    ax = panel(make_group(), "MSE")
    ax.figure.draw_without_rendering()
    assert ax.get_yscale() == "log"
    low, high = ax.get_ylim()
    shown = [t for t in ax.yaxis.get_minor_ticks() if low < t.get_loc() < high]
    assert shown and all(tick.tick1line.get_markersize() > 0 for tick in shown)
    gaps = np.diff(np.log([tick.get_loc() for tick in shown]))
    assert np.ptp(gaps) > 0.01, "between a power of ten and the next they crowd together"


def test_autoencoders_stand_left_of_the_grid_where_a_metric_compares_them():
    ax = panel(make_group(), "MSE")
    hollow = [line for line in ax.lines if line.get_markerfacecolor() == "white"]
    assert len(hollow) == 2 and all(line.get_xdata()[0] < min(BETAS) / 2 for line in hollow)
    assert "AE" in [label.get_text() for label in ax.get_xticklabels()]
    for other in (panel(make_group(), "rate"), panel(make_group(autoencoder=False), "MSE")):
        assert "AE" not in [label.get_text() for label in other.get_xticklabels()]


def test_a_beta_that_diverged_leaves_a_gap_in_no_other_line():
    group = make_group(["bernoulli", "discretized_logistic"], diverged=[("bernoulli", 4.0)])
    lengths = {len(line.get_xdata()) for line in panel(group, "rate").lines} - {0, 2}
    assert lengths == {len(BETAS) - 1, len(BETAS)}


def test_references_are_named_on_their_lines():
    ax = panel(make_group(), "bits/dim")
    assert [text.get_text() for text in ax.texts] == ["histogram"]
    assert [2.98, 2.98] in [list(line.get_ydata()) for line in ax.lines]


def test_a_reference_far_below_is_written_instead_of_drawn():
    group = make_group(changes={"fid_prior": lambda beta: 500 * beta})
    ax = panel(group, "FID of expected")
    assert ax.get_ylabel().startswith("real images: ") and ax.get_ylim()[0] > 100


def test_the_name_of_a_line_stands_where_values_are_far():
    for slope, side in ((1, "right"), (-1, "left")):
        changes = {"bits_per_dim": lambda beta, s=slope: 5 + s * beta / 4}
        (text,) = panel(make_group(["discretized_logistic"], changes=changes), "bits/dim").texts
        assert text.get_ha() == side
