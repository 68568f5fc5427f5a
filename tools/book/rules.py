"""What every chapter keeps: each function yields a sentence for each breach."""

import ast
import builtins
import json
import re
import symtable

from book import needs, numbers
from book.figures import picture_outputs
from book.fingerprint import GENKERAS, describe, fingerprint
from book.pairing import (
    canonical_script,
    code_cells,
    parameters_cell,
    read_notebook,
    read_script,
)

MAX_BYTES = 1_000_000
HEADER_ROWS = ("Slides", "Textbook", "Result", "Time", "Data")
# First editions, whose figures have no alternative text yet. Second editions leave this list.
ALT_TEXT_PENDING = ()


def problems(script, genkeras=GENKERAS):
    """All that is wrong with a chapter, each a sentence; an empty list if nothing is."""
    source = read_script(script)
    path = script.with_suffix(".ipynb")
    results_path = script.parent / "results" / f"{script.stem}.json"
    results = json.loads(results_path.read_text()) if results_path.exists() else None
    found = [
        *header_problems(script, source),
        *parameter_problems(source),
        *empty_cell_problems(source),
        *global_problems(source),
        *prose_problems(source, results["numbers"] if results else {}),
        *twin_problems(source, genkeras),
        *needs.problems(source),
    ]
    if results is None:
        found.append("no recorded results: run make outputs")
    if not path.exists():
        return [*found, "no notebook beside the script: run make sync"]
    if path.stat().st_size > MAX_BYTES:
        found.append(f"the notebook has {path.stat().st_size:,} bytes, more than {MAX_BYTES:,}")
    notebook = read_notebook(path)
    found += [*pair_problems(script, source, notebook), *output_problems(notebook)]
    if results is not None:
        found += freshness_problems(source, notebook, results, genkeras)
    if script.stem[:2] not in ALT_TEXT_PENDING:
        found += alternative_text_problems(notebook)
    return found


# --- The script ----------------------------------------------------------------------------------


def header_problems(script, source):
    head = re.match(r"# ---\n(.*?)# ---\n", script.read_text(), re.DOTALL)
    keys = re.findall(r"^#   (\w+):", head[1], re.MULTILINE) if head else []
    if sorted(keys) != ["jupytext", "kernelspec"]:
        yield f"the header must hold jupytext and kernelspec, and holds {keys}"
    first = source.cells[0].source if source.cells else ""
    if not first.startswith("# "):
        yield "the first cell must open with a title"
    for row in HEADER_ROWS:
        if not re.search(rf"^\| {row} \| .* \|$", first, re.MULTILINE):
            yield f"the table under the title lacks the row {row!r}"


def parameter_problems(source):
    cell = parameters_cell(source)
    if cell is None:
        yield "exactly one cell must be tagged 'parameters'"
        return
    names = assigned_names(cell.source)
    quick = cell.metadata.get("quick", {})
    for name in quick:
        if name not in names:
            yield f"the quick parameter {name} is not in the parameters cell"
    if "QUICK = False" not in cell.source or quick.get("QUICK") is not True:
        yield "the parameters cell must set QUICK = False, and its quick parameters QUICK to true"


def empty_cell_problems(source):
    for number, cell in enumerate(source.cells, 1):
        if not cell.source.strip():
            yield f"cell {number} is empty"
        if re.search(r"^TEXT [A-Z]+$", cell.source, re.MULTILINE):
            yield f"cell {number} holds a placeholder for a text to come"


def assigned_names(code):
    """Names that a cell binds at its top level: by assignment, loop or with."""
    scopes = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    statements = [node for node in ast.parse(code).body if not isinstance(node, scopes)]
    return {
        node.id
        for node in ast.walk(ast.Module(statements, []))
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


def global_problems(source):
    """A class that reads a variable of the notebook cannot be copied."""
    variables = set()
    for cell in code_cells(source):
        variables |= assigned_names(cell.source)
    variables -= set(dir(builtins))
    for cell in code_cells(source):
        for table in symtable.symtable(cell.source, "<cell>", "exec").get_children():
            if table.get_type() == "class":
                for name in sorted(globals_read(table) & variables):
                    yield f"class {table.get_name()} reads the notebook's variable {name}"


def globals_read(table):
    names = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_global()}
    return names.union(*(globals_read(child) for child in table.get_children()))


