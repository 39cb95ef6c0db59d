# Names and helper functions that the other rule files share; no logic of the benchmark itself.
import json
import os
import re
import shutil
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.utils import validate

ROOT = Path(str(workflow.current_basedir)).parent.parent  # of this file, also in a module
sys.path.insert(0, str(ROOT))

from vae.configuration.benchmark import Benchmark, as_yaml, read_yaml
from vae.errors import InputError
from vae.configuration.jobs import JOBS, as_options
from vae.reporting.figures.catalogue import CHARTS, FROM_MODELS, GALLERY, charts_for
from vae.dependencies import source_files

DEFAULT_CONFIG = "config/config.yaml"
CONFIG_NAME = " and ".join(map(str, workflow.configfiles)) or DEFAULT_CONFIG


def checked(make, value):
    """``make(value)``, bad input becoming the one sentence that Snakemake prints."""
    try:
        return make(value)
    except InputError as error:
        raise WorkflowError(f"{CONFIG_NAME}: {error}") from None


# Snakemake reads files more leniently: of a key that stands twice it keeps the last.
# As a module of another workflow this one is given its configuration.
GIVEN = workflow.modifier.skip_configfile
for path in [] if GIVEN else workflow.configfiles or [DEFAULT_CONFIG]:
    checked(read_yaml, path)


# Any --configfile replaces the default one instead of being merged into it.
if not workflow.configfiles and not GIVEN:

    configfile: DEFAULT_CONFIG


for key in [] if GIVEN else workflow.config_settings.config:
    if isinstance(config[key], (list, dict)):
        config[key] = as_yaml(config[key])

BENCHMARK = checked(Benchmark.from_dict, config)
checked(Benchmark.expect_images, BENCHMARK)
# The schema says the same, in many more words, and serves editors.
validate(config, "../schemas/config.schema.yaml", set_default=False)

RESULTS = BENCHMARK.results
REPORT = BENCHMARK.report
EVALUATION = BENCHMARK.evaluation
SWEEPS = BENCHMARK.sweeps
OWN = BENCHMARK.own
GROUPS = list(dict.fromkeys(sweep.group for sweep in SWEEPS.values()))
# Jobs inherit these: the Python that runs snakemake, this project's package, the mirror.
os.environ.update(PATH=os.pathsep.join([os.path.dirname(sys.executable), *os.get_exec_path()]))
if GIVEN:
    paths = [str(ROOT.resolve()), *filter(None, [os.environ.get("PYTHONPATH")])]
    os.environ.update(PYTHONPATH=os.pathsep.join(paths))
if BENCHMARK.dataset_mirror:
    os.environ.update(VAE_DATASET_MIRROR=BENCHMARK.dataset_mirror)


wildcard_constraints:
    sweep="|".join(map(re.escape, SWEEPS)),
    dataset="|".join(BENCHMARK.dataset_names),


def sources_of(module):
    """The package files that a module depends on, so that a change of one reruns the rule."""
    return [os.path.relpath(path) for path in source_files(module)]


def gpu(pays):
    """What a job counts for on the GPU: on a cluster one where it pays, whatever this node has;
    here nothing where there is none, so that all cores are used."""
    here = int(shutil.which("nvidia-smi") is not None)
    return lambda wildcards: int(pays) if workflow.non_local_exec else here


def data_of(wildcards):
    """The dataset that a sweep is trained on."""
    return f"{RESULTS}/data/{SWEEPS[wildcards.sweep].dataset}.npz"


def own_files(wildcards):
    """The images that a user's dataset is made of; none of the others."""
    return OWN[wildcards.dataset].files if wildcards.dataset in OWN else []


def own_options(wildcards):
    """Command-line options that say where a user's dataset is."""
    return OWN[wildcards.dataset].options if wildcards.dataset in OWN else []


def spaces_of(wildcards):
    """The feature spaces of the dataset that a sweep is trained on."""
    return f"{RESULTS}/features/{SWEEPS[wildcards.sweep].dataset}/spaces.safetensors"


def charts_of(group):
    """Names and descriptions of a group's charts."""
    likelihoods = [sweep.likelihood.slug for sweep in SWEEPS.values() if sweep.group == group]
    return [(name, CHARTS[name]) for name in charts_for(likelihoods)]


def caption(figure):
    """The file with what `snakemake --report` says of a figure."""
    return f"{RESULTS}/captions/{figure}.rst"


def per_sweep(pattern):
    """``pattern`` under the results folder for every sweep."""
    return [f"{RESULTS}/{pattern.format(sweep=sweep)}" for sweep in SWEEPS]


def per_dataset(pattern):
    """``pattern`` under the results folder for every dataset."""
    return [f"{RESULTS}/{pattern.format(dataset=name)}" for name in BENCHMARK.dataset_names]


def first_sweep(dataset):
    """The name of a dataset's first sweep."""
    return next(slug for slug, sweep in SWEEPS.items() if sweep.dataset == dataset)


def sweep_as_json(wildcards):
    """A sweep's resolved settings: what the training job depends on."""
    return json.dumps(SWEEPS[wildcards.sweep].to_dict(), sort_keys=True)


def written_files():
    """What stands in the report and is written by hand: captions, tables of published values."""
    found = [path for end in ("csv", "yaml") for path in (ROOT / "report").glob(f"*.{end}")]
    return [os.path.relpath(path) for path in sorted(found)]


def page_assets():
    """The scripts, styles and markup of the interactive page."""
    return [os.path.relpath(path) for path in sorted((ROOT / "vae/explorer/assets").iterdir())]
