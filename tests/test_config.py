import copy
import json

import pytest
import yaml

from vae.config import Benchmark, load_benchmark
from vae.sweep import (
    DATASETS,
    LIKELIHOODS,
    NETWORKS,
    PRECISIONS,
    SCALE_READINGS,
    Cell,
    Likelihood,
    Network,
    Sweep,
)

CONFIGURATION = {
    "datasets": ["digits"],
    "networks": [{"name": "mlp", "hidden": [16]}],
    "latent_dims": [3],
    "likelihoods": ["bernoulli", {"name": "gaussian_fixed_sigma", "sigma": 0.1}],
    "betas": [1, 0.5],
    "seeds": [0, 1],
    "training": {"epochs": 2, "batch_size": 100, "learning_rate": 0.001},
    "evaluation": {"importance_samples": 10},
}

BAD_VALUES = [  # path to the value, the value, what the message must name
    ("datasets", ["cifar"], ["datasets", "cifar"]),
    ("datasets", [], ["datasets"]),
    ("datasets", "digits", ["datasets", "digits"]),
    ("datasets", ["digits", "digits"], ["datasets", "digits"]),
    ("networks", [{"name": "resnet", "hidden": [16]}], ["networks", "resnet"]),
    ("networks", [{"name": "mlp", "hidden": [0]}], ["networks.mlp.hidden", "0"]),
    ("networks", [{"name": "mlp", "hidden": []}], ["networks.mlp.hidden", "linear"]),
    ("networks", [{"name": "conv", "hidden": []}], ["networks.conv.hidden", "linear"]),
    ("networks", [{"name": "linear", "hidden": [4]}], ["networks.linear.hidden", "[4]"]),
    ("networks", [{"name": "mlp", "hidden": [1.5]}], ["networks.mlp.hidden", "1.5"]),
    ("networks", [{"name": "mlp", "hidden": 16}], ["networks.mlp.hidden"]),
    ("networks", [{"name": "mlp", "hidden": [16], "width": 3}], ["networks", "width"]),
    ("networks", ["mlp"], ["networks", "hidden"]),
    ("networks", [], ["networks"]),
    ("networks", "mlp", ["networks"]),
    ("latent_dims", [0], ["latent_dims", "0"]),
    ("latent_dims", [-3], ["latent_dims", "-3"]),
    ("latent_dims", [2.5], ["latent_dims", "2.5"]),
    ("latent_dims", [True], ["latent_dims", "True"]),
    ("latent_dims", [3, 3], ["latent_dims", "3"]),
    ("likelihoods", ["cauchy"], ["likelihoods", "cauchy"]),
    ("likelihoods", [], ["likelihoods"]),
    ("likelihoods", ["bernoulli", "bernoulli"], ["likelihoods", "bernoulli"]),
    ("likelihoods", ["gaussian_fixed_sigma"], ["gaussian_fixed_sigma.sigma"]),
    ("likelihoods", [{"name": "bernoulli", "sigma": 0.1}], ["bernoulli.sigma"]),
    ("likelihoods", [{"name": "bernoulli", "discretized": True}], ["bernoulli.discretized"]),
    (
        "likelihoods",
        [{"name": "gaussian_optimal_sigma", "discretized": True}],
        ["gaussian_optimal_sigma.discretized", "leave it out"],
    ),
    ("likelihoods", [{"name": "categorical", "discretized": True}], ["categorical.discretized"]),
    ("likelihoods", [{"name": "beta", "discretized": "yes"}], ["beta.discretized", "'yes'"]),
    ("likelihoods", [{"name": "gaussian_fixed_sigma", "sigma": -1}], ["sigma", "-1"]),
    ("likelihoods", [{"name": "bernoulli", "betas": [-2]}], ["bernoulli.betas", "-2"]),
    ("likelihoods", [{"name": "bernoulli", "betas": []}], ["bernoulli.betas"]),
    ("betas", [-1], ["betas", "-1"]),
    ("betas", [0], ["betas", "0"]),
    ("betas", [], ["betas"]),
    ("betas", 1, ["betas", "1"]),
    ("betas", ["one"], ["betas", "one"]),
    ("betas", [1, 1.0], ["betas", "1"]),
    ("betas", [float("inf")], ["betas", "inf"]),
    ("betas", [float("nan")], ["betas", "nan"]),
    ("betas", [[1]], ["betas", "[1]"]),
    ("betas", [1.0, 1.0000001], ["betas", "1.0"]),
    ("seeds", [-1], ["seeds", "-1"]),
    ("seeds", [0.5], ["seeds", "0.5"]),
    ("seeds", [2, 2], ["seeds", "2"]),
    ("seeds", [], ["seeds"]),
    ("training.epochs", 0, ["training.epochs", "0"]),
    ("training.batch_size", 0, ["training.batch_size", "0"]),
    ("training.previews", 0, ["training.previews", "0"]),
    ("training.learning_rate", 0, ["training.learning_rate", "0"]),
    ("training.learning_rate", "fast", ["training.learning_rate", "fast"]),
    ("training.scale_reading", "std", ["training.scale_reading", "std"]),
    ("training.precision", "float16", ["training.precision", "float16", "bfloat16"]),
    ("training.warmup_epochs", -1, ["training.warmup_epochs", "-1"]),
    ("training.warmup_epochs", 2, ["training.warmup_epochs"]),
    ("training.tolerance", -0.5, ["training.tolerance", "-0.5"]),
    ("training.tolerance", float("inf"), ["training.tolerance", "inf"]),
    ("training.tolerance", "small", ["training.tolerance", "small"]),
    ("training.epoch", 2, ["training", "epoch"]),
    ("training", 7, ["training"]),
    ("evaluation.importance_samples", 0, ["evaluation.importance_samples", "0"]),
    ("evaluation.samples", -1, ["evaluation.samples", "-1"]),
    ("evaluation.features", ["resnet"], ["evaluation.features", "resnet", "inception"]),
    ("evaluation.features", "classifier", ["evaluation.features", "list"]),
    ("evaluation.samples", 20, ["evaluation.samples", "20", "100"]),
    ("evaluation.inception_weights", 3, ["evaluation.inception_weights", "3"]),
    ("autoencoder", "perhaps", ["autoencoder"]),
    ("criteria", ["rate"], ["criteria", "rate", "elbo"]),
    ("criteria", ["elbo", "elbo"], ["criteria", "elbo"]),
    ("criteria", "elbo", ["criteria", "list"]),
    ("beta", [1], ["beta", "configuration"]),
]


