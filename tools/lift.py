"""Functions, classes and parameters lifted out of a chapter's script, without running the chapter.

Experiments, tests and pretraining use them, so that what they measure is the chapter's own code:

    eleven = lift.chapter("11")
    generator = eleven["build_generator"](eleven["LATENT_DIM"])
"""

import ast

from tools import CHAPTERS


def find(number, folder=CHAPTERS):
    """The script of a chapter.

    Raises:
        ValueError: if there is no chapter of that number.
    """
    scripts = {script.name[:2]: script for script in sorted(folder.glob("[0-9][0-9]_*.py"))}
    if number not in scripts:
        raise ValueError(f"there is no chapter {number!r}; there are {', '.join(scripts)}")
    return scripts[number]


def chapter(number, folder=CHAPTERS):
    """The functions, classes and settings of a chapter, and the imports that they use.

    The classes are not registered with Keras, where they would take the place of genkeras' classes
    of the same names. To load a saved model that contains them, pass `custom_objects=classes(code)`.

    Args:
        number: of the chapter, such as "11".
        folder: where the scripts are.

    Returns:
        A dictionary, the globals of the lifted functions.

    Raises:
        ValueError: if there is no chapter of that number.
    """
    script = find(number, folder)
    body = ast.parse(script.read_text("utf-8")).body
    lifted = [node for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    for node in lifted:
        node.decorator_list = [one for one in node.decorator_list if not _registers(one)]
    used = {name.id for node in lifted for name in ast.walk(node) if isinstance(name, ast.Name)}
    imports = [node for node in body if _is_import_of(used, node)]
    code = {"__name__": script.stem, **_settings(body)}
    # The file's name tells TensorFlow's AutoGraph where to read the source of a function.
    exec(compile(ast.Module(imports, []), str(script), "exec"), code)
    exec(compile(ast.Module(lifted, []), str(script), "exec"), code)
    return code


def classes(code):
    """{name: class} of the classes that a chapter defines, as Keras' `custom_objects`."""
    own = {name: one for name, one in code.items() if isinstance(one, type)}
    return {name: one for name, one in own.items() if one.__module__ == code["__name__"]}


def _settings(body):
    found = {"__builtins__": {}, "QUICK": False}  # without built-in functions, nothing can happen
    for node in body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if name.isupper() and name != "QUICK":
                try:
                    found[name] = eval(compile(ast.Expression(node.value), name, "eval"), found)
                except NameError:
                    pass  # computed from more than other settings
    del found["__builtins__"]
    return found


def _registers(decorator):
    return "register_keras_serializable" in ast.unparse(decorator)


def _is_import_of(used, node):
    if not isinstance(node, ast.Import | ast.ImportFrom):
        return False
    return any((alias.asname or alias.name.split(".")[0]) in used for alias in node.names)
