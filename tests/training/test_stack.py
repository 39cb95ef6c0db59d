"""A stack trains every cell as if it were alone, by the textbook loop."""

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import Normal, kl_divergence
from torch.nn.functional import binary_cross_entropy_with_logits

from vae.configuration.sweep import Cell, Likelihood, Network
from vae.data.datasets import load_dataset, prepare
from vae.models import Autoencoder
from vae.training.loop import cell_records
from vae.training.stack import Stack

CPU = torch.device("cpu")
AUTOENCODER, HALF, ONE = Cell("ae", 0.0, 0), Cell("vae", 0.5, 0), Cell("vae", 1.0, 0)


def train(stack: Stack, epochs: int) -> None:
    stack.validate()
    for _ in range(epochs):
        stack.train_epoch()
        stack.validate()


def batches_of_an_epoch(stack: Stack) -> list[tuple[Tensor, Tensor]]:
    """Train one epoch; the images and the noise of every step."""
    batches, terms = [], stack.terms

    def recording(x, noise):
        batches.append((x, noise))
        return terms(x, noise)

    stack.terms = recording
    stack.train_epoch()
    stack.terms = terms
    return batches


def rows(stack: Stack, cell: Cell, split: str) -> list[dict]:
    return [
        row
        for row in stack.history
        if (row["model"], row["beta"], row["seed"], row["split"])
        == (cell.model, cell.beta, cell.seed, split)
    ]


class PlainCell:
    """One model in eager modules, its loss by torch.distributions and its own optimiser."""

    def __init__(self, stack: Stack, cell: Cell, learning_rate: float) -> None:
        self.beta, self.stochastic = cell.beta, cell.model == "vae"
        self.encoder = nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 6))
        self.decoder = nn.Sequential(
            nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 64, bias=False), nn.Unflatten(1, (1, 8, 8))
        )
        index = stack.cells.index(cell)
        initial = {n: p.detach()[index].clone() for n, p in stack.parameters.items()}
        for name, module in (("encoder", self.encoder), ("decoder", self.decoder)):
            prefix = f"{name}.network."
            module.load_state_dict(
                {n.removeprefix(prefix): p for n, p in initial.items() if n.startswith(prefix)}
            )
        self.bias = nn.Parameter(initial["decoder.bias"])
        self.optimiser = torch.optim.Adam(self.named().values(), lr=learning_rate)

    def named(self) -> dict[str, nn.Parameter]:
        parts = {"encoder": self.encoder, "decoder": self.decoder}
        weights = {
            f"{part}.network.{name}": p
            for part, module in parts.items()
            for name, p in module.named_parameters()
        }
        return {**weights, "decoder.bias": self.bias}

    def step(self, x: Tensor, noise: Tensor) -> tuple[float, float]:
        mean, log_variance = self.encoder(x).chunk(2, 1)
        q = Normal(mean, log_variance.exp().sqrt())
        z = q.mean + q.stddev * noise if self.stochastic else mean
        logits = self.decoder(z) + self.bias
        distortion = binary_cross_entropy_with_logits(logits, x, reduction="none").sum((1, 2, 3))
        rate = kl_divergence(q, Normal(0.0, 1.0)).sum(1)
        loss = distortion.mean() + self.beta * rate.mean()
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        return distortion.sum().item(), rate.sum().item()


@pytest.mark.parametrize("cell", [AUTOENCODER, HALF, ONE], ids=lambda cell: cell.slug)
def test_training_equals_a_plain_loop(make_stack, digits, cell):
    stack = make_stack(batch_size=110, learning_rate=1e-2)  # the last batch has 57 images
    plain, i = PlainCell(stack, cell, 1e-2), stack.cells.index(cell)
    for _ in range(3):
        sums = [plain.step(x[i], noise[i]) for x, noise in batches_of_an_epoch(stack)]
    for name, parameter in plain.named().items():
        torch.testing.assert_close(stack.parameters[name][i], parameter, rtol=1e-4, atol=1e-5)
    last = rows(stack, cell, "train")[-1]
    n = len(digits.images["train"])
    distortion, rate = (sum(column) / n for column in zip(*sums, strict=True))
    assert last["distortion"] == pytest.approx(distortion, rel=1e-5)
    assert last["rate"] == (None if cell.model == "ae" else pytest.approx(rate, rel=1e-3))


