"""Which figures there are; what stands below them is written in ``report/captions.yaml``.

Kept apart from the drawing so that the workflow can list the files without loading matplotlib.
"""

from dataclasses import dataclass

from vae.configuration.sweep import Likelihood


@dataclass(frozen=True)
class Figure:
    """Where a figure stands.

    Attributes:
        category: the heading in Snakemake's own report.
        folded: whether a reader in a hurry need not see it.
    """

    category: str
    folded: bool = False


CHARTS = {
    "answer": Figure("Answer"),
    "samples_matrix": Figure("Answer"),
    "criteria_plane": Figure("Answer"),
    "metrics": Figure("Metrics against β"),
    "masses": Figure("Likelihood"),
    "beta_sigma": Figure("Likelihood", folded=True),
    "gaps": Figure("Likelihood"),
    "fidelity_diversity": Figure("Sample quality"),
    "fid": Figure("Sample quality"),
    "fid_check": Figure("Sample quality"),
    "memory": Figure("Sample quality", folded=True),
    "spectra": Figure("Reconstruction"),
    "rate_parts": Figure("Latent space"),
    "dimensions": Figure("Latent space"),
    "rate_distortion": Figure("Training", folded=True),
    "training": Figure("Training", folded=True),
}

FROM_MODELS = ("samples_matrix", "fid_check", "memory")
"""The charts that show images, for which data and trained models are loaded."""

GALLERY = {
    "images": Figure("Pictures"),
    "traversals": Figure("Pictures"),
    "aggregate_posterior": Figure("Pictures"),
    "interpolations": Figure("Pictures", folded=True),
}


def charts_for(likelihoods: list[str]) -> list[str]:
    """The charts of a group with these likelihoods; some compare several of them."""
    needs = {
        "beta_sigma": len(fixed_sigmas(likelihoods)) > 1,
        "masses": bool(mass_pairs(likelihoods)),
    }
    return [name for name in CHARTS if needs.get(name, True)]


def fixed_sigmas(likelihoods: list[str]) -> dict[str, float]:
    """The densities among ``likelihoods`` whose σ was given, with it."""
    known = [Likelihood.from_slug(slug) for slug in likelihoods]
    return {one.slug: one.sigma for one in known if one.sigma and not one.discretized}


def mass_pairs(likelihoods: list[str]) -> list[tuple[str, str]]:
    """The densities among ``likelihoods`` that were trained on masses too, with that form."""
    known = [Likelihood.from_slug(slug) for slug in likelihoods]
    forms = {one.density.slug: one.slug for one in known if one.discretized}
    return [(slug, forms[slug]) for slug in likelihoods if slug in forms]
