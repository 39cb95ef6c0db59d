"""The answer figure shows what the table of answers says, and what it does not know."""

from collections.abc import Iterator
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from figure_tables import BETAS, make_tables
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from vae.reporting import style
from vae.reporting.answer_figure import AT_EDGE, BEST, MEMBERS, NO_SET, draw_answer
from vae.reporting.panels import Tables


@pytest.fixture(autouse=True)
def closed_figures() -> Iterator[None]:
    style.apply()
    yield
    plt.close("all")


def answered(tables: Tables, criterion: str, **columns: object) -> Tables:
    """``tables`` with this one answer for the first likelihood in place of all others."""
    row = tables.best[tables.best.criterion == criterion].iloc[:1]
    return replace(tables, best=row.assign(**columns))


def marks(ax: Axes) -> dict[str, Line2D]:
    return {line.get_label(): line for line in ax.lines if not line.get_label().startswith("_")}


def test_a_panel_per_criterion_and_a_row_per_likelihood():
    figure = draw_answer(make_tables(["bernoulli", "gaussian_learned_sigma"]))
    titles = [ax.get_title().replace("\n", " ") for ax in figure.axes]
    assert titles == [
        "bits/dim",
        "binarised log-likelihood",
        "FID, prior samples",
    ]
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert names == ["Bernoulli", "Gaussian, learned σ"]
    assert [text.get_text() for text in figure.axes[0].texts] == ["–"]  # no pmf, so no bits/dim


def test_the_best_beta_is_large_and_its_set_small():
    tables = answered(
        make_tables(),
        "log_likelihood_binarised",
        best_beta=1.0,
        indistinguishable_betas="0.5 1 4",
        at_edge=False,
    )
    (ax,) = draw_answer(tables).axes
    drawn = marks(ax)
    assert set(drawn) == {BEST, MEMBERS}
    assert list(drawn[BEST].get_xdata()) == [1.0]
    shown = np.isfinite(np.asarray(drawn[MEMBERS].get_ydata(), dtype=float))
    assert [beta for beta, there in zip(BETAS, shown, strict=True) if there] == [0.5, 1.0, 4.0]
    assert drawn[BEST].get_markersize() > 2 * drawn[MEMBERS].get_markersize()


def test_a_set_is_one_line_on_the_grid_of_its_own_likelihood():
    two, one = make_tables(["bernoulli"], [0.5, 2.0]), make_tables(["discretized_logistic"])
    changes = {"best_beta": 2.0, "indistinguishable_betas": "0.5 2", "at_edge": True}
    tables = answered(two, "log_likelihood_binarised", **changes)
    tables = replace(tables, metrics=pd.concat([two.metrics, one.metrics]))
    (ax,) = draw_answer(tables).axes
    assert list(marks(ax)[MEMBERS].get_xdata()) == [0.5, 2.0]


@pytest.mark.parametrize(("beta", "marker"), [(0.25, "<"), (4.0, ">")])
def test_an_arrow_points_to_where_the_grid_ends(beta, marker):
    changes = {"best_beta": beta, "indistinguishable_betas": f"{beta:g}", "at_edge": True}
    (ax,) = draw_answer(answered(make_tables(), "fid_prior", **changes)).axes
    line = marks(ax)[AT_EDGE]
    assert (line.get_marker(), line.get_markerfacecolor()) == (marker, "white")


def test_without_a_set_only_the_best_is_drawn_and_the_legend_says_why():
    changes = {"best_beta": 1.0, "indistinguishable_betas": np.nan, "at_edge": False}
    figure = draw_answer(answered(make_tables(seeds=[0]), "log_likelihood_binarised", **changes))
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [BEST + NO_SET]


def test_the_only_beta_has_no_direction():
    figure = draw_answer(make_tables(["bernoulli"], betas=[1.0]))
    assert all(marks(ax)[AT_EDGE].get_marker() == "o" for ax in figure.axes)
