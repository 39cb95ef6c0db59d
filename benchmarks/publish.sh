#!/usr/bin/env bash
# Train, measure and publish every sweep of a configuration that is not published yet, each as soon as it is measured.
# Stop it and start it again at any time: it also completes a publication that was interrupted.
set -euo pipefail
if [ $# -lt 1 ] || [ $# -gt 3 ]; then
  echo "usage: benchmarks/publish.sh CONFIG [results/TABLES [report/REPORT]], paths from the top folder; CORES=2 by default" >&2
  exit 2
fi
cd "$(dirname "$0")/.."
PATH=$PWD/.venv/bin:$PATH # of no effect where an environment of another place is activated
config=$1 tables=${2:-results/benchmark}
report=${3:-report/${tables#results/}} # of other tables another report

publish() {
  python -m vae publish "$config" "$tables" "$report"
  python -m vae render "$tables" "$report"
}

lines=$(python -m vae unpublished "$config" "$tables")
if [ -z "$lines" ]; then
  publish
  exit
fi
mapfile -t sweeps <<< "$lines"
mapfile -t files < <(tr ' ' '\n' <<< "$lines" | sort --unique)
run=(snakemake --cores "${CORES:-2}" --configfile "$config")

# What will be measured anew must not be published as it was before.
pending=$("${run[@]}" --summary -- "${files[@]}" | sed -n 's/\t.*\tupdate pending$//p' | sort)
comm -12 <(printf '%s\n' "$pending") <(printf '%s\n' "${files[@]}") | xargs -r -d '\n' rm -f --

set -m # a group of its own, to stop it with all its jobs
"${run[@]}" -- "${files[@]}" < /dev/null &
set +m
trap 'kill -TERM -- -$! 2> /dev/null && wait $! || true' EXIT

until [ ${#sweeps[@]} -eq 0 ]; do
  lacking=()
  for sweep in "${sweeps[@]}"; do
    read -r -a files <<< "$sweep"
    ls -- "${files[@]}" &> /dev/null || lacking+=("$sweep")
  done
  if [ ${#lacking[@]} -lt ${#sweeps[@]} ]; then
    publish
    sweeps=("${lacking[@]}")
  else
    kill -0 $! 2> /dev/null || wait $!
    sleep 5
  fi
done
wait $!
