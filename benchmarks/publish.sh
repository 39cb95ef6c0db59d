#!/usr/bin/env bash
# Train, measure and publish every sweep of a configuration that is not published yet, each as soon as it is measured.
# Usage: benchmarks/publish.sh CONFIG [TABLES [REPORT]]; CORES=2 by default. Stop it and start it again at any time.
set -euo pipefail
config=$1 tables=${2:-results/benchmark} report=${3:-report/benchmark}

lines=$(python -m vae unpublished "$config" "$tables")
[ -n "$lines" ] || exit 0
mapfile -t sweeps <<< "$lines"
mapfile -t files < <(tr ' ' '\n' <<< "$lines" | sort --unique)
set -m  # a group of its own, to stop it with all its jobs
snakemake --cores "${CORES:-2}" --configfile "$config" -- "${files[@]}" < /dev/null &
set +m
trap 'kill -TERM -- -$! 2> /dev/null && wait $! || true' EXIT

until [ ${#sweeps[@]} -eq 0 ]; do
  lacking=()
  for sweep in "${sweeps[@]}"; do
    read -r -a files <<< "$sweep"
    ls -- "${files[@]}" &> /dev/null || lacking+=("$sweep")
  done
  if [ ${#lacking[@]} -lt ${#sweeps[@]} ]; then
    python -m vae publish "$config" "$tables" "$report"
    python -m vae render "$tables" "$report"
    sweeps=("${lacking[@]}")
  else
    kill -0 $! 2> /dev/null || wait $!
    sleep 5
  fi
done
wait $!
