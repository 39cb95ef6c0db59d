"""The datasets that the project knows by name."""

SOURCES = {"digits": 8, "mnist": 28, "fashion_mnist": 28, "cifar10": 32, "svhn": 32}
"""The datasets before any binarisation, and how many pixels high and wide their images are."""
BINARISATIONS = ("static", "dynamic")
COLOUR = ("cifar10", "svhn")
DATASETS = (
    *SOURCES,
    *(f"{source}_{b}" for source in SOURCES if source not in COLOUR for b in BINARISATIONS),
)
