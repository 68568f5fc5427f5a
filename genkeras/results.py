"""The numbers that a chapter reports: shown as a table, and written to a file if asked."""

import contextlib
import json
import math
import os
import pathlib
import re

from genkeras import data


def record(chapter, /, **numbers):
    """Print a chapter's numbers; write them into the folder GENKERAS_RESULTS if that is set.

    The file holds the numbers, and which data sets were read and from where.

    Args:
        chapter: file name of the chapter without its ending, such as "03_stacked_autoencoders".
        **numbers: finite numbers. Keys are in lower_case with the unit last (`seconds`,
            `stacked_val_mse`).

    Raises:
        ValueError: for a chapter name, a key or a value of another form.
        OSError: if the file cannot be written; nothing half-written is left.
    """
    if not re.fullmatch(r"\d\d_[a-z0-9_]+", chapter):
        raise ValueError(f"chapter must look like '03_stacked_autoencoders', got {chapter!r}")
    values = {}
    for key, number in numbers.items():
        if not re.fullmatch(r"[a-z][a-z0-9_]*", key):
            raise ValueError(f"keys must be lower_case with the unit last, got {key!r}")
        values[key] = _plain_number(key, number)
    width = max((len(key) for key in values), default=0)
    for key, value in values.items():
        print(f"{key:<{width}}  {value:g}")
    folder = os.environ.get("GENKERAS_RESULTS")
    if folder:
        path = pathlib.Path(folder, f"{chapter}.json")
        _write_json(path, {"numbers": values, "data": data.sources_read})


def _plain_number(key, number):
    """An int, or a float of six digits; ValueError for anything that is not a finite number."""
    try:
        value = float(number)
    except (TypeError, ValueError):
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"{key} must be one finite number, got {number!r}")
    return int(value) if value.is_integer() else float(f"{value:.6g}")


def _write_json(path, content):
    """Write beside the file and rename, so that readers never see half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}.part")
    try:
        partial.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        partial.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise
