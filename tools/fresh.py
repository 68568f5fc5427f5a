"""Whether the outputs and results of a chapter are those of its code: one hash, coarse and sound.

It covers the code of the chapter and of genkeras without comments and docstrings, the files of
genkeras/assets (pretrained weights if the chapter names them), and which data were read; for a
chapter with a cell tagged "summary", also the results of the others. So a reworded sentence costs
no rerun, and any change to genkeras costs one.
"""

import ast
import hashlib
import json

from tools import CHAPTERS, EXPERIMENTS, ROOT

GENKERAS = ROOT / "genkeras"
# Fields of syntax trees that say nothing about what the code does, or that only some Pythons have.
IGNORED_FIELDS = ("ctx", "kind", "type_comment", "type_params", "type_ignores")
DOCUMENTED = (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def digest(notebook, data, results=None, genkeras=GENKERAS):
    """SHA-256 of all that the outputs of a chapter depend on.

    Args:
        notebook: the chapter, as `pairing.read_script` returns it.
        data: {name of a data set: "tfds" or "bundled"}, which the run has read.
        results: folder of the results that a summary reads.
        genkeras: folder of the package.
    """
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    parts = [normalized(cell.source) for cell in code]
    for path in sorted(genkeras.glob("*.py")):
        parts += [path.name, normalized(path.read_text(encoding="utf-8"))]
    read = [path for kind in ("npz", "keras") for path in sorted(genkeras.glob(f"assets/*.{kind}"))]
    source = "\n".join(cell.source for cell in code)
    read = [path for path in read if path.stem in source or not path.stem[0].isdigit()]
    if any("summary" in cell.metadata.get("tags", []) for cell in code):
        folders = results or CHAPTERS / "results", CHAPTERS / "results", EXPERIMENTS / "results"
        read += [path for folder in folders for path in sorted(folder.glob("*.json"))]
    for path in read:
        if not path.stem.endswith("_summary"):
            parts += [path.name, hashlib.sha256(path.read_bytes()).hexdigest()]
    parts.append(json.dumps(data, sort_keys=True))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def normalized(source):
    """Code as text that changes if the code does something else, and not with its comments."""
    try:
        return json.dumps(_describe(ast.parse(source)))
    except SyntaxError:
        return source


def _describe(node):
    """A syntax tree as nested lists, without docstrings and positions, in every Python the same."""
    if isinstance(node, list):
        return [_describe(item) for item in node]
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = []
    for name, value in ast.iter_fields(node):
        if name == "body" and isinstance(node, DOCUMENTED) and ast.get_docstring(node) is not None:
            value = value[1:]
        if isinstance(node, ast.JoinedStr):  # Python 3.12.1 puts empty strings into some of them
            value = [part for part in value if getattr(part, "value", None) != ""]
        if name not in IGNORED_FIELDS and value not in (None, []):
            fields.append([name, _describe(value)])
    return [type(node).__name__, fields]


def problems(script, folder):
    """Sentences on why a chapter's notebook and results in a folder are not those of its code.

    An empty list means up to date, for `make chapters` as for the rules.
    """
    from tools import pairing

    source = pairing.read_script(script)
    results = read_results(script, folder)
    if results is None:
        return ["there are no results that can be read"]
    try:
        notebook = pairing.read_notebook(folder / f"{script.stem}.ipynb")
    except Exception:  # missing or cut: nbformat raises many kinds of errors
        return ["there is no notebook that can be read"]
    found = []
    expected = digest(source, results["data"], folder / "results")
    if notebook.metadata.get("genkeras", {}).get("digest") != expected:
        found.append("the outputs are not those of this code")
    if results["digest"] != expected:
        found.append("the results are not those of this code")
    for name, origin in results["data"].items():
        if origin == "bundled" and _is_prepared(name):
            found.append(f"made from the bundled sample, and all of {name} is here now")
    return found


def read_results(script, folder):
    """What a run of a chapter recorded, or None if the file is missing, cut, or of another form."""
    try:
        results = json.loads((folder / "results" / f"{script.stem}.json").read_text("utf-8"))
        forms = {"numbers": dict, "data": dict, "made_by": dict, "digest": str}
        if all(isinstance(results[key], form) for key, form in forms.items()):
            return results
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return None


def _is_prepared(name):
    from genkeras.data import is_prepared  # imports TensorFlow, which takes seconds

    return is_prepared(name)
