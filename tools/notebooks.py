"""Pair, run and check the chapters: chapters/NN_topic.py is the source, NN_topic.ipynb its twin.

    python tools/notebooks.py sync              .py to .ipynb; results/ to the README's table
    python tools/notebooks.py run [NN]          in full, into build/chapters/
    python tools/notebooks.py quick [NN]        with small parameters, into build/quick/
    python tools/notebooks.py outputs [NN]      in full and in place: the maintainer's

The Makefile calls these; tests/test_chapters.py calls `problems`.
"""

import argparse
import ast
import base64
import builtins
import hashlib
import io
import json
import os
import pathlib
import re
import symtable
import sys
import time

import jupytext
import nbformat

ROOT = pathlib.Path(__file__).resolve().parents[1]
CHAPTERS = ROOT / "chapters"
MAX_LINES = 40
MAX_BYTES = 1_000_000
LARGE_FIGURE = 150_000  # characters in base64
QUIET_KERNEL = ["--IPKernelApp.log_level=40"]  # errors only: it warns of its own local socket
HEADER_ROWS = ("Slides", "Textbook", "Time", "Data")
# A number in prose and where it comes from, such as 78.7 %<!-- accuracy_percent -->.
QUOTED = r"(?<![\w.])(-?\d[\d,]*(?:\.\d+)?)( ?(?:%|s|points|times)?)<!-- (\w+) -->"
# What is measured nowhere here: figures of the textbook, and settings.
NOT_MEASURED = ("textbook", "setting")


# --- Pairing -------------------------------------------------------------------------------------


def read_script(script):
    """The notebook that a percent script stands for, with cell ids derived from the content."""
    notebook = jupytext.read(script, fmt="py:percent")
    seen = {}
    for cell in notebook.cells:
        key = f"{cell.cell_type}\n{cell.source}"
        seen[key] = seen.get(key, 0) + 1
        cell["id"] = hashlib.sha256(f"{key}\n{seen[key]}".encode()).hexdigest()[:8]
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def fingerprint(notebook):
    """SHA-256 of the code cells, in order."""
    return hashlib.sha256("\0".join(c.source for c in code_cells(notebook)).encode()).hexdigest()


def write(notebook, path):
    """Write a notebook in one step; return whether the file changed."""
    text = nbformat.writes(notebook, version=4) + "\n"
    if path.exists() and path.read_text() == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".part")
    partial.write_text(text)
    partial.replace(path)
    return True


def shrink_figures(notebook):
    """Store figures in fewer bytes: grey ones as grey, large ones of many colours with the best 256."""
    from PIL import Image

    for cell in code_cells(notebook):
        for output in cell.outputs:
            encoded = output.get("data", {}).get("image/png")
            if not encoded:
                continue
            figure = Image.open(io.BytesIO(base64.b64decode(encoded)))
            if figure.mode == "RGBA" and figure.getextrema()[-1] != (255, 255):
                continue  # transparent somewhere
            figure = figure.convert("RGB")
            grey = figure.convert("L")
            if grey.convert("RGB").tobytes() == figure.tobytes():
                figure = grey
            elif figure.getcolors(256) or len(encoded) > LARGE_FIGURE:
                figure = figure.quantize(256, dither=Image.Dither.NONE)
            packed = io.BytesIO()
            figure.save(packed, "PNG", optimize=True)
            shorter = base64.b64encode(packed.getvalue()).decode() + "\n"
            if len(shorter) < len(encoded):
                output["data"]["image/png"] = shorter


def update_prose(script):
    """Bring the numbers that the prose quotes up to what results/ hold."""
    results = script.parent / "results" / f"{script.stem}.json"
    numbers = json.loads(results.read_text()) if results.exists() else {}

    def renew(found):
        number, unit, key = found.groups()
        if key not in numbers:
            return found[0]
        decimals = len(number.partition(".")[2])
        comma = "," if "," in number or numbers[key] >= 10_000 else ""
        return f"{numbers[key]:{comma}.{decimals}f}{unit}<!-- {key} -->"

    text = script.read_text()
    new = re.sub(QUOTED, renew, text)
    if new != text:
        script.write_text(new)


