import copy
import json
import subprocess
from dataclasses import asdict, replace

import pytest
import yaml
from every_likelihood import DENSITIES, MASSES, SLUGS
from jsonschema import Draft202012Validator

from vae.checks import CODE, PUBLISHED
from vae.configuration.benchmark import Benchmark, as_yaml, load_benchmark, read_yaml
from vae.configuration.sweep import (
    NETWORKS,
    PRECISIONS,
    SCALE_READINGS,
    Cell,
    Likelihood,
    Network,
    Sweep,
)
from vae.data.catalogue import DATASETS

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

FIXED = {"name": "gaussian_fixed_sigma"}
BOUND = {"name": "bernoulli", "betas": [1], "objective": {"name": "iwae", "samples": 5}}
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
    ("likelihoods", [], ["likelihoods"]),
    ("likelihoods", ["bernoulli", "bernoulli"], ["likelihoods", "bernoulli"]),
    ("likelihoods", [{"name": "beta", "discretized": "yes"}], ["beta.discretized", "'yes'"]),
    ("likelihoods", [{"name": "gaussian_fixed_sigma", "sigma": -1}], ["sigma", "-1"]),
    ("likelihoods", [{"name": "bernoulli", "betas": [-2]}], ["bernoulli.betas", "-2"]),
    ("likelihoods", [{"name": "bernoulli", "betas": []}], ["bernoulli.betas"]),
    ("likelihoods", [{"name": "beta", "objective": None}], ["beta.objective"]),
    ("likelihoods", [{"name": "beta", "objective": "iwae"}], ["beta.objective"]),
    ("likelihoods", [{"name": "beta", "objective": {"name": "vimco"}}], ["objective", "vimco"]),
    ("likelihoods", [{"name": "beta", "objective": {"samples": 5}}], ["objective", "iwae"]),
    ("likelihoods", [BOUND | {"betas": [1, 2]}], ["objective", "β = 1"]),
    ("likelihoods", [BOUND | {"betas": None}], ["objective", "β = 1"]),
    ("likelihoods", [BOUND | {"objective": {"name": "iwae", "samples": 0}}], ["samples", "0"]),
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
    ("datasets", [["digits"]], ["datasets", "digits"]),
    ("datasets", None, ["datasets"]),
    ("networks", [{"name": "conv", "hidden": [8, 8, 8, 8]}], ["conv.hidden", "digits", "4"]),
    ("networks", [{"name": "mlp", "hidden": [10**6]}], ["networks.mlp.hidden", "1000000"]),
    ("networks", [{"name": "mlp", "hidden": [True]}], ["networks.mlp.hidden", "True"]),
    ("networks", [{"name": "mlp", "hidden": [4] * 101}], ["networks.mlp.hidden", "101"]),
    ("latent_dims", [10**30], ["latent_dims", "10000"]),
    ("latent_dims", [10**6], ["latent_dims", "1000000"]),
    ("likelihoods", [{"name": "bernoulli", "sigma": True}], ["bernoulli.sigma"]),
    ("likelihoods", [FIXED | {"sigma": True}], ["sigma", "True"]),
    ("likelihoods", [FIXED | {"sigma": 10**400}], ["sigma", "401 characters"]),
    ("likelihoods", [FIXED | {"sigma": 10**30}], ["sigma", "10000"]),
    ("likelihoods", [FIXED | {"sigma": float("nan")}], ["sigma", "nan"]),
    ("likelihoods", [FIXED | {"sigma": "../up"}], ["sigma", "../up"]),
    ("likelihoods", [FIXED | {"sigma": 0.1}, FIXED | {"sigma": 0.1000000001}], ["repeats"]),
    ("likelihoods", [3], ["likelihoods"]),
    ("betas", [10**400], ["betas", "401 characters"]),
    ("betas", [1e30], ["betas", "1e+30"]),
    ("betas", [1e-30], ["betas", "1e-30"]),
    ("betas", [True], ["betas", "True"]),
    ("seeds", [True], ["seeds", "True"]),
    ("seeds", [10**400], ["seeds", "401 characters"]),
    ("seeds", [10**30], ["seeds", "10000"]),
    ("seeds", 3, ["seeds", "3"]),
    ("training.epochs", True, ["training.epochs", "True"]),
    ("training.epochs", 10**400, ["training.epochs", "401 characters"]),
    ("training.epochs", 10**30, ["training.epochs", "10000"]),
    ("training.batch_size", 10**30, ["training.batch_size", "10000"]),
    ("training.previews", 10**8, ["training.previews", "100000000"]),
    ("training.previews", 1, ["training.previews", "1"]),
    ("training.learning_rate", 10**400, ["training.learning_rate", "401 characters"]),
    ("training.learning_rate", 1e30, ["training.learning_rate", "1e+30"]),
    ("training.learning_rate", True, ["training.learning_rate", "True"]),
    ("training.learning_rate", float("nan"), ["training.learning_rate", "nan"]),
    ("training.learning_rate", None, ["training.learning_rate", "None"]),
    ("training.warmup_epochs", True, ["training.warmup_epochs", "True"]),
    ("training.scale_reading", ["variance"], ["training.scale_reading", "variance"]),
    ("evaluation.importance_samples", True, ["evaluation.importance_samples", "True"]),
    ("evaluation.importance_samples", 10**30, ["evaluation.importance_samples", "10000"]),
    ("evaluation.importance_samples", 1.5, ["evaluation.importance_samples", "1.5"]),
    ("evaluation.samples", True, ["evaluation.samples", "True"]),
    ("evaluation.likelihood_images", 1, ["evaluation.likelihood_images", "1", "10"]),
    ("evaluation.likelihood_images", -390, ["evaluation.likelihood_images", "-390"]),
    ("evaluation.classifier_epochs", 0, ["evaluation.classifier_epochs", "0"]),
    ("evaluation.seed", False, ["evaluation.seed", "False"]),
    ("evaluation.seed", 10**400, ["evaluation.seed", "401 characters"]),
    ("evaluation.inception_weights", "", ["evaluation.inception_weights"]),
    ("autoencoder", 1, ["autoencoder", "1"]),
    ("criteria", ["diverged"], ["criteria", "diverged"]),
    ("criteria", ["collapsed"], ["criteria", "collapsed"]),
    ("criteria", ["inception_fid_prior"], ["criteria", "inception_fid_prior", "features"]),
    ("criteria", [], ["criteria"]),
    *(("results", f"./{folder}//out", ["results", folder]) for folder in CODE),
    *(("report", folder, ["report", folder]) for folder in PUBLISHED),
    ("results", "results/./benchmark/burda/", ["results", "burda"]),
    ("results", "", ["results"]),
    ("results", ".", ["results", "'.'"]),
    ("results", "/", ["results", "/"]),
    ("results", "/tmp/results", ["results", "/tmp/results"]),
    ("results", "../results", ["results", "../results"]),
    ("results", "a/../../b", ["results", "a/../../b"]),
    ("results", "a\nb", ["results", "a\\nb"]),
    ("results", "a\0b", ["results", "a\\x00b"]),
    ("results", "a{sweep}", ["results", "{sweep}"]),
    ("results", "-rf", ["results", "-rf"]),
    ("results", "~", ["results", "~"]),
    ("results", "r" * 300, ["results", "302 characters"]),
    ("results", None, ["results", "None"]),
    ("results", 3, ["results", "3"]),
    ("report", "", ["report"]),
    ("report", "../report", ["report", "../report"]),
    ("report", "a}b", ["report", "a}b"]),
    ("report", ["report"], ["report"]),
    ("dataset_mirror", 3, ["dataset_mirror", "3"]),
    ("feature_spaces", 3, ["feature_spaces", "3"]),
    ("about", 3, ["about", "3"]),
    ("about", "a\nb", ["about"]),
    ("dataset_mirror", "a\0b", ["dataset_mirror"]),
]


