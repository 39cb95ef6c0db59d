"""Tables of what was measured, and the answers that follow from them."""
