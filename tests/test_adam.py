"""Adam against ``torch.optim.Adam``, bit by bit."""

import subprocess
import sys

import pytest
import torch

from vae.adam import Adam


def weights() -> list[torch.Tensor]:
    stream = torch.Generator().manual_seed(1)
    shapes = ((3, 4, 5), (3, 5), (2,))
    return [torch.randn(shape, generator=stream).requires_grad_() for shape in shapes]


@pytest.mark.parametrize("fused", [False, True])
def test_steps_are_those_of_torch(fused):
    own, reference = weights(), weights()
    ours = Adam(own, 0.01, fused)
    theirs = torch.optim.Adam(reference, lr=0.01, fused=fused)
    for step in range(6):
        for optimiser, leaves in ((ours, own), (theirs, reference)):
            optimiser.zero_grad()
            matrix, bias, unused = leaves
            (matrix.sin().sum(1).sub(bias).square().sum() * (1 + step)).backward()
            assert unused.grad is None
            optimiser.step()
        ours.learning_rate = 0.01 / (step + 2)
        theirs.param_groups[0]["lr"] = 0.01 / (step + 2)
        assert all(map(torch.equal, own, reference))
    for leaf, state in zip(reference[:2], ours.states, strict=False):
        assert all(torch.equal(theirs.state[leaf][key], state[key]) for key in state)


def test_it_imports_no_compiler():
    code = (
        "import sys, torch; from vae.adam import Adam\n"
        "p = torch.ones(2, requires_grad=True); a = Adam([p], 0.1, True)\n"
        "p.sum().backward(); a.step(); print('torch._dynamo' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "False\n", done.stderr
