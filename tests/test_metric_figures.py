"""One panel per metric: which metrics, and what their lines are."""

from collections.abc import Iterator

import matplotlib.pyplot as plt
import numpy as np
import pytest
from figure_tables import BETAS, make_tables
from matplotlib.axes import Axes

from vae.reporting import style
from vae.reporting.metric_figures import draw_metrics
from vae.reporting.panels import Tables


@pytest.fixture(autouse=True)
def closed_figures() -> Iterator[None]:
    style.apply()
    yield
    plt.close("all")


def panel(tables: Tables, title: str) -> Axes:
    (found,) = [ax for ax in draw_metrics(tables).axes if ax.get_title().startswith(title)]
    return found


def curves(ax: Axes, betas=BETAS) -> list[np.ndarray]:
    """The vertical places of all lines that span the grid."""
    return [
        np.asarray(line.get_ydata()) for line in ax.lines if len(line.get_xdata()) == len(betas)
    ]


def titles(tables: Tables) -> list[str]:
    return [ax.get_title().rstrip(" ↑↓") for ax in draw_metrics(tables).axes if ax.axison]


def test_criteria_come_first_and_then_what_explains_them():
    assert titles(make_tables()) == [
        "bits/dim",
        "binarised log-likelihood",
        "FID, prior samples",
        "reconstruction MSE",
        "rate",
        "active units",
        "high-frequency energy",
    ]


def test_a_metric_that_nobody_has_gets_no_panel():
    assert "bits/dim" not in titles(make_tables(["bernoulli"]))
    assert "Inception FID, prior samples" in titles(make_tables(inception=True))


def test_likelihoods_are_drawn_as_the_loss_against_the_best_beta_of_the_same_seed():
    ax = panel(make_tables(), "binarised log-likelihood")
    assert len(curves(ax)) == 2
    for curve in curves(ax):
        np.testing.assert_allclose(curve, [-10, -5, 0, -5, -10], atol=1e-9)
        assert ax.get_ylim()[0] < min(curve) and max(curve) < ax.get_ylim()[1]
    for band in ax.collections:  # seeds differ by a constant, so paired differences do not
        heights = band.get_paths()[0].vertices[:, 1]
        assert set(heights.round(9)) <= {0.0, -5.0, -10.0}


def test_other_metrics_are_drawn_as_they_are():
    (curve, _) = curves(panel(make_tables(), "reconstruction MSE"))
    np.testing.assert_allclose(curve, [0.01 * (1 + beta) + 0.001 for beta in BETAS])


def test_autoencoders_stand_left_of_the_grid_where_a_metric_compares_them():
    ax = panel(make_tables(), "reconstruction MSE")
    hollow = [line for line in ax.lines if line.get_markerfacecolor() == "white"]
    assert len(hollow) == 2 and all(line.get_xdata()[0] < min(BETAS) / 2 for line in hollow)
    assert "AE" in [label.get_text() for label in ax.get_xticklabels()]
    for other in (panel(make_tables(), "rate"), panel(make_tables(autoencoder=False), "reconst")):
        assert "AE" not in [label.get_text() for label in other.get_xticklabels()]


def test_a_beta_that_diverged_leaves_a_gap_in_no_other_line():
    tables = make_tables(["bernoulli", "discretized_logistic"], diverged=[("bernoulli", 4.0)])
    lengths = {len(line.get_xdata()) for line in panel(tables, "rate").lines} - {0, 2}
    assert lengths == {len(BETAS) - 1, len(BETAS)}


def test_references_are_named_on_their_lines():
    ax = panel(make_tables(), "bits/dim")
    assert [text.get_text() for text in ax.texts] == ["histogram code"]
    assert [3.0, 3.0] in [list(line.get_ydata()) for line in ax.lines]
    assert [t.get_text() for t in panel(make_tables(inception=True), "Inception FID").texts] == [
        "real training images"
    ]
