"""Was the regularisation successful? What the rate consists of, against β."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from vae.reporting import style
from vae.reporting.group import Group
from vae.reporting.panels import (
    beta_axis,
    label_rows,
    panels,
    plain_numbers,
    seed_line,
    shared_legend,
)

PARTS = ("mutual_information", "marginal_kl")


def draw_rate_parts(group: Group) -> Figure:
    """The rate and its two parts, mutual information and marginal KL."""
    figure, axes = panels(group, sharey=True)
    for likelihood, ax in axes.items():
        for metric, label in zip(PARTS, ("mutual information", "marginal KL"), strict=True):
            rows = group.rows(metric)
            seed_line(ax, rows[rows.likelihood == likelihood], label=label)
        _rate(ax, group, likelihood)
        _ceiling(ax, group, likelihood)
        ax.set_yscale("symlog", linthresh=1)
        plain_numbers(ax.yaxis)
        beta_axis(ax, group.betas)
    figure.axes[0].set_ylim(bottom=0)
    label_rows(axes, "nats per image")
    shared_legend(figure)
    return figure


def _rate(ax: Axes, group: Group, likelihood: str) -> None:
    """The rate as a line, and as crosses what its two parts sum to, mean over seeds."""
    means = {}
    for metric in ("rate", *PARTS):
        rows = group.rows(metric)
        means[metric] = rows[rows.likelihood == likelihood].groupby("beta").value.mean()
    total = means["mutual_information"] + means["marginal_kl"]
    ax.plot(total, "x", color="black", zorder=3, label="their sum")
    ax.plot(means["rate"], color="#bbbbbb", linewidth=5, zorder=1, label="rate")


def _ceiling(ax: Axes, group: Group, likelihood: str) -> None:
    """A line at log N, above which no estimate of the mutual information can lie."""
    rows = group.rows("mutual_information_ceiling")
    values = rows.value[rows.likelihood == likelihood]
    if len(values):
        ax.axhline(values.iloc[0], color=style.GREY, linestyle="--", label="log N")
