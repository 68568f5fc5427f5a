"""What chapters claim beyond their own run, measured: `python -m experiments` (see tables.py)."""
