"""The answer figure shows what the table of answers says, and what it does not know."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from synthetic_results import BETAS, make_group, with_tables

from vae.reporting.figures.answer import (
    AT_EDGE,
    BEST,
    GRID_BEST,
    MEMBER,
    draw_answer,
    questions,
    regrets,
    shade,
)
from vae.reporting.uses import JUDGE, WITH_OPTIMUM

pytestmark = pytest.mark.usefixtures("closed_figures")


def draw(criterion: str = "fid_prior", **columns: object) -> Axes:
    """The panel of the only answer there is, with these columns of ``best_beta.csv``."""
    row: Mapping = {"likelihood": "bernoulli", "criterion": criterion, **columns}
    group = make_group(["bernoulli"], answers=[row])
    best = group.best[group.best.criterion == criterion]
    (ax,) = draw_answer(with_tables(group, best_beta=best)).axes
    return ax


def marks(ax: Axes) -> dict[str, Line2D]:
    return {line.get_label(): line for line in ax.lines if not line.get_label().startswith("_")}


def test_likelihoods_are_rows_and_a_use_is_one_panel():
    figure = draw_answer(make_group(["bernoulli", "gaussian_learned_sigma"]))
    titles = [ax.get_title().replace("\n", " ") for ax in figure.axes]
    assert len(titles) == len(WITH_OPTIMUM)
    assert titles[0].startswith(JUDGE.name[:10]) and "bits/dim" in titles[0]
    assert not any("MSE" in title for title in titles), "best at the smallest β by construction"
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert names == ["Bernoulli", "Gaussian, learned σ"]


def test_a_run_with_other_criteria_has_a_panel_for_each():
    group = make_group(["bernoulli"])
    best = group.best[group.best.criterion == "fid_prior"].assign(criterion="mse")
    assert list(questions(with_tables(group, best_beta=best))) == ["MSE ↓"]
    assert questions(with_tables(group, best_beta=best[:0])) == {}


def test_a_criterion_that_a_likelihood_has_not_says_so():
    group = make_group(["bernoulli", "gaussian_learned_sigma"])
    best = group.best[group.best.criterion == "bits_per_dim"]
    (ax,) = draw_answer(with_tables(group, best_beta=best)).axes
    assert [(text.get_text(), text.get_position()[1]) for text in ax.texts] == [("n/a", 0)]


def test_the_set_is_dots_shaded_by_regret():
    ax = draw(best_beta=2.0, indistinguishable_betas="1 2 4", at_edge=False)
    (dots,) = ax.collections
    assert [x for x, _ in dots.get_offsets()] == [1.0, 2.0, 4.0]
    lightness = dots.get_facecolors()[:, :3].sum(1)
    assert lightness[1] == lightness.min(), "the best is darkest"


def test_regret_is_a_share_of_what_the_worst_beta_loses():
    values = pd.DataFrame({0.5: [3.0, 5.0], 1.0: [1.0, 1.0], 2.0: [6.0, 6.0]})
    assert regrets(values, "lower").to_dict() == {0.5: 0.6, 1.0: 0.0, 2.0: 1.0}
    assert regrets(values, "higher").to_dict() == {0.5: 0.4, 1.0: 1.0, 2.0: 0.0}
    assert regrets(values[[1.0]], "lower").to_dict() == {1.0: 0.0}


def test_shades_grow_paler_until_half_of_the_worst_loss():
    shades = [sum(shade(regret)) for regret in (0, 0.01, 0.1, 0.3, 0.5, 1)]
    assert shades == sorted(shades) and shades[-1] == shades[-2] < 3


def test_the_best_between_grid_points_has_its_interval():
    ax = draw(
        best_beta=2.0, optimum="inside", beta_star=1.7, beta_star_low=1.2, beta_star_high=2.5
    )
    assert list(marks(ax)[BEST].get_xdata()) == [1.7]
    assert [1.2, 2.5] in [list(line.get_xdata()) for line in ax.lines]


def test_an_interval_without_end_is_drawn_to_the_frame():
    ends = {"beta_star": 8.0, "beta_star_low": 5.0, "beta_star_high": np.inf}
    ax = draw(best_beta=8.0, optimum="above", **ends)
    (interval,) = [line for line in ax.lines if list(line.get_xdata())[:1] == [5.0]]
    assert np.isfinite(interval.get_xdata()).all()
    assert interval.get_xdata()[1] > ax.get_xlim()[1]
    assert BEST not in marks(ax)


@pytest.mark.parametrize(
    ("beta", "optimum", "marker"), [(min(BETAS), "below", "<"), (max(BETAS), "above", ">")]
)
def test_an_arrow_points_to_where_the_grid_ends(beta, optimum, marker):
    line = marks(draw(best_beta=beta, indistinguishable_betas=f"{beta:g}", optimum=optimum))[
        AT_EDGE
    ]
    assert (line.get_marker(), line.get_markerfacecolor()) == (marker, "white")


def test_without_intervals_and_sets_only_the_best_of_the_grid_is_drawn():
    unknown = dict.fromkeys(("beta_star", "beta_star_low", "beta_star_high"), np.nan)
    ax = draw(best_beta=1.0, indistinguishable_betas=np.nan, optimum="inside", **unknown)
    assert set(marks(ax)) == {GRID_BEST}
    figure: Figure = ax.figure
    assert MEMBER not in [text.get_text() for text in figure.legends[0].get_texts()]


def test_the_only_beta_has_no_direction():
    group = make_group(["bernoulli"], betas=[1.0])
    for ax in draw_answer(group).axes:
        assert marks(ax)[GRID_BEST].get_marker() == "o"
