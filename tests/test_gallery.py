"""The gallery: every picture for every sweep, and pictures that say what they claim."""

from collections.abc import Iterator
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.lines import Line2D
from matplotlib.patches import Circle

from vae.data import Dataset, prepare
from vae.evaluation.latents import code_statistics
from vae.models import TrainedSweep
from vae.reporting import style
from vae.reporting.catalogue import GALLERY
from vae.reporting.code_figures import draw_codes, ranked_dimensions
from vae.reporting.gallery import (
    draw_gallery,
    draw_interpolations,
    draw_traversals,
    few_betas,
    shown_cells,
)
from vae.reporting.picture_grid import draw_grid, strip
from vae.sweep import Cell
from vae.training import train

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def closed_figures() -> Iterator[None]:
    style.apply()
    yield
    plt.close("all")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    prepare("digits", tmp_path / "digits.npz")
    return tmp_path / "digits.npz"


def drawn(models: Path, data: Path, output: Path) -> set[str]:
    draw_gallery(models, data, output, 0, CPU)
    return {path.stem for path in output.iterdir()}


def test_every_picture_of_the_catalogue_is_written(trained, data, tmp_path):
    assert drawn(trained.directory, data, tmp_path / "out") == set(GALLERY)


def test_one_latent_dimension_one_beta_and_no_autoencoder(digits, make_sweep, data, tmp_path):
    sweep = make_sweep(latent_dim=1, betas=(4.0,), seeds=(0,), autoencoder=False)
    train(sweep, digits, tmp_path / "models", tmp_path / "checkpoints", CPU)
    assert drawn(tmp_path / "models", data, tmp_path / "out") == set(GALLERY)


def test_a_sweep_in_which_everything_diverged(trained, data, tmp_path, monkeypatch):
    monkeypatch.setattr(TrainedSweep, "diverged", lambda self, cell: True)
    assert drawn(trained.directory, data, tmp_path / "out") == set(GALLERY)


def test_few_betas_are_the_ends_and_the_one_nearest_to_one():
    cells = [Cell("vae", beta, 0) for beta in (4.0, 0.1, 0.6, 0.3)] + [Cell("ae", 0.0, 0)]
    assert [cell.beta for cell in few_betas(cells)] == [0.1, 0.6, 4.0]
    assert [cell.beta for cell in few_betas(cells[:1])] == [4.0]
    assert few_betas(cells[-1:]) == []


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
    test = digits.unit("test")[:3]
    (ax,) = draw_interpolations(trained, cells, test, CPU).axes
    picture = ax.images[0].get_array()
    size = len(picture) // (1 + len(cells))
    for row, cell in enumerate(cells, start=1):
        model = trained.model(cell)
        ends = strip(model.decode(model.encode(test[1:3]).mean).mean)
        shown = picture[row * size : (row + 1) * size]
        np.testing.assert_allclose(shown[:, :size], ends[:, :size], atol=1e-6)
        np.testing.assert_allclose(shown[:, -size:], ends[:, -size:], atol=1e-6)


def codes(trained: TrainedSweep, digits: Dataset, count: int) -> list[plt.Axes]:
    cells = few_betas(shown_cells(trained))
    x, labels = digits.unit("test")[:count], digits.labels["test"][:count]
    return draw_codes(trained, cells, x, labels, seed=0).axes


def test_codes_stand_in_circles_of_the_prior(trained, digits):
    axes = codes(trained, digits, 60)
    assert [ax.get_title() for ax in axes] == ["β = 1/2", "β = 1"]
    for ax in axes:
        circles = [patch for patch in ax.patches if isinstance(patch, Circle)]
        assert [circle.radius for circle in circles] == [1, 2, 3]
        points = np.concatenate([dots.get_offsets() for dots in ax.collections])
        assert len(points) == 60
        assert np.abs(points).max() < ax.get_xlim()[1] == ax.get_ylim()[1]


def test_with_one_dimension_classes_lie_above_one_another(digits, make_sweep, tmp_path):
    sweep = make_sweep(latent_dim=1, betas=(0.5,), seeds=(0,), autoencoder=False)
    train(sweep, digits, tmp_path / "models", tmp_path / "checkpoints", CPU)
    (ax,) = codes(TrainedSweep(tmp_path / "models"), digits, 30)
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
    np.testing.assert_array_equal(picture[:half, -half:], white)  # no second block in this row
    assert set(np.unique(picture)) == {0.5, white}
