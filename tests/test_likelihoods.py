"""Every likelihood of the registry, called as a network calls it."""

import math

import pytest
import torch
from every_likelihood import DENSITIES, SLUGS, mean_tolerance, module_of
from torch import Tensor
from torch.func import functional_call, grad, vmap

from vae.configuration.sweep import Likelihood
from vae.distributions import PIXELS, ContinuousBernoulli, Gaussian, OptimalGaussian
from vae.likelihoods import LikelihoodFamily, least_log_sigma
from vae.networks import Shape

LEVELS = 17
SHAPE = (1, 3, 4)
EXTREMES = (-1e3, -100.0, -7.0, 0.0, 7.0, 100.0, 1e3)
OWN_SCALES = tuple(
    one.slug for one in DENSITIES if one.family.scale in ("shared", "position", "optimal")
)
TOLERANCE = {torch.float32: 5e-4, torch.float64: 5e-5}  # of a sum of probabilities


def make(name: str, shape: Shape = SHAPE, levels: int = LEVELS) -> LikelihoodFamily:
    return module_of(name, shape, levels)


def grey_images(*shape: int) -> Tensor:
    """Images with exact zeros and ones among their grey levels."""
    k = torch.randint(0, LEVELS, shape, generator=torch.Generator().manual_seed(0))
    k[..., 0], k[..., 1] = 0, LEVELS - 1
    return k / (LEVELS - 1)


def random_outputs(*shape: int, scale: float = 1.0, dtype=torch.float32) -> Tensor:
    noise = torch.randn(shape, generator=torch.Generator().manual_seed(1), dtype=dtype)
    return scale * noise


@pytest.mark.parametrize("name", SLUGS)
@pytest.mark.parametrize("channels", [1, 3])
def test_output_of_the_network_becomes_a_distribution_over_images(name, channels):
    family = make(name, (channels, 4, 6)).eval()
    output = random_outputs(5, 2, family.outputs * channels, 4, 6)
    x = grey_images(2, channels, 4, 6)
    p = family(output)
    assert p.mean.shape == (5, 2, channels, 4, 6)
    assert p.sample(torch.Generator().manual_seed(0)).shape == (5, 2, channels, 4, 6)
    assert p.log_prob(x).shape == (5, 2)
    one = family(output[3, 1]).log_prob(x[1])
    torch.testing.assert_close(p.log_prob(x)[3, 1], one)
    if family.chosen.over_numbers(LEVELS):
        assert p.log_mass(x, LEVELS).shape == (5, 2)
        one = family(output[3, 1]).log_mass(x[1], LEVELS)
        torch.testing.assert_close(p.log_mass(x, LEVELS)[3, 1], one)


@pytest.mark.parametrize("name", SLUGS)
@pytest.mark.parametrize("channels", [1, 3])
def test_initial_output_has_the_mean_image_as_its_mean(name, channels):
    family = make(name, (channels, 4, 5))
    mean_image = torch.linspace(0, 1, channels * 20).reshape(channels, 4, 5)
    output = family.initial_output(mean_image)
    assert output.shape == (family.outputs * channels, 4, 5)
    assert output.isfinite().all()
    tolerance = mean_tolerance(family.chosen)
    torch.testing.assert_close(family(output).mean, mean_image, atol=tolerance, rtol=0)


@pytest.mark.parametrize("name", SLUGS)
def test_a_better_reconstruction_is_more_probable(name):
    family = make(name, (1, 4, 5))
    x = grey_images(3, 1, 4, 5)
    right, wrong = (family(family.initial_output(image)) for image in (x[0], 1 - x[0]))
    assert right.log_prob(x[0]) > wrong.log_prob(x[0])
    assert right.log_prob(x[0]).shape == x[0].sum(PIXELS).shape


@pytest.mark.parametrize("name", SLUGS)
def test_samples_average_to_the_mean(name):
    family, count = make(name).eval(), 4000
    output = random_outputs(*family.initial_output(torch.zeros(SHAPE)).shape)
    p = family(output.expand(count, *output.shape))
    x = p.sample(torch.Generator().manual_seed(2)).double()
    error = (x.mean(0) - p.mean[0]).abs()
    rare = 1e-5  # a level that no sample has may still move the mean
    assert (error < 5 * x.std(0) / math.sqrt(count) + rare).all()


# Numbers that cannot be left: gradients, extremes, precision


