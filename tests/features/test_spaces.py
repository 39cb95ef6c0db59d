"""The feature spaces: what is learned without labels, and that files give back the same."""

from dataclasses import replace

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from sklearn.decomposition import PCA
from sklearn.neighbors import KNeighborsClassifier
from torch.nn.functional import normalize

from vae.features.pixels import fit_pixels
from vae.features.selfsupervised import (
    TEMPERATURE,
    augment,
    contrastive_loss,
    train_selfsupervised,
)
from vae.features.spaces import adopt_spaces, load_spaces, save_spaces, train_spaces
from vae.files import note

CPU = torch.device("cpu")
NAMES = ["classifier", "selfsupervised", "pixels"]


@pytest.fixture(scope="module")
def spaces(digits):
    return train_spaces(digits, epochs=10, seed=0, device=CPU)


def test_a_file_gives_back_identical_features_in_the_order_asked_for(spaces, digits, tmp_path):
    path, x = tmp_path / "spaces.safetensors", digits.unit("test")
    save_spaces(spaces, digits, path)
    loaded = load_spaces(path, NAMES[::-1], CPU)
    assert [space.metric_prefix for space in loaded] == ["pixels_", "selfsupervised_", ""]
    for name, space in zip(NAMES[::-1], loaded, strict=True):
        assert torch.equal(space.features(x), spaces[name].features(x)), name
        assert not any(p.requires_grad for p in space.parameters())


def test_a_missing_file_is_named(tmp_path, input_error):
    with input_error(tmp_path / "none.safetensors", "python -m vae features"):
        load_spaces(tmp_path / "none.safetensors", NAMES, CPU)


@pytest.mark.parametrize("how", ["empty", "text", "foreign", "flipped bit"])
def test_a_damaged_file_is_refused(spaces, digits, tmp_path, input_error, how):
    path = tmp_path / "spaces.safetensors"
    save_spaces(spaces, digits, path)
    content = path.read_bytes()
    if how == "flipped bit":
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    else:
        note(path).unlink()
        path.write_bytes({"empty": b"", "text": b"text" * 9}.get(how, b""))
    if how == "foreign":
        save_file({"a": torch.zeros(2)}, path)
    with input_error(path):
        load_spaces(path, NAMES, CPU)


def test_all_have_equally_many_features_and_none_is_dead(spaces, digits):
    for name, space in spaces.items():
        features = space.features(digits.unit("test")).double()
        assert features.shape == (382, 38), name
        assert torch.linalg.matrix_rank(features.T.cov()) == 38, name


def test_classes_are_neighbours_without_having_been_shown(spaces, digits):
    def features(split):
        return spaces["selfsupervised"].features(digits.unit(split)).numpy()

    nearest = KNeighborsClassifier(5).fit(features("train"), digits.labels["train"])
    assert nearest.score(features("test"), digits.labels["test"]) > 0.9


def test_labels_and_unseen_images_change_nothing(digits):
    blank = {split: torch.zeros_like(digits.images[split]) for split in ("validation", "test")}
    labels = {split: torch.zeros_like(labels) for split, labels in digits.labels.items()}
    other = replace(digits, images={**digits.images, **blank}, labels=labels)
    a, b, c = (
        train_selfsupervised(dataset, epochs=1, seed=seed, device=CPU).features[7].weight
        for dataset, seed in ((digits, 0), (other, 0), (digits, 1))
    )
    assert torch.equal(a, b) and not torch.equal(a, c)


def test_views_are_finite_and_differ_but_show_the_same_images(digits):
    x = digits.unit("train")[:300]
    a, b = (augment(x, torch.Generator().manual_seed(seed)) for seed in (0, 1))
    assert a.shape == x.shape and a.isfinite().all() and not torch.equal(a, b)
    nearest = torch.cdist(a.flatten(1), b.flatten(1)).argmin(1)
    assert (nearest == torch.arange(300)).float().mean() > 0.05  # by chance: 0.003


def test_the_loss_is_the_double_loop():
    a, b = torch.randn(2, 4, 3, dtype=torch.float64)
    views, total = normalize(torch.cat([a, b])), 0.0
    for i in range(8):
        others = [j for j in range(8) if j != i]
        scores = torch.stack([views[i] @ views[j] / TEMPERATURE for j in others])
        total -= float(scores.log_softmax(0)[others.index((i + 4) % 8)])
    assert float(contrastive_loss(a, b)) == pytest.approx(total / 8)


def test_components_are_of_images_as_models_see_them(dynamic):
    whites = len(dynamic.images["train"]) * fit_pixels(dynamic, 0, CPU).mean
    torch.testing.assert_close(whites, whites.round(), rtol=0, atol=1e-3)


def test_components_are_those_of_scikit_learn(digits):
    x = digits.unit("train").flatten(1).double().numpy()
    expected = PCA(39, svd_solver="full").fit(x).transform(x)
    found = fit_pixels(digits, 0, CPU).features(digits.unit("train")).double().numpy()
    assert abs(abs(found[:, :10]) - abs(expected[:, :10])).max() < 1e-4


def test_spaces_of_another_run_are_taken_over_as_they_are(spaces, digits, tmp_path):
    source, path = tmp_path / "other" / "spaces.safetensors", tmp_path / "spaces.safetensors"
    save_spaces(spaces, digits, source)
    adopt_spaces(source, digits, path)
    assert path.read_bytes() == source.read_bytes()


@pytest.mark.parametrize("change", ["images", "shape"])
def test_spaces_of_other_images_are_refused(spaces, digits, tmp_path, input_error, change):
    source, path = tmp_path / "other" / "spaces.safetensors", tmp_path / "spaces.safetensors"
    changes = {
        "images": {"provenance": {"sha256": {"train": "0"}}},
        "shape": {"images": {s: x[..., :4] for s, x in digits.images.items()}},
    }
    save_spaces(spaces, replace(digits, **changes[change]), source)
    with input_error(source, change, "feature_spaces"):
        adopt_spaces(source, digits, path)
    assert not path.exists()


def test_spaces_that_learned_otherwise_are_refused(spaces, digits, tmp_path, input_error):
    source = tmp_path / "spaces.safetensors"
    save_spaces(spaces, digits, source)
    with safe_open(source, "pt") as file:
        about = {k: v for k, v in file.metadata().items() if k != "training"}
    save_file({"a": torch.zeros(2)}, source, about)
    note(source).unlink()
    with input_error(source, "training", "feature_spaces"):
        adopt_spaces(source, digits, tmp_path / "adopted.safetensors")


def test_only_a_file_of_spaces_is_taken_over(digits, tmp_path, input_error):
    save_file({"a": torch.zeros(2)}, tmp_path / "foreign.safetensors")
    with input_error("foreign.safetensors"):
        adopt_spaces(tmp_path / "foreign.safetensors", digits, tmp_path / "spaces")
