"""What the results say, by rules: each finding is a decision first, and a sentence by ``str``."""

from vae.reporting.findings.blur import blur
from vae.reporting.findings.certainty import certainty
from vae.reporting.findings.free_density import free_density
from vae.reporting.findings.likelihoods import likelihoods
from vae.reporting.findings.near import near_one
from vae.reporting.findings.regularisation import regularisation
from vae.reporting.findings.rules import found
from vae.reporting.findings.samples import samples
from vae.reporting.group import Group

RULES = {
    "near_one": near_one,
    "likelihoods": likelihoods,
    "regularisation": regularisation,
    "blur": blur,
    "samples": samples,
    "certainty": certainty,
    "free_density": lambda group: found(group, free_density),
}


def findings(group: Group) -> dict[str, list[str]]:
    """Sentences on one group, by section of the page; a section may have none."""
    return {name: [str(finding) for finding in rule(group)] for name, rule in RULES.items()}
