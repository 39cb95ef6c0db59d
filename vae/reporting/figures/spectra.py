"""How blurred are reconstructions? Their power spectra as a share of the test images'."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from vae.reporting.figures import style
from vae.reporting.figures.panels import label_rows, log_axis, panels, shared_legend
from vae.reporting.group import Group
from vae.reporting.names import beta_equals

LEAST_SHARE = 0.01  # of the power of test images; less is as good as gone


def draw_spectra(group: Group) -> Figure:
    """Radially averaged power of reconstructions over that of the test images, by frequency."""
    figure, axes = panels(group, sharey=True)
    columns = ["likelihood", "model", "beta", "frequency", "power"]
    spectra = group.table("spectra", columns).reindex(columns=columns)
    palette = style.beta_palette(group.betas)
    for likelihood, ax in axes.items():
        shares = power_shares(spectra[spectra.likelihood == likelihood])
        _draw(ax, shares, palette)
        ax.set_xlabel("frequency (cycles per pixel)")
    for ax in axes.values():
        log_axis(ax.yaxis)
        ax.set_ylim(bottom=max(LEAST_SHARE, ax.get_ylim()[0]))
    label_rows(axes, "power, as a share\nof the test images'")
    shared_legend(figure)
    return figure


def power_shares(rows: pd.DataFrame) -> pd.Series:
    """Mean over seeds by (model, β, frequency), over the power of the test images.

    The frequency 0, which is only the mean brightness, is left out.
    """
    rows = rows[rows.frequency > 0].dropna(subset="power")
    mean = rows.groupby(["model", "beta", "frequency"]).power.mean()
    models = mean[mean.index.get_level_values("model") != "data"]
    if len(models) == len(mean):
        return models.iloc[:0]
    return models / mean["data"].droplevel("beta").reindex(models.index, level="frequency")


def _draw(ax: Axes, shares: pd.Series, palette: dict[float, tuple]) -> None:
    ax.axhline(1, color="black", linewidth=1.5, label="test images", zorder=1)
    for beta, colour in palette.items():
        if ("vae", beta) in shares:
            line = {"color": colour, "linewidth": 1.5, "label": beta_equals(beta)}
            ax.plot(shares["vae", beta], **line)
    if "ae" in shares:
        line = {"color": "black", "linestyle": "--", "linewidth": 1.3}
        ax.plot(shares["ae"].droplevel("beta"), label="autoencoder", **line)
