"""Models: Encoder x -> q(z|x), Decoder z -> p(x|z), the two together, and loading them."""

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.functional import softplus

from vae.configuration.sweep import Cell, Sweep
from vae.data.datasets import Dataset, expect
from vae.distributions import DiagonalGaussian, PixelDistribution, PointMass
from vae.errors import InputError
from vae.files import read_json, reading, sha256
from vae.likelihoods import LikelihoodFamily, make_likelihood
from vae.networks import DECODERS, ENCODERS, Shape, initialise
from vae.objectives import distortion, importance_weighted, rate

TRAIN_AGAIN = "train the sweep again"
AT_ONCE = 1000  # images encoded at once, where there may be any number
DECODED_FLOATS = 2**17  # decoder outputs at once: few enough to stay in a CPU core's cache
GPU_FACTOR = 2**9  # as many times more on a GPU: 256 MB in a tensor of outputs
LEAST_CODES = 64  # decoded at once: with fewer, reading the weights takes longest
LOG_VARIANCE_LIMIT = 30.0  # exp(±30) is still an exact float32; no posterior needs more


def _log_softplus(raw: Tensor) -> Tensor:
    """log(log(1 + e^raw)); far below zero that is ``raw`` itself."""
    far = raw < -15
    return torch.where(far, raw, torch.log(softplus(torch.where(far, 0.0, raw))))


LOG_VARIANCE = {
    "variance": _log_softplus,
    "standard_deviation": lambda raw: 2 * _log_softplus(raw),
    "log_variance": lambda raw: raw,
    "log_standard_deviation": lambda raw: 2 * raw,
    "precision": lambda raw: -_log_softplus(raw),
}


class Encoder(nn.Module):
    """x -> q(z|x).

    Args:
        network: maps images (B, C, H, W) to (B, 2 * latent_dim): the means, then the scales.
        scale_reading: what the second half stands for, a key of ``LOG_VARIANCE``; variance,
            standard deviation and precision are made positive by softplus.
    """

    def __init__(self, network: nn.Module, scale_reading: str) -> None:
        super().__init__()
        self.network = network
        self.scale_reading = scale_reading

    def forward(self, x: Tensor) -> DiagonalGaussian:
        """Return q(z|x) with mean and log variance of shape (B, latent_dim)."""
        mean, raw = self.network(x).to(x.dtype).chunk(2, dim=-1)  # autocast may have lowered it
        log_variance = LOG_VARIANCE[self.scale_reading](raw)
        return DiagonalGaussian(mean, log_variance.clamp(-LOG_VARIANCE_LIMIT, LOG_VARIANCE_LIMIT))


class Decoder(nn.Module):
    """z -> p(x|z).

    Args:
        network: maps codes (B, latent_dim) to (B, outputs * C, H, W).
        likelihood: turns that, plus a trained bias, into a distribution over images.
        mean_image: mean of the training images, (C, H, W); sets the bias at the start.
    """

    def __init__(
        self, network: nn.Module, likelihood: LikelihoodFamily, mean_image: Tensor
    ) -> None:
        super().__init__()
        self.network, self.likelihood = network, likelihood
        self.bias = nn.Parameter(likelihood.initial_output(mean_image))

    def forward(self, z: Tensor) -> PixelDistribution:
        """Return p(x|z) over images (..., C, H, W) for codes (..., latent_dim)."""
        output = self.network(z.reshape(-1, z.shape[-1])).to(z.dtype).add_(self.bias)
        return self.likelihood(output.reshape(*z.shape[:-1], *self.bias.shape))


