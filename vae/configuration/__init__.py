"""What is to be done, read from YAML and checked: a benchmark and its sweeps."""
