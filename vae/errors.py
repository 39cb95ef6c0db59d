"""The one exception that means: the input is at fault, not the program."""


class InputError(Exception):
    """Bad input. Its message is one sentence: what is wrong, where, and what to do."""