def replaced(key: str, value: object) -> dict:
    """The configuration with one value replaced."""
    configuration = copy.deepcopy(CONFIGURATION)
    *parents, last = key.split(".")
    part = configuration
    for parent in parents:
        part = part[parent]
    part[last] = list(value) if isinstance(value, tuple) else value
    return configuration


@pytest.fixture
def load(tmp_path):
    """Write a configuration, with one value replaced, and load it."""

    def load(key: str = "seeds", value: object = (0, 1)) -> Benchmark:
        configuration = replaced(key, value)
        (tmp_path / "bench.yaml").write_text(yaml.safe_dump(configuration))
        return load_benchmark(tmp_path / "bench.yaml")

    return load


REFUSED_BY_THE_REGISTRY = [
    ("likelihoods", ["cauchy"], ["likelihoods", "cauchy"]),
    ("likelihoods", ["gaussian_fixed_sigma"], ["gaussian_fixed_sigma.sigma"]),
    ("likelihoods", [{"name": "bernoulli", "sigma": 0.1}], ["bernoulli.sigma"]),
    ("likelihoods", [{"name": "bernoulli", "discretized": True}], ["bernoulli.discretized"]),
    (
        "likelihoods",
        [{"name": "gaussian_optimal_sigma", "discretized": True}],
        ["gaussian_optimal_sigma.discretized", "leave it out"],
    ),
    ("likelihoods", [{"name": "categorical", "discretized": True}], ["categorical.discretized"]),
]