@pytest.fixture
def load(tmp_path):
    """Write a configuration, with one value replaced, and load it."""

    def load(key: str = "seeds", value: object = (0, 1)) -> Benchmark:
        configuration = copy.deepcopy(CONFIGURATION)
        *parents, last = key.split(".")
        part = configuration
        for parent in parents:
            part = part[parent]
        part[last] = list(value) if isinstance(value, tuple) else value
        (tmp_path / "bench.yaml").write_text(yaml.safe_dump(configuration))
        return load_benchmark(tmp_path / "bench.yaml")

    return load


@pytest.mark.parametrize(("key", "value", "names"), BAD_VALUES, ids=lambda v: str(v)[:40])
def test_bad_value_is_named_with_its_file_and_key(load, input_error, key, value, names):
    with input_error("bench.yaml", *names):
        load(key, value)


@pytest.mark.parametrize(
    "key", ["datasets", "betas", "training", "evaluation", "networks", "seeds"]
)
def test_missing_key_is_named(tmp_path, input_error, key):
    rest = {k: v for k, v in CONFIGURATION.items() if k != key}
    (tmp_path / "bench.yaml").write_text(yaml.safe_dump(rest))
    with input_error("bench.yaml", "missing", key):
        load_benchmark(tmp_path / "bench.yaml")


def test_missing_nested_key_is_named(input_error):
    values = CONFIGURATION | {"training": {"epochs": 2, "batch_size": 10}}
    with input_error("training", "learning_rate"):
        Benchmark.from_dict(values)


def test_missing_file(tmp_path, input_error):
    with input_error(tmp_path / "none.yaml"):
        load_benchmark(tmp_path / "none.yaml")


def test_directory_instead_of_file(tmp_path, input_error):
    with input_error(tmp_path):
        load_benchmark(tmp_path)


def test_binary_file(tmp_path, input_error):
    (tmp_path / "bench.yaml").write_bytes(b"\xff\xfe\x00")
    with input_error("bench.yaml"):
        load_benchmark(tmp_path / "bench.yaml")


def test_invalid_yaml_names_its_line(tmp_path, input_error):
    (tmp_path / "bench.yaml").write_text("datasets: [digits]\nbetas: [1, 2\nseeds: [0]\n")
    with input_error("bench.yaml", "line 3"):
        load_benchmark(tmp_path / "bench.yaml")


@pytest.mark.parametrize("text", ["", "- digits\n", "digits\n", "3\n"])
def test_not_a_mapping(tmp_path, input_error, text):
    (tmp_path / "bench.yaml").write_text(text)
    with input_error("bench.yaml", "mapping"):
        load_benchmark(tmp_path / "bench.yaml")


