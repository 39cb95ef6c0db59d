"""Adam (Kingma & Ba 2015) by torch's own kernels.

The first use of ``torch.optim.Adam`` imports torch's compiler, which nothing here needs: as long
as all of torch takes.
"""

from collections.abc import Iterable

import torch
from torch import Tensor
from torch.optim.adam import adam


class Adam:
    """Steps as ``torch.optim.Adam`` takes them, with its defaults.

    Args:
        parameters: leaves that require gradients.
        fused: whether a step of all of them is one kernel.

    Attributes:
        learning_rate: of the steps to come.
        states: of every parameter, ``step`` () and ``exp_avg`` and ``exp_avg_sq`` of its shape.
    """

    def __init__(
        self, parameters: Iterable[Tensor], learning_rate: float, fused: bool = False
    ) -> None:
        self.parameters, self.learning_rate = list(parameters), learning_rate
        self.fused = fused
        self.states = [
            {
                "step": torch.zeros((), device=p.device if fused else "cpu"),
                "exp_avg": torch.zeros_like(p.detach()),
                "exp_avg_sq": torch.zeros_like(p.detach()),
            }
            for p in self.parameters
        ]

    def zero_grad(self) -> None:
        for parameter in self.parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """One step down the gradients; a parameter without one stays."""
        pairs = zip(self.parameters, self.states, strict=True)
        moved = [(p, state) for p, state in pairs if p.grad is not None]
        adam(
            [p for p, _ in moved],
            [p.grad for p, _ in moved],
            *([s[name] for _, s in moved] for name in ("exp_avg", "exp_avg_sq")),
            [],
            [state["step"] for _, state in moved],
            fused=self.fused or None,
            amsgrad=False,
            beta1=0.9,
            beta2=0.999,
            lr=self.learning_rate,
            weight_decay=0.0,
            eps=1e-8,
            maximize=False,
        )
