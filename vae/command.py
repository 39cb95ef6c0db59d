"""What every command of the project does with bad input: one sentence, and exit status 2."""

import argparse
import sys
from collections.abc import Callable
from typing import NoReturn

from vae.checks import whole_number
from vae.errors import InputError
from vae.files import sentence


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence, as all bad input does."""

    def error(self, message: str) -> NoReturn:
        raise InputError(f"{self.prog}: {message}; see {self.prog} --help")


def run(command: Callable[[], object]) -> int:
    """Run ``command``; the exit status. Bad input prints one sentence and returns 2."""
    try:
        command()
    except InputError as error:
        return _refuse(str(error))
    except OSError as error:
        if text := sentence(error):
            return _refuse(text)
        raise
    except KeyboardInterrupt:
        print("interrupted; run the same command again to continue", file=sys.stderr)
        return 130
    return 0


def _refuse(text: str) -> int:
    print(f"error: {text}", file=sys.stderr)
    return 2


def count(text: str) -> int:
    """An option that is a whole number of 0 or more."""
    return _whole(text, 0)


def positive(text: str) -> int:
    """An option that is a whole number of 1 or more."""
    return _whole(text, 1)


def _whole(text: str, at_least: int) -> int:
    try:
        value = int(text)
        whole_number(value, "it", at_least)
    except (ValueError, InputError):
        message = f"{text[:30]!r} is not a whole number of {at_least} or more"
        raise argparse.ArgumentTypeError(message) from None
    return value
