"""The numbers a chapter stands by: shown as a table, and kept for the README and the tests."""

import json
import math
import os
import pathlib
import re


def record(chapter, **numbers):
    """Show a chapter's headline numbers, and write them where `GENKERAS_RESULTS` says.

    Args:
        chapter: file name of the chapter without its ending, such as "03_stacked_autoencoders".
        **numbers: finite plain numbers; keys in lower_case with the unit last (`seconds`,
            `stacked_val_mse`). The first is the chapter's headline.
    Raises: ValueError: for a chapter name, a key or a value of another form.
    """
    if not re.fullmatch(r"\d\d_[a-z0-9_]+", chapter):
        raise ValueError(f"chapter must look like '03_stacked_autoencoders', got {chapter!r}")
    values = {}
    for key, number in numbers.items():
        if not re.fullmatch(r"[a-z][a-z0-9_]*", key):
            raise ValueError(f"keys must be lower_case with the unit last, got {key!r}")
        try:
            value = float(number)
        except (TypeError, ValueError):
            value = math.nan
        if not math.isfinite(value):
            raise ValueError(f"{key} must be one finite number, got {number!r}")
        values[key] = int(value) if value.is_integer() else float(f"{value:.6g}")
    width = max(map(len, values), default=0)
    print("\n".join(f"{key:<{width}}  {value:g}" for key, value in values.items()))
    folder = os.environ.get("GENKERAS_RESULTS")
    if folder:
        path = pathlib.Path(folder, f"{chapter}.json")
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}.part")
        partial.write_text(json.dumps(values, indent=1) + "\n")
        partial.replace(path)
