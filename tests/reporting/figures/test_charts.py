"""Every chart is drawn for every shape of grid: whole, inside the page, with named axes."""

from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from every_likelihood import DENSITIES
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox
from synthetic_results import BETAS, make_group

from vae.reporting.figures import style
from vae.reporting.figures.catalogue import CHARTS, FROM_MODELS, GALLERY, charts_for, mass_pairs
from vae.reporting.figures.charts import DRAWERS, draw_all
from vae.reporting.figures.panels import beta_ticks, panel_columns, wrapped_text
from vae.reporting.group import Group

pytestmark = pytest.mark.usefixtures("closed_figures")

FIXED = [f"gaussian_fixed_sigma_{sigma}" for sigma in (0.1, 0.2, 0.4)]
BOTH_FORMS = ["gaussian_learned_sigma", "gaussian_learned_sigma_discretized"]
DEFAULT = [
    *("bernoulli", "continuous_bernoulli", "continuous_bernoulli_discretized"),
    *("gaussian_fixed_sigma_0.1", *BOTH_FORMS, "discretized_logistic"),
]
SHAPES = {
    "default": {"likelihoods": DEFAULT},
    "one likelihood": {"likelihoods": ["bernoulli"]},
    "several σ": {"likelihoods": FIXED},
    "one β": {"betas": [1.0], "likelihoods": BOTH_FORMS},
    "one β, not 1": {"betas": [4.0]},
    "no β = 1": {"betas": [0.3, 3.0, 10.0]},
    "one seed": {"seeds": [0], "likelihoods": BOTH_FORMS},
    "one of everything": {"likelihoods": ["bernoulli"], "betas": [1.0], "seeds": [0]},
    "no autoencoder": {"autoencoder": False},
    "some diverged": {"diverged": [("bernoulli", 1.0), ("bernoulli", 4.0)]},
    "a likelihood diverged": {"diverged": [("bernoulli", beta) for beta in (0.0, *BETAS)]},
    "a form diverged": {
        "likelihoods": BOTH_FORMS,
        "diverged": [(BOTH_FORMS[1], beta) for beta in BETAS],
    },
    "all diverged": {
        "likelihoods": BOTH_FORMS,
        "diverged": [(slug, beta) for slug in BOTH_FORMS for beta in (0.0, *BETAS)],
    },
    "Inception": {"inception": True},
    "many likelihoods": {"likelihoods": [one.slug for one in DENSITIES], "seeds": [0]},
}
LATER = (
    *("approximation_gap", "amortisation_gap", "importance_bound", "marginal_kl_lower"),
    *("precision_prior", "recall_prior", "fid_prior_drawn", "best_epoch"),
)


def charts(group: Group) -> list[str]:
    return [name for name in charts_for(group.likelihoods) if name in DRAWERS]


def fits(figure: Figure) -> bool:
    """Whether all that was drawn, legends included, lies within the figure."""
    legends = [*figure.legends, *(ax.get_legend() for ax in figure.axes if ax.get_legend())]
    boxes = [figure.get_tightbbox().transformed(figure.dpi_scale_trans)]
    boxes += [legend.get_window_extent() for legend in legends]
    union = Bbox.union(boxes)
    return bool((union.min >= -1).all() and (union.max <= figure.bbox.size + 1).all())


def overlaps(figure: Figure) -> list[tuple[str, str]]:
    """Pairs of titles, names of axes and tick labels that were drawn on one another."""
    texts = [t for ax in figure.axes if ax.axison for t in words_around(ax)]
    shown = [t for t in texts if t.get_visible() and t.get_text()]
    boxes = [t.get_window_extent().padded(-1.5) for t in shown]
    return [
        (shown[i].get_text(), shown[j].get_text())
        for i, j in combinations(range(len(shown)), 2)
        if boxes[i].overlaps(boxes[j])
    ]


def words_around(ax: Axes) -> list[plt.Text]:
    ticks = [
        tick.label1
        for axis in (ax.xaxis, ax.yaxis)
        for tick in axis.get_major_ticks()
        if axis.get_view_interval().min() <= tick.get_loc() <= axis.get_view_interval().max()
    ]
    return [ax.title, ax.xaxis.label, ax.yaxis.label, *ticks]


@pytest.fixture(scope="module")
def drawn(request) -> dict[str, Figure]:
    """Every chart of a shape of results, drawn once for all that is asked of it."""
    style.apply()
    group = make_group(**SHAPES[request.param])
    figures = {}
    for name in charts(group):
        figures[name] = DRAWERS[name](group)
        plt.close("all")  # pyplot warns of many open ones
    return figures


@pytest.mark.parametrize("drawn", SHAPES, indirect=True)
def test_every_chart_is_drawn_and_names_its_axes(drawn):
    for name, figure in drawn.items():
        axes = [ax for ax in figure.axes if ax.axison]
        if axes:  # else a notice says why
            assert any(ax.get_xlabel() for ax in axes), name
            assert axes[0].get_ylabel() or axes[0].get_title(), name


