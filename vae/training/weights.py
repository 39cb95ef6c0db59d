"""Weights of several cells, stacked along a leading axis, that one optimiser trains."""

from collections.abc import Mapping

import torch
from torch import Tensor

from vae.adam import Adam


class TrainedWeights:
    """Weights with Adam's state and their running average; A cells, every tensor (A, ...).

    Leaves lie in memory the way their gradients come out of a matrix product, matrices as
    (A, inputs, outputs), so that nothing is copied; outside they are as modules have them.
    """

    def __init__(self, weights: Mapping[str, Tensor], learning_rate: float) -> None:
        self.learning_rate = learning_rate
        self.leaves = {
            name: _flipped(weight).contiguous().requires_grad_()
            for name, weight in weights.items()
        }
        self.averages = {name: leaf.detach().clone() for name, leaf in self.leaves.items()}
        self.optimiser = self._adam()

    def _adam(self) -> Adam:
        return Adam(self.leaves.values(), self.learning_rate, fused=True)

    @property
    def differentiable(self) -> dict[str, Tensor]:
        """The weights as the last step left them, for a loss to be differentiated by them."""
        return {name: _flipped(leaf) for name, leaf in self.leaves.items()}

    @property
    def last(self) -> dict[str, Tensor]:
        """The weights as the last step left them: views, which may be written to."""
        return {name: _flipped(leaf.detach()) for name, leaf in self.leaves.items()}

    @property
    def average(self) -> dict[str, Tensor]:
        """The running average: views, which may be written to."""
        return {name: _flipped(weight) for name, weight in self.averages.items()}

    def step(self, loss: Tensor) -> None:
        """One step of Adam down the gradient of ``loss``."""
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()

    @torch.no_grad()
    def include_in_average(self, share: float) -> None:
        """Move the average towards the last weights by ``share`` of the way."""
        for name, average in self.averages.items():
            average.lerp_(self.leaves[name], share)

    def narrow(self, rows: Tensor) -> None:
        """Keep the cells at ``rows`` (a LongTensor) alone."""
        states = self.optimiser.states
        self.leaves = {n: leaf.detach()[rows].requires_grad_() for n, leaf in self.leaves.items()}
        self.averages = {name: weight[rows] for name, weight in self.averages.items()}
        self.optimiser = self._adam()
        self.optimiser.states = [
            {key: value[rows] if value.ndim else value for key, value in state.items()}
            for state in states
        ]


def _flipped(weight: Tensor) -> Tensor:
    """Matrices (A, outputs, inputs) as (A, inputs, outputs) and back; other weights unchanged."""
    return weight.mT if weight.ndim == 3 else weight
