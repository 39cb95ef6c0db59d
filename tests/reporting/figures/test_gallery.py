"""The gallery: every picture for every sweep, and pictures that say what they claim."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.lines import Line2D
from matplotlib.patches import Circle
from scipy.stats import chi2
from synthetic_results import make_group

from vae.configuration.sweep import Cell
from vae.data.datasets import Dataset
from vae.evaluation.latents import code_statistics
from vae.models import TrainedSweep
from vae.reporting.figures.catalogue import GALLERY
from vae.reporting.figures.codes import draw_codes, ranked_dimensions
from vae.reporting.figures.gallery import (
    draw_gallery,
    draw_images,
    draw_interpolations,
    draw_traversals,
    few_betas,
    shown_cells,
)
from vae.reporting.figures.picture_grid import draw_grid, strip
from vae.training.loop import train

pytestmark = pytest.mark.usefixtures("closed_figures")

CPU = torch.device("cpu")


def drawn(models: Path, dataset: Dataset, output: Path, **measured: object) -> set[str]:
    """Names of the pictures of one sweep, whose tables are made up with ``measured``."""
    group = make_group(["bernoulli"], **measured)
    draw_gallery(TrainedSweep(models), dataset, group, output, 0, CPU)
    return {path.stem for path in output.iterdir()}


def test_every_picture_of_the_catalogue_is_written(trained, digits, tmp_path):
    assert drawn(trained.directory, digits, tmp_path / "out", betas=(0.5, 1.0)) == set(GALLERY)


def test_one_latent_dimension_one_beta_and_no_autoencoder(digits, make_sweep, tmp_path):
    sweep = make_sweep(latent_dim=1, betas=(4.0,), seeds=(0,), autoencoder=False)
    train(sweep, digits, tmp_path / "models", tmp_path / "checkpoints", CPU)
    grid = {"betas": (4.0,), "seeds": (0,), "autoencoder": False}
    assert drawn(tmp_path / "models", digits, tmp_path / "out", **grid) == set(GALLERY)


def test_a_sweep_in_which_everything_diverged(trained, digits, tmp_path, monkeypatch):
    monkeypatch.setattr(TrainedSweep, "diverged", lambda self, cell: True)
    lost = [("bernoulli", beta) for beta in (0.0, 0.5, 1.0)]
    names = drawn(trained.directory, digits, tmp_path / "out", betas=(0.5, 1.0), diverged=lost)
    assert names == set(GALLERY)


def test_few_betas_are_the_ends_and_the_best():
    cells = [Cell("vae", beta, 0) for beta in (4.0, 0.1, 0.6, 0.3)] + [Cell("ae", 0.0, 0)]
    assert [cell.beta for cell in few_betas(cells, 0.3)] == [0.1, 0.3, 4.0]
    assert [cell.beta for cell in few_betas(cells, 0.1)] == [0.1, 4.0]
    assert [cell.beta for cell in few_betas(cells, None)] == [0.1, 4.0]
    assert [cell.beta for cell in few_betas(cells[:1], 4.0)] == [4.0]
    assert few_betas(cells[-1:], None) == []


def test_numbers_stand_beside_the_pictures_that_they_measure(trained, digits):
    changes = {"mse": {0.0: 0.01, 0.5: 0.02}, "fid_prior": {0.5: 12.0}, "fid_gmm": {0.0: 7.0}}
    group = make_group(["bernoulli"], betas=(0.5,), changes=changes)
    cells = [Cell("ae", 0.0, 0), Cell("vae", 0.5, 0)]
    x = digits.unit("test")
    figure = draw_images(trained, cells, group, x[:6], x[:50], 0)
    (ax,) = figure.axes
    figure.draw_without_rendering()
    rows = {"0.0100": 1, "0.0200": 2, "12.0": 2, "7.00": 1}
    found = {text.get_text(): text.get_window_extent() for text in ax.texts}
    tall = ax.get_window_extent()
    for text, row in rows.items():
        middle = 3 * (tall.y1 - (found[text].y0 + found[text].y1) / 2) / tall.height
        assert int(middle) == row, text
    assert [text.get_text() for text in ax.get_yticklabels()][1:] == ["autoencoder", "β = 1/2"]


def test_lengths_of_codes_are_shares_beside_those_of_the_prior(trained, digits):
    x, labels = digits.unit("test")[:80], digits.labels["test"][:80]
    (figure,) = {ax.figure for ax in [draw_codes(trained, few(trained), x, labels, 0).axes[0]]}
    for ax in figure.axes[2:]:
        codes, prior = (patch.get_data() for patch in ax.patches)
        assert codes.values.sum() == pytest.approx(1, abs=0.05)
        inside = np.diff(chi2(3).cdf(prior.edges))
        np.testing.assert_allclose(prior.values, inside)


def few(trained: TrainedSweep) -> list[Cell]:
    return few_betas(shown_cells(trained), None)


def test_dimensions_are_ranked_by_what_they_carry(trained, digits):
    model = trained.model(Cell("vae", 0.5, 0))
    x = digits.unit("test")[:50]
    ranked = ranked_dimensions(model, x)
    expected = code_statistics(model, x)["kl"].sort(descending=True)
    assert [dimension for dimension, _ in ranked] == expected.indices.tolist()
    assert [kl for _, kl in ranked] == pytest.approx(expected.values.tolist())


def test_a_traversal_moves_one_dimension_and_keeps_the_others(trained, digits):
    cell = Cell("vae", 0.5, 0)
    model, x = trained.model(cell), digits.unit("test")[:50]
    (ax,) = draw_traversals(trained, [cell], x[0], x).axes
    picture = ax.images[0].get_array()
    assert [label.get_text() for label in ax.get_xticklabels()] == [
        "−3",
        "−2",
        "−1",
        "0",
        "1",
        "2",
        "3",
    ]
    height = len(picture) // 3
    for row, (dimension, _) in enumerate(ranked_dimensions(model, x)):
        z = model.encode(x[:1]).mean
        z[0, dimension] = -3.0
        shown = picture[row * height : (row + 1) * height, : picture.shape[1] // 7]
        np.testing.assert_allclose(shown, strip(model.decode(z).mean), atol=1e-6)


def test_an_interpolation_starts_and_ends_at_the_reconstructions(trained, digits):
    cells = shown_cells(trained)
    test = digits.unit("test")[:5]
    (ax,) = draw_interpolations(trained, cells, test).axes
    picture = ax.images[0].get_array()
    size = len(picture) // (1 + len(cells))
    for row, cell in enumerate(cells, start=1):
        model = trained.model(cell)
        ends = strip(model.decode(model.encode(test[[1, 4]]).mean).mean)
        shown = picture[row * size : (row + 1) * size]
        last = picture.shape[1] - size // 2  # behind it stands a gap
        np.testing.assert_allclose(shown[:, :size], ends[:, :size], atol=1e-6)
        np.testing.assert_allclose(shown[:, last - size : last], ends[:, -size:], atol=1e-6)


def codes(trained: TrainedSweep, digits: Dataset, count: int) -> list[plt.Axes]:
    cells = few(trained)
    x, labels = digits.unit("test")[:count], digits.labels["test"][:count]
    return draw_codes(trained, cells, x, labels, seed=0).axes


def test_codes_stand_in_circles_of_the_prior(trained, digits):
    axes = codes(trained, digits, 60)
    assert [ax.get_title().split(":")[0] for ax in axes[:2]] == ["β = 1/2", "β = 1"]
    for ax in axes[:2]:
        circles = [patch for patch in ax.patches if isinstance(patch, Circle)]
        assert [circle.radius for circle in circles] == [1, 2, 3]
        points = np.concatenate([dots.get_offsets() for dots in ax.collections])
        assert len(points) == 60
        assert np.abs(points).max() < ax.get_xlim()[1] == ax.get_ylim()[1]


def test_with_one_dimension_classes_lie_above_one_another(digits, make_sweep, tmp_path):
    sweep = make_sweep(latent_dim=1, betas=(0.5,), seeds=(0,), autoencoder=False)
    train(sweep, digits, tmp_path / "models", tmp_path / "checkpoints", CPU)
    ax, _ = codes(TrainedSweep(tmp_path / "models"), digits, 30)
    heights = {float(y) for dots in ax.collections for _, y in dots.get_offsets()}
    assert heights == {float(label) for label in digits.labels["test"][:30]}
    walls = [line.get_xdata()[0] for line in ax.lines if isinstance(line, Line2D)]
    assert sorted(walls) == [-3, -2, -1, 1, 2, 3]


@pytest.mark.parametrize(("channels", "white"), [(1, 0.0), (3, 1.0)])
def test_what_lies_between_images_is_white(channels, white):
    images = torch.full((2, channels, 8, 8), 0.5)
    figure = draw_grid([("first", [images, None]), ("second", [images, images])], columns=4)
    picture = figure.axes[0].images[0].get_array()
    assert picture.ndim == (2 if channels == 1 else 3)
    half = picture.shape[0] // 2
    np.testing.assert_array_equal(picture[:half, -2 * half :], white)  # no second block here
    assert set(np.unique(picture)) == {0.5, white}
