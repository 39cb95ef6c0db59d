"""Evaluation of trained cells: one module per question, all returning rows of metrics."""
