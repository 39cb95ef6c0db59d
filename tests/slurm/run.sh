#!/usr/bin/env bash
# Runs a tiny grid through a real Slurm on this machine and compares it with a local run.
#
# Usage, as root on Debian or Ubuntu: tests/slurm/run.sh PYTHON
# PYTHON has requirements.txt and requirements-slurm.txt. CPUS jobs (default 2) run at a time, and
# the machine seems to have as many GPUs.
# On the way a running job is cancelled, which Snakemake must retry, and snakemake is killed, after
# which the recovery of docs/running.md is followed.
set -euo pipefail

cpus=${CPUS:-2}
python=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d /tmp/vae-slurm.XXXXXX)
mark="# written by tests/slurm/run.sh"
daemons=()
say() { printf '%s %s\n' "$(date +%T)" "$*"; }
fail() { say "FAILED: $*"; exit 1; }

clean_up() {
  local status=$?
  scancel --user="$(id -un)" --name="$(cat "$work/name" 2>/dev/null || echo none)" 2>/dev/null || true
  for daemon in "${daemons[@]}"; do kill "$daemon" 2>/dev/null || true; done
  wait 2>/dev/null || true
  for file in slurm.conf gres.conf; do
    if grep -qs "^$mark" "/etc/slurm/$file"; then rm "/etc/slurm/$file"; fi
  done
  if [ "$status" = 0 ]; then rm -rf "$work"; else say "see $work"; fi
}

install_slurm() {
  command -v slurmctld munged slurmd >/dev/null || { apt-get update -qq && apt-get install -y -qq slurm-wlm munge >/dev/null; }
  if [ -e /etc/slurm/slurm.conf ] && ! grep -q "^$mark" /etc/slurm/slurm.conf; then
    fail "this machine has a Slurm of its own (/etc/slurm/slurm.conf)"
  fi
}

configure() {
  mkdir -p "$work"/{state,spool,gpu} /etc/slurm
  printf '%s\n' "$mark" > /etc/slurm/gres.conf
  for ((i = 0; i < cpus; i++)); do
    mknod "$work/gpu/$i" c 1 3
    echo "Name=gpu File=$work/gpu/$i" >> /etc/slurm/gres.conf
  done
  cat > /etc/slurm/slurm.conf <<END
$mark
ClusterName=test
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
SlurmctldPort=26817
SlurmdPort=26818
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
ReturnToService=2
MinJobAge=600
GresTypes=gpu
NodeName=$(hostname -s) NodeAddr=127.0.0.1 CPUs=$cpus RealMemory=64000 Gres=gpu:$cpus State=UNKNOWN
PartitionName=test Nodes=ALL Default=YES MaxTime=INFINITE State=UP
END
}

start() {
  if ! munge -n >/dev/null 2>&1; then
    install -d -o munge -g munge -m 755 /run/munge
    setpriv --reuid munge --regid munge --clear-groups munged --foreground 2> "$work/munged.log" &
    daemons+=($!)
    sleep 1
  fi
  slurmctld -D > "$work/slurmctld.log" 2>&1 &
  daemons+=($!)
  slurmd -D -N "$(hostname -s)" > "$work/slurmd.log" 2>&1 &
  daemons+=($!)
  for _ in $(seq 30); do
    if srun --immediate=5 --ntasks=1 --gpus=1 true 2>/dev/null; then return; fi
    sleep 1
  done
  tail -20 "$work"/*.log
  fail "Slurm does not start"
}

copy_project() {
  mkdir -p "$1/report" "$1/config"
  cp -r "$root/vae" "$root/workflow" "$root/environment.yml" "$root/README.md" "$1"
  cp "$root"/report/{template.md,*.yaml,*.csv} "$1/report"
  cp "$root/tests/slurm/config.yaml" "$1/config"
}

snakemake() { PYTHONWARNINGS=ignore "$python" -m snakemake "$@"; }
running() { squeue --noheader --states=RUNNING --format="%i %j %k"; }
wait_for_job() {
  for _ in $(seq 600); do
    if running | grep "rule_$1"; then return; fi
    sleep 0.5
  done
  fail "no $1 job in 5 minutes"
}

trap clean_up EXIT
install_slurm
configure
start
sinfo
targets=(results/metrics.csv results/best_beta.csv)
options=(--workflow-profile workflow/profiles/slurm --slurm-no-account
  --slurm-init-seconds-before-status-checks 3 --seconds-between-status-checks 5)
copy_project "$work/local"
copy_project "$work/slurm"

say "the grid without Slurm"
(cd "$work/local" && snakemake --cores "$cpus" -- "${targets[@]}" > ../local.out 2>&1) || fail "local run"

cd "$work/slurm"
say "the grid through Slurm"
PYTHONWARNINGS=ignore "$python" -m snakemake "${options[@]}" -- "${targets[@]}" > ../first.out 2>&1 &
first=$!
job=$(wait_for_job train | head -1)
say "cancelled while it ran: $job"
echo "$job" | cut -d' ' -f2 > ../name
scancel "${job%% *}"
for _ in $(seq 120); do grep -q "Trying to restart" ../first.out && break; sleep 1; done
grep "Trying to restart" ../first.out || fail "a cancelled job is not retried"
job=$(wait_for_job train | head -1)
kill -9 "$first"
wait "$first" 2>/dev/null || true
say "killed snakemake while this ran: $job"

say "the documented recovery"
squeue --format="%.8i %.50j %.10T %k"
scancel --name="$(cat ../name)"
snakemake --unlock 2>&1 | tail -1
snakemake "${options[@]}" -- "${targets[@]}" > ../second.out 2>&1 || { tail -40 ../second.out; fail "run after the recovery"; }
grep "steps (100%) done" ../second.out

cmp "$work/local/results/metrics.csv" "$work/slurm/results/metrics.csv" || fail "metrics.csv differs"
cmp "$work/local/results/best_beta.csv" "$work/slurm/results/best_beta.csv" || fail "best_beta.csv differs"
say "metrics.csv ($(wc -l < results/metrics.csv) lines) and best_beta.csv are the same, byte for byte"