@pytest.mark.parametrize(
    ("key", "value", "names"),
    BAD_VALUES + REFUSED_BY_THE_REGISTRY,
    ids=lambda v: str(v)[:40],
)
def test_bad_value_is_named_with_its_file_and_key(load, input_error, key, value, names):
    with input_error("bench.yaml", *names):
        load(key, value)


@pytest.fixture(scope="module")
def schema_accepts(request):
    path = request.config.rootpath / "workflow" / "schemas" / "config.schema.yaml"
    return Draft202012Validator(yaml.safe_load(path.read_text())).is_valid


def beyond_the_schema(key: str, value: object, names: list[str]) -> bool:
    """Whether a schema cannot say it: values against each other, in their last digits, NaN."""
    text = str(value)
    repeated = isinstance(value, list) and len(set(map(str, value))) < len(value)
    return (
        bool({"criteria", "repeats", "conv.hidden"} & {key, *names, *(n[-11:] for n in names)})
        or key == "training.warmup_epochs" == names[-1]
        or any(part in text for part in ("nan", "1.0000001", "\0"))
        or repeated
    )


@pytest.mark.parametrize(
    ("key", "value"),
    [(key, value) for key, value, names in BAD_VALUES if not beyond_the_schema(key, value, names)],
    ids=lambda v: str(v)[:40],
)
def test_the_schema_refuses_the_same(schema_accepts, key, value):
    assert not schema_accepts(replaced(key, value))


GOOD_VALUES = [
    ("results", "res ults/2"),
    ("results", "results/benchmark-cpu"),
    ("report", "report/benchmark2/benchmark"),
    ("results", "configured/vae"),
    ("results", "res$(touch x)"),
    ("report", "a/.b"),
    ("dataset_mirror", None),
    ("dataset_mirror", ""),
    ("dataset_mirror", "/data/mirror"),
    ("feature_spaces", "results/benchmark/features"),
    ("about", "Smaller than the other."),
    ("criteria", ["elbo", "mse"]),
    ("betas", [1e-12, 1e12]),
    ("likelihoods", [FIXED | {"sigma": 1e6}]),
    ("likelihoods", [{"name": "beta", "betas": None}]),
    ("likelihoods", [BOUND, "bernoulli"]),
    ("likelihoods", [{"name": "beta", "objective": {}}]),
    ("networks", [{"name": "conv", "hidden": [4, 4, 4]}]),
    ("networks", [{"name": "linear", "hidden": []}]),
    ("seeds", [10**9]),
    ("training.learning_rate", 1e12),
    ("training.learning_rate", 1),
    ("evaluation.samples", 100),
    ("evaluation.inception_weights", None),
    ("evaluation.features", ["inception"]),
    *(("likelihoods", [asdict(one)]) for one in (*DENSITIES, *MASSES)),
    *(("datasets", [n]) for n in DATASETS),
    *(("training.scale_reading", n) for n in SCALE_READINGS),
    *(("training.precision", n) for n in PRECISIONS),
]


