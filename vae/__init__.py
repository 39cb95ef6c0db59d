"""Train, evaluate and compare autoencoders and variational autoencoders.

``vae.load_model(sweep_dir, model="vae", beta=1.0, seed=0)`` gives a trained model and
``vae.load_dataset(path)`` the images it was trained on.
"""

from importlib import import_module

__version__ = "0.1.0"
__all__ = ["load_dataset", "load_model"]

_HOMES = {"load_dataset": "vae.data.datasets", "load_model": "vae.models"}


def __getattr__(name: str):
    """Import on first use, so that the command line starts without loading torch."""
    if name not in _HOMES:
        raise AttributeError(f"module 'vae' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
