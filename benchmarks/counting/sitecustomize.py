"""Put on PYTHONPATH, it makes every Python process say at its end how long it imported.

Counted are seconds of CPU time in import statements, those inside functions included.
"""

import atexit
import builtins
import sys
import time

ORIGINAL = builtins.__import__
seconds, depth = 0.0, 0


def counted(*arguments, **options):
    """``__import__``, with the time of the outermost calls added up."""
    global depth, seconds
    start, depth = time.process_time(), depth + 1
    try:
        return ORIGINAL(*arguments, **options)
    finally:
        depth -= 1
        if not depth:
            seconds += time.process_time() - start


builtins.__import__ = counted
atexit.register(lambda: print(f"imported for {seconds:.3f} s", file=sys.stderr))
