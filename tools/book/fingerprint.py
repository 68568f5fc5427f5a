"""What the outputs of a chapter depend on, as one fingerprint.

It covers the code of the chapter, the parts of genkeras that this code uses (and the parts that
those use), the files of genkeras/assets that either names, and which data was read. Code counts
as a syntax tree without comments and docstrings: a reworded sentence costs no rerun, a changed
computation does.
"""

import ast
import functools
import hashlib
import json

from book import ROOT

GENKERAS = ROOT / "genkeras"
# Fields of syntax trees that say nothing about what the code does, or that only some Pythons have.
IGNORED_FIELDS = ("ctx", "kind", "type_comment", "type_params", "type_ignores")
# Parts of genkeras that do not change what a chapter computes. However the data came to this
# machine, the fingerprint says which were read.
NOT_COMPUTING = ("data._check_arguments", "data._prepare", "results._write_json")
DOCUMENTED = (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def fingerprint(notebook, data, genkeras=GENKERAS):
    """SHA-256 of all that the outputs of a chapter depend on.

    Args:
        notebook: the chapter, as `pairing.read_script` returns it.
        data: {name of a data set: "tfds" or "bundled"}, which the run has read.
        genkeras: folder of the package.
    """
    trees = parse_cells(notebook)
    used = used_of_genkeras(trees, genkeras)
    described = {
        "cells": [describe(tree) for tree in trees],
        "genkeras": {name: describe(node) for name, node in used.items()},
        "assets": used_assets([*trees, *used.values()], genkeras),
        "data": data,
    }
    return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()


def parse_cells(notebook):
    """The syntax trees of a notebook's code cells."""
    return [ast.parse(cell.source) for cell in notebook.cells if cell.cell_type == "code"]


def normalized(source):
    """Code as text that only changes if the code does something else."""
    try:
        return json.dumps(describe(ast.parse(source)))
    except SyntaxError:
        return source


def describe(node):
    """A syntax tree as nested lists, without docstrings, error messages and positions."""
    if isinstance(node, list):
        return [describe(item) for item in node]
    if isinstance(node, ast.Raise):
        return ["Raise"]
    if isinstance(node, ast.Assert):
        return ["Assert", describe(node.test)]
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = []
    for name, value in ast.iter_fields(node):
        if name == "body" and isinstance(node, DOCUMENTED):
            value = without_docstring(value)
        if isinstance(node, ast.JoinedStr):  # Python 3.12.1 puts empty strings into some of them
            value = [part for part in value if not is_empty_string(part)]
        if name not in IGNORED_FIELDS and value not in (None, []):
            fields.append([name, describe(value)])
    return [type(node).__name__, fields]


def is_empty_string(node):
    return isinstance(node, ast.Constant) and node.value == ""


def without_docstring(body):
    first = body[0] if body else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        if isinstance(first.value.value, str):
            return body[1:]
    return body


# --- What is used of genkeras --------------------------------------------------------------------


@functools.cache
def parse_module(path):
    """Definitions and imports from genkeras at the top level of a module.

    Returns:
        ({name: node}, {name: (module, name in there)}); the name in there is None for a module.
    """
    definitions, imports = {}, {}
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            definitions[node.name] = node
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    definitions[target.id] = node
        elif isinstance(node, ast.ImportFrom) and node.module == "genkeras":
            for alias in node.names:
                imports[alias.asname or alias.name] = (alias.name, None)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("genkeras."):
            for alias in node.names:
                module = node.module.removeprefix("genkeras.")
                imports[alias.asname or alias.name] = (module, alias.name)
    return definitions, imports


def used_of_genkeras(trees, genkeras):
    """{"module.name": node} of all that the trees use of genkeras, directly or through it."""
    init = genkeras / "__init__.py"
    _, public = parse_module(init)
    # What importing does, such as choosing the options of TensorFlow, concerns every chapter.
    found = {"__init__": ast.Module(effects(ast.parse(init.read_text())), [])}
    waiting = [public[name] for tree in trees for name in attributes_of(tree, "gk") & set(public)]
    while waiting:
        module, name = waiting.pop()
        key = f"{module}.{name}"
        definitions, imports = parse_module(genkeras / f"{module}.py")
        if key in found or key in NOT_COMPUTING or name not in definitions:
            continue
        found[key] = node = definitions[name]
        for used in names_in(node):
            if used in definitions:
                waiting.append((module, used))
            elif used in imports and imports[used][1] is not None:
                waiting.append(imports[used])
            elif used in imports:
                other = imports[used][0]
                waiting += [(other, attribute) for attribute in attributes_of(node, used)]
    return found


def effects(tree):
    """Statements of a module that do something, other than importing or defining."""
    passive = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.Assign)
    return [node for node in without_docstring(tree.body) if not isinstance(node, passive)]


def attributes_of(tree, name):
    """All X in `name.X`."""
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == name
    }


def names_in(tree):
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def used_assets(trees, genkeras):
    """{file name: SHA-256} of the files in genkeras/assets that a string in the trees names.

    Pretrained weights are named without their ending, as for `gk.load_pretrained`.
    """
    strings = {
        node.value
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted((genkeras / "assets").glob("*"))
        if path.name in strings or (path.suffix in (".npz", ".json") and path.stem in strings)
    }
