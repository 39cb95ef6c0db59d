"""Which figures there are: their names, captions and alternative texts.

Kept apart from the drawing so that the workflow can list the files without loading matplotlib.
"""

from dataclasses import dataclass

from vae.configuration.sweep import Likelihood


@dataclass(frozen=True)
class Figure:
    """A figure's section in the report and what is said about it.

    Attributes:
        category: the heading it stands under.
        caption: with ``{seeds}`` and ``{images}`` where their numbers belong (``captions``).
        alt: alternative text.
        folded: whether a reader in a hurry need not see it.
    """

    category: str
    caption: str
    alt: str
    folded: bool = False


CHARTS = {
    "answer": Figure(
        "Answer",
        "The best β for each use ({seeds}, {images}; Bernoulli, which has no bits/dim, by log p "
        "of binarised images). Bar: β* with its interval. Dots: the βs of the grid that these "
        "data do not exclude at 95 %; that makes them no better than their shade says, which is "
        "what they lose against the best, as a share of what the worst β loses. An arrow is a "
        "best β at the edge of the grid, n/a a criterion that the likelihood does not have, the "
        "dotted line β = 1.",
        "Chart of the best β with its interval and its shaded neighbours: a row per likelihood, a "
        "panel per criterion",
    ),
    "samples_matrix": Figure(
        "Answer",
        "What a β looks like. Each cell shows the same codes z ~ p(z) twice: the expected images "
        "E[x|z] above, images drawn from p(x|z) below (first seed), each with its FID to {images} "
        "(mean over {seeds}; lower is better). Framed: the best β of a column, for either kind.",
        "Matrix of generated images, β down and likelihoods across, with their FID",
    ),
    "criteria_plane": Figure(
        "Answer",
        "Do likelihood and sample quality want the same β? The path that β draws in the plane of "
        "the two criteria (means over {seeds}, {images}), lower left being better: where square "
        "and diamond part, one β cannot have both. Bernoulli, which says nothing about grey "
        "levels, has its own currency. Panels have their own axes.",
        "FID against the likelihood criterion, a dot per β joined to a path, one panel per "
        "likelihood",
    ),
    "metrics": Figure(
        "Metrics against β",
        "Every criterion and what explains it. Lines are means over {seeds}, bands span them, the "
        "dotted line marks β = 1, hollow marks (AE) are the autoencoders trained on the same "
        "distortion. Dashed lines of a hue: the same family trained on masses instead of its "
        "density. Log-probabilities that compare no families are shown as what is lost, seed by "
        "seed, against the best β, linear up to 1 nat and logarithmic above.",
        "Small charts of every criterion, rate, active units and sharpness against β, one line "
        "per likelihood",
    ),
    "masses": Figure(
        "Likelihood",
        "What training on masses, the probabilities of the grey levels, instead of densities does "
        "(lines: means over {seeds}, bands span them; {images}). Ringed: the best β of each form. "
        "Dotted: the code that knows only how frequent each grey level is.",
        "bits/dim and FID against β, a panel per family and a line per form of training",
    ),
    "beta_sigma": Figure(
        "Likelihood",
        "For a Gaussian with fixed σ only the product β σ² matters: the curves of different σ "
        "fall on one line ({seeds}).",
        "Rate and bits/dim of fixed-σ Gaussians against β σ², one line per σ",
        folded=True,
    ),
    "gaps": Figure(
        "Likelihood",
        "Whose fault is a low ELBO? What it lacks to log p(x) is what the best factorised "
        "Gaussian for each image would lack (approximation gap) and what the encoder adds to that "
        "(amortisation gap; Cremer et al. 2018). Dashed: what the bound L_K through the encoder, "
        "the number that papers quote, still misses. Means over {seeds}, {images}; linear up to 1 "
        "nat, logarithmic above.",
        "Approximation gap, amortisation gap and the bias of the importance-weighted bound "
        "against β, one panel per likelihood",
    ),
    "fidelity_diversity": Figure(
        "Sample quality",
        "What a larger β buys and what it costs: the share of prior samples that look real "
        "against the share of real images that samples cover (Kynkäänniemi et al. 2019; means "
        "over {seeds}). Star: other real images. Neither is a criterion alone: a collapsed model "
        "whose one image looks real has precision 1 and recall 0.",
        "Precision against recall of prior samples, a dot per β joined to a path, one panel per "
        "likelihood",
    ),
    "fid": Figure(
        "Sample quality",
        "What limits sample quality, the decoder or the prior? Distance to {images} of images "
        "decoded from codes of the prior, of densities fitted afterwards, and of reconstructions "
        "(means over {seeds}, bands span them): where only the first is bad, the codes do not "
        "fill the prior.",
        "FID against β for prior, ex-post densities and reconstructions, one panel per likelihood",
    ),
    "fid_check": Figure(
        "Sample quality",
        "Does FID notice what the eye does? Its value for training images with a growing fault, "
        "against {images}. Where a panel rises, FID notices this fault; across panels it need not "
        "agree with the eye: compare heights with the pictures above them. So FIDs of models with "
        "the same kind of fault can be compared, others with caution.",
        "FID against the strength of a corruption, one panel per kind, with pictures",
    ),
    "memory": Figure(
        "Sample quality",
        "Do models copy? Of many prior samples (first seed, at the β of best FID) those that lie "
        "closest to a training image, above that image; closeness is the distance in pixels. The "
        "first block does the same with test images: what lies this close without being copied.",
        "Samples above their nearest training images, a block per likelihood",
        folded=True,
    ),
    "spectra": Figure(
        "Reconstruction",
        "How blurred are reconstructions? Their power spectra as a share of the test images' own "
        "(averaged over directions, {images} and {seeds}): below 1, detail of that size is lost.",
        "Power of reconstructions over that of test images against spatial frequency, one panel "
        "per likelihood",
    ),
    "rate_parts": Figure(
        "Latent space",
        "Was the regularisation successful? The rate is the mutual information of image and code "
        "plus the divergence of all codes together (the aggregate posterior) from the prior; only "
        "the latter should vanish (means over {seeds}). The mutual information cannot be "
        "estimated above log N for N images (dashed): where its dots are grey it is too low, and "
        "the marginal KL is known within its bar only. Linear up to 1 nat, logarithmic above.",
        "Rate, mutual information and marginal KL against β, one panel per likelihood",
    ),
    "dimensions": Figure(
        "Latent space",
        "Nats carried by each latent dimension (largest first, mean over {seeds}). Above the red "
        "line lie the active units, those whose code varies with the image; a column with the "
        "line on top is a collapsed posterior.",
        "Heat map of the divergence of each latent dimension from the prior against β, one panel "
        "per likelihood",
    ),
    "rate_distortion": Figure(
        "Training",
        "How many nats the code carries and how many are left to explain; each dot is a β (mean "
        "over {seeds}), β = 1 ringed. Along a grey line the ELBO has the value written on it; "
        "lower left is better.",
        "Distortion against rate for every β with lines of equal ELBO, one panel per likelihood",
        folded=True,
    ),
    "training": Figure(
        "Training",
        "Did training finish? ELBO on the validation split, mean over {seeds}, β = 1 thicker. The "
        "dotted line ends the warm-up of β, dots stand at the epoch whose weights are kept: a "
        "curve still rising wanted more epochs, one that falls overfits. Panels have their own "
        "axes, which leave out bad starts.",
        "Validation ELBO against epoch for each β, one panel per likelihood",
        folded=True,
    ),
}