@pytest.mark.parametrize("name", SLUGS)
@pytest.mark.parametrize("value", EXTREMES)
def test_log_prob_and_gradients_are_finite_at_extreme_outputs(name, value):
    family = make(name)
    for other in EXTREMES:
        output = torch.full((2, family.outputs, 3, 4), other)
        output[:, 0] = value
        output.requires_grad_()
        log_prob = family(output).log_prob(grey_images(2, *SHAPE))
        log_prob.sum().backward()
        assert log_prob.isfinite().all()
        assert output.grad.isfinite().all()
        assert all(p.grad.isfinite().all() for p in family.parameters())


@pytest.mark.parametrize("log_scale", [-15.0, -7.0, 0.0, 7.0, 15.0])
@pytest.mark.parametrize("name", [n for n in OWN_SCALES if n != "gaussian_optimal_sigma"])
def test_gradients_are_finite_at_extreme_shared_scales(name, log_scale):
    family, output = make(name), random_outputs(2, *SHAPE).requires_grad_()
    torch.nn.init.constant_(family.log_sigma, log_scale)
    log_prob = family(output).log_prob(grey_images(2, *SHAPE))
    log_prob.sum().backward()
    assert log_prob.isfinite().all()
    assert all(p.grad.isfinite().all() for p in (output, *family.parameters()))


@pytest.mark.parametrize("name", SLUGS)
@pytest.mark.parametrize("value", EXTREMES)
def test_mean_is_finite_at_extreme_outputs(name, value):
    family = make(name)
    mean = family(torch.full((1, family.outputs, 3, 4), value)).mean
    assert mean.isfinite().all()
    if family.chosen.discretized or not family.chosen.family.scale:  # not all of the line
        assert ((mean >= 0) & (mean <= 1)).all()


@pytest.mark.parametrize("name", SLUGS)
def test_gradients_reach_outputs_and_shared_parameters(name):
    family = make(name)
    output = random_outputs(2, family.outputs, 3, 4, scale=0.2).requires_grad_()
    family(output).log_prob(grey_images(2, *SHAPE)).sum().backward()
    assert all((p.grad != 0).all() for p in [output, *family.parameters()])


@pytest.mark.parametrize("name", SLUGS)
@pytest.mark.parametrize("scale", [1.0, 5.0])
def test_float32_agrees_with_float64(name, scale):
    family = make(name).eval()
    output, x = random_outputs(50, family.outputs, 3, 4, scale=scale), grey_images(50, *SHAPE)
    rounded = family(output)
    exact = family.double()(output.double())
    tolerance = {"rtol": 2e-5, "atol": 1e-3, "check_dtype": False}
    torch.testing.assert_close(rounded.log_prob(x), exact.log_prob(x.double()), **tolerance)
    torch.testing.assert_close(rounded.mean, exact.mean, rtol=0, atol=1e-4, check_dtype=False)
    if family.chosen.over_numbers(LEVELS):
        a, b = rounded.log_mass(x, LEVELS), exact.log_mass(x.double(), LEVELS)
        torch.testing.assert_close(a, b, **tolerance)


# A ceiling: training on real grey levels can end


def highest_log_density(name: str, levels: int) -> float:
    """What no pixel of a grey level can exceed, in nats."""
    floor = math.log(min(0.5 / (levels - 1), 0.05))
    trained_sigma = -floor - 0.5 * math.log(2 * math.pi)
    ceilings = {
        "continuous_bernoulli": math.log(ContinuousBernoulli.LIMIT) + 1e-6,
        "gaussian_fixed_sigma_0.1": -math.log(0.1) - 0.5 * math.log(2 * math.pi),
        "gaussian_optimal_sigma": -0.5 * math.log(2 * math.pi * math.e * 1e-8),
        "laplace_learned_scale": -floor - math.log(2),
        "beta": math.log(1000),
    }
    density = trained_sigma if name.startswith("gaussian") else 0.0
    return ceilings.get(name, 0.0 if Likelihood.from_slug(name).discrete(levels) else density)