def test_cells_of_one_seed_share_initial_weights(make_stack):
    stack = make_stack()
    first, *others = [stack.cells.index(cell) for cell in (AUTOENCODER, HALF, ONE)]
    other_seed = stack.cells.index(Cell("vae", 1.0, 1))
    for name, p in stack.parameters.items():
        assert all(torch.equal(p[first], p[i]) for i in others)
        assert name.endswith("bias") or not torch.equal(p[first], p[other_seed])


@pytest.mark.parametrize("network", [Network("mlp", (16,)), Network("conv", (4, 8))])
def test_initial_weights_do_not_depend_on_the_other_cells(make_stack, network):
    together, alone = make_stack(network=network), make_stack(cells=(ONE,), network=network)
    index = together.cells.index(ONE)
    for name, p in alone.parameters.items():
        assert torch.equal(p[0], together.parameters[name][index])


def test_cells_of_one_seed_share_data_order_and_noise(make_stack):
    stack = make_stack()
    of_seed = [[i for i, cell in enumerate(stack.cells) if cell.seed == seed] for seed in (0, 1)]
    for x, noise in batches_of_an_epoch(stack):
        for indices in of_seed:
            assert all(torch.equal(x[i], x[indices[0]]) for i in indices)
        assert not torch.equal(x[of_seed[0][0]], x[of_seed[1][0]])
        vae_of_seed = [[i for i in s if stack.cells[i].model == "vae"] for s in of_seed]
        for indices in vae_of_seed:
            assert all(torch.equal(noise[i], noise[indices[0]]) for i in indices)
        assert not torch.equal(noise[vae_of_seed[0][0]], noise[vae_of_seed[1][0]])


def test_every_epoch_visits_every_training_image_once_in_a_new_order(make_stack, digits):
    stack = make_stack(cells=(ONE,), batch_size=110)
    epochs = [torch.cat([x[0] for x, _ in batches_of_an_epoch(stack)]) for _ in range(2)]
    expected = sorted(map(tuple, digits.unit("train").flatten(1).tolist()))
    for images in epochs:
        assert sorted(map(tuple, images.flatten(1).tolist())) == expected
    assert not torch.equal(*epochs)


def test_noise_is_standard_normal_and_new_in_every_epoch(make_stack):
    stack = make_stack(cells=(ONE,))
    epochs = [torch.cat([e[0] for _, e in batches_of_an_epoch(stack)]) for _ in range(2)]
    for noise in epochs:
        assert noise.shape == (1157, 3)
        torch.testing.assert_close(noise.mean(0), torch.zeros(3), atol=0.12, rtol=0)
        torch.testing.assert_close(noise.T.cov(), torch.eye(3), atol=0.2, rtol=0)
    assert not torch.equal(*epochs)


def test_images_binarised_at_every_use_are_drawn_anew(make_stack, tmp_path):
    prepare("digits_dynamic", tmp_path / "digits_dynamic.npz")
    dataset = load_dataset(tmp_path / "digits_dynamic.npz")
    stack = make_stack(dataset=dataset)
    epochs = [torch.cat([x for x, _ in batches_of_an_epoch(stack)], 1) for _ in range(2)]
    assert set(torch.cat(epochs).unique().tolist()) == {0.0, 1.0}
    assert torch.equal(epochs[0][0], epochs[0][2])  # two cells of seed 0
    assert not torch.equal(epochs[0].sum(1), epochs[1].sum(1))
    torch.testing.assert_close(epochs[0].mean(1)[0], dataset.mean_image(), atol=0.06, rtol=0)


def test_noise_matters_to_all_cells_but_the_autoencoder(make_stack, digits):
    stack = make_stack()
    x = digits.unit("validation")[:10].expand(6, 10, 1, 8, 8)
    stream = torch.Generator().manual_seed(0)
    a, b = (stack.terms(x, torch.randn(6, 10, 3, generator=stream))[0] for _ in range(2))
    for i, cell in enumerate(stack.cells):
        assert torch.equal(a[i], b[i]) == (cell.model == "ae")


def test_bfloat16_rounds_products_and_keeps_weights_and_losses_in_float32(make_stack):
    exact, rounded = make_stack(), make_stack(precision="bfloat16")
    for stack in (exact, rounded):
        train(stack, 1)
    for name, p in exact.parameters.items():
        assert rounded.parameters[name].dtype == torch.float32
        torch.testing.assert_close(rounded.parameters[name], p, rtol=0.1, atol=0.01)
    of = [
        [row["distortion"] for row in s.history if row["split"] == "train"]
        for s in (exact, rounded)
    ]
    assert of[0] != of[1]
    assert of[0] == pytest.approx(of[1], rel=1e-2)