@pytest.mark.parametrize(("key", "value"), GOOD_VALUES, ids=lambda v: str(v)[:40])
def test_good_values_load_and_the_schema_takes_them_too(load, schema_accepts, key, value):
    load(key, value)
    assert schema_accepts(replaced(key, value))


@pytest.mark.parametrize("name", ["config", "mnist-quick", "benchmark"])
def test_the_configurations_of_the_project_load(request, schema_accepts, name):
    path = request.config.rootpath / "config" / f"{name}.yaml"
    load_benchmark(path)
    assert schema_accepts(yaml.safe_load(path.read_text()))


def test_the_folders_of_the_code_are_those_that_git_tracks(request):
    root = request.config.rootpath
    if not (root / ".git").exists():
        pytest.skip("no git checkout")
    command = ["git", "ls-tree", "-d", "--name-only", "HEAD"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) - {"results", "report"} == set(CODE)


def test_a_folder_is_written_in_one_way(load):
    assert load("results", "./res ults//a/").results == "res ults/a"


def test_no_mirror_by_its_empty_name(load):
    assert load("dataset_mirror", "").dataset_mirror is None


def test_a_key_that_stands_twice(tmp_path, input_error):
    text = yaml.safe_dump(CONFIGURATION) + "betas: [3]\n"
    (tmp_path / "bench.yaml").write_text(text)
    with input_error("bench.yaml", "betas", f"line {len(text.splitlines())}"):
        load_benchmark(tmp_path / "bench.yaml")


def test_merged_keys_of_yaml_still_work(tmp_path):
    (tmp_path / "a.yaml").write_text("a: &x {b: 1, c: 2}\nd: {<<: *x, c: 3}\n")
    assert read_yaml(tmp_path / "a.yaml")["d"] == {"b": 1, "c": 3}


def test_a_configuration_that_would_run_code(tmp_path, input_error):
    (tmp_path / "bench.yaml").write_text("__use_yte__: true\n" + yaml.safe_dump(CONFIGURATION))
    with input_error("bench.yaml", "__use_yte__", "code"):
        load_benchmark(tmp_path / "bench.yaml")


@pytest.mark.parametrize("text", ["betas: [2024-13-45]", "a: " + "[" * 3000, "a: " + "9" * 5000])
def test_yaml_that_cannot_be_built(tmp_path, input_error, text):
    (tmp_path / "bench.yaml").write_text(text)
    with input_error("bench.yaml"):
        load_benchmark(tmp_path / "bench.yaml")


def test_texts_of_the_command_line_become_values():
    given = {"betas": ["0.5", "1"], "training": {"epochs": "3", "precision": "tf32"}}
    assert as_yaml(given) == {"betas": [0.5, 1], "training": {"epochs": 3, "precision": "tf32"}}


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


@pytest.mark.parametrize("slug", SLUGS)
@pytest.mark.parametrize("network", NETWORKS)
def test_sweep_through_json(make_sweep, slug, network):
    likelihood = replace(Likelihood.from_slug(slug), betas=(0.5, 1.0))
    hidden = () if network == "linear" else (4, 8)
    sweep = make_sweep(likelihood=likelihood, network=Network(network, hidden))
    assert Sweep.from_dict(json.loads(json.dumps(sweep.to_dict()))) == sweep


@pytest.mark.parametrize(
    ("key", "value"),
    [("dataset", "ci-far"), ("latent_dim", 0), ("betas", [-1.0]), ("colour", "red")],
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


def test_the_bound_of_several_samples_has_no_autoencoder_and_no_warm_up(load):
    sweeps = load("likelihoods", [BOUND, "bernoulli"]).sweeps.values()
    bound, elbo = sweeps
    assert (bound.autoencoder, elbo.autoencoder) == (False, True)
    assert bound.training.warmup_epochs == 0
    assert Sweep.from_dict(bound.to_dict()) == bound
    assert bound.likelihood.slug == "bernoulli_iwae_5"