def sync(script):
    """Carry a script into its notebook; outputs of code cells that did not change stay."""
    update_prose(script)
    notebook, path = read_script(script), script.with_suffix(".ipynb")
    if path.exists():
        old = nbformat.read(path, as_version=4)
        kept = {cell["id"]: cell for cell in code_cells(old)}
        for cell in code_cells(notebook):
            if cell["id"] in kept:
                cell.outputs = kept[cell["id"]].outputs
                cell.execution_count = kept[cell["id"]].execution_count
        for key in ("genkeras", "widgets"):  # what was run, and the sliders as they stood
            if key in old.metadata:
                notebook.metadata[key] = old.metadata[key]
    return write(notebook, path)


# --- Running -------------------------------------------------------------------------------------


def parameters_cell(notebook):
    tagged = [c for c in code_cells(notebook) if "parameters" in c.metadata.get("tags", [])]
    return tagged[0] if len(tagged) == 1 else None


def headline(results):
    """'key value' of the first number that a chapter recorded."""
    if not results.exists():
        return ""
    key, value = next(iter(json.loads(results.read_text()).items()))
    return f"{key} {value:.4g}"


def run_key(notebook):
    """What the outcome of a run depends on: the chapter's code, genkeras, the data at hand."""
    digest = hashlib.sha256(fingerprint(notebook).encode())
    for path in sorted((ROOT / "genkeras").glob("*.py")):
        digest.update(path.read_bytes())
    for variable in ("TFDS_DATA_DIR", "GENKERAS_OFFLINE", "KERAS_BACKEND"):
        digest.update(f"\n{variable}={os.environ.get(variable)}".encode())
    return digest.hexdigest()


def execute(notebook, folder):
    """Run a notebook in `folder`, with a line for each section that starts."""
    from nbclient import NotebookClient

    start, headings = time.perf_counter(), {}
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown" and (found := re.match(r"## (.*)", cell.source)):
            headings[index] = found[1]

    def announce(cell, cell_index):
        if cell_index in headings:
            print(f"      {time.perf_counter() - start:4.0f} s  {headings[cell_index]}", flush=True)

    client = NotebookClient(
        notebook,
        timeout=None,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        record_timing=False,
        extra_arguments=QUIET_KERNEL,
        on_cell_start=announce,
    )
    client.execute()


def run(scripts, mode):
    """Run chapters one after the other; return the exit status.

    mode: "run" (in full, into build/chapters/), "quick" (papermill, with the parameters that
    the chapter names, into build/quick/) or "outputs" (in full and in place).
    """
    from nbclient.exceptions import CellExecutionError

    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"  # the debugger's word on frozen modules
    os.environ.pop("MPLBACKEND", None)  # a notebook's figures need the inline backend
    folder = {
        "run": ROOT / "build" / "chapters",
        "quick": ROOT / "build" / "quick",
        "outputs": CHAPTERS,
    }[mode]
    (folder / "results").mkdir(parents=True, exist_ok=True)
    os.environ["GENKERAS_RESULTS"] = str(folder / "results")
    failed = 0
    print(f"Notebooks and results go to {os.path.relpath(folder)}/", flush=True)
    for number, script in enumerate(scripts, 1):
        name, label = script.stem, f"[{number}/{len(scripts)}] {script.stem}"
        notebook, target = read_script(script), folder / f"{script.stem}.ipynb"
        results, key = folder / "results" / f"{name}.json", run_key(notebook)
        if mode == "run" and target.exists():
            done = nbformat.read(target, as_version=4).metadata.get("genkeras", {})
            if done.get("run_key") == key:
                print(f"{label}   {done['seconds']} s   {headline(results)}   (up to date)")
                continue
        print(f"{label} ...", flush=True)
        start = time.perf_counter()
        results.unlink(missing_ok=True)
        try:
            if mode == "quick":
                run_quick(notebook, target, folder)
            else:
                execute(notebook, folder)
        except CellExecutionError as error:
            failed += 1
            print(f"{label}   FAILED: {str(error).strip().splitlines()[-1]}", flush=True)
            write(notebook, ROOT / "build" / "failed" / f"{name}.ipynb")  # to be looked at
            continue
        seconds = round(time.perf_counter() - start)
        if mode == "outputs":
            shrink_figures(notebook)
            notebook.metadata["genkeras"] = {"code_sha256": fingerprint(notebook)}
            write(notebook, target)
        elif mode == "run":
            notebook.metadata["genkeras"] = {"run_key": key, "seconds": seconds}
            write(notebook, target)
            write_html(notebook, target.with_suffix(".html"))
        print(f"{label}   {seconds} s   {headline(results)}", flush=True)
    return int(failed > 0)


