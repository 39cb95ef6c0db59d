"""The charts that are drawn from tables alone; those with images are in ``sheets``."""

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from matplotlib.figure import Figure

from vae.reporting.figures import style
from vae.reporting.figures.answer import draw_answer
from vae.reporting.figures.catalogue import charts_for
from vae.reporting.figures.fid import draw_fid
from vae.reporting.figures.latents import draw_dimensions, draw_rate_parts
from vae.reporting.figures.likelihoods import draw_beta_sigma, draw_gaps, draw_masses
from vae.reporting.figures.metrics import draw_metrics
from vae.reporting.figures.planes import draw_criteria, draw_fidelity_diversity
from vae.reporting.figures.spectra import draw_spectra
from vae.reporting.figures.training import draw_rate_distortion, draw_training
from vae.reporting.group import Group

DRAWERS: dict[str, Callable[[Group], Figure]] = {
    "answer": draw_answer,
    "criteria_plane": draw_criteria,
    "metrics": draw_metrics,
    "masses": draw_masses,
    "beta_sigma": draw_beta_sigma,
    "gaps": draw_gaps,
    "fidelity_diversity": draw_fidelity_diversity,
    "fid": draw_fid,
    "spectra": draw_spectra,
    "rate_distortion": draw_rate_distortion,
    "rate_parts": draw_rate_parts,
    "dimensions": draw_dimensions,
    "training": draw_training,
}


def draw_all(groups: Iterable[Group], output: Path, warmup_epochs: int = 0) -> None:
    """Draw every chart that needs no models, to ``output/<group>/<chart>.png``."""
    style.apply()
    drawers = DRAWERS | {"training": partial(draw_training, warmup_epochs=warmup_epochs)}
    for group in groups:
        for name in charts_for(group.likelihoods):
            if name in drawers:
                style.save(drawers[name](group), output / group.name / f"{name}.png")
