"""How blurred are reconstructions? Power spectra, and the high-frequency energy that survives."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from vae.reporting import style
from vae.reporting.group import Group
from vae.reporting.names import beta_name
from vae.reporting.panels import label_rows, panels, plain_log, shared_legend


def draw_spectra(group: Group) -> Figure:
    """Radially averaged power spectra of data and reconstructions, mean over seeds."""
    figure, axes = panels(group, sharey=True)
    for likelihood, ax in axes.items():
        _spectra(
            ax, group, group.table("spectra")[group.table("spectra").likelihood == likelihood]
        )
        ax.set_xlabel("frequency (cycles per pixel)")
    for ax in axes.values():
        plain_log(ax)
    label_rows(axes, "power (intensity²)")
    shared_legend(figure)
    return figure


def _spectra(ax: Axes, group: Group, rows: pd.DataFrame) -> None:
    """One likelihood; the frequency 0, which is only the mean brightness, is left out."""
    rows = rows[rows.frequency > 0].dropna(subset="power")
    mean = rows.groupby(["model", "beta", "frequency"]).power.mean()
    for beta, colour in style.beta_palette(group.betas).items():
        if ("vae", beta) in mean:
            ax.plot(mean["vae", beta], color=colour, linewidth=1.3, label=f"β = {beta_name(beta)}")
    if "ae" in mean:
        ax.plot(mean["ae"].droplevel("beta"), color="black", linestyle="--", label="autoencoder")
    ax.plot(mean["data"].droplevel("beta"), color="black", linewidth=2, label="test images")
