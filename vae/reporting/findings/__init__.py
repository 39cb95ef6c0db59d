"""Sentences that follow from the results, each by a rule; none is printed without support."""

from vae.reporting.findings.autoencoder import autoencoder
from vae.reporting.findings.certainty import certainty, fid_check
from vae.reporting.findings.collapse import collapse
from vae.reporting.findings.criteria import criteria
from vae.reporting.findings.lead import lead
from vae.reporting.findings.likelihoods import likelihoods
from vae.reporting.group import Group

__all__ = ["fid_check", "findings", "lead"]

RULES = {
    "Which β by which criterion": criteria,
    "Does the likelihood matter": likelihoods,
    "Where the posterior collapses": collapse,
    "Autoencoder against VAE": autoencoder,
    "How sure is that": certainty,
}


def findings(group: Group) -> dict[str, list[str]]:
    """What one group's results say, heading by heading; those without a sentence are left out."""
    said = {heading: list(rule(group)) for heading, rule in RULES.items()}
    return {heading: sentences for heading, sentences in said.items() if sentences}
