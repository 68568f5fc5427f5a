"""What every chapter keeps: each function yields a sentence for each breach."""

import ast
import builtins
import json
import re
import symtable

from tools import fresh, pages, pairing, quotes

MAX_BYTES = 1_000_000
# What can be read in half an hour, and is not cut in the book.
MAX_WORDS, MAX_CODE_LINES, MAX_CELL_LINES, MAX_LINE_LENGTH = 2200, 300, 40, 88
HEADER_ROWS = ("Slides", "Textbook", "Result", "Time")
COMPREHENSIONS = ("listcomp", "setcomp", "dictcomp", "genexpr")  # functions to Python only


def problems(script):
    """All that is wrong with a chapter, each a sentence; an empty list if nothing is."""
    source = pairing.read_script(script)
    path = script.with_suffix(".ipynb")
    found = [
        *header_problems(script, source),
        *parameter_problems(source),
        *empty_cell_problems(source),
        *prose_problems(source, quotes.chapter_numbers(script)),
        *global_problems(source),
        *length_problems(source),
    ]
    if not path.exists():
        return [*found, "no notebook beside the script: run make sync"]
    if path.stat().st_size > MAX_BYTES:
        found.append(f"the notebook has {path.stat().st_size:,} bytes, more than {MAX_BYTES:,}")
    notebook = pairing.read_notebook(path)
    found += pair_problems(script, source, notebook)
    found += output_problems(notebook)
    found += alternative_text_problems(notebook)
    found += [f"{reason}: run make outputs" for reason in fresh.problems(script, script.parent)]
    data = (fresh.read_results(script, script.parent) or {"data": {}})["data"]
    if "bundled" in data.values():
        found.append("the outputs were made from the bundled sample, not from all of the data")
    return found


# --- The script ----------------------------------------------------------------------------------


def header_problems(script, source):
    head = re.match(r"# ---\n(.*?)# ---\n", script.read_text("utf-8"), re.DOTALL)
    keys = re.findall(r"^#   (\w+):", head[1], re.MULTILINE) if head else []
    if sorted(keys) != ["jupytext", "kernelspec"]:
        yield f"the header must hold jupytext and kernelspec, and holds {keys}"
    if source.metadata.get("kernelspec", {}).get("display_name") != "Python 3 (ipykernel)":
        yield "the kernel must be called Python 3 (ipykernel), as JupyterLab writes it"
    first = source.cells[0].source if source.cells else ""
    if not first.startswith(f"# {script.stem[:2]} "):
        yield "the first cell must open with a title that begins with the chapter's number"
    for row in HEADER_ROWS:
        if not re.search(rf"^\| {row} \| .* \|$", first, re.MULTILINE):
            yield f"the table under the title lacks the row {row!r}"


def parameter_problems(source):
    cells = pairing.tagged_cells(source, "parameters")
    if len(cells) != 1 or "QUICK = run.quick" not in cells[0].source:
        yield "exactly one cell must be tagged 'parameters', and set QUICK = run.quick"


def length_problems(source):
    """A chapter is short: what is too much goes to the experiments or out."""
    prose = [cell.source for cell in source.cells if cell.cell_type == "markdown"]
    words = len("\n".join(prose).split())
    code = [
        [line for line in cell.source.splitlines() if line.strip() and line.lstrip()[0] != "#"]
        for cell in pairing.code_cells(source)
    ]
    counts = [
        ("words", words, MAX_WORDS),
        ("lines of code", sum(map(len, code)), MAX_CODE_LINES),
        ("lines in its longest cell", max(map(len, code)), MAX_CELL_LINES),
        ("characters in its longest line of code", max(map(len, sum(code, []))), MAX_LINE_LENGTH),
    ]
    for what, count, limit in counts:
        if count > limit:
            yield f"the chapter has {count} {what}, more than {limit}"


def empty_cell_problems(source):
    for number, cell in enumerate(source.cells, 1):
        if not cell.source.strip():
            yield f"cell {number} is empty"


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
    """Functions and classes read nothing but their arguments, imports and each other."""
    cells = pairing.code_cells(source)
    variables = set().union(*(assigned_names(cell.source) for cell in cells)) - set(dir(builtins))
    for cell in cells:
        for table in symtable.symtable(cell.source, "<cell>", "exec").get_children():
            if table.get_name() in COMPREHENSIONS:
                continue
            for name in sorted(globals_read(table) & variables):
                kind = "class" if table.get_type() == "class" else "function"
                yield f"{kind} {table.get_name()} reads the notebook's variable {name}"


def globals_read(table):
    names = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_global()}
    return names.union(*(globals_read(child) for child in table.get_children()))


def prose_problems(source, results):
    """Decimal numbers name where they come from, and agree with it."""
    for cell in source.cells:
        for problem in quotes.problems(cell.source, results):
            yield f"the {'prose' if cell.cell_type == 'markdown' else 'code'} {problem}"
        if cell.cell_type == "markdown":
            for number in quotes.unsourced(cell.source):
                yield f"prose quotes {number} without saying where it comes from"
            for words in quotes.stray(cell.source):
                yield f"the comment {words.strip()!r} stands behind no number"


# --- The pair and its outputs --------------------------------------------------------------------


def pair_problems(script, source, notebook):
    if content(source) != content(notebook):
        yield "script and notebook differ: run make sync"
    elif pairing.canonical_script(script) != script.read_text("utf-8"):
        yield "JupyterLab would write the script in another way: run make sync"


def content(notebook):
    return [
        (cell.cell_type, cell["id"], cell.source, json.dumps(cell.metadata, sort_keys=True))
        for cell in notebook.cells
    ]


def output_problems(notebook):
    cells = pairing.code_cells(notebook)
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


def alternative_text_problems(notebook):
    for cell in notebook.cells:
        if pages.picture_outputs(cell) and not cell.metadata.get("alt"):
            start = first_line(cell)
            yield f"the figure of the cell that starts {start!r} has no alternative text"


def first_line(cell):
    return (cell.source.splitlines() or [""])[0]
