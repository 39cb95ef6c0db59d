"""The answer at a glance: the best β per likelihood and criterion."""

import textwrap

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from vae.metrics import METRICS
from vae.reporting import style
from vae.reporting.answers import ordered_criteria
from vae.reporting.group import Group
from vae.reporting.names import likelihood_name
from vae.reporting.panels import beta_axis, shared_legend

BEST = "best β"
AT_EDGE = "best β at the edge: extend the grid"
NO_SET = " (too few seeds for a set)"
MEMBERS = "cannot be told from the best at 95 %"
TITLE_CHARACTERS = {1: 60, 2: 40, 3: 26, 4: 20, 5: 16, 6: 14}


def draw_answer(group: Group) -> Figure:
    """Best β and the βs that cannot be told from it: likelihoods down, criteria across."""
    criteria = ordered_criteria(group.best)
    if not criteria:
        return style.notice("No β has a value by any criterion.")
    likelihoods = group.likelihoods
    size = (style.WIDTH, 1.5 + 0.32 * len(likelihoods))
    figure, axes = plt.subplots(1, len(criteria), figsize=size, sharey=True, squeeze=False)
    for criterion, ax in zip(criteria, axes.flat, strict=True):
        rows = group.best[group.best.criterion == criterion].set_index("likelihood")
        for y, likelihood in enumerate(likelihoods):
            if likelihood in rows.index:
                _row(ax, y, rows.loc[likelihood], group.betas_of(likelihood))
            else:
                ax.annotate("–", (0.5, y), xycoords=("axes fraction", "data"), **_CENTRED)
        _axes(ax, criterion, group.betas, len(criteria))
    axes.flat[0].set_yticks(range(len(likelihoods)), map(likelihood_name, likelihoods))
    axes.flat[0].set_ylim(len(likelihoods) - 0.5, -0.5)
    shared_legend(figure)
    return figure


_CENTRED = {"ha": "center", "va": "center", "color": style.GREY}


def _row(ax: Axes, y: int, row: pd.Series, betas: list[float]) -> None:
    """One answer: small dots for the set, a large mark for the best β."""
    known = pd.notna(row.indistinguishable_betas)
    colour = sns.color_palette("colorblind")[0] if known else style.GREY
    ax.plot(
        row.best_beta,
        y,
        _marker(row),
        label=(AT_EDGE if row.at_edge else BEST) + ("" if known else NO_SET),
        color=colour,
        markerfacecolor="white" if row.at_edge else colour,
        markersize=9,
        markeredgewidth=1.8,
        zorder=3,
    )
    if known:
        members = [float(beta) for beta in str(row.indistinguishable_betas).split()]
        heights = [y if np.isclose(beta, members).any() else np.nan for beta in betas]
        ax.plot(betas, heights, "o-", color=colour, markersize=4, label=MEMBERS)


def _marker(row: pd.Series) -> str:
    """A dot, or at an edge an arrow that says where the grid should go on."""
    if not row.at_edge or row.betas == 1:
        return "o"
    return "<" if row.best_beta == row.lowest_beta else ">"


def _axes(ax: Axes, criterion: str, betas: list[float], panels: int) -> None:
    ax.set_title(textwrap.fill(METRICS[criterion].label, TITLE_CHARACTERS.get(panels, 12)))
    beta_axis(ax, betas, labels=max(3, 20 // panels), margin=0.09)
    ax.set_xticks(betas, [""] * len(betas), minor=True)
    ax.grid(axis="x", which="both")
    ax.tick_params(which="both", length=0)