def run_quick(notebook, target, folder):
    """Run through papermill with the parameters under `quick` in the parameter cell's metadata."""
    import papermill
    from nbclient.exceptions import CellExecutionError

    source = target.with_suffix(".source.ipynb")
    write(notebook, source)
    try:
        papermill.execute_notebook(
            source,
            target,
            parameters=parameters_cell(notebook).metadata["quick"],
            kernel_name="python3",
            cwd=str(folder),
            progress_bar=False,
            extra_arguments=QUIET_KERNEL,
        )
    except papermill.PapermillExecutionError as error:
        raise CellExecutionError(str(error), error.ename, error.evalue) from error
    finally:
        source.unlink()


def write_html(notebook, path):
    from nbconvert import HTMLExporter

    body, _ = HTMLExporter().from_notebook_node(notebook, {"metadata": {"name": path.stem}})
    path.write_text(body)


# --- Checking ------------------------------------------------------------------------------------


def problems(script, genkeras=ROOT / "genkeras"):
    """All that is wrong with a chapter, each a sentence; an empty list if nothing is."""
    source = read_script(script)
    path = script.with_suffix(".ipynb")
    results = script.parent / "results" / f"{script.stem}.json"
    numbers = json.loads(results.read_text()) if results.exists() else {}
    found = [
        *header_problems(script, source),
        *parameter_problems(source),
        *length_problems(source),
        *global_problems(source),
        *prose_problems(source, numbers),
        *twin_problems(source, genkeras),
    ]
    if not numbers:
        found.append("no recorded results")
    if not path.exists():
        return [*found, "no notebook beside the script: run make sync"]
    notebook = nbformat.read(path, as_version=4)
    if path.stat().st_size > MAX_BYTES:
        found.append(f"the notebook has {path.stat().st_size:,} bytes, more than {MAX_BYTES:,}")
    return [*found, *pair_problems(source, notebook), *output_problems(notebook)]


def header_problems(script, source):
    head = re.match(r"# ---\n(.*?)# ---\n", script.read_text(), re.DOTALL)
    keys = re.findall(r"^#   (\w+):", head[1], re.MULTILINE) if head else []
    if sorted(keys) != ["jupytext", "kernelspec"]:
        yield f"the header must hold jupytext and kernelspec, and holds {keys}"
    first = source.cells[0].source if source.cells else ""
    if not first.startswith("# "):
        yield "the first cell must open with a title"
    for row in HEADER_ROWS:
        if not re.search(rf"^\| {row}\b", first, re.MULTILINE):
            yield f"the table under the title lacks the row {row!r}"


def parameter_problems(source):
    cell = parameters_cell(source)
    if cell is None:
        yield "exactly one cell must be tagged 'parameters'"
        return
    names = assigned_names(cell.source)
    for name in cell.metadata.get("quick", {}):
        if name not in names:
            yield f"the quick parameter {name} is not in the parameters cell"
    if not cell.metadata.get("quick"):
        yield "the parameters cell names no quick parameters"


def length_problems(source):
    for cell in code_cells(source):
        lines = len(cell.source.splitlines())
        if lines > MAX_LINES:
            yield f"the cell that starts {first_line(cell)!r} has {lines} lines"


def assigned_names(code):
    """Names that a cell binds by assignment, loop or with, at its top level."""
    targets = []
    for node in ast.walk(ast.Module(top_level(ast.parse(code).body), [])):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            targets.append(node.id)
    return set(targets)


def top_level(body):
    """Statements that run in the notebook's own scope: functions and classes left out."""
    scopes = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return [node for node in body if not isinstance(node, scopes)]


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


def prose_problems(source, numbers):
    """Decimal numbers in prose name where they come from: 0.0092<!-- stacked_val_mse -->."""
    for cell in source.cells:
        if cell.cell_type != "markdown":
            continue
        text = re.sub(r"```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$]*\$", " ", cell.source, flags=re.DOTALL)
        text = re.sub(r"\]\([^)]*\)|https?://\S+", " ", text)
        for number, _, key in re.findall(QUOTED, text):
            if key in NOT_MEASURED:
                continue
            if key not in numbers:
                yield f"prose quotes {number} as {key}, which results/ does not hold"
                continue
            decimals = len(number.partition(".")[2])
            measured = f"{numbers[key]:.{decimals}f}"
            if measured != number.replace(",", ""):
                yield f"prose quotes {key} as {number}, results/ say {measured}"
        for number in re.findall(r"(?<![\w.])\d+\.\d+(?![\w.])", re.sub(QUOTED, " ", text)):
            yield f"prose quotes {number} without saying where it comes from"


