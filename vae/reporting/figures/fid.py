"""Charts of sample quality: FID against β by where the codes come from."""

from matplotlib.figure import Figure

from vae.metrics import METRICS
from vae.reporting.figures import style
from vae.reporting.figures.panels import (
    beta_axis,
    label_rows,
    log_axis,
    panels,
    seed_line,
    shared_legend,
)
from vae.reporting.group import Group

SOURCES = {
    "fid_prior": ("prior", "-"),
    "fid_prior_drawn": ("prior, images drawn from p(x|z)", "--"),
    "fid_gmm": ("ex-post mixture", "-"),
    "fid_gaussian": ("ex-post Gaussian", "-"),
    "fid_reconstruction": ("reconstructions", "-"),
}
AUTOENCODER = "autoencoder, ex-post mixture"
FLOOR = "real train and test images"


def draw_fid(group: Group) -> Figure:
    """FID against β by where the codes come from, in whichever features it was measured."""
    figure, axes = panels(group, sharey=True)
    colours = source_colours()
    floor = group.reference("fid_floor")
    for likelihood, ax in axes.items():
        for metric, (label, line) in SOURCES.items():
            rows = group.rows(group.metric(metric), likelihood=likelihood)
            seed_line(ax, rows, label=label, linestyle=line, color=colours[metric])
        values = group.autoencoder(likelihood, "fid_gmm")
        if len(values):
            ax.axhline(values.mean(), color="black", linestyle=":", label=AUTOENCODER)
        if floor is not None:
            ax.axhline(floor, color=style.GREY, linewidth=1, label=FLOOR)
        beta_axis(ax, group.betas, labels=5)
    for ax in axes.values():
        log_axis(ax.yaxis)
    label_rows(axes, f"{fid_name(group)} (lower is better)")
    shared_legend(figure)
    return figure


def source_colours() -> dict[str, tuple]:
    """One colour per source of codes; drawn and expected images of one source share theirs."""
    blue, orange, green, _, purple = style.hues()[:5]
    return dict(zip(SOURCES, (blue, blue, orange, purple, green), strict=True))


def fid_name(group: Group) -> str:
    """``FID`` with the name of its features where they are not the classifier's."""
    return METRICS[group.metric("fid_prior")].label.split(" of ")[0]
