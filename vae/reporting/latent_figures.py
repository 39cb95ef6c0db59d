"""Was the regularisation successful? What the rate consists of, against β."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from vae.reporting import style
from vae.reporting.panels import Tables, beta_axis, label_rows, panels, seed_line, shared_legend

PARTS = {
    "rate": ("rate", {"color": "black", "linewidth": 2.5}),
    "mutual_information": ("mutual information", {"color": "C0"}),
    "marginal_kl": ("marginal KL", {"color": "C1"}),
}


def draw_aggregate_posterior(tables: Tables) -> Figure:
    """The rate, and its two parts: mutual information and the aggregate's distance to the prior."""
    figure, axes = panels(tables)
    for likelihood, ax in axes.items():
        for metric, (label, options) in PARTS.items():
            rows = tables.values(metric)
            seed_line(ax, rows[rows.likelihood == likelihood], label=label, **options)
        _ceiling(ax, tables, likelihood)
        ax.set_yscale("symlog", linthresh=1)
        ax.set_ylim(bottom=0)
        beta_axis(ax, tables.betas)
    label_rows(axes, "nats per image")
    shared_legend(figure, next(iter(axes.values())))
    return figure


def _ceiling(ax: Axes, tables: Tables, likelihood: str) -> None:
    """A line at log N, above which no estimate of the mutual information can lie."""
    rows = tables.values("mutual_information_ceiling")
    values = rows.value[rows.likelihood == likelihood]
    if len(values):
        ax.axhline(values.iloc[0], color=style.GREY, linestyle="--", label="log N")
