"""The exercises of a chapter: one source with the answers, and the notebooks that follow from it.

In exercises/NN_topic.py, a percent script, a cell tagged "solution" holds an answer between the
lines `### BEGIN SOLUTION` and `### END SOLUTION`, and the cell behind it, tagged "check" and
"points-N", checks the answer. nbgrader clears what is between these marks. From the source come

exercises/NN_topic.ipynb             for students: without the answers
exercises/solutions/NN_topic.ipynb   with the answers, and with outputs
build/course/                        both sides in an nbgrader course (tools/course.py)
"""

import pathlib
import re
import tempfile
import time

from tools import EXERCISES, fresh, pages, pairing, rules, running


def sources_of(chapters):
    """The sources of the exercises of some chapters; not every chapter has exercises."""
    sources = [EXERCISES / chapter.name for chapter in chapters]
    return [source for source in sources if source.exists()]


def points(cell):
    """The points of a check, from its tag points-N; 0 without such a tag."""
    tags = [re.fullmatch(r"points-(\d+)", tag) for tag in cell.metadata.get("tags", [])]
    return sum(int(found[1]) for found in tags if found)


def read(source):
    """A source as a notebook, with the answers and without outputs."""
    notebook = pairing.read_script(source)
    del notebook.metadata["jupytext"]  # none of the notebooks is paired with the source
    return notebook


def student(source):
    """The student's notebook, whose answers nbgrader has cleared.

    Raises:
        ValueError: if the source breaks one of `source_problems`.
    """
    for problem in source_problems(source):
        raise ValueError(f"exercises/{source.name}: {problem}")
    try:
        from nbgrader.preprocessors import ClearSolutions
    except ImportError:
        raise SystemExit("nbgrader is missing: run make env COURSE=1") from None
    # Cells have no metadata of nbgrader here: source_problems has compared tags and marks.
    notebook, _ = ClearSolutions(enforce_metadata=False).preprocess(read(source), {})
    return notebook


def solutions(source):
    """The solutions as a notebook without outputs, with links that start from its folder."""
    notebook = read(source)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = cell.source.replace("](../", "](../../")
    return notebook


def solutions_path(source):
    """Where the executed solutions of a source are."""
    return source.parent / "solutions" / f"{source.stem}.ipynb"


def sync(source):
    """Write the student's notebook and the text of the solutions; return whether one changed."""
    changed = pairing.write_notebook(student(source), source.with_suffix(".ipynb"))
    path = solutions_path(source)
    if path.exists():
        notebook = pairing.keep_outputs(solutions(source), pairing.read_notebook(path))
        changed = pairing.write_notebook(notebook, path) or changed
    return changed


def run(source):
    """Execute the solutions of a source. If a cell fails, the notebook of before stays.

    Raises:
        running.ChapterFailed: if a cell fails or the kernel dies.
    """
    start = time.perf_counter()
    notebook, path = solutions(source), solutions_path(source)
    digest = fresh.digest(notebook, {})  # now: genkeras may be edited during the run
    path.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".running-", dir=path.parent) as work:
        running.execute(notebook, source, "outputs", path.parent, pathlib.Path(work))
    notebook.metadata["genkeras"] = {"digest": digest}
    pages.shrink(notebook)
    pages.add_alternative_texts(notebook)
    pairing.write_notebook(notebook, path)
    print(f"exercises/{source.name}: solved in {time.perf_counter() - start:.0f} s", flush=True)


def unnamed(text, answer):
    """Variables that an answer assigns, and neither the text before it nor the form names."""
    shown = text + re.sub("BEGIN SOLUTION.*?END SOLUTION", "", answer, flags=re.DOTALL)
    return {name for name in rules.assigned_names(answer) if f"`{name}`" not in shown}


def source_problems(source):
    """What is wrong with the marks and tags of a source: a sentence for each breach."""
    cells = pairing.read_script(source).cells
    tags = [cell.metadata.get("tags", []) for cell in cells] + [[]]
    for i, cell in enumerate(cells):
        marks = re.findall(r"(BEGIN|END) SOLUTION", cell.source)
        if "solution" in tags[i]:
            if not marks or marks != ["BEGIN", "END"] * (len(marks) // 2):
                yield f"solution cell {i + 1} lacks ### BEGIN SOLUTION or ### END SOLUTION"
            if "check" not in tags[i + 1]:
                yield f"solution cell {i + 1} has no check right behind it"
            text = "\n".join(earlier.source for earlier in cells[:i])
            for name in sorted(unnamed(text, cell.source)):
                yield f"solution cell {i + 1} assigns {name}, which the text does not ask for"
        elif marks:
            yield f"cell {i + 1} has the marks of a solution, but not the tag"
        if "check" in tags[i]:
            if not points(cell):
                yield f"check cell {i + 1} has no points: give it a tag such as points-2"
            if "solution" not in tags[i - 1]:
                yield f"check cell {i + 1} has no solution right before it"


def problems(source):
    """All that is wrong with a source and its notebooks, each a sentence; an empty list if none."""
    if found := list(source_problems(source)):
        return found
    path = source.with_suffix(".ipynb")
    if not path.exists() or pairing.read_notebook(path) != student(source):
        found.append("the student's notebook is not in step: run make sync")
    expected = solutions(source)
    try:
        notebook = pairing.read_notebook(solutions_path(source))
    except Exception:  # missing or cut: nbformat raises many kinds of errors
        return [*found, "the solutions were not executed: run make outputs"]
    if notebook.metadata.get("genkeras", {}).get("digest") != fresh.digest(expected, {}):
        found.append("the executed solutions are not up to date: run make outputs")
    elif [cell.source for cell in notebook.cells] != [cell.source for cell in expected.cells]:
        found.append("the text of the executed solutions is not in step: run make sync")
    return found
