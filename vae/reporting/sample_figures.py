"""Charts of sample quality: FID against β, and whether FID can be trusted on this dataset."""

import matplotlib.pyplot as plt
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from vae.metrics import METRICS, available
from vae.reporting import style
from vae.reporting.panels import (
    Tables,
    beta_axis,
    label_rows,
    panels,
    plain_log,
    seed_line,
    shared_legend,
)

SOURCES = {
    "fid_prior": "prior",
    "fid_gaussian": "ex-post Gaussian",
    "fid_gmm": "ex-post mixture",
    "fid_reconstruction": "reconstructions",
}


def draw_fid(tables: Tables) -> Figure:
    """FID against β by where the codes come from, in whichever features it was measured."""
    figure, axes = panels(tables, sharey=True)
    measured = set(tables.metrics.metric)
    ae = tables.values(available("fid_gmm", measured), "ae")
    for likelihood, ax in axes.items():
        for metric, label in SOURCES.items():
            rows = tables.values(available(metric, measured))
            seed_line(ax, rows[rows.likelihood == likelihood], label=label)
        values = ae[ae.likelihood == likelihood].value
        if len(values):
            name = "autoencoder, ex-post mixture"
            ax.axhline(values.mean(), color="black", linestyle=":", label=name)
        floor = tables.references[available("fid_floor", tables.references)]
        ax.axhline(floor, color=style.GREY, label="real train and test images")
        beta_axis(ax, tables.betas)
    for ax in axes.values():
        plain_log(ax)
    label_rows(axes, f"{fid_name(measured)} (lower is better)")
    shared_legend(figure)
    return figure


def fid_name(measured: set[str]) -> str:
    """``FID`` with the name of its features where they are not the classifier's."""
    return METRICS[available("fid_prior", measured)].label.split(",")[0]


def draw_fid_check(tables: Tables) -> Figure:
    """FID of corrupted real images against the strength of the corruption."""
    figure, ax = plt.subplots(figsize=(style.WIDTH, 3.6))
    column = available("fid", tables.corruptions.columns)
    spoiled = tables.corruptions[tables.corruptions.kind == "image"]
    sns.lineplot(spoiled, x="strength", y=column, hue="corruption", marker="o", ax=ax, zorder=3)
    _reference_line(ax, tables, "fid_floor", "-", "real train and test images")
    _reference_line(ax, tables, "fid_noise", "--", "uniform noise")
    plain_log(ax)
    ax.set_xlabel("strength (blur, crop: share of the image's side; noise: standard deviation)")
    ax.set_ylabel(fid_name(set(tables.metrics.metric)))
    shared_legend(figure)
    return figure


def _reference_line(ax: Axes, tables: Tables, name: str, line: str, label: str) -> None:
    value = tables.references[available(name, tables.references)]
    ax.axhline(value, color=style.GREY, linestyle=line, label=label)
