"""Numbers in prose, each with the place it comes from, and the README's table of chapters.

A number is followed by a comment that names its source; `make sync` brings it up to date:

    0.0101<!-- test_mse -->                        a variable of the notebook, after its run
    0.0101<!-- 03 test_mse -->                     the same of chapter 03
    138 s<!-- seconds -->                          how long the run took
    0.9<!-- experiment 11 mixed_batches -->        the results of an experiment
    0.06<!-- experiment speed xla conv_ratio -->   the same, with the question that it belongs to
    0.0132<!-- textbook stacked printed -->        experiments/textbook.json, printed in the book
    0.1<!-- setting -->                            a choice, which was not measured
"""

import json
import re

from experiments import tables
from tools import CHAPTERS, EXPERIMENTS, ROOT
from tools.pairing import read_script, title, write_whole

README = ROOT / "README.md"
NUMBER = r"(?<![\w.])[-−]?\d[\d,]*(?:\.\d+)?(?:e-?\d+)?"
QUOTED = re.compile(rf"({NUMBER})( ?(?:%|s|points|times)?)<!-- ([\w ]+) -->")
TABLE_START, TABLE_END = "<!-- chapters -->\n", "\n<!-- /chapters -->"
SETTING, SECONDS = "setting", "seconds"


def chapter_numbers(script):
    """The numbers that the chapter's last full run recorded."""
    try:
        path = script.parent / "results" / f"{script.stem}.json"
        return json.loads(path.read_text("utf-8"))["numbers"]
    except (OSError, ValueError, KeyError):  # not run yet, or cut
        return {}


def quoted_variables(script):
    """Names of a chapter's variables that are quoted.

    Returns:
        Two sets of names: quoted by its own text, and by other chapters and README.
    """
    own, others = set(), set()
    for path in [*script.parent.glob("[0-9][0-9]_*.py"), README]:
        for _, _, source in QUOTED.findall(path.read_text("utf-8")):
            *number, name = source.split()
            if path == script and not number:
                own.add(name)
            elif number == [script.stem[:2]]:
                others.add(name)
    return own - {SETTING, SECONDS}, others - own - {SECONDS}


def look_up(source, numbers):
    """The number that a source stands for.

    Args:
        source: the words in the comment, such as "test_mse", "03 test_mse" or
            "experiment 11 mixed_batches".
        numbers: the chapter's own numbers.

    Raises:
        KeyError: if nothing of that name was measured.
    """
    first, *rest = source.split()
    if not rest:
        return numbers[source]
    if first == "experiment":
        return tables.look_up(*rest)
    if first == "textbook" and len(rest) == 2:
        return json.loads((EXPERIMENTS / "textbook.json").read_text("utf-8"))[rest[0]][rest[1]]
    if len(rest) == 1:
        for script in CHAPTERS.glob(f"{first}_*.py"):
            return chapter_numbers(script)[rest[0]]
    raise KeyError(source)


def format_like(quoted, value):
    """`value` as a number is quoted: its decimals, exponent, minus, and comma after thousands."""
    mantissa, exponent, _ = quoted.partition("e")
    decimals = len(mantissa.partition(".")[2])
    if exponent:
        mantissa, exponent = f"{value:z.{decimals}e}".split("e")
        text = f"{mantissa}e{int(exponent)}"
    else:
        comma = "," if "," in quoted or abs(value) >= 10_000 else ""
        text = f"{value:z{comma}.{decimals}f}"  # z: no minus before a zero
    return "−" + text[1:] if quoted[0] == "−" and text[0] == "-" else text


def renew(text, numbers):
    """`text` with every quoted number brought up to date; unknown sources stay as they are."""

    def renewed(found):
        quoted, unit, source = found.groups()
        try:
            return f"{format_like(quoted, look_up(source, numbers))}{unit}<!-- {source} -->"
        except KeyError:
            return found[0]

    return QUOTED.sub(renewed, text)


def update_script(script):
    """Bring the numbers in a chapter's prose up to date; return whether one changed."""
    return _rewrite(script, renew(script.read_text("utf-8"), chapter_numbers(script)))


def problems(text, numbers):
    """Sentences about quoted numbers that are wrong, or whose source is unknown.

    Args:
        text: prose or code.
        numbers: the chapter's own numbers.
    """
    for quoted, _, source in QUOTED.findall(text):
        if source == SETTING:
            continue
        try:
            right = format_like(quoted, look_up(source, numbers))
        except KeyError:
            yield f"quotes {quoted} as {source!r}, which was not measured"
            continue
        if right != quoted:
            yield f"quotes {source} as {quoted}, but it is {right}"


def unsourced(markdown):
    """Decimal numbers in prose, such as 0.5 and 1e-3, that do not say where they come from."""
    text = re.sub(r"```.*?```|`[^`]*`|\$\$.*?\$\$", " ", markdown, flags=re.DOTALL)
    text = re.sub(r"\$(?=\S)[^$]*?(?<=\S)\$", " ", text)  # a formula, not two prices
    text = re.sub(r"\]\([^)]*\)|https?://\S+", " ", text)
    numbers = re.findall(rf"{NUMBER}(?!\w|\.\d)", QUOTED.sub(" ", text))
    return [number for number in numbers if "." in number or "e" in number]


def stray(markdown):
    """What comments in prose say that stand behind no number."""
    return re.findall(r"<!--(.*?)-->", QUOTED.sub(" ", markdown), re.DOTALL)


# --- The README ----------------------------------------------------------------------------------


def chapter_table(folder=CHAPTERS):
    """The README's table: a row for each chapter, from the table under its title."""
    rows = ["| | chapter | result | time on two CPU cores |", "|---|---|---|---|"]
    for script in sorted(folder.glob("[0-9][0-9]_*.py")):
        notebook = read_script(script)
        head = notebook.cells[0].source
        result = re.search(r"^\| Result \| (.*) \|$", head, re.MULTILINE)
        shown = re.sub(r"<!-- [\w ]+ -->", "", result[1]) if result else ""
        seconds = chapter_numbers(script).get("seconds")
        time = f"{seconds:.0f} s" if seconds is not None else ""
        link = f"[{title(notebook)[3:]}](chapters/{script.stem}.ipynb)"
        rows.append(f"| {script.stem[:2]} | {link} | {shown} | {time} |")
    return "\n".join(rows)


def update_readme(path=README, folder=CHAPTERS):
    """Bring the README's table and its quoted numbers up to date; return whether it changed."""
    before, rest = path.read_text("utf-8").split(TABLE_START)
    after = rest.split(TABLE_END)[1]
    text = f"{before}{TABLE_START}{chapter_table(folder)}{TABLE_END}{after}"
    return _rewrite(path, renew(text, {}))


def _rewrite(path, text):
    if text == path.read_text("utf-8"):
        return False
    write_whole(path, text)
    return True