def test_tf32_changes_nothing_on_a_cpu_and_ends_with_the_epoch(make_stack):
    exact, rounded = make_stack(), make_stack(precision="tf32")
    before = torch.backends.cuda.matmul.fp32_precision
    for stack in (exact, rounded):
        train(stack, 1)
    assert torch.backends.cuda.matmul.fp32_precision == before
    for name, p in exact.parameters.items():
        assert torch.equal(rounded.parameters[name], p)


def test_warm_up_raises_beta_in_equal_steps(make_stack):
    ramped = make_stack(cells=(ONE,), epochs=6, warmup_epochs=3)
    by_hand = make_stack(cells=(ONE,), epochs=6)
    for beta in (0.25, 0.5, 0.75, 1.0, 1.0):
        by_hand.beta = torch.tensor([beta])
        by_hand.train_epoch()
        ramped.train_epoch()
        for name, p in ramped.parameters.items():
            assert torch.equal(p, by_hand.parameters[name])


def test_without_warm_up_beta_is_whole_from_the_first_epoch(make_stack):
    by_default, warmed = make_stack(cells=(ONE,)), make_stack(cells=(ONE,), warmup_epochs=1)
    explicit = make_stack(cells=(ONE,), warmup_epochs=0)
    for stack in (by_default, warmed, explicit):
        stack.train_epoch()
    bias = {s: s.parameters["encoder.network.3.bias"] for s in (by_default, warmed, explicit)}
    assert torch.equal(bias[by_default], bias[explicit])
    assert not torch.equal(bias[by_default], bias[warmed])


def test_history_holds_validation_from_before_training_and_both_splits_after(make_stack):
    stack = make_stack()
    train(stack, 2)
    for cell in stack.cells:
        assert [row["epoch"] for row in rows(stack, cell, "validation")] == [0, 1, 2]
        assert [row["epoch"] for row in rows(stack, cell, "train")] == [1, 2]
    assert len(stack.history) == 5 * len(stack.cells)


def test_kept_weights_are_those_of_the_best_validation_objective(make_stack):
    stack, snapshots = make_stack(learning_rate=0.1), []
    stack.validate()
    for _ in range(12):
        snapshots.append({n: p.clone() for n, p in stack.trained.average.items()})
        stack.train_epoch()
        stack.validate()
    snapshots.append({n: p.clone() for n, p in stack.trained.average.items()})
    chosen = []
    for i, cell in enumerate(stack.cells):
        objectives = [
            r["distortion"] + cell.beta * (r["rate"] or 0) for r in rows(stack, cell, "validation")
        ]
        best = min(range(13), key=objectives.__getitem__)
        assert stack.best_epoch[i] == best
        assert stack.best_objective[i].item() == pytest.approx(objectives[best], rel=1e-6)
        for name, kept in stack.best.items():
            assert torch.equal(kept[i], snapshots[best][name][i])
        chosen.append(best)
    assert min(chosen) < 12
    assert len(set(chosen)) > 1


def test_a_diverged_cell_harms_no_other_and_keeps_its_last_good_weights(make_stack):
    healthy, sick = make_stack(), make_stack()
    train(healthy, 1)
    train(sick, 1)
    i = sick.cells.index(HALF)
    with torch.no_grad():
        sick.parameters["encoder.network.1.weight"][i] = torch.nan
    for stack in (healthy, sick):
        stack.train_epoch()
        stack.validate()
    others = [j for j in range(len(sick.cells)) if j != i]
    assert sick.diverged_at.tolist() == [2 if j == i else -1 for j in range(len(sick.cells))]
    assert sick.best_epoch[i] == healthy.best_epoch.new_tensor(1)
    assert sick.active == others
    for name, p in sick.parameters.items():
        assert torch.equal(p, healthy.parameters[name][others])
        assert torch.equal(sick.best[name][others], healthy.best[name][others])
        assert sick.best[name].isfinite().all()


