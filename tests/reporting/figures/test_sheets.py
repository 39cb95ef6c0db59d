"""Pictures of a whole group: which are shown, which is framed, what lies beside a sample."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from synthetic_results import make_group

from vae.data.datasets import prepare
from vae.metrics import METRICS
from vae.models import TrainedSweep
from vae.reporting.figures.catalogue import FROM_MODELS, GALLERY
from vae.reporting.figures.from_models import draw_from_models
from vae.reporting.figures.generated import SHOWN, Generated, nearest_pairs
from vae.reporting.figures.memory import draw_memory
from vae.reporting.figures.samples_matrix import draw_matrix
from vae.reporting.group import Group

pytestmark = pytest.mark.usefixtures("closed_figures")

CPU = torch.device("cpu")
BETAS = (0.5, 1.0)
FID = {"fid_prior": {0.5: 9.0, 1.0: 12.0}, "fid_prior_drawn": {0.5: 8.0, 1.0: 7.0}}


def framed(figure: Figure) -> list[str]:
    """The numbers inside frames, from above to below."""
    (ax,) = figure.axes
    found = []
    for box in (patch for patch in ax.patches if isinstance(patch, Rectangle)):
        extent = box.get_bbox()
        found += [t.get_text() for t in ax.texts if extent.contains(*t.get_position())]
    return found


def words(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts]


@pytest.fixture
def generated(trained, digits) -> Generated:
    return Generated.of(trained, digits.unit("train"), 0.5, 0)


def test_the_best_beta_is_framed_for_expected_and_for_drawn_images(generated):
    figure = draw_matrix(make_group(["bernoulli"], BETAS, changes=FID), [generated])
    assert framed(figure) == ["9.00", "7.00"]
    assert {"12.0", "8.00", "β = 1/2", "β = 1"} <= set(words(figure))
    assert len(figure.axes[0].images) == 2 * len(BETAS)


def test_no_words_of_the_matrix_meet(generated):
    figure = draw_matrix(make_group(["bernoulli"], BETAS, changes=FID), [generated] * 7)
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts if text.get_text()]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    assert all(box.x0 >= 0 and box.x1 <= figure.bbox.width for box in boxes)


def test_a_model_that_diverged_or_was_not_trained_leaves_its_reason(trained, digits, monkeypatch):
    group = make_group(["bernoulli"], (*BETAS, 4.0), changes=FID)
    monkeypatch.setattr(TrainedSweep, "diverged", lambda self, cell: cell.beta == 0.5)
    one = Generated.of(trained, digits.unit("train"), 0.5, 0)
    assert one.nearest is None
    figure = draw_matrix(group, [one])
    assert len(figure.axes[0].images) == 2
    assert "diverged" in words(figure)


def test_where_some_seeds_collapse_that_stands_in_place_of_a_mean(generated):
    changes = FID | {"collapsed": {0.5: [0.0, 0.0, 1.0], 1.0: [0.0] * 3}}
    shown = words(draw_matrix(make_group(["bernoulli"], BETAS, changes=changes), [generated]))
    assert shown.count("1 of 3 collapsed") == 2
    assert "9.00" not in shown and "12.0" in shown


def test_without_any_fid_nothing_is_framed(generated):
    lost = {name: None for name in METRICS if "fid_prior" in name}
    figure = draw_matrix(make_group(["bernoulli"], BETAS, changes=lost), [generated])
    assert framed(figure) == [] and words(figure).count("n/a") == 4


def test_the_nearest_pairs_are_the_closest_ones():
    train = torch.tensor([[0.0, 0.0], [1.0, 1.0]])
    images = torch.tensor([[0.5, 0.4], [0.0, 0.1], [1.0, 1.0]])
    found, beside = nearest_pairs(images, train, 2)
    assert found.tolist() == [[1.0, 1.0], pytest.approx([0.0, 0.1])]
    assert beside.tolist() == [[1.0, 1.0], [0.0, 0.0]]


def test_memory_shows_test_images_first_and_then_every_likelihood(generated, digits):
    group = make_group(["bernoulli"], BETAS, changes=FID)
    train, test = digits.unit("train"), digits.unit("test")
    figure = draw_memory(group, [generated], train, test)
    assert words(figure) == ["test images", "Bernoulli, β = 1/2: 50 % authentic"]
    assert len(figure.axes[0].images) == 4


def test_what_was_generated_is_kept_with_256_shades(generated, tmp_path):
    generated.save(tmp_path / "pictures.npz")
    read = Generated.load(tmp_path / "pictures.npz")
    assert (read.likelihood, read.nearest_beta) == ("bernoulli", 0.5)
    assert read.samples.keys() == generated.samples.keys()
    for key, images in generated.samples.items():
        assert len(images) == SHOWN
        torch.testing.assert_close(read.samples[key], images, atol=0.51 / 255, rtol=0)
    for again, images in zip(read.nearest, generated.nearest, strict=True):
        torch.testing.assert_close(again, images, atol=0.51 / 255, rtol=0)


def write_results(group: Group, folder: Path, latent_dim: int) -> None:
    folder.mkdir()
    for name, table in group.tables.items():
        size = {"latent_dim": latent_dim} if "latent_dim" in table else {}
        table.assign(**size).to_csv(folder / f"{name}.csv", index=False)


def test_every_picture_that_needs_models_is_written(trained, tmp_path):
    prepare("digits", tmp_path / "digits.npz")
    write_results(make_group(["bernoulli"], BETAS), tmp_path / "results", latent_dim=3)
    folders = tmp_path / "results", [trained.directory], [tmp_path / "digits.npz"]
    draw_from_models(*folders, tmp_path / "out", 0, CPU)
    drawn = {str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.png")}
    slug = trained.sweep.slug
    assert drawn == {f"{slug}/{name}.png" for name in GALLERY} | {
        f"{trained.sweep.group}/{name}.png" for name in FROM_MODELS
    }


def test_sheets_wait_until_the_pictures_of_all_likelihoods_are_kept(trained, generated, tmp_path):
    prepare("digits", tmp_path / "digits.npz")
    both = ("bernoulli", "beta")
    write_results(make_group(both, BETAS), tmp_path / "results", latent_dim=3)
    folders = tmp_path / "results", [trained.directory], [tmp_path / "digits.npz"]
    kept, sheet = (
        tmp_path / "tables",
        tmp_path / "out" / trained.sweep.group / "samples_matrix.png",
    )
    draw_from_models(*folders, tmp_path / "out", 0, CPU, kept)
    assert not sheet.exists(), "of the other likelihood there are neither models nor pictures"
    other = replace(generated, likelihood="beta")
    other.save(kept / "models" / f"{trained.sweep.group}-beta" / "pictures.npz")
    draw_from_models(*folders, tmp_path / "out", 0, CPU, kept)
    assert sheet.exists()


def test_models_of_another_dataset_are_refused(trained, tmp_path, input_error):
    prepare("digits_static", tmp_path / "other.npz")
    write_results(make_group(["bernoulli"], BETAS), tmp_path / "results", latent_dim=3)
    folders = tmp_path / "results", [trained.directory], [tmp_path / "other.npz"]
    with input_error("digits_static"):
        draw_from_models(*folders, tmp_path / "out", 0, CPU)
    assert not (tmp_path / "out").exists()