def test_defaults(load):
    benchmark = load()
    assert benchmark.autoencoder
    assert benchmark.training.scale_reading == "log_variance"
    assert benchmark.evaluation.seed == 0


def test_betas_are_sorted_numbers(load):
    assert load().betas == (0.5, 1.0)


def test_every_combination_is_one_sweep(load):
    benchmark = load("latent_dims", [2, 10])
    assert set(benchmark.sweeps) == {
        "digits-mlp-2d-bernoulli",
        "digits-mlp-10d-bernoulli",
        "digits-mlp-2d-gaussian_fixed_sigma_0.1",
        "digits-mlp-10d-gaussian_fixed_sigma_0.1",
    }
    assert all(slug == sweep.slug for slug, sweep in benchmark.sweeps.items())


def test_betas_of_a_likelihood_override_the_grid(load):
    benchmark = load("likelihoods", ["bernoulli", {"name": "discretized_logistic", "betas": [8]}])
    assert benchmark.sweeps["digits-mlp-3d-bernoulli"].betas == (0.5, 1.0)
    assert benchmark.sweeps["digits-mlp-3d-discretized_logistic"].betas == (8.0,)


def test_one_family_as_a_density_and_discretized(load):
    both = ["gaussian_learned_sigma", {"name": "gaussian_learned_sigma", "discretized": True}]
    sweeps = load("likelihoods", both).sweeps
    assert list(sweeps) == [
        "digits-mlp-3d-gaussian_learned_sigma",
        "digits-mlp-3d-gaussian_learned_sigma_discretized",
    ]
    assert [s.likelihood.discretized for s in sweeps.values()] == [False, True]
    for sweep in sweeps.values():
        assert Sweep.from_dict(json.loads(json.dumps(sweep.to_dict()))) == sweep


def test_one_family_with_several_sigmas(load):
    sigmas = [{"name": "gaussian_fixed_sigma", "sigma": s} for s in (0.1, 1)]
    assert [s.likelihood.sigma for s in load("likelihoods", sigmas).sweeps.values()] == [0.1, 1]


def test_cells_of_a_sweep(make_sweep):
    cells = make_sweep().cells
    vaes = {Cell("vae", beta, seed) for beta in (0.5, 1.0) for seed in (0, 1)}
    assert set(cells) == vaes | {Cell("ae", 0.0, 0), Cell("ae", 0.0, 1)}
    assert len(cells) == 6
    assert set(make_sweep(autoencoder=False).cells) == vaes


def test_slugs():
    assert Cell("vae", 0.5, 3).slug == "vae_beta_0.5_seed_3"
    assert Cell("vae", 1.0, 0).slug == "vae_beta_1_seed_0"
    assert Cell("ae", 0.0, 3).slug == "ae_seed_3"
    assert Likelihood("bernoulli").slug == "bernoulli"
    assert Likelihood("gaussian_fixed_sigma", 0.05).slug == "gaussian_fixed_sigma_0.05"
    rounded = Likelihood("gaussian_fixed_sigma", 0.05, discretized=True)
    assert rounded.slug == "gaussian_fixed_sigma_0.05_discretized"


@pytest.mark.parametrize("name", LIKELIHOODS)
@pytest.mark.parametrize("network", NETWORKS)
def test_sweep_through_json(make_sweep, name, network):
    sigma = 0.1 if name == "gaussian_fixed_sigma" else None
    hidden = () if network == "linear" else (4, 8)
    sweep = make_sweep(
        likelihood=Likelihood(name, sigma, betas=(0.5, 1.0)), network=Network(network, hidden)
    )
    assert Sweep.from_dict(json.loads(json.dumps(sweep.to_dict()))) == sweep


@pytest.mark.parametrize(
    ("key", "value"),
    [("dataset", "cifar"), ("latent_dim", 0), ("betas", [-1.0]), ("colour", "red")],
)
def test_sweep_from_bad_values(make_sweep, input_error, key, value):
    with input_error("sweep", key, str(value).strip("[]")[:4] if key != "colour" else "unknown"):
        Sweep.from_dict(make_sweep().to_dict() | {key: value})


def test_sweep_from_bad_parts(make_sweep, input_error):
    values = make_sweep().to_dict()
    with input_error("sweep.network", "depth"):
        Sweep.from_dict(values | {"network": values["network"] | {"depth": 2}})
    with input_error("sweep"):
        Sweep.from_dict([1, 2])


def test_known_names_load(load):
    assert load("datasets", list(DATASETS)).datasets == DATASETS
    for reading in SCALE_READINGS:
        assert load("training.scale_reading", reading).training.scale_reading == reading
    for precision in PRECISIONS:
        assert load("training.precision", precision).training.precision == precision