def test_a_cell_that_is_no_number_on_validation_alone_has_diverged(make_stack):
    stack = make_stack()
    train(stack, 1)
    stack.train_epoch()
    i = stack.cells.index(HALF)
    with torch.no_grad():  # as if the last step of the epoch had done it
        stack.trained.average["encoder.network.1.weight"][i] = torch.nan
    stack.validate()
    assert i not in stack.active
    assert stack.diverged_at.tolist() == [2 if j == i else -1 for j in range(len(stack.cells))]
    assert cell_records(stack)[i]["status"] == "diverged"
    assert stack.best_epoch[i] <= 1


def test_the_summary_is_of_validation_however_few_cells_still_train(make_stack):
    stack = make_stack()
    train(stack, 1)
    stack.narrow(stack.active[:2])
    train(stack, 1)
    first, last = (rows(stack, stack.cells[i], "validation")[-1] for i in (0, 1))
    for row in (first, last):
        assert f"{row['distortion']:.2f} + {row['rate'] or 0:.2f}" in stack.summary()


def test_nothing_is_kept_of_a_cell_after_it_diverged(make_stack):
    stack = make_stack()
    train(stack, 1)
    i, kept = stack.cells.index(HALF), {n: p.clone() for n, p in stack.best.items()}
    stack.diverged_at[i] = 1  # although its weights are finite again, and improve
    train(stack, 3)
    assert stack.best_epoch[i] == 1
    assert all(torch.equal(stack.best[name][i], kept[name][i]) for name in kept)
    assert stack.best_epoch[stack.cells.index(ONE)] > 1


def test_pictures_of_one_image_differ_by_the_sampled_code(make_stack):
    stack = make_stack()
    stack.preview_images = stack.preview_images[:1].repeat(8, 1, 1, 1)
    stack.validate()
    for cell, frame in zip(stack.cells, stack.frames[0], strict=True):
        reconstructions, samples = frame.flatten(1).split(8)
        distinct = len(reconstructions.unique(dim=0))
        assert distinct == 1 if cell.model == "ae" else distinct > 1
        assert len(samples.unique(dim=0)) > 1


@pytest.mark.parametrize("kept", [True, False], ids=["kept weights", "last weights"])
def test_a_cell_as_a_model_of_its_own_has_the_terms_it_has_in_the_stack(make_stack, digits, kept):
    stack = make_stack()
    train(stack, 2)
    stack.narrow(stack.active[1:])  # the first cell's row is gone from what is trained
    x, noise = digits.unit("train")[:5], torch.randn(5, 3)
    weights = {n: w[1:] for n, w in stack.best.items()} if kept else stack.parameters
    all_terms = stack._terms(
        weights,
        x.expand(len(stack.active), *x.shape),
        noise.expand(len(stack.active), *noise.shape),
    )
    for row, index in enumerate(stack.active):
        model = stack.model(index, None if kept else stack.parameters)
        assert isinstance(model, Autoencoder) == (stack.cells[index].model == "ae")
        assert not model.training and not any(p.requires_grad for p in model.parameters())
        q = model.encode(x)
        distortion = -model.decode(q.rsample(noise)).log_prob(x)
        torch.testing.assert_close(distortion, all_terms[0][row].detach())


def stacked_bound(make_sweep, digits, seeds, samples: int) -> Stack:
    objective = {"name": "iwae", "samples": samples}
    likelihood = Likelihood("bernoulli", betas=(1.0,), objective=objective)
    sweep = make_sweep(likelihood=likelihood, autoencoder=False, betas=(1.0,), seeds=seeds)
    return Stack(sweep, sweep.cells, digits, CPU)


def test_cells_trained_on_the_bound_of_several_samples_train_as_if_alone(make_sweep, digits):
    both, alone = (stacked_bound(make_sweep, digits, seeds, 3) for seeds in ((0, 1), (1,)))
    for stack in (both, alone):
        train(stack, 2)
    for name, weights in alone.parameters.items():
        torch.testing.assert_close(both.parameters[name][1], weights[0], rtol=1e-4, atol=1e-5)
    assert both.objectives[1][-1] < both.objectives[1][0]


def test_one_sample_of_the_bound_uses_the_elbo_s_noise(make_sweep, digits):
    bound, elbo = (
        stacked_bound(make_sweep, digits, (0,), 1),
        Stack(make_sweep(), [ONE], digits, CPU),
    )
    (x, noise), *_ = batches_of_an_epoch(bound)
    (same_x, same_noise), *_ = batches_of_an_epoch(elbo)
    assert torch.equal(x, same_x) and torch.equal(noise[:, 0], same_noise)
