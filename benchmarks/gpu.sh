#!/usr/bin/env bash
# All that needs a GPU, in ten minutes at most: the tests on it, the check against closed forms,
# what stacking gains, how that compares with others, what captured steps would gain.
# Usage: benchmarks/gpu.sh [PYTHON]. Tables go to benchmarks/results/gpu/.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${1:-.venv/bin/python}
export PYTHONPATH=.

say() { echo "benchmarks/gpu.sh: $*" >&2; }

status=0
"$python" -c 'import sys, torch; sys.exit(0 if torch.cuda.is_available() else 3)' 2>/dev/null || status=$?
case $status in
0) ;;
3) say "PyTorch sees no CUDA GPU here, so nothing was measured" && exit 1 ;;
*) say "$python cannot import torch, so nothing was measured: run 'make setup' first" && exit 1 ;;
esac

within() { # seconds, what it is, the command
    local seconds=$1 what=$2
    shift 2
    echo "== $what"
    timeout "$seconds" "$@" || { say "$what failed, or took longer than $seconds seconds"; failed=1; }
}

failed=0
to=(--device cuda --output benchmarks/results/gpu)
within 200 "tests on the GPU" "$python" -m pytest -q tests/test_cuda.py
within 100 "closed forms" "$python" -m vae selfcheck --device cuda
within 120 "throughput" "$python" benchmarks/training.py "${to[@]}" --stack-sizes 1 8 64 --batches 50
within 90 "against others" "$python" benchmarks/peers.py "${to[@]}" --stack-size 64
within 60 "captured steps" "$python" benchmarks/captured.py "${to[@]}"
within 20 "promises" "$python" benchmarks/promises.py "${to[@]}"
exit $failed