@pytest.mark.parametrize(
    "drawn",
    [
        *("one of everything", "all diverged", "default"),
        pytest.param("many likelihoods", marks=pytest.mark.slow),
    ],
    indirect=True,
)
def test_every_chart_fits_its_page_and_no_words_meet(drawn):
    for name, figure in drawn.items():
        figure.draw_without_rendering()
        assert fits(figure), name
        assert overlaps(figure) == [], name


def test_every_chart_is_drawn_from_an_older_run_without_the_later_metrics():
    group = make_group(DEFAULT[4:6], changes=dict.fromkeys(LATER))
    assert not set(LATER) & group.metric_names
    for name in charts(group):
        DRAWERS[name](group)


def test_a_panel_without_values_says_why():
    group = make_group(**SHAPES["a likelihood diverged"])
    for name in ("fid", "dimensions", "training", "criteria_plane", "gaps", "spectra"):
        first, second, *_ = DRAWERS[name](group).axes
        assert [t.get_text() for t in first.texts] == ["every model diverged"], name
        assert "every model diverged" not in [t.get_text() for t in second.texts], name


def test_all_charts_of_a_group_are_written(tmp_path):
    group = make_group(["bernoulli"], betas=(0.5, 1.0), seeds=(0,))
    draw_all([group], tmp_path)
    written = {path.stem for path in (tmp_path / group.name).iterdir()}
    assert written == set(charts_for(["bernoulli"])) - set(FROM_MODELS)


def test_a_saved_figure_is_opaque_so_that_it_reads_on_a_dark_page(tmp_path):
    style.save(DRAWERS["answer"](make_group()), tmp_path / "answer.png")
    pixels = plt.imread(tmp_path / "answer.png")
    assert pixels.shape[1] == style.WIDTH * style.DPI
    np.testing.assert_array_equal(pixels[0, 0, :3], 1)
    assert pixels.shape[2] == 3 or pixels[..., 3].min() == 1


def test_every_chart_has_one_drawer():
    assert set(DRAWERS) | set(FROM_MODELS) == set(CHARTS)
    assert not set(DRAWERS) & set(FROM_MODELS)
    assert not set(CHARTS) & set(GALLERY), "their captions share a folder"


def test_a_reader_of_the_default_run_meets_about_fifteen_figures():
    shown = [CHARTS[name] for name in charts_for(DEFAULT)] + list(GALLERY.values())
    assert len([figure for figure in shown if not figure.folded]) <= 16


def test_charts_that_compare_likelihoods_need_several():
    assert {"masses", "beta_sigma"} & set(charts_for(["bernoulli", FIXED[0]])) == set()
    assert "beta_sigma" in charts_for(FIXED)
    assert "masses" in charts_for(BOTH_FORMS) and "masses" not in charts_for(BOTH_FORMS[1:])
    assert mass_pairs(DEFAULT) == [
        ("continuous_bernoulli", "continuous_bernoulli_discretized"),
        tuple(BOTH_FORMS),
    ]


def test_a_family_keeps_its_hue_on_masses_and_only_its_line_is_dashed():
    looks = style.line_styles(DEFAULT)
    density, masses = (looks[slug] for slug in BOTH_FORMS)
    assert density["color"] == masses["color"]
    assert (density["linestyle"], masses["linestyle"]) == ("-", "--")
    assert len({look["color"] for look in looks.values()}) == 5
    assert len({look["marker"] for look in looks.values()}) == len(DEFAULT)


def test_values_of_sigma_are_shades_of_one_hue():
    colours = [np.array(look["color"]) for look in style.line_styles(FIXED).values()]
    assert (colours[0] < colours[1]).any() and (colours[0] <= colours[1]).all()
    hues = [(1 - c) / (1 - c).max() for c in colours]
    np.testing.assert_allclose(hues[0], hues[2])


@pytest.mark.parametrize(
    ("count", "columns"), [(1, 1), (3, 3), (4, 4), (5, 3), (6, 3), (7, 4), (8, 4), (9, 3)]
)
def test_panels_stand_in_as_few_rows_as_they_can(count, columns):
    assert panel_columns(count) == columns


def test_titles_break_after_a_comma_and_keep_their_arrow():
    assert wrapped_text("Gaussian, learned σ, on masses", 25) == "Gaussian, learned σ,\non masses"
    assert wrapped_text("accuracy of a linear probe ↑", 20).splitlines()[-1] == "probe\xa0↑"
    assert wrapped_text("rate", 25) == "rate"


@pytest.mark.parametrize(
    ("betas", "most", "expected"),
    [
        ([1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8], 8, [1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8]),
        ([1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8], 4, [1 / 16, 1 / 4, 1, 4]),
        ([0.9, 1, 1.1, 8], 4, [1, 8]),
        ([3.0], 4, [3.0]),
    ],
)
def test_named_betas_are_spread_out_around_one(betas, most, expected):
    assert beta_ticks(betas, most) == pytest.approx(expected)
