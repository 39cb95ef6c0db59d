"""What a rule is: a function from a group to a finding, or to None where there is none."""

from collections.abc import Callable, Iterator

from vae.reporting.group import Group


def found(group: Group, *rules: Callable[[Group], object | None]) -> Iterator[object]:
    """The findings of all rules, in their order."""
    for rule in rules:
        if finding := rule(group):
            yield finding
