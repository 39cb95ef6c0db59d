#!/usr/bin/env bash
# Train, measure and publish every sweep of a configuration that is not published yet, one after the other.
# Usage: benchmarks/publish.sh CONFIG [TABLES [REPORT]]; CORES=2 by default. Stop it and start it again at any time.
set -euo pipefail
config=$1 tables=${2:-results/benchmark} report=${3:-report/benchmark}

python -m vae unpublished "$config" "$tables" | while read -r -a files; do
  snakemake --cores "${CORES:-2}" --configfile "$config" -- "${files[@]}" < /dev/null
  python -m vae publish "$config" "$tables" "$report"
  python -m vae render "$tables" "$report"
done
