import math

import pytest
import torch
from torch import nn

from vae.networks import DECODERS, ENCODERS, initialise

SHAPES = [(1, 8, 8), (3, 8, 8), (1, 28, 28), (3, 28, 28), (1, 32, 32), (3, 32, 32), (1, 8, 12)]
HIDDEN = [(4, 6), (5,)]
UNEVEN = [((1, 7, 8), (4,)), ((1, 8, 7), (4,)), ((1, 28, 28), (2, 2, 2)), ((1, 8, 8), ())]


@pytest.fixture(params=["mlp", "conv"])
def name(request) -> str:
    return request.param


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("hidden", HIDDEN)
def test_encoder_maps_images_to_features(name, shape, hidden):
    assert ENCODERS[name](shape, hidden, 14)(torch.rand(2, *shape)).shape == (2, 14)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("latent_dim", [1, 7])
def test_decoder_maps_codes_to_images(name, shape, hidden, latent_dim):
    decoder = DECODERS[name](latent_dim, hidden, shape)
    assert decoder(torch.randn(2, latent_dim)).shape == (2, *shape)


@pytest.mark.parametrize(("shape", "hidden"), UNEVEN)
def test_conv_refuses_what_it_cannot_halve(shape, hidden):
    for make in (
        lambda: ENCODERS["conv"](shape, hidden, 2),
        lambda: DECODERS["conv"](2, hidden, shape),
    ):
        with pytest.raises(ValueError, match=f"{shape[1]}x{shape[2]}"):
            make()


def test_linear_networks_are_linear():
    encoder, decoder = ENCODERS["linear"]((1, 4, 4), (), 6), DECODERS["linear"](3, (), (1, 4, 4))
    z = torch.randn(2, 3)
    torch.testing.assert_close(decoder(2 * z), 2 * decoder(z))
    x = torch.randn(2, 1, 4, 4)
    torch.testing.assert_close(encoder(x) + encoder(-x), 2 * encoder(torch.zeros_like(x)))


def test_gradients_reach_every_parameter(name):
    encoder, decoder = ENCODERS[name]((1, 8, 8), (4, 6), 6), DECODERS[name](6, (4, 6), (1, 8, 8))
    for seed, network in enumerate((encoder, decoder)):
        initialise(network, torch.Generator().manual_seed(seed))
    decoder(encoder(torch.rand(20, 1, 8, 8))).square().sum().backward()
    for parameter in (*encoder.parameters(), *decoder.parameters()):
        assert parameter.grad.isfinite().all()
        assert parameter.grad.any()


def test_images_do_not_influence_each_other(name):
    encoder = ENCODERS[name]((1, 8, 8), (4, 6), 6)
    x = torch.rand(3, 1, 8, 8)
    torch.testing.assert_close(encoder(x)[1:2], encoder(x[1:2]))


def test_every_pixel_is_seen_and_drawn(name):
    encoder, decoder = ENCODERS[name]((1, 8, 8), (4, 6), 6), DECODERS[name](3, (4, 6), (1, 8, 8))
    for seed, network in enumerate((encoder, decoder)):
        initialise(network, torch.Generator().manual_seed(seed))
    x = torch.rand(50, 1, 8, 8, requires_grad=True)
    encoder(x).square().sum().backward()
    assert (x.grad.abs().amax(0) > 0).all()
    assert (decoder(torch.randn(50, 3)).std(0) > 0).all()


def test_decoder_of_the_zero_code_is_zero_at_the_start(name):
    decoder = DECODERS[name](7, (4, 6), (1, 8, 8))
    initialise(decoder, torch.Generator().manual_seed(0))
    assert torch.equal(decoder(torch.zeros(1, 7)), torch.zeros(1, 1, 8, 8))


def test_weights_come_from_the_generator_alone(name):
    def weights(seed: int) -> torch.Tensor:
        encoder = ENCODERS[name]((1, 8, 8), (4, 6), 6)
        initialise(encoder, torch.Generator().manual_seed(seed))
        return torch.cat([p.detach().flatten() for p in encoder.parameters()])

    assert torch.equal(weights(3), weights(3))
    assert not torch.equal(weights(3), weights(4))


def test_weights_are_glorot_uniform_and_biases_zero():
    encoder = ENCODERS["mlp"]((1, 28, 28), (100,), 6)
    initialise(encoder, torch.Generator().manual_seed(0))
    layer = next(layer for layer in encoder if isinstance(layer, nn.Linear))
    limit = math.sqrt(6 / (784 + 100))
    assert 0.99 * limit < layer.weight.abs().max() <= limit
    assert layer.weight.std().item() == pytest.approx(limit / math.sqrt(3), rel=0.02)
    assert not layer.bias.any()
