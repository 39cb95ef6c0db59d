# Names and helper functions that the other rule files share; no logic of the benchmark itself.
import json
import os
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.utils import validate

sys.path.insert(0, str(Path(workflow.basedir).parent))

from vae.config import Benchmark
from vae.errors import InputError
from vae.reporting.catalogue import CHARTS, GALLERY
from vae.sources import source_files

validate(config, "../schemas/config.schema.yaml", set_default=False)
try:
    BENCHMARK = Benchmark.from_dict(config)
except InputError as error:
    raise WorkflowError(f"{' and '.join(workflow.configfiles)}: {error}") from None

PYTHON = sys.executable
RESULTS = BENCHMARK.results
REPORT = BENCHMARK.report
EVALUATION = BENCHMARK.evaluation
SWEEPS = BENCHMARK.sweeps
GROUPS = list(dict.fromkeys(sweep.group for sweep in SWEEPS.values()))
# What a job on the GPU counts for: nothing where there is none, so that the CPU's cores are all used.
GPU = int(any(Path("/dev").glob("nvidia[0-9]*")))
if BENCHMARK.dataset_mirror:
    os.environ["VAE_DATASET_MIRROR"] = BENCHMARK.dataset_mirror


wildcard_constraints:
    sweep="|".join(SWEEPS),
    dataset="|".join(BENCHMARK.datasets),
    group="|".join(GROUPS),


def code(module):
    """The package files that a module depends on, so that a change of one reruns the rule."""
    return [os.path.relpath(path) for path in source_files(module)]


def data_of(wildcards):
    """The dataset that a sweep is trained on."""
    return f"{RESULTS}/data/{SWEEPS[wildcards.sweep].dataset}.npz"


def classifier_of(wildcards):
    """The classifier of the dataset that a sweep is trained on."""
    return f"{RESULTS}/features/{SWEEPS[wildcards.sweep].dataset}.safetensors"


def per_sweep(pattern):
    """``pattern`` under the results folder for every sweep."""
    return [f"{RESULTS}/{pattern.format(sweep=sweep)}" for sweep in SWEEPS]


def sweep_as_json(wildcards):
    """A sweep's resolved settings: what the training job depends on."""
    return json.dumps(SWEEPS[wildcards.sweep].to_dict(), sort_keys=True)


def gallery_files():
    """Every picture that needs trained models."""
    return [f"{REPORT}/figures/{sweep}/{name}.png" for sweep in SWEEPS for name in GALLERY]
