"""From maps to numbers, and from numbers to verdicts."""