def prose_problems(source, results):
    """Decimal numbers name where they come from, and agree with it."""
    for cell in source.cells:
        for problem in numbers.problems(cell.source, results):
            yield f"the {'prose' if cell.cell_type == 'markdown' else 'code'} {problem}"
        if cell.cell_type == "markdown":
            for number in numbers.unsourced(cell.source):
                yield f"prose quotes {number} without saying where it comes from"


def twin_problems(source, genkeras):
    """What a chapter writes out and genkeras holds must be the same code, docstrings aside."""
    ours = {}
    for path in sorted(genkeras.glob("*.py")):
        ours.update(definitions(path.read_text()))
    for cell in code_cells(source):
        source_inside = cell.source.replace("gk.", "")  # genkeras needs no prefix for its own parts
        for name, tree in definitions(source_inside).items():
            if name in ours and tree != ours[name]:
                yield f"{name} differs from the definition in genkeras"


def definitions(code):
    """{name: syntax tree} of the classes and functions at the top level."""
    kinds = (ast.FunctionDef, ast.ClassDef)
    return {node.name: describe(node) for node in ast.parse(code).body if isinstance(node, kinds)}


# --- The pair and its outputs --------------------------------------------------------------------


def pair_problems(script, source, notebook):
    if content(source) != content(notebook):
        yield "script and notebook differ: run make sync"
    elif canonical_script(script) != script.read_text():
        yield "JupyterLab would write the script in another way: run make sync"


def content(notebook):
    return [
        (cell.cell_type, cell["id"], cell.source, json.dumps(cell.metadata, sort_keys=True))
        for cell in notebook.cells
    ]


def output_problems(notebook):
    cells = code_cells(notebook)
    counts = [cell.execution_count for cell in cells]
    if None in counts:
        yield f"{counts.count(None)} code cells have not been run"
    elif counts != list(range(1, len(cells) + 1)):
        yield "the cells were run out of order"
    for cell in cells:
        for output in cell.outputs:
            if output.output_type == "error":
                yield f"the cell that starts {first_line(cell)!r} ended in an error"
            if output.get("name") == "stderr":
                yield f"the cell that starts {first_line(cell)!r} wrote to stderr"
            elif "WARNING" in output.get("text", ""):
                yield f"the cell that starts {first_line(cell)!r} printed a warning"


def freshness_problems(source, notebook, results, genkeras):
    """Outputs and results were produced by this code, on the full data."""
    expected = fingerprint(source, results["data"], genkeras)
    made = {
        "outputs": notebook.metadata.get("genkeras", {}).get("fingerprint"),
        "results": results.get("fingerprint"),
    }
    for name, found in made.items():
        if found != expected:
            yield f"the {name} are not those of this code: run make outputs"
    for name, source_read in results["data"].items():
        if source_read != "tfds":
            yield f"the outputs were made from the bundled sample, not from all of {name}"


def stale(script):
    """Sentences on outputs and results that are not those of the script's code."""
    results_path = script.parent / "results" / f"{script.stem}.json"
    if not results_path.exists():
        return ["no recorded results: run make outputs"]
    source, notebook = read_script(script), read_notebook(script.with_suffix(".ipynb"))
    results = json.loads(results_path.read_text())
    return list(freshness_problems(source, notebook, results, GENKERAS))


def alternative_text_problems(notebook):
    for cell in figures_without_text(notebook):
        yield f"the figure of the cell that starts {first_line(cell)!r} has no alternative text"


def figures_without_text(notebook):
    """Cells that draw a figure and have no `alt` in their metadata."""
    return [
        cell for cell in notebook.cells if picture_outputs(cell) and not cell.metadata.get("alt")
    ]


def first_line(cell):
    return (cell.source.splitlines() or [""])[0]