class VAE(nn.Module):
    """A variational autoencoder with a standard normal prior (Kingma & Welling 2014)."""

    def __init__(self, encoder: Encoder, decoder: Decoder, latent_dim: int) -> None:
        super().__init__()
        self.encoder, self.decoder, self.latent_dim = encoder, decoder, latent_dim

    def encode(self, x: Tensor) -> DiagonalGaussian:
        """Return q(z|x) for images (B, C, H, W) in [0, 1]."""
        return self.encoder(x)

    def decode(self, z: Tensor) -> PixelDistribution:
        """Return p(x|z) for codes (..., latent_dim)."""
        return self.decoder(z)

    @torch.no_grad()
    def encode_all(self, x: Tensor) -> DiagonalGaussian | PointMass:
        """``encode`` for any number of images, without gradients."""
        parts = [self.encode(part) for part in x.split(AT_ONCE)]
        return type(parts[0]).joined(parts)

    def decoded_at_once(self, device: torch.device) -> int:
        """How many codes to decode at once, from the number of outputs that each has."""
        floats = DECODED_FLOATS * (1 if device.type == "cpu" else GPU_FACTOR)
        return max(LEAST_CODES, floats // self.decoder.bias.numel())

    @torch.no_grad()
    def decode_all(self, z: Tensor, read: Callable[..., Tensor], *images: Tensor) -> Tensor:
        """What ``read`` finds in p(x|z) for any number of codes (..., N, latent_dim).

        Args:
            read: what is wanted of p(x|z) of some of the codes: a number or an image for each.
            images: one per code, of which ``read`` is given the same part.
        """
        size = max(1, self.decoded_at_once(z.device) // z[..., 0, 0].numel())
        parts = zip(z.split(size, -2), *(x.split(size) for x in images), strict=True)
        return torch.cat([read(self.decode(codes), *part) for codes, *part in parts])

    def forward(self, x: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Distortion and rate in nats, each (B,), with z = mean + std * noise.

        Args:
            noise: (B, latent_dim), or (k, B, latent_dim) for the bound of k samples.
        """
        q = self.encoder(x)
        z = q.rsample(noise)
        terms = distortion(self.decoder(z), x)
        return importance_weighted(q, z, terms) if noise.ndim == 3 else (terms, rate(q))


class Autoencoder(VAE):
    """The same network with a deterministic code: ``encode`` returns a point mass."""

    def encode(self, x: Tensor) -> PointMass:
        """Return the code of images (B, C, H, W) in [0, 1]."""
        return PointMass(self.encoder(x).mean)


def as_kind(model: VAE, kind: str) -> VAE:
    """The same networks as a ``"vae"`` or as an ``"ae"``, whose code has no noise."""
    return {"vae": VAE, "ae": Autoencoder}[kind](model.encoder, model.decoder, model.latent_dim)


def build_model(sweep: Sweep, mean_image: Tensor, levels: int) -> VAE:
    """Make an untrained model of ``sweep`` for images like ``mean_image`` (C, H, W).

    Raises:
        InputError: if the network cannot take images of that size.
    """
    hidden, latent_dim = sweep.network.hidden, sweep.latent_dim
    shape: Shape = tuple(mean_image.shape)
    likelihood = make_likelihood(sweep.likelihood, shape, levels)
    outputs = (likelihood.outputs * shape[0], shape[1], shape[2])
    try:
        encoder = ENCODERS[sweep.network.name](shape, hidden, 2 * latent_dim)
        decoder = DECODERS[sweep.network.name](latent_dim, hidden, outputs)
    except ValueError as error:
        raise InputError(
            f"networks.{sweep.network.name}.hidden, dataset {sweep.dataset}: {error}"
        ) from None
    return VAE(
        Encoder(encoder, sweep.training.scale_reading),
        Decoder(decoder, likelihood, mean_image),
        latent_dim,
    )


def initial_model(
    sweep: Sweep, mean_image: Tensor, levels: int, generator: torch.Generator
) -> VAE:
    """Make a model with weights drawn from ``generator`` alone."""
    model = build_model(sweep, mean_image, levels)
    initialise(model, generator)
    return model


class TrainedSweep:
    """What a training job left in ``directory``: its cells and their stacked weights.

    Raises:
        InputError: if the directory holds no trained sweep.
    """

    def __init__(self, directory: Path | str) -> None:
        self.directory = Path(directory)
        record, weights = self.directory / "sweep.json", self.directory / "weights.safetensors"
        self.record = read_json(record)
        with reading(record, TRAIN_AGAIN):
            self.sweep = Sweep.from_dict(self.record["sweep"])
            self.levels, self.shape = self.record["levels"], tuple(self.record["shape"])
            self.cells = {Cell(c["model"], c["beta"], c["seed"]): c for c in self.record["cells"]}
            if set(self.cells) != set(self.sweep.cells):
                raise ValueError("its cells are not those of its sweep")
        with reading(weights, TRAIN_AGAIN):
            self._weights = load_file(weights)
            if self.record.get("weights", sha256(weights)) != sha256(weights):
                raise ValueError(f"not the weights that {record.name} is the record of")
            if any(len(stack) != len(self.cells) for stack in self._weights.values()):
                raise ValueError(f"not one row for each of {len(self.cells)} cells")

    def expect(self, dataset: Dataset) -> None:
        """Check that ``dataset`` is the one that the models were trained on.

        Raises:
            InputError: naming both.
        """
        expect(dataset, self.sweep.dataset, self.record.get("data"))

    def its_own(self, datasets: Sequence[Dataset]) -> Dataset:
        """The one of ``datasets`` that the models were trained on.

        Raises:
            InputError: if it is not among them.
        """
        named = [dataset for dataset in datasets if dataset.name == self.sweep.dataset]
        found = (named or datasets)[0]
        self.expect(found)
        return found

    def diverged(self, cell: Cell) -> bool:
        """Whether training this cell left the finite numbers."""
        return self.cells[cell]["status"] == "diverged"

    def stacked(self, cells: Sequence[Cell]) -> dict[str, Tensor]:
        """The weights of ``cells``, stacked along a leading model axis."""
        rows = [list(self.cells).index(cell) for cell in cells]
        return {name: stack[rows] for name, stack in self._weights.items()}

    def model(self, cell: Cell, device: torch.device | str = "cpu") -> VAE:
        """Return the trained model of ``cell`` on ``device``, in evaluation mode.

        Raises:
            InputError: if the sweep has no such cell.
        """
        if cell not in self.cells:
            known = ", ".join(c.slug for c in self.cells)
            raise InputError(f"{self.directory} holds no {cell.slug}; it holds {known}")
        model = build_model(self.sweep, torch.zeros(self.shape), self.levels)
        with reading(self.directory / "weights.safetensors", TRAIN_AGAIN):
            model.load_state_dict({name: s[0] for name, s in self.stacked([cell]).items()})
        return as_kind(model, cell.model).requires_grad_(False).eval().to(device)


def load_model(directory: Path | str, model: str = "vae", beta: float = 1.0, seed: int = 0) -> VAE:
    """Load one trained model of a sweep.

    ``model.encode(x)`` is a distribution over codes and ``model.decode(z)`` one over images; both
    have ``log_prob`` in nats, summed over their event (an autoencoder's code is a point).

    Args:
        directory: a sweep's folder under ``results/models``.
        model: ``"vae"`` or ``"ae"``; ``beta`` is not used for the latter.

    Raises:
        InputError: if the folder or the cell does not exist.
    """
    return TrainedSweep(directory).model(Cell(model, 0.0 if model == "ae" else beta, seed))
