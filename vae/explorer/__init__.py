"""The interactive page beside the report: one file that works offline, made from the same tables.

``tables`` gathers what the results' tables say, ``pictures`` what one sweep's models draw,
``decoders`` their weights in half precision; ``page`` puts all into one HTML file with the
scripts and styles of ``assets``.
"""
