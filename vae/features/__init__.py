"""The feature spaces in which generated and real images are compared."""