def twin_problems(source, genkeras):
    """What a chapter writes out and genkeras holds must be the same code, docstrings aside."""
    ours = {}
    for path in sorted(genkeras.glob("*.py")):
        ours.update(definitions(path.read_text()))
    for cell in code_cells(source):
        for name, tree in definitions(cell.source).items():
            if name in ours and tree != ours[name]:
                yield f"{name} differs from its twin in genkeras"


def definitions(code):
    """{name: syntax tree without docstrings} of the classes and functions at the top level."""
    found = {}
    for node in ast.parse(code).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            for inner in ast.walk(node):
                if isinstance(inner, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(inner):
                    inner.body = inner.body[1:]
            found[node.name] = ast.dump(node)
    return found


def pair_problems(source, notebook):
    def content(book):
        return [
            (cell.cell_type, cell["id"], cell.source, json.dumps(cell.metadata, sort_keys=True))
            for cell in book.cells
        ]

    if content(source) != content(notebook):
        yield "script and notebook differ: run make sync"


def output_problems(notebook):
    cells = [cell for cell in code_cells(notebook) if cell.source.strip()]
    if notebook.metadata.get("genkeras", {}).get("code_sha256") != fingerprint(notebook):
        yield "the outputs are not those of this code: run make outputs"
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


def first_line(cell):
    return (cell.source.splitlines() or [""])[0]


# --- The README's table --------------------------------------------------------------------------

TITLES = {
    "01_generative_modeling": "Generative modelling",
    "02_efficient_representations": "Efficient representations",
    "03_stacked_autoencoders": "Stacked autoencoders",
    "04_convolutional_autoencoders": "Convolutional autoencoders",
    "05_denoising_autoencoders": "Denoising autoencoders",
    "06_sparse_autoencoders": "Sparse autoencoders",
    "07_variational_autoencoders": "Variational autoencoders",
    "08_latent_space": "The latent space",
    "09_debiasing_and_outliers": "Debiasing and outliers",
    "10_generative_adversarial_networks": "Generative adversarial networks",
    "11_dcgan": "DCGAN and its kin",
    "12_progressive_growing": "Progressive growing",
    "13_stylegan": "StyleGAN",
    "14_cyclegan": "CycleGAN",
    "15_diffusion": "Diffusion",
    "16_summary": "Summary",
}


def chapter_table(folder=CHAPTERS):
    """The README's table of chapters, from the scripts and results in `folder`."""
    rows = ["| | chapter | headline number | time on two CPU cores |", "|---|---|---|---|"]
    for name, title in TITLES.items():
        results = folder / "results" / f"{name}.json"
        if (folder / f"{name}.py").exists() and results.exists():
            seconds = json.loads(results.read_text())["seconds"]
            row = f"[{title}](chapters/{name}.ipynb) | {headline(results)} | {seconds:.0f} s"
        else:
            row = f"{title} | *to come* | "
        rows.append(f"| {name[:2]} | {row} |")
    return "\n".join(rows)


def update_readme(path=ROOT / "README.md"):
    text = path.read_text()
    start, end = "<!-- chapters -->\n", "\n<!-- /chapters -->"
    before, rest = text.split(start)
    new = f"{before}{start}{chapter_table()}{end}{rest.split(end)[1]}"
    if new != text:
        path.write_text(new)
    return new != text


# --- Command line --------------------------------------------------------------------------------


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mode", choices=["sync", "run", "quick", "outputs"])
    parser.add_argument("chapter", nargs="?", help="two digits, such as 03; all if left out")
    options = parser.parse_args(arguments)
    scripts = sorted(CHAPTERS.glob("[0-9][0-9]_*.py"))
    if options.chapter:
        scripts = [script for script in scripts if script.stem[:2] == options.chapter]
        if not scripts:
            parser.error(f"there is no chapter {options.chapter!r}; write two digits, such as 03")
    status = 0 if options.mode == "sync" else run(scripts, options.mode)
    if options.mode in ("sync", "outputs") and status == 0:
        for script in scripts:
            print(f"{script.stem}: {'synchronised' if sync(script) else 'in step'}")
        update_readme()
    return status


if __name__ == "__main__":
    sys.exit(main())
