"""Which figures there are: their names, captions and alternative texts.

Kept apart from the drawing so that the workflow can list the files without loading seaborn.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A figure's section in the report and what is said about it."""

    category: str
    caption: str
    alt: str


CHARTS = {
    "answer": Figure(
        "Answer",
        "The best β (large mark) by each criterion, with every β that cannot be told from it at "
        "95 % (small dots); the dotted line marks β = 1. A hollow mark is a best β at the edge of "
        "the grid: the true one may lie beyond. A grey mark without small dots rests on too few "
        "seeds for such a set; a dash means that the likelihood has no such criterion.",
        "Chart of the best β and its indistinguishable neighbours: a row per likelihood, a panel "
        "per criterion",
    ),
    "metrics": Figure(
        "Metrics against β",
        "Every criterion and what explains it. Lines are means over seeds, bands span the seeds, "
        "the dotted line marks β = 1, hollow marks (AE) are the autoencoders trained on the same "
        "distortion. Families measure likelihood in different currencies, so log-likelihood and "
        "ELBO are shown as what each family loses, seed by seed, against its own best β; the "
        "bits/dim, where the dashed line is the code that knows only how frequent each grey level "
        "is, compare families. The dashed line in the FID is its value between real training and "
        "test images. The losses are linear up to 1 nat and logarithmic above.",
        "Small charts of every criterion, rate, active units and sharpness against β, one line "
        "per likelihood",
    ),
    "log_likelihood": Figure(
        "Likelihood",
        "The log-likelihood of test images and two bounds on it through the encoder. Between the "
        "dashed and the solid line lies how much of a bad bound at β ≠ 1 is the encoder's fault, "
        "and where the scale is free also the scale's, which the solid line sets to its best on "
        "the validation split. Panels have their own axes: heights must not be compared across "
        "panels.",
        "Log-likelihood, importance-weighted bound and ELBO against β, one panel per likelihood",
    ),
    "beta_sigma": Figure(
        "Likelihood",
        "For a Gaussian with fixed σ only the product β σ² matters: the curves of different σ "
        "fall on one line. The likelihood is quoted at the σ best for validation images.",
        "Rate and log-likelihood of fixed-σ Gaussians against β σ², one line per σ",
    ),
    "fid_check": Figure(
        "Sample quality",
        "Can FID be trusted here? Its value for training images that are blurred, noisy or "
        "cropped, against untouched test images, should rise with every step. Grey lines: "
        "untouched training images (the floor) and images of uniform noise, which are not the "
        "worst there is.",
        "FID against the strength of blur, noise and cropping, with floor and uniform noise",
    ),
    "fid": Figure(
        "Sample quality",
        "What limits sample quality, the decoder or the prior? Distance to test images of images "
        "decoded from codes of the prior, of densities fitted afterwards, and of the test images "
        "themselves (reconstructions): where only the first is bad, the codes do not fill the "
        "prior. The dotted line is the autoencoder with the fitted mixture, the grey line the "
        "distance between real training and test images, below which reconstructions may lie: "
        "they are made from the test images themselves.",
        "FID against β for prior, ex-post densities and reconstructions, one panel per likelihood",
    ),
    "spectra": Figure(
        "Reconstruction",
        "Power spectra, averaged over directions, test images and seeds: of the test images "
        "(black), of the autoencoder's reconstructions (dashed) and of those at every β. Where a "
        "curve falls below the black one, detail of that size is lost.",
        "Power against spatial frequency for test images and reconstructions, one panel per "
        "likelihood",
    ),
    "rate_distortion": Figure(
        "Rate and distortion",
        "How many nats the code carries and how many are left to explain; each dot is a β (mean "
        "over seeds), β = 1 ringed. Along a grey line the ELBO has the value written on it; lower "
        "left is better.",
        "Distortion against rate for every β with lines of equal ELBO, one panel per likelihood",
    ),
    "rate_parts": Figure(
        "Latent space",
        "Was the regularisation successful? The rate is the mutual information of image and code "
        "plus the divergence of all codes together (the aggregate posterior) from the prior; only "
        "the latter should vanish. The estimated mutual information cannot exceed log N (dashed): "
        "near it, it is too low and the marginal KL too high by the same amount. The vertical "
        "axis is linear up to 1 nat and logarithmic above.",
        "Rate, mutual information and marginal KL against β, one panel per likelihood",
    ),
    "dimensions": Figure(
        "Latent space",
        "Nats carried by each latent dimension (largest first, mean over seeds). Dark cells are "
        "dimensions that a model leaves unused; a dark column is a collapsed posterior.",
        "Heat map of the divergence of each latent dimension from the prior against β, one panel "
        "per likelihood",
    ),
    "training": Figure(
        "Training",
        "Did training finish? ELBO on the validation split, mean over seeds, β = 1 thicker: a "
        "curve still rising wanted more epochs, one that falls overfits, and the weights of its "
        "best epoch are kept. Panels have their own axes, which leave out bad starts.",
        "Validation ELBO against epoch for each β, one panel per likelihood",
    ),
}

GALLERY = {
    "images": Figure(
        "Pictures",
        "Reconstructions of the same test images, and samples from the same codes z ~ p(z), a row "
        "per β. Every picture is the expected image E[x|z]; an autoencoder has no prior to sample "
        "from. All pictures show the first seed.",
        "Grid of reconstructions and prior samples, one row per β",
    ),
    "interpolations": Figure(
        "Pictures",
        "Straight lines between the codes of two test images, which stand on top, a row per β.",
        "Grid of images interpolated between two test images, one row per β",
    ),
    "traversals": Figure(
        "Pictures",
        "What single latent dimensions do: each row moves one of them, the others stay at the "
        "code of one test image. Beside each row stands the dimension's KL in nats; those with "
        "the largest come first, and one near 0 should change nothing.",
        "Images decoded while one latent dimension moves, a row per dimension, for up to three β",
    ),
    "aggregate_posterior": Figure(
        "Pictures",
        "Do codes fill the prior? One code per test image, drawn as its class, in the two "
        "dimensions that carry most; the circles are 1, 2 and 3 standard deviations of the prior, "
        "inside which 39, 86 and 99 % of the codes should lie. Where circles are empty, the prior "
        "draws codes that the decoder never saw; where classes mix evenly, these dimensions say "
        "little. Each panel has its own scale.",
        "Scatter plots of test images' codes, marked by class, against circles of the prior, for "
        "up to three β",
    ),
}


def charts_for(likelihoods: list[str]) -> list[str]:
    """The charts of a group with these likelihoods; comparing fixed σs takes several of them."""
    fixed = [slug for slug in likelihoods if slug.startswith("gaussian_fixed_sigma")]
    return [name for name in CHARTS if name != "beta_sigma" or len(fixed) > 1]
