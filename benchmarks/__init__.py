"""Measurements behind the README: each script writes one file under results/."""