@pytest.mark.parametrize("levels", [2, 17])
@pytest.mark.parametrize("name", SLUGS)
def test_no_grey_level_can_earn_density_without_bound(name, levels):
    """Every pixel is pushed as hard as gradients can, and set to extremes as well."""
    family = make(name, (1, 1, levels), levels).train()
    x = (torch.arange(levels) / (levels - 1)).reshape(1, 1, levels)
    output = torch.cat([x] + [torch.zeros_like(x)] * (family.outputs - 1)).requires_grad_()
    weights = [output, *family.parameters()]
    optimiser = torch.optim.Adam(weights, lr=0.5)
    per_pixel = []
    for _ in range(100):
        optimiser.zero_grad()
        log_prob = family(output).log_prob(x)
        per_pixel.append(log_prob.item() / levels)
        (-log_prob).backward()
        optimiser.step()
    assert max(per_pixel) <= highest_log_density(name, levels) + 1e-5
    one = make(name, (1, 1, 1), levels).train()
    for scale in one.parameters():
        scale.data.fill_(-1e3)
    for value in (x[0, 0, 0], x[0, 0, levels // 2], x[0, 0, -1]):
        highest = one(network_outputs(one, torch.float32)).log_prob(value.reshape(1, 1, 1))
        assert highest.max() <= highest_log_density(name, levels) + 1e-5


# As training calls them: many models at once


def stacked_states(family: LikelihoodFamily, models: int) -> dict[str, Tensor]:
    """Parameters and buffers of as many models, each with values of its own."""
    steps = torch.linspace(-0.5, 0.5, models)
    state = {**dict(family.named_parameters()), **dict(family.named_buffers())}
    return {n: torch.stack([v.detach() + step for step in steps]) for n, v in state.items()}


@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
@pytest.mark.parametrize("name", SLUGS)
def test_vmap_over_models_equals_a_loop(name, training):
    family, models = make(name).train(training), 3
    states, x = stacked_states(family, models), grey_images(models, 5, *SHAPE)
    outputs = random_outputs(models, 5, family.outputs, 3, 4)

    def total(state, output, x):
        log_prob = functional_call(family, state, (output,)).log_prob(x)
        return log_prob.sum(), log_prob

    function = grad(total, argnums=(0, 1), has_aux=True)
    gradients, log_prob = vmap(function)(states, outputs, x)
    for m in range(models):
        state = {n: v[m] for n, v in states.items()}
        expected_gradients, expected = function(state, outputs[m], x[m])
        torch.testing.assert_close(log_prob[m], expected)
        torch.testing.assert_close(gradients[1][m], expected_gradients[1])
        for n, value in expected_gradients[0].items():
            torch.testing.assert_close(gradients[0][n][m], value)


# Probabilities of grey levels


def network_outputs(family: LikelihoodFamily, dtype: torch.dtype) -> Tensor:
    """Outputs for one pixel each: ordinary, wild and extreme ones."""
    n = family.outputs
    random = [random_outputs(30, n, 1, 1, scale=scale, dtype=dtype) for scale in (0.3, 3.0, 30.0)]
    grid = torch.cartesian_prod(*[torch.tensor(EXTREMES, dtype=dtype)] * min(n, 2))
    extreme = grid.reshape(-1, min(n, 2)).repeat(1, n // min(n, 2) + 1)[:, :n]
    return torch.cat([*random, extreme[:, :, None, None]])


def sums_of_masses(family: LikelihoodFamily, levels: int, dtype: torch.dtype) -> Tensor:
    x = torch.arange(levels).to(dtype).reshape(-1, 1, 1, 1, 1) / (levels - 1)
    masses = family.to(dtype).eval()(network_outputs(family, dtype)).log_mass(x, levels)
    assert masses.dtype == dtype
    assert not masses.isnan().any()
    return masses.double().exp().sum(0)


def assert_sums_are_one(sums: Tensor, dtype: torch.dtype) -> None:
    torch.testing.assert_close(sums, torch.ones_like(sums), atol=TOLERANCE[dtype], rtol=0)


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("levels", [2, 17, 256])
@pytest.mark.parametrize("name", SLUGS)
def test_masses_sum_to_one_whatever_the_network_says(name, levels, dtype):
    if not Likelihood.from_slug(name).over_numbers(levels):
        pytest.skip("on grey images Bernoulli pixels are no numbers")
    assert_sums_are_one(sums_of_masses(make(name, (1, 1, 1), levels), levels, dtype), dtype)


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("levels", [2, 17, 256])
@pytest.mark.parametrize("log_scale", [-8.0, -4.0, 0.0, 4.0, 12.0])
@pytest.mark.parametrize("name", OWN_SCALES)
def test_masses_sum_to_one_whatever_the_shared_scale(name, log_scale, levels, dtype):
    family = make(name, (1, 1, 1), levels)
    family.log_sigma.data.fill_(log_scale)
    assert_sums_are_one(sums_of_masses(family, levels, dtype), dtype)


@pytest.mark.parametrize("sigma", [1e-4, 0.01, 1.0, 1e4])
def test_masses_sum_to_one_whatever_the_fixed_sigma(sigma):
    family = make(f"gaussian_fixed_sigma_{sigma}", (1, 1, 1))
    assert_sums_are_one(sums_of_masses(family, LEVELS, torch.float64), torch.float64)


@pytest.mark.parametrize(("name", "levels"), [("bernoulli", 17), ("gaussian_optimal_sigma", 17)])
def test_what_is_no_distribution_over_numbers_has_no_mass(name, levels):
    p = make(name)(torch.zeros(2, *SHAPE))
    with pytest.raises(NotImplementedError, match="has no mass over 17 grey levels"):
        p.log_mass(torch.zeros(2, *SHAPE), levels)


# Scales


@pytest.mark.parametrize("name", SLUGS)
@pytest.mark.parametrize("shape", [(1, 3, 4), (3, 5, 2)], ids=str)
def test_number_of_shared_parameters(name, shape):
    family = make(name, shape)
    counts = {"shared": 1, "position": math.prod(shape)}
    expected = counts.get(family.chosen.family.scale, 0)
    assert sum(p.numel() for p in family.parameters()) == expected


@pytest.mark.parametrize("sigma", [0.05, 1.0, 3.0])
def test_fixed_sigma_is_the_standard_deviation(sigma):
    family = make(f"gaussian_fixed_sigma_{sigma}", (1, 50, 200))
    p = family(torch.zeros(1, 1, 50, 200))
    noise = p.sample(torch.Generator().manual_seed(0))
    assert noise.std().item() == pytest.approx(sigma, rel=5 / math.sqrt(2 * noise.numel()))
    nats = math.log(sigma) + 0.5 * math.log(2 * math.pi)
    peak = p.log_prob(torch.zeros(1, 50, 200)) / 10_000
    assert peak.item() == pytest.approx(-nats, rel=1e-4)


def maximise(family: LikelihoodFamily, x: Tensor) -> None:
    """Fit the shared parameters to images around a mean of zero."""
    optimiser = torch.optim.LBFGS(family.parameters(), max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimiser.zero_grad()
        value = -family(torch.zeros_like(x)).log_prob(x).mean() / x[0].numel()
        value.backward()
        return value

    optimiser.step(loss)


@pytest.mark.parametrize(
    ("name", "spread"),
    [
        ("gaussian_learned_sigma", lambda x: x.square().mean().sqrt()),
        ("laplace_learned_scale", lambda x: x.abs().mean()),
        ("gaussian_dimension_sigma", lambda x: x.square().mean(0).sqrt()),
    ],
)
def test_trained_scales_find_the_spread_of_the_data(name, spread):
    widths = torch.linspace(0.05, 0.5, 12).reshape(SHAPE)
    x = widths * torch.randn(200, *SHAPE, generator=torch.Generator().manual_seed(0))
    family = make(name)
    maximise(family, x)
    scale = family(torch.zeros_like(x)).log_scale.exp()
    torch.testing.assert_close(scale, spread(x), rtol=1e-2, atol=0)


@pytest.mark.parametrize(("levels", "floor"), [(2, 0.05), (17, 0.5 / 16), (256, 0.5 / 255)])
def test_the_floor_of_sigma_is_half_the_distance_between_grey_levels_and_at_most_a_twentieth(
    levels, floor
):
    assert math.exp(least_log_sigma(levels)) == pytest.approx(floor)


BLACK_AND_WHITE = torch.eye(12).reshape(12, *SHAPE)


@pytest.mark.parametrize("name", [n for n in OWN_SCALES if n != "gaussian_optimal_sigma"])
def test_a_trained_scale_finds_how_far_reconstructions_are_from_black_and_white(name):
    family, error = make(name, levels=2), 0.15
    near = (BLACK_AND_WHITE - error).abs()  # what a good decoder says
    optimiser = torch.optim.Adam(family.parameters(), lr=0.05)
    for _ in range(300):
        optimiser.zero_grad()
        (-family(near).log_prob(BLACK_AND_WHITE).mean()).backward()
        optimiser.step()
    scale = family(near).log_scale.exp()
    assert (0.5 * error < scale).all() and (scale < 1.1 * error).all()  # each family has its own


@pytest.mark.parametrize("levels", [2, 3, 17])
@pytest.mark.parametrize("name", SLUGS)
def test_gradients_reach_every_output_at_the_start(name, levels):
    family = make(name, levels=levels)
    output = family.initial_output(torch.full(SHAPE, 0.3)).requires_grad_()
    family(output.expand(12, *output.shape)).log_prob(BLACK_AND_WHITE).sum().backward()
    assert (output.grad != 0).all()


@pytest.mark.parametrize("levels", [2, 17, 256])
@pytest.mark.parametrize("asked", [-1e3, -20.0, -0.5, 3.0])
@pytest.mark.parametrize("name", ["gaussian_image_sigma", "gaussian_pixel_sigma"])
def test_sigma_is_what_is_asked_for_but_not_below_the_floor(name, asked, levels):
    family = make(name, levels=levels)
    output = torch.full((2, family.outputs, 3, 4), asked)
    log_scale = family(output).log_scale
    expected = torch.full_like(log_scale, max(asked, least_log_sigma(levels)))
    torch.testing.assert_close(log_scale, expected)


@pytest.mark.parametrize("asked", [-1e3, -20.0, -0.5, 3.0])
def test_trained_sigmas_per_position_stay_above_the_floor_and_can_come_back(asked):
    family, floor = make("gaussian_dimension_sigma"), least_log_sigma(LEVELS)
    family.log_sigma.data.fill_(asked)
    log_scale = family(torch.zeros(1, *SHAPE)).log_scale
    assert (log_scale >= floor).all()
    assert (log_scale - max(asked, floor)).abs().max() <= math.log(2)
    log_scale.sum().backward()
    assert asked < -100 or (family.log_sigma.grad > 0).all()


def test_image_sigma_is_one_number_per_image_and_pixel_sigma_one_per_pixel():
    output = random_outputs(5, 2, 2 * 3, 4, 6)
    raw = output.chunk(2, dim=2)[1]
    per_image = make("gaussian_image_sigma", (3, 4, 6))(output).log_scale
    assert per_image.shape == (5, 2, 1, 1, 1)
    torch.testing.assert_close(per_image.squeeze(), raw.mean((2, 3, 4)))
    per_pixel = make("gaussian_pixel_sigma", (3, 4, 6))(output).log_scale
    torch.testing.assert_close(per_pixel, raw.clamp(min=least_log_sigma(LEVELS)))


def test_optimal_sigma_is_of_the_image_in_training_and_fixed_in_evaluation():
    family, output = make("gaussian_optimal_sigma"), random_outputs(2, *SHAPE)
    x = grey_images(2, *SHAPE)
    assert isinstance(family.train()(output), OptimalGaussian)
    error = (x - output).square().mean(PIXELS)
    expected = -6 * torch.log(2 * math.pi * math.e * error)
    torch.testing.assert_close(family(output).log_prob(x), expected)
    family.log_sigma.fill_(-0.3)
    evaluated, gaussian = family.eval()(output), Gaussian(output, torch.tensor(-0.3))
    torch.testing.assert_close(evaluated.log_prob(x), gaussian.log_prob(x))
    assert (evaluated.log_prob(x) < expected).all()


def test_beta_parameters_stay_within_their_limits():
    for value in EXTREMES:
        p = make("beta")(torch.full((2, 2, 3, 4), value))
        for parameter in (p.alpha, p.beta):
            assert 0.0099 < parameter.min() <= parameter.max() <= 1000


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        ("discretized_logistic", "location", "log_scale"),
        ("gaussian_pixel_sigma", "location", "log_scale"),
        ("beta", "alpha", "beta"),
    ],
)
def test_the_first_half_of_the_outputs_is_the_first_parameter(name, first, second):
    family = make(name, (3, 2, 2))
    p = family(torch.cat([torch.full((3, 2, 2), 0.5), torch.full((3, 2, 2), -1.0)]))
    values = [getattr(p, key) for key in (first, second)]
    assert all(value.shape == (3, 2, 2) and len(value.unique()) == 1 for value in values)
    assert (values[0] > values[1]).all()


@pytest.mark.parametrize("channels", [1, 3])
def test_categorical_outputs_are_the_logits_of_one_level_after_the_other(channels):
    family = make("categorical", (channels, 2, 2))
    output = torch.full((LEVELS, channels, 2, 2), -50.0)
    output[5] = 50.0
    p = family(output.flatten(0, 1))
    torch.testing.assert_close(p.mean, torch.full((channels, 2, 2), 5 / 16))
    x = torch.full((channels, 2, 2), 5 / 16)
    assert p.log_prob(x).item() == pytest.approx(0, abs=1e-5)
