import itertools
import os
import subprocess
import sys

import pytest
import torch

from vae.randomness import generator, seed_for

KEYS = [
    (3,),
    (3, 0),
    (0, 3),
    (3, "epoch"),
    ("epoch", 3),
    (3, "epoch", 1),
    (3, "epoch", 2),
    (4, "epoch", 1),
    (3, "weights"),
    (3, "validation"),
    ("a",),
    (97,),
]


def draw(*key: int | str) -> torch.Tensor:
    return torch.rand(8, generator=generator("cpu", *key))


@pytest.mark.parametrize(("a", "b"), list(itertools.combinations(KEYS, 2)))
def test_seed_depends_on_every_part_of_the_key(a, b):
    assert seed_for(*a) != seed_for(*b)


@pytest.mark.parametrize("key", KEYS)
def test_seed_fits_a_generator(key):
    assert 0 <= seed_for(*key) < 2**63
    assert generator("cpu", *key).initial_seed() == seed_for(*key)


def test_a_stream_is_addressed_not_advanced():
    first = draw(3, "epoch", 7)
    draw(3, "epoch", 6)
    assert torch.equal(draw(3, "epoch", 7), first)
    assert not torch.equal(draw(3, "epoch", 8), first)


def test_global_randomness_is_untouched():
    state = torch.get_rng_state()
    torch.manual_seed(1)
    before = draw(3)
    torch.manual_seed(2)
    assert torch.equal(draw(3), before)
    global_state = torch.get_rng_state()
    draw(4)
    assert torch.equal(torch.get_rng_state(), global_state)
    torch.set_rng_state(state)


def test_neighbouring_streams_are_uncorrelated():
    streams = torch.stack([torch.randn(1000, generator=generator("cpu", s)) for s in range(20)])
    correlations = torch.corrcoef(streams)[~torch.eye(20, dtype=torch.bool)]
    assert correlations.abs().max() < 5 / 1000**0.5


def test_seed_is_the_same_in_every_process():
    code = "from vae.randomness import seed_for; print(seed_for(3, 'epoch', 7))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONHASHSEED": "1"},
    )
    assert int(done.stdout) == seed_for(3, "epoch", 7)
