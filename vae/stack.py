"""Cells trained together: parameters stacked along a leading model axis, one optimiser for all.

Shapes below use M for the number of cells in the stack and S for their distinct seeds. Cells of
one seed share initial weights, data order and noise, so that differences between βs are paired.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.func import functional_call, stack_module_state, vmap

from vae.data import Dataset
from vae.devices import tensor_float_32
from vae.models import VAE, build_model, initial_model
from vae.objectives import weighted
from vae.randomness import generator
from vae.sweep import Cell, Sweep

VALIDATION_BATCH = 500
PREVIEW_COLUMNS = 8


class Stack:
    """The training state of some cells of a sweep.

    An autoencoder is the cell whose noise is switched off and whose β is 0; nothing else in the
    training differs.
    """

    def __init__(
        self,
        sweep: Sweep,
        cells: Sequence[Cell],
        dataset: Dataset,
        device: torch.device,
        start: Mapping[str, Tensor] | None = None,
        trainable: str = "",
    ) -> None:
        """Set up the cells at epoch 0.

        Args:
            start: stacked weights to begin with; by default each cell's seed draws its own.
            trainable: prefix of the names of the weights that are trained, such as ``encoder.``;
                the others stay as they are.
        """
        self.sweep, self.cells, self.dataset, self.device = sweep, tuple(cells), dataset, device
        self.seeds = sorted({cell.seed for cell in cells})
        self.row = torch.tensor([self.seeds.index(cell.seed) for cell in cells], device=device)
        self.beta = torch.tensor([cell.beta for cell in cells], device=device)
        self.stochastic = torch.tensor([float(c.model == "vae") for c in cells], device=device)
        self.template: VAE = build_model(sweep, dataset.mean_image(), dataset.levels).to(device)
        weights = start if start is not None else self._initial_weights()
        trained = {
            name for name, _ in self.template.named_parameters() if name.startswith(trainable)
        }
        weights = {name: tensor.detach().clone().to(device) for name, tensor in weights.items()}
        self._leaves = {
            n: _flipped(w).contiguous().requires_grad_()
            for n, w in weights.items()
            if n in trained
        }
        self.parameters = {n: _flipped(leaf.detach()) for n, leaf in self._leaves.items()}
        self.constants = {n: w for n, w in weights.items() if n not in trained}
        self.optimiser = torch.optim.Adam(
            self._leaves.values(), lr=sweep.training.learning_rate, fused=True
        )
        self.epoch = 0
        self.history: list[dict] = []
        self.best = {n: p.detach().clone() for n, p in self.parameters.items()}
        self.best_objective = torch.full((len(cells),), torch.inf, device=device)
        self.best_epoch = torch.zeros(len(cells), dtype=torch.long, device=device)
        self.diverged_at = torch.full((len(cells),), -1, dtype=torch.long, device=device)
        self.preview_images = dataset.unit("validation")[:PREVIEW_COLUMNS].cpu()
        self.frames = torch.zeros(
            0, len(cells), 2 * PREVIEW_COLUMNS, *dataset.shape, dtype=torch.uint8
        )

    def _initial_weights(self) -> dict[str, Tensor]:
        arguments = (self.sweep, self.dataset.mean_image().cpu(), self.dataset.levels)
        streams = [generator("cpu", cell.seed, "weights") for cell in self.cells]
        parameters, buffers = stack_module_state([initial_model(*arguments, s) for s in streams])
        return {**parameters, **buffers}

    @property
    def weights(self) -> dict[str, Tensor]:
        """The weights that are kept, stacked: the best on the validation split so far."""
        return {**self.best, **self.constants}

    @property
    def preview_epochs(self) -> set[int]:
        """Epochs after which pictures are taken: before the first, at the end, evenly between."""
        settings = self.sweep.training
        return {round(e) for e in torch.linspace(0, settings.epochs, settings.previews).tolist()}

    def terms(self, x: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Distortion and rate of every cell: x (M, B, C, H, W), noise (M, B, d) -> two (M, B)."""
        noise = noise * self.stochastic[:, None, None]

        def one_cell(parameters, x, noise):
            return functional_call(self.template, parameters, (x, noise))

        trained = {name: _flipped(leaf) for name, leaf in self._leaves.items()}
        return vmap(one_cell)({**trained, **self.constants}, x, noise)

    def loss(self, distortion: Tensor, rate: Tensor, beta: Tensor) -> Tensor:
        """What training minimises, per cell and image: (M, B)."""
        return weighted(distortion, rate, beta)

    def train_epoch(self) -> None:
        """One pass over the training images; its mean distortion and rate go to the history."""
        self.epoch += 1
        settings, n = self.sweep.training, len(self.dataset.images["train"])
        streams = [generator(self.device, seed, "epoch", self.epoch) for seed in self.seeds]
        order = torch.stack([torch.randperm(n, generator=g, device=self.device) for g in streams])
        noise = torch.stack(
            [
                torch.randn(n, self.sweep.latent_dim, generator=g, device=self.device)
                for g in streams
            ]
        )
        beta = self.beta[:, None] * min(1.0, self.epoch / (settings.warmup_epochs + 1))
        totals = torch.zeros(2, len(self.cells), device=self.device)
        with tensor_float_32(settings.precision == "tf32"):
            for start in range(0, n, settings.batch_size):
                batch = slice(start, start + settings.batch_size)
                x = self.dataset.training_batch(order[:, batch], streams)
                totals += self._step(x[self.row], noise[:, batch][self.row], beta)
        self._note_divergence(totals)
        self._record("train", *(totals / n))

    def _step(self, x: Tensor, noise: Tensor, beta: Tensor) -> Tensor:
        """Change the weights once; distortion and rate of every cell, summed over the batch."""
        lower = self.sweep.training.precision == "bfloat16"
        with torch.autocast(self.device.type, torch.bfloat16, enabled=lower):
            distortion, rate = self.terms(x, noise)
        self.optimiser.zero_grad()
        self.loss(distortion, rate, beta).mean(1).sum().backward()
        self.optimiser.step()
        return torch.stack([distortion.detach().sum(1), rate.detach().sum(1)])

    @torch.no_grad()
    def validate(self) -> None:
        """Measure the validation split, keep the weights that are best on it, take pictures."""
        images = self.dataset.images["validation"].float() / (self.dataset.levels - 1)
        noise = self._seeded_noise("validation", len(images))
        totals = torch.zeros(2, len(self.cells), device=self.device)
        for start in range(0, len(images), VALIDATION_BATCH):
            batch = slice(start, start + VALIDATION_BATCH)
            x = images[batch].expand(len(self.cells), *images[batch].shape)
            totals += torch.stack([term.sum(1) for term in self.terms(x, noise[:, batch])])
        distortion, rate = totals / len(images)
        self._record("validation", distortion, rate)
        self._keep_best(weighted(distortion, rate, self.beta))
        if self.epoch in self.preview_epochs:
            self.frames = torch.cat([self.frames, self._pictures()[None]])

    def summary(self) -> str:
        """The last validation distortion and rate of the first and the last cell, in words."""
        rows = self.history[-len(self.cells) :]
        first, last = (
            f"{r['distortion']:.2f} + {r['rate'] or 0:.2f}" for r in (rows[0], rows[-1])
        )
        return f"validation distortion + rate {first} … {last} nats"

    def _seeded_noise(self, purpose: str, count: int) -> Tensor:
        rows = [
            torch.randn(
                count,
                self.sweep.latent_dim,
                generator=generator(self.device, seed, purpose),
                device=self.device,
            )
            for seed in self.seeds
        ]
        return torch.stack(rows)[self.row]

    def _note_divergence(self, totals: Tensor) -> None:
        newly = ~totals.isfinite().all(0) & (self.diverged_at < 0)
        self.diverged_at = torch.where(newly, self.epoch, self.diverged_at)

    def _keep_best(self, objective: Tensor) -> None:
        better = (objective < self.best_objective) & (self.diverged_at < 0)  # False for NaN
        self.best_objective = torch.where(better, objective, self.best_objective)
        self.best_epoch = torch.where(better, self.epoch, self.best_epoch)
        for name, kept in self.best.items():
            kept[better] = self.parameters[name].detach()[better]

    def _record(self, split: str, distortion: Tensor, rate: Tensor) -> None:
        for cell, d, r in zip(self.cells, distortion.tolist(), rate.tolist(), strict=True):
            row = {
                "model": cell.model,
                "beta": cell.beta,
                "seed": cell.seed,
                "epoch": self.epoch,
                "split": split,
            }
            self.history.append(
                {**row, "distortion": d, "rate": r if cell.model == "vae" else None}
            )

    def _pictures(self) -> Tensor:
        """Reconstructions, then decoded prior samples: uint8 (M, 2 * columns, C, H, W)."""
        x = self.preview_images.to(self.device)
        noise = self._seeded_noise("previews", 2 * PREVIEW_COLUMNS)
        pictures = []
        for i in range(len(self.cells)):
            state = {**self.parameters, **self.constants}
            self.template.load_state_dict({name: w.detach()[i] for name, w in state.items()})
            codes = self.template.encode(x).rsample(
                self.stochastic[i] * noise[i, :PREVIEW_COLUMNS]
            )
            p = self.template.decode(torch.cat([codes, noise[i, PREVIEW_COLUMNS:]]))
            pictures.append(p.mean.nan_to_num().clamp(0, 1).mul(255).round().byte().cpu())
        return torch.stack(pictures)


def _flipped(weight: Tensor) -> Tensor:
    """Matrices (M, outputs, inputs) as (M, inputs, outputs) and back; other weights unchanged.

    Leaves lie in memory the way their gradients come out of a matrix product: nothing is copied.
    """
    return weight.mT if weight.ndim == 3 else weight
