"""The charts of sample quality draw whichever features FID was measured in."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from vae.reporting import style
from vae.reporting.panels import Tables
from vae.reporting.sample_figures import SOURCES, draw_fid, draw_fid_check
from vae.table import COLUMNS

BETAS = (0.5, 1.0, 2.0)


@pytest.fixture(params=["", "inception_"])
def tables(request) -> Tables:
    prefix = request.param
    cell = ("digits", "mlp", 10, "bernoulli")
    rows = [
        (*cell, "vae", beta, seed, prefix + metric, 10 * beta + seed, None)
        for metric in SOURCES
        for beta in BETAS
        for seed in (0, 1)
    ]
    rows += [(*cell, "ae", 0.0, seed, f"{prefix}fid_gmm", 7.0, None) for seed in (0, 1)]
    corruptions = [("digits", "blur", s, 1 + s) for s in (0.0, 0.1)]
    corruptions += [("digits", "crop", s, 1 + 2 * s) for s in (0.0, 0.2)]
    empty = pd.DataFrame()
    return Tables(
        metrics=pd.DataFrame(rows, columns=COLUMNS),
        best=empty,
        dimensions=empty,
        history=empty,
        spectra=empty,
        references={f"{prefix}fid_floor": 1.0, f"{prefix}fid_noise": 90.0, "fid_images": 382},
        corruptions=pd.DataFrame(
            corruptions, columns=["dataset", "corruption", "strength", f"{prefix}fid"]
        ),
    )


@pytest.fixture(autouse=True)
def looks():
    style.apply()
    yield
    plt.close("all")


def legend(figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_fid_has_a_line_per_source_the_autoencoder_and_the_floor(tables):
    figure = draw_fid(tables)
    (ax,) = figure.axes
    inception = "inception_fid_floor" in tables.references
    assert ax.get_ylabel().startswith("Inception FID" if inception else "FID")
    assert legend(figure)[:4] == list(SOURCES.values())
    assert legend(figure)[4:] == ["autoencoder, ex-post mixture", "real train and test images"]
    means = [list(line.get_ydata()) for line in ax.lines if len(line.get_ydata()) == len(BETAS)]
    assert means == [[10 * beta + 0.5 for beta in BETAS]] * len(SOURCES)


def test_the_check_has_a_line_per_corruption_between_floor_and_noise(tables):
    figure = draw_fid_check(tables)
    (ax,) = figure.axes
    assert legend(figure) == ["blur", "crop", "real train and test images", "uniform noise"]
    drawn = [(list(line.get_xdata()), list(line.get_ydata())) for line in ax.lines]
    assert [y for _, y in drawn if y in ([1.0, 1.0], [90.0, 90.0])] == [[1.0, 1.0], [90.0, 90.0]]
    assert ([0.0, 0.1], [1.0, 1.1]) in drawn
    assert ([0.0, 0.2], [1.0, 1.4]) in drawn
