"""Charts of likelihoods: where an ELBO loses, densities against masses, β and σ together."""

from collections.abc import Iterable

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from vae.configuration.sweep import Likelihood
from vae.metrics import METRICS
from vae.reporting.figures import style
from vae.reporting.figures.catalogue import fixed_sigmas, mass_pairs
from vae.reporting.figures.panels import (
    beta_axis,
    label_rows,
    log_axis,
    panels,
    plain_numbers,
    seed_line,
    shared_legend,
    symlog_axis,
)
from vae.reporting.group import Group
from vae.reporting.names import beta_equals, likelihood_name

WIDE = {"color": style.LIGHT_GREY, "linewidth": 5, "marker": "", "zorder": 1}
FORMS = {False: "trained on the density", True: "trained on masses"}
SCORES = ("bits_per_dim", "fid_prior")


def draw_gaps(group: Group) -> Figure:
    """What log p(x) − ELBO consists of (Cremer et al. 2018), and what L_K misses of log p(x)."""
    figure, axes = panels(group, sharey=True)
    for likelihood, ax in axes.items():
        seed_line(ax, _below_log_p(group, likelihood, "elbo"), label="log p(x) − ELBO", **WIDE)
        for metric in ("amortisation_gap", "approximation_gap"):
            label = f"{metric.replace('_', ' ')}"
            seed_line(ax, group.rows(metric, likelihood=likelihood), label=label)
        rows = _below_log_p(group, likelihood, "importance_bound")
        seed_line(ax, rows, label="log p(x) − $L_K$", linestyle="--", color=style.BLACK)
        beta_axis(ax, group.betas, labels=5)
    lowest, highest = (f([0.0, *_gap_ends(axes.values())]) for f in (min, max))
    for ax in axes.values():
        symlog_axis(ax.yaxis)
        ax.set_ylim(1.2 * lowest, max(1.0, 1.2 * highest))
    label_rows(axes, "nats per image")
    shared_legend(figure)
    return figure


def _gap_ends(axes: Iterable[Axes]) -> list[float]:
    ends = [end for ax in axes for end in (ax.dataLim.y0, ax.dataLim.y1)]
    return [end for end in ends if np.isfinite(end)]


def _below_log_p(group: Group, likelihood: str, bound: str) -> pd.DataFrame:
    """How far ``bound`` lies below the log-likelihood, for every β and seed: columns as rows.

    Bounds and gaps have the scale as trained, so what setting it anew gains is no part of them.
    """
    gap = group.values(likelihood, "log_likelihood") - group.values(likelihood, bound)
    gap = gap.sub(group.values(likelihood, "scale_gain"), fill_value=0)
    return gap.melt(ignore_index=False).dropna().rename(columns={"variable": "beta"})


def draw_masses(group: Group) -> Figure:
    """bits/dim and FID of families trained on densities and on masses, the best β ringed."""
    pairs = mass_pairs(group.likelihoods)
    shape = {"nrows": 2, "ncols": len(pairs), "sharey": "row", "squeeze": False}
    figure, axes = plt.subplots(**shape, figsize=(style.WIDTH, 5.4))
    for metric, row in zip(map(group.metric, SCORES), axes, strict=True):
        for pair, ax in zip(pairs, row, strict=True):
            _both_forms(ax, group, metric, pair)
        row[0].set_ylabel(METRICS[metric].header)
    floor = group.reference("histogram_bits_per_dim")
    for (slug, _), ax in zip(pairs, axes[0], strict=True):
        ax.set_title(likelihood_name(slug))
        if floor is not None:
            ax.axhline(floor, color="black", linestyle=":", linewidth=1, label="histogram code")
    shared_legend(figure)
    return figure


def _both_forms(ax: Axes, group: Group, metric: str, pair: tuple[str, str]) -> None:
    """One family's two lines, each with its best β: the lower one's name stands below it."""
    looks = style.line_styles(group.likelihoods)
    best = {}
    for slug in pair:
        label = FORMS[Likelihood.from_slug(slug).discretized]
        seed_line(ax, group.rows(metric, likelihood=slug), **looks[slug])
        ax.plot([], [], color=style.GREY, linestyle=looks[slug]["linestyle"], label=label)
        if (beta := group.best_mean(slug, metric)) is not None:
            best[slug] = beta, group.mean(slug, beta, metric)
    for beta, value in best.values():
        _ring(ax, beta, value, above=value > min(v for _, v in best.values()))
    beta_axis(ax, group.betas)
    ax.margins(y=0.18)
    if METRICS[metric].log_scale:
        log_axis(ax.yaxis)


def _ring(ax: Axes, beta: float, value: float, above: bool) -> None:
    """A ring around a point, with the name of its β."""
    ring = {"s": 110, "facecolor": "none", "edgecolor": style.BLACK, "linewidth": 1.3}
    ax.scatter(beta, value, zorder=4, **ring)
    text = {"fontsize": 9, "ha": "center", "va": "bottom" if above else "top"}
    text |= {"textcoords": "offset points", "path_effects": style.HALO, "zorder": 5}
    ax.annotate(beta_equals(beta), (beta, value), (0, 7 if above else -8), **text)


def draw_beta_sigma(group: Group) -> Figure:
    """Rate and log-likelihood of the fixed-σ Gaussians against β σ²: one curve for all σ."""
    figure, axes = plt.subplots(1, 2, figsize=(style.WIDTH, 3.6))
    sigmas = fixed_sigmas(group.likelihoods)
    for ax, metric in zip(axes, ("rate", "bits_per_dim"), strict=True):
        for slug, line in style.line_styles(list(sigmas)).items():
            sigma = sigmas[slug]
            rows = group.rows(metric, likelihood=slug)
            seed_line(ax, rows.assign(beta=rows.beta * sigma**2), label=f"σ = {sigma:g}", **line)
        ax.set_xscale("log")
        plain_numbers(ax.xaxis)
        ax.set_xlabel("β σ² (intensity²)")
        ax.set_ylabel(METRICS[metric].axis)
    shared_legend(figure)
    return figure
