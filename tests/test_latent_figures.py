"""Charts of the parts of the rate and of spectra: what they draw."""

from collections.abc import Iterator

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from vae.reporting import style
from vae.reporting.group import Group
from vae.reporting.latent_figures import draw_rate_parts
from vae.reporting.spectrum_figures import draw_spectra

LIKELIHOODS = [
    "bernoulli",
    "continuous_bernoulli",
    "gaussian_fixed_sigma_0.2",
    "gaussian_learned_sigma",
    "discretized_logistic",
]
BETAS = [0.25, 1.0, 4.0]
VALUES = {"rate": 9.0, "mutual_information": 5.0, "marginal_kl": 4.1}
CEILING = float(np.log(382))


def metric_rows(model: str, beta: float, **values: float) -> list[dict]:
    cells = [(likelihood, seed) for likelihood in LIKELIHOODS for seed in (0, 1)]
    return [
        {"likelihood": k, "model": model, "beta": beta, "seed": s, "metric": m, "value": v + s}
        for k, s in cells
        for m, v in values.items()
    ]


@pytest.fixture
def tables() -> Group:
    metrics, spectra = metric_rows("ae", 0.0, high_frequency_energy=0.9), []
    for beta in BETAS:
        values = {m: v / beta for m, v in VALUES.items()}
        metrics += metric_rows("vae", beta, **values, high_frequency_energy=0.5 / beta)
    metrics += [
        {**row, "metric": "mutual_information_ceiling", "value": CEILING}
        for row in metrics
        if row["metric"] == "rate"
    ]
    for likelihood in LIKELIHOODS:
        for model, beta in (("data", 0.0), ("ae", 0.0), *(("vae", beta) for beta in BETAS)):
            frame = pd.DataFrame({"frequency": np.arange(5) / 8, "power": 1.0 / (1 + beta)})
            spectra.append(frame.assign(likelihood=likelihood, model=model, beta=beta, seed=0))
    tables = {"metrics": pd.DataFrame(metrics), "spectra": pd.concat(spectra)}
    return Group("digits-mlp-10d", tables)


@pytest.fixture(autouse=True)
def closed_figures() -> Iterator[None]:
    style.apply()
    yield
    plt.close("all")


def drawn(figure: Figure) -> list[Axes]:
    """The panels, without the place of the legend."""
    return [ax for ax in figure.axes if ax.axison]


def line(ax: Axes, label: str) -> Line2D:
    (found,) = [one for one in ax.lines if one.get_label() == label]
    return found


def test_the_parts_are_drawn_with_their_sum_and_the_ceiling(tables):
    for ax in drawn(draw_rate_parts(tables)):
        total = VALUES["mutual_information"] + VALUES["marginal_kl"]
        np.testing.assert_allclose(line(ax, "their sum").get_ydata(), total / np.array(BETAS) + 1)
        np.testing.assert_allclose(line(ax, "rate").get_ydata(), 9.0 / np.array(BETAS) + 0.5)
        assert line(ax, "log N").get_ydata()[0] == CEILING
        assert ax.get_ylim()[0] == 0 and ax.get_ylim()[1] > 36


def test_spectra_leave_out_the_brightness(tables):
    for ax in drawn(draw_spectra(tables)):
        labels = [one.get_label() for one in ax.lines]
        assert labels == ["β = 1/4", "β = 1", "β = 4", "autoencoder", "test images"]
        assert all(min(one.get_xdata()) == 1 / 8 for one in ax.lines)
        np.testing.assert_allclose(line(ax, "β = 1").get_ydata(), 0.5)


def test_a_beta_whose_cells_all_diverged_is_left_out_of_the_spectra(tables):
    lost = (tables.table("spectra").beta == 4) & (
        tables.table("spectra").likelihood == "bernoulli"
    )
    tables.table("spectra").loc[lost.to_numpy(), "power"] = np.nan
    first, second, *_ = draw_spectra(tables).axes
    assert [len(ax.lines) for ax in (first, second)] == [4, 5]
