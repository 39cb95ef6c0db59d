"""The answer at a glance: the best β per likelihood and criterion, and how flat the best is."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from vae.metrics import METRICS
from vae.reporting.answers import members
from vae.reporting.figures import style
from vae.reporting.figures.panels import beta_axis, shared_legend, wrapped_text
from vae.reporting.group import Group
from vae.reporting.names import likelihood_name
from vae.reporting.uses import WITH_OPTIMUM, answers

MOST_COLUMNS = 5
TITLE_CHARACTERS = 84  # that fit above all panels, the names of likelihoods taking their part
BEST = "β* and its interval"
GRID_BEST = "best β of the grid"
AT_EDGE = "best β at the edge: the true one may lie beyond"
MEMBER = "not excluded at 95 %, loses nothing"
WORSE = "… loses a tenth of what the worst β does"
WORST = "… loses half of it or more"
SHADES = {MEMBER: 0.0, WORSE: 0.1, WORST: 0.5}
NOT_APPLICABLE = "n/a"
ASIDE = 0.19  # of a row: bars stand so far above its middle, dots as far below


def draw_answer(group: Group) -> Figure:
    """Best β and the βs that cannot be told from it: likelihoods down, uses across."""
    columns = questions(group)
    if not columns:
        return style.notice("No β has a value by any criterion.")
    figure, axes = _grid(len(columns), len(group.likelihoods))
    for (question, rows), ax in zip(columns.items(), axes, strict=True):
        for y, likelihood in enumerate(group.likelihoods):
            if likelihood in rows:
                row = rows[likelihood]
                values = group.values(likelihood, row.criterion)
                _row(ax, y, row, regrets(values, METRICS[row.criterion].better))
            else:
                ax.text(0.5, y, NOT_APPLICABLE, **_NOTE, transform=ax.get_yaxis_transform())
        _axes(ax, question, group.betas)
    axes[0].set_yticks(range(len(group.likelihoods)), map(likelihood_name, group.likelihoods))
    axes[0].set_ylim(len(group.likelihoods) - 0.5, -0.5)
    _add_shades(axes[0], group.best)
    shared_legend(figure)
    return figure


def questions(group: Group) -> dict[str, dict[str, pd.Series]]:
    """The answers by likelihood to every use that has any; without uses, to every criterion.

    A title names the first criterion of a use; a likelihood without it has the next one.
    """
    found = {}
    for use in WITH_OPTIMUM:
        rows = answers(group, use)
        judged = {row.criterion for row in rows.values()}
        if rows:
            first = next(c for c in map(group.metric, use.criteria) if c in judged)
            found[f"{use.name}:\n{METRICS[first].header}"] = rows
    return found or {
        METRICS[criterion].header: {row.likelihood: row for _, row in rows.iterrows()}
        for criterion, rows in group.best.groupby("criterion", sort=False)
    }


_NOTE = {"ha": "center", "va": "center", "color": style.GREY, "fontsize": 9}
_NOTE |= {"bbox": {"facecolor": "white", "edgecolor": "none", "pad": 1}}


def _grid(criteria: int, likelihoods: int) -> tuple[Figure, list[Axes]]:
    rows = -(-criteria // MOST_COLUMNS)
    columns = -(-criteria // rows)
    size = (style.WIDTH, 0.9 + rows * (0.8 + 0.27 * max(4, likelihoods)))
    figure, axes = plt.subplots(rows, columns, figsize=size, sharey=True, squeeze=False)
    for ax in axes.flat[criteria:]:
        ax.remove()
    return figure, list(axes.flat[:criteria])


def regrets(values: pd.DataFrame, better: str) -> pd.Series:
    """What every β loses against the best one, as a share of what the worst one loses.

    Args:
        values: a row per seed, a column per β.
        better: ``higher`` or ``lower``.
    """
    losses = values.mean() if better == "lower" else -values.mean()
    losses = losses - losses.min()
    return losses / (losses.max() or 1.0)


def shade(regret: float) -> tuple:
    """Dark where nothing is lost, pale from half of the worst β's loss on."""
    return style.mixed_with_white(style.BLUE, min(1.0, regret / 0.5) ** 0.5 * 0.78)


def _row(ax: Axes, y: int, row: pd.Series, losses: pd.Series) -> None:
    """One answer: β* with its interval above dots for the set, which are shaded by regret."""
    held = [beta for beta in losses.index if np.isclose(beta, members(row)).any()]
    below = [y + ASIDE] * len(held)
    ax.scatter(held, below, s=34, c=[shade(losses[b]) for b in held], zorder=2)
    y = y - ASIDE if held else y
    star, low, high = (row.get(f"beta_star{end}", np.nan) for end in ("", "_low", "_high"))
    if pd.notna(star) and pd.notna(low):
        ends = np.clip([low, high], losses.index[0] / 2, losses.index[-1] * 2)  # beyond: no end
        ax.plot(ends, [y, y], color=style.BLACK, linewidth=1.4, zorder=3)
    direction = _beyond(row)
    if pd.notna(star) and not direction:
        ax.plot(star, y, "|", color=style.BLACK, label=BEST, **_TICK)
    else:
        mark = {"markerfacecolor": "white", "color": style.BLACK, "markersize": 6.5}
        label = AT_EDGE if direction else GRID_BEST
        ax.plot(row.best_beta, y, direction or "o", label=label, zorder=4, **mark)


_TICK = {"markersize": 8, "markeredgewidth": 2.2, "zorder": 4}


def _beyond(row: pd.Series) -> str:
    """An arrow to where the grid should go on, if the best β may lie there; else nothing."""
    if row.betas == 1:
        return ""
    grid = "" if not row.at_edge else "below" if row.best_beta == row.lowest_beta else "above"
    return {"below": "<", "above": ">"}.get(row.get("optimum", grid), "")


def _add_shades(ax: Axes, best: pd.DataFrame) -> None:
    """Name the shades in the legend, where there is any set."""
    if best.indistinguishable_betas.notna().any():
        for label, regret in SHADES.items():
            dot = Line2D([], [], linestyle="", marker="o", label=label, color=shade(regret))
            ax.add_line(dot)


def _axes(ax: Axes, question: str, betas: list[float]) -> None:
    columns = ax.get_subplotspec().get_gridspec().ncols
    use, _, criteria = question.rpartition("\n")
    lines = [wrapped_text(part, TITLE_CHARACTERS // columns) for part in (use, criteria) if part]
    ax.set_title("\n".join(lines))
    beta_axis(ax, betas, labels=max(3, 20 // columns), margin=0.09)
    ax.set_xticks(betas, [""] * len(betas), minor=True)
    ax.grid(axis="x", which="both")
    ax.tick_params(which="both", length=0)
