"""Charts of likelihoods: the common currency, what the encoder loses, β and σ together."""

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from vae.reporting import style
from vae.reporting.panels import (
    Tables,
    beta_axis,
    label_rows,
    panels,
    plain_numbers,
    seed_line,
    shared_legend,
)

FIXED_SIGMA = "gaussian_fixed_sigma_"


def draw_log_likelihood(tables: Tables) -> Figure:
    """log p(x), L_K through the trained encoder, and the ELBO, against β."""
    figure, axes = panels(tables)
    lines = {
        "log_likelihood": (r"$\log p(x)$", "-"),
        "importance_bound": ("$L_K$, encoder as trained", "--"),
        "elbo": ("ELBO, encoder as trained", ":"),
    }
    for likelihood, ax in axes.items():
        for metric, (label, line) in lines.items():
            rows = tables.values(metric)
            seed_line(ax, rows[rows.likelihood == likelihood], label=label, linestyle=line)
        beta_axis(ax, tables.betas)
    label_rows(axes, "nats per image\nhigher is better")
    shared_legend(figure)
    return figure


def draw_beta_sigma(tables: Tables) -> Figure:
    """Rate and log-likelihood of the fixed-σ Gaussians against β σ²: one curve for all σ."""
    figure, axes = plt.subplots(1, 2, figsize=(style.WIDTH, 3.8))
    panels_of = {
        "rate": "rate (nats/image)",
        "log_likelihood": "log-likelihood (nats/image)",
    }
    fixed = [slug for slug in tables.likelihoods if slug.startswith(FIXED_SIGMA)]
    for ax, (metric, label) in zip(axes, panels_of.items(), strict=True):
        rows = tables.values(metric)
        for slug, line in zip(fixed, style.line_styles(len(fixed)), strict=True):
            sigma = float(slug.removeprefix(FIXED_SIGMA))
            chosen = rows[rows.likelihood == slug]
            chosen = chosen.assign(beta=chosen.beta * sigma**2)
            seed_line(ax, chosen, label=f"σ = {sigma:g}", **line)
        _product_axis(ax)
        ax.set_ylabel(label)
    shared_legend(figure)
    return figure


def _product_axis(ax: Axes) -> None:
    ax.set_xscale("log")
    plain_numbers(ax.xaxis)
    ax.set_xlabel("β σ² (intensity²)")
