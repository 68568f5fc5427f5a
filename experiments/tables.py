"""The results of experiments as files, as numbers that chapters quote, and as tables to read.

experiments/results/NAME.json holds the answers to the questions of experiments/NAME.py:

    {"question": {"key": number, ..., "rows": [{"column": value, ...}, ...], "made_by": {...}}}

The README takes its text from the docstrings of the scripts and of their questions.
"""

import importlib
import inspect
import json
import math

from tools import EXPERIMENTS

RESULTS = EXPERIMENTS / "results"
README = EXPERIMENTS / "README.md"
MOST_COLUMNS = 12  # of a table in the README
HEAD = """# Experiments

Generated from experiments/results by `make experiments`; do not edit.
The classic recipes are the textbook's, run on Keras 3 in the same process as ours.
Compare times within a table only: each names the machine that it was measured on.
"""


def stems():
    """The names of all scripts."""
    patterns = "[0-9][0-9]_*.py", "speed.py", "textbook_*.py"
    return [path.stem for pattern in patterns for path in sorted(EXPERIMENTS.glob(pattern))]


def find(name):
    """The name of a script, from itself or from the number of its chapter.

    Raises:
        ValueError: if there is none.
    """
    for stem in stems():
        if name == stem or name == stem[:2] and name.isdigit():
            return stem
    raise ValueError(f"there are no experiments {name!r}; there are {', '.join(stems())}")


def questions(stem):
    """{question: function} of a script; the function takes the images and returns the answer."""
    return importlib.import_module(f"experiments.{stem}").QUESTIONS


# --- Files ---------------------------------------------------------------------------------------


def load(stem, folder=RESULTS):
    """{question: answer} of a script, as far as measured."""
    path = folder / f"{stem}.json"
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def save(stem, question, answer, folder=RESULTS):
    """Replace the answer to one question, in one step: an interrupt leaves the file whole."""
    answers = {**load(stem, folder), question: rounded(answer)}
    folder.mkdir(exist_ok=True)
    partial = folder / f"{stem}.json.part"
    partial.write_text(json.dumps(answers, indent=1) + "\n", "utf-8")
    partial.replace(partial.with_suffix(""))


def rounded(value):
    """Floats of five digits, inside lists and dictionaries, too."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(item) for item in value]
    if isinstance(value, str | int):
        return value
    return float(f"{float(value):.5g}") if math.isfinite(value) else None  # never reached


# --- Quotes --------------------------------------------------------------------------------------


def look_up(script, *words, folder=RESULTS):
    """The number that a chapter quotes as `experiment SCRIPT QUESTION KEY` or `experiment SCRIPT KEY`.

    Args:
        script: name of a script, or the number of its chapter.
        *words: the question, which can be left out if no other has the key, and the key. That of a
            table's cell is FIRST_COLUMN, where FIRST is what the row begins with: batch_32_ffd.
        folder: of the results.

    Raises:
        KeyError: if there is not exactly one such number.
    """
    *question, key = words or [""]
    source = " ".join(["experiment", script, *words])
    try:
        answers = load(find(script), folder)
    except ValueError:
        raise KeyError(source) from None
    chosen = [answer for name, answer in answers.items() if question in ([], [name])]
    found = [value for answer in chosen for one, value in _numbers(answer) if one == key]
    if len(found) != 1:
        raise KeyError(source)
    return found[0]


def _numbers(answer):
    """Pairs (key, number) of an answer, those in its rows included."""
    pairs = list(answer.items())
    for row in answer.get("rows", []):
        first = next(iter(row.values()))
        pairs += [(f"{first}_{column}", value) for column, value in row.items()]
    return [(key, value) for key, value in pairs if isinstance(value, int | float)]


# --- The README ----------------------------------------------------------------------------------


def write_readme():
    README.write_text(readme(), "utf-8")


def readme(folder=RESULTS):
    """All results as Markdown: a section for each script, and a table for each question.

    Questions of a script whose answers have the same keys share one table.
    """
    lines = [HEAD]
    for stem in stems():
        answers, functions = load(stem, folder), questions(stem)
        title, *text = inspect.getdoc(importlib.import_module(f"experiments.{stem}")).splitlines()
        lines += [f"## {title.rstrip('.')}", *text, "", f"`make experiments N={stem}`", ""]
        groups = {}
        for question in functions:
            if question in answers:
                groups.setdefault(_kind(question, answers[question]), []).append(question)
        for group in groups.values():
            texts = dict.fromkeys(_docstring(functions[question]) for question in group)
            lines += [f"### {', '.join(group)}", "", "\n\n".join(texts), ""]
            lines += _tables({question: answers[question] for question in group})
    return "\n".join(lines).rstrip() + "\n"


def _docstring(function):
    return inspect.getdoc(getattr(function, "func", function))  # that of a functools.partial


def _kind(question, answer):
    return question if "rows" in answer else tuple(answer)


def _tables(answers):
    """The lines of the tables of some answers, and where they were measured."""
    lines, measured = [], {}  # the latter is {where: questions}
    for question, answer in answers.items():
        measured.setdefault(_describe(answer["made_by"]), []).append(question)
        if "rows" in answer:
            lines += _table(answer["rows"])
    numbers = [
        {key: value for key, value in answer.items() if key not in ("rows", "made_by")}
        for answer in answers.values()
    ]
    if len(answers) > 1:
        rows = zip(answers, numbers, strict=True)
        lines += _table([{"question": question, **row} for question, row in rows])
    elif numbers[0]:
        lines += _table([{"measured": key, "value": value} for key, value in numbers[0].items()])
    for made, names in measured.items():
        lines.append(made + (f" ({', '.join(names)})" if len(measured) > 1 else "") + ".")
    return [*lines, ""]


def _table(rows):
    """The lines of a table; rows with many numbers become its columns, to fit on a page."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    table = [
        [column.replace("_", " "), *(_shown(row.get(column, "")) for row in rows)]
        for column in columns
    ]
    if len(columns) <= MOST_COLUMNS:
        table = list(zip(*table, strict=True))
    head, *body = table
    return [_line(head), "|---" * len(head) + "|", *map(_line, body), ""]


def _line(cells):
    return f"| {' | '.join(cells)} |"


def _shown(value):
    """A value with four significant digits."""
    if isinstance(value, list):
        return ", ".join(_shown(item) for item in value)
    if isinstance(value, str):
        return value
    return f"{value:,.0f}" if isinstance(value, int) or abs(value) >= 1000 else f"{value:.4g}"


def _describe(made):
    return (
        f"Measured on {made['date']}: {made['machine']}, TensorFlow {made['tensorflow']}, "
        f"Keras {made['keras']}, {made['images']:,} images"
    )
