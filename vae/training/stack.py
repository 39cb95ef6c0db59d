"""Cells trained together: parameters stacked along a leading model axis, one optimiser for all.

Shapes below use M for the number of cells in the stack, A for those of them that still train and
S for their distinct seeds. Cells of one seed share initial weights, data order and noise, so that
differences between βs are paired.
"""

import copy
import math
from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor
from torch.func import functional_call, stack_module_state, vmap

from vae.configuration.sweep import Cell, Sweep
from vae.data.datasets import Dataset
from vae.devices import tensor_float_32
from vae.models import VAE, as_kind, build_model, initial_model
from vae.objectives import weighted
from vae.randomness import generator
from vae.training.previews import pictures_of, preview_epochs
from vae.training.schedule import averaging_weight, settled, share_of_beta, warmed_up
from vae.training.weights import TrainedWeights

VALIDATION_BATCH = 500
PREVIEW_COLUMNS = 8


class Stack:
    """The training state of some cells of a sweep.

    An autoencoder is the cell whose noise is switched off and whose β is 0; nothing else in the
    training differs. Adam's rate is constant; what is validated and kept is the running average
    of the weights (``vae.training.schedule``). A cell that has settled leaves the stack's tensors.

    Attributes:
        active: indices of the cells that still train; ``trained`` has a row for each of
            them, all other tensors have one for every cell.
        objectives: distortion + β rate on the validation split, a list over epochs per cell.
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
        self.constants = {n: w for n, w in weights.items() if n not in trained}
        self.trained = TrainedWeights(
            {n: w for n, w in weights.items() if n in trained}, sweep.training.learning_rate
        )
        self._held = self.constants
        self.active = list(range(len(cells)))
        self._index = torch.arange(len(cells), device=device)
        self.epoch = 0
        self.history: list[dict] = []
        self.objectives: list[list[float]] = [[] for _ in cells]
        self.best = {n: p.clone() for n, p in self.parameters.items()}
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
    def parameters(self) -> dict[str, Tensor]:
        """The weights as the last step left them, stacked (A, ...)."""
        return self.trained.last

    @property
    def weights(self) -> dict[str, Tensor]:
        """The weights that are kept, stacked (M, ...): the best averages on validation so far."""
        return {**self.best, **self.constants}

    def model(self, index: int, trained: Mapping[str, Tensor] | None = None) -> VAE:
        """One cell as a model of its own, in evaluation mode.

        Args:
            trained: in place of the weights that are kept, a row per active cell, such as
                ``parameters``.
        """
        rows = {n: w[index] for n, w in self.weights.items()}
        if trained is not None:
            rows |= {n: w[self.active.index(index)] for n, w in trained.items()}
        model = as_kind(copy.deepcopy(self.template), self.cells[index].model)
        model.load_state_dict(rows)
        return model.requires_grad_(False).eval()

    @property
    def finished(self) -> bool:
        """Whether every cell has settled, or the last epoch is over."""
        return not self.active or self.epoch >= self.sweep.training.epochs

    def converged(self, index: int) -> bool:
        """Whether a cell settled: the second half of its training gained less than tolerance."""
        training = self.sweep.training
        return settled(self.objectives[index], training.warmup_epochs, training.tolerance)

    def narrow(self, active: Sequence[int]) -> None:
        """Drop all cells but ``active`` from what is trained; their kept weights stay."""
        rows = self._indices(self.active.index(i) for i in active)
        self.trained.narrow(rows)
        self._held = {n: weight[rows] for n, weight in self._held.items()}
        self.active = list(active)
        self._index = self._indices(active)

    def _indices(self, values: Iterable[int]) -> Tensor:
        return torch.tensor(list(values), dtype=torch.long, device=self.device)

    def terms(self, x: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Distortion and rate, each (A, B), of images (A, B, C, H, W) and noise (A, …, B, d)."""
        return self._terms(self.trained.differentiable, x, noise)

    def _terms(self, weights: Mapping[str, Tensor], x: Tensor, noise: Tensor):
        stochastic = self.stochastic[self._index]
        noise = noise * stochastic.reshape(-1, *[1] * (noise.ndim - 1))

        def one_cell(parameters, x, noise):
            return functional_call(self.template, parameters, (x, noise))

        return vmap(one_cell)({**weights, **self._held}, x, noise)

    def loss(self, distortion: Tensor, rate: Tensor, beta: Tensor) -> Tensor:
        """What training minimises, per cell and image: (M, B)."""
        return weighted(distortion, rate, beta)

    def train_epoch(self) -> None:
        """One pass over the training images; its mean distortion and rate go to the history.

        Order and noise of an epoch depend on the seed and on the epoch's number alone.
        """
        self.epoch += 1
        settings, n = self.sweep.training, len(self.dataset.images["train"])
        streams = [generator(self.device, seed, "epoch", self.epoch) for seed in self.seeds]
        order = torch.stack([torch.randperm(n, generator=g, device=self.device) for g in streams])
        noise = self._noise(streams, n, self.sweep.likelihood.objective.axis)
        beta = self.beta[self._index, None] * share_of_beta(self.epoch, settings.warmup_epochs)
        row, steps = self.row[self._index], -(-n // settings.batch_size)
        totals = torch.zeros(2, len(self.active), device=self.device)
        with tensor_float_32(settings.precision == "tf32"):
            for step in range(steps):
                batch = slice(step * settings.batch_size, (step + 1) * settings.batch_size)
                x = self.dataset.training_batch(order[:, batch], streams)
                totals += self._step(x[row], noise[..., batch, :][row], beta)
                share = averaging_weight((self.epoch - 1) * steps + step + 1)
                self.trained.include_in_average(share)
        self._note_divergence(totals)
        self._record("train", (totals / n).T.tolist())

    def _step(self, x: Tensor, noise: Tensor, beta: Tensor) -> Tensor:
        """Change the weights once; distortion and rate of every cell, summed over the batch."""
        lower = self.sweep.training.precision == "bfloat16"
        with torch.autocast(self.device.type, torch.bfloat16, enabled=lower):
            distortion, rate = self.terms(x, noise)
        self.trained.step(self.loss(distortion, rate, beta).mean(1).sum())
        return torch.stack([distortion.detach().sum(1), rate.detach().sum(1)])

    @torch.no_grad()
    def validate(self) -> None:
        """Measure the averages on the validation split, keep the best, take pictures.

        Cells that have settled, or have left the finite numbers, leave the stack.
        """
        distortion, rate = terms = self._validation_terms()
        objective = weighted(distortion, rate, self.beta[self._index])
        self._note_divergence(terms)
        rows = torch.stack([distortion, rate, objective], 1).tolist()  # a GPU is waited for once
        self._record("validation", rows)
        for index, (*_, value) in zip(self.active, rows, strict=True):
            self.objectives[index].append(value)
        if warmed_up(self.epoch, self.sweep.training.warmup_epochs):
            self._keep_best(objective)
        if self.epoch in preview_epochs(self.sweep.training.epochs, self.sweep.training.previews):
            self._take_pictures()
        self._drop_those_that_ended()

    def _validation_terms(self) -> Tensor:
        """Distortion and rate of the averages, means over the validation split: (2, A)."""
        images = self.dataset.unit("validation")
        axis = self.sweep.likelihood.objective.axis
        noise = self._fixed_noise("validation", len(images), axis)[self._index]
        totals = torch.zeros(2, len(self.active), device=self.device)
        for start in range(0, len(images), VALIDATION_BATCH):
            batch = slice(start, start + VALIDATION_BATCH)
            x = images[batch].expand(len(self.active), *images[batch].shape)
            parts = self._terms(self.trained.average, x, noise[..., batch, :])
            totals += torch.stack([part.sum(1) for part in parts])
        return totals / len(images)

    def _take_pictures(self) -> None:
        frame = self.frames.new_zeros(1, *self.frames.shape[1:])
        frame[0, self.active] = self._pictures(self.active, self.trained.average)
        self.frames = torch.cat([self.frames, frame])

    def _drop_those_that_ended(self) -> None:
        going_on = [
            i
            for i in self.active
            if math.isfinite(self.objectives[i][-1]) and not self.converged(i)
        ]
        if len(going_on) < len(self.active):
            self.narrow(going_on)

    def filmstrip(self, index: int) -> Tensor:
        """Pictures of one cell while it trained, then of its kept weights: uint8 (points, ...)."""
        training, ended = self.sweep.training, len(self.objectives[index]) - 1
        points = sum(e < ended for e in preview_epochs(training.epochs, training.previews))
        return torch.cat([self.frames[:points, index], self._pictures([index])])

    @torch.no_grad()
    def _pictures(
        self, cells: Sequence[int], trained: Mapping[str, Tensor] | None = None
    ) -> Tensor:
        """Pictures of some cells, with weights as ``model`` takes them: uint8 (cells, ...)."""
        x = self.preview_images.to(self.device)
        noise = self._fixed_noise("previews", 2 * len(x))
        return torch.stack([pictures_of(self.model(i, trained), x, noise[i]) for i in cells]).cpu()

    def summary(self) -> str:
        """How many cells still train; the last validation terms of the first and the last."""
        now = {"epoch": self.epoch, "split": "validation"}.items()
        rows = [row for row in self.history[-len(self.cells) :] if now <= row.items()]
        first, last = (
            f"{r['distortion']:.2f} + {r['rate'] or 0:.2f}" for r in (rows[0], rows[-1])
        )
        return (
            f"{len(self.active)} cells go on, validation distortion + rate {first} … {last} nats"
        )

    def _noise(
        self, streams: Sequence[torch.Generator], count: int, axis: tuple[int, ...] = ()
    ) -> Tensor:
        """Standard normal noise of every seed: (S, *axis, count, d)."""
        shape = (*axis, count, self.sweep.latent_dim)
        return torch.stack([torch.randn(shape, generator=g, device=self.device) for g in streams])

    def _fixed_noise(self, purpose: str, count: int, axis: tuple[int, ...] = ()) -> Tensor:
        """The same noise in every epoch: (M, *axis, count, d)."""
        streams = [generator(self.device, seed, purpose) for seed in self.seeds]
        return self._noise(streams, count, axis)[self.row]

    def _note_divergence(self, terms: Tensor) -> None:
        """Note the cells whose terms, (2, A), are no numbers now and were so far."""
        before = self.diverged_at[self._index]
        newly = ~terms.isfinite().all(0) & (before < 0)
        self.diverged_at[self._index] = torch.where(newly, self.epoch, before)

    def _keep_best(self, objective: Tensor) -> None:
        rows = self._index
        least, epoch = self.best_objective[rows], self.best_epoch[rows]
        better = (objective < least) & (self.diverged_at[rows] < 0)  # False for NaN
        self.best_objective[rows] = torch.where(better, objective, least)
        self.best_epoch[rows] = torch.where(better, self.epoch, epoch)
        for name, average in self.trained.average.items():
            kept = self.best[name]
            chosen = better.reshape(-1, *[1] * (average.ndim - 1))
            kept[self._index] = torch.where(chosen, average, kept[self._index])

    def _record(self, split: str, terms: Iterable[Sequence[float]]) -> None:
        """Note distortion and rate of every active cell, the first two numbers of its row."""
        for index, (d, r, *_) in zip(self.active, terms, strict=True):
            cell = self.cells[index]
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