FROM_MODELS = ("samples_matrix", "fid_check", "memory")
"""The charts that show images, for which data and trained models are loaded."""

GALLERY = {
    "images": Figure(
        "Pictures",
        "Reconstructions of the same test images, samples from the same codes z ~ p(z), and "
        "samples from a mixture fitted to training codes, which an autoencoder has as well: a row "
        "per β, expected images E[x|z] of the first seed. Beside them their MSE and FID, means "
        "over {seeds}.",
        "Grid of reconstructions, prior samples and ex-post samples, one row per β",
    ),
    "traversals": Figure(
        "Pictures",
        "What single latent dimensions do, at the smallest β, the one of best FID and the largest "
        "(first seed): each row moves one of them, the others stay at the code of one test image. "
        "Beside each row stands the dimension's KL in nats; one near 0 should change nothing.",
        "Images decoded while one latent dimension moves, a row per dimension, for up to three β",
    ),
    "aggregate_posterior": Figure(
        "Pictures",
        "Do codes fill the prior? Above: one code per test image, drawn as its class, in the two "
        "dimensions that carry most; the circles are 1, 2 and 3 standard deviations of the prior. "
        "Below: the squared length of the same codes over all dimensions, against the χ² that "
        "the prior has. A collapsed posterior matches both perfectly and says nothing: hence the "
        "rate in the titles. First seed; panels have their own scales.",
        "Scatter plots of test images' codes, marked by class, and histograms of their squared "
        "length against that of the prior, for up to three β",
    ),
    "interpolations": Figure(
        "Pictures",
        "Straight lines between the codes of two test images, which stand on top, a row per β "
        "(first seed).",
        "Grid of images interpolated between two test images, one row per β",
        folded=True,
    ),
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
