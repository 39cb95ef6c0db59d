"""Inception features against pytorch-fid itself, with a stand-in for its weights."""

from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from pytorch_fid import inception
from pytorch_fid.fid_score import calculate_frechet_distance, get_activations

from vae import verbs
from vae.distributions import quantise
from vae.evaluation.distances import FeatureGaussian, extract, fid
from vae.features.inception import WEIGHTS_NAME, Inception, find_weights
from vae.metrics import CRITERIA, METRICS, OF_SAMPLES, SPACES, available

CPU = torch.device("cpu")
COUNT = 3


def initialise(network: torch.nn.Module) -> None:
    """Weights that keep the scale of activations, so that features of images differ."""
    stream = torch.Generator().manual_seed(0)
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d):
            fan_in = module.weight[0].numel()
            module.weight.data.normal_(0, (2 / fan_in) ** 0.5, generator=stream)


@pytest.fixture(scope="module")
def hub(tmp_path_factory) -> Path:
    """A cache of torch that holds randomly initialised weights where pytorch-fid keeps its own."""
    folder = tmp_path_factory.mktemp("hub")
    (folder / "checkpoints").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.nn.Module, "load_state_dict", lambda self, state: initialise(self))
        patch.setattr(inception, "load_state_dict_from_url", lambda *args, **options: None)
        network = inception.fid_inception_v3()
    torch.save(network.state_dict(), folder / "checkpoints" / WEIGHTS_NAME)
    return folder


@pytest.fixture(autouse=True)
def cache(hub, monkeypatch) -> None:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(hub))


@pytest.fixture(scope="module")
def network(hub) -> Inception:
    return Inception(hub / "checkpoints" / WEIGHTS_NAME, CPU)


@pytest.fixture(scope="module")
def theirs(hub) -> inception.InceptionV3:
    """The network of pytorch-fid, which reads the same file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.hub, "get_dir", lambda: str(hub))
        return inception.InceptionV3().eval()


def write_pngs(folder: Path, images: torch.Tensor) -> str:
    folder.mkdir()
    for i, image in enumerate((images * 255).round().byte().numpy()):
        Image.fromarray(image[0]).save(folder / f"{i:03}.png")
    return str(folder)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # in its call of scipy
def test_fid_is_that_of_pytorch_fid_itself(network, theirs, digits, tmp_path):
    """Its features of files and its distance, in the space that both sets of features span.

    There the distance is that in all 2048 dimensions, and takes no root of so large a matrix.
    """
    real = quantise(digits.unit("test")[:COUNT], digits.levels)
    noisy = quantise(real + 0.4 * torch.randn(real.shape), digits.levels)
    activations = []
    for name, x in (("a", real), ("b", noisy)):
        files = sorted(Path(write_pngs(tmp_path / name, x)).iterdir())
        activations.append(get_activations(files, theirs, COUNT, num_workers=0))
    basis, _ = np.linalg.qr(np.concatenate(activations).T)
    (x, y) = (features @ basis for features in activations)
    expected = calculate_frechet_distance(x.mean(0), np.cov(x.T), y.mean(0), np.cov(y.T))
    a, b = (extract(network, x, digits.levels) for x in (real, noisy))
    assert fid(b, FeatureGaussian(a)).value == pytest.approx(expected, rel=1e-3)


def test_features_are_those_of_pytorch_fid_s_network(network, theirs, digits):
    x = quantise(digits.unit("test")[:2], 256).expand(-1, 3, -1, -1)
    (expected,) = theirs(x)
    assert torch.equal(network.features(x), expected.flatten(1))


def test_features_are_2048_and_those_of_the_eight_bit_image(network, digits):
    x = digits.unit("test")[:3]
    features = network.features(x)
    assert features.shape == (3, 2048)
    assert features.std(0).mean() > 1e-3 * features.std()
    assert torch.equal(network.features((x * 255).round() / 255), features)
    torch.testing.assert_close(network.features(x.expand(-1, 3, -1, -1)), features)


def test_features_do_not_depend_on_the_batch(network, digits):
    x = digits.unit("test")[:3]
    apart = torch.cat([network.features(image[None]) for image in x])
    torch.testing.assert_close(apart, network.features(x), rtol=1e-4, atol=1e-5)


def test_weights_are_found_in_the_cache_or_where_they_are_said_to_be(hub, tmp_path):
    assert find_weights(None) == hub / "checkpoints" / WEIGHTS_NAME
    (tmp_path / "weights.pth").touch()
    assert find_weights(tmp_path / "weights.pth") == tmp_path / "weights.pth"


def test_missing_weights_are_named_and_never_downloaded(tmp_path, input_error, monkeypatch):
    with input_error(tmp_path / "none.pth", "evaluation.inception_weights"):
        find_weights(tmp_path / "none.pth")
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    with input_error(tmp_path / "checkpoints" / WEIGHTS_NAME):
        find_weights(None)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"no weights", b"PK\x03\x04 half a file", None])
def test_a_file_that_holds_no_weights_is_refused(tmp_path, input_error, content):
    path = tmp_path / "weights.pth"
    torch.save({"a": torch.ones(1)}, path) if content is None else path.write_bytes(content)
    with input_error(path):
        Inception(path, CPU)


def test_the_verb_refuses_before_it_trains(tmp_path, input_error, digits, monkeypatch):
    monkeypatch.setattr("vae.data.datasets.load_dataset", lambda path: digits)
    settings = {"features": ["inception"], "inception_weights": "none.pth"}
    options = Namespace(device="cpu", threads=1, data=None, settings=settings)
    with input_error("none.pth"):
        verbs.features(options)


def test_a_metric_and_its_counterparts_differ_in_label_and_share_direction():
    for name in OF_SAMPLES:
        a, others = METRICS[name], [METRICS[prefix + name] for prefix in SPACES]
        assert len({a.label, *(b.label for b in others)}) == 1 + len(SPACES)
        for b in others:
            assert (a.better, a.unit, a.log_scale) == (b.better, b.unit, b.log_scale)
    assert {"fid_prior", "inception_fid_prior", "selfsupervised_fid_prior"} <= set(CRITERIA)


def test_a_counterpart_is_used_only_where_it_alone_is_there():
    assert available("fid_prior", ["elbo", "fid_prior"]) == "fid_prior"
    assert available("fid_prior", ["elbo", "inception_fid_prior"]) == "inception_fid_prior"
    assert available("fid_prior", ["pixels_fid_prior"]) == "pixels_fid_prior"
    assert available("fid_prior", ["fid_prior", "inception_fid_prior"]) == "fid_prior"
    assert available("mse", ["inception_fid_prior"]) == "mse"
