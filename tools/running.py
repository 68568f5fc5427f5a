"""Chapters, run from top to bottom by papermill, each in a kernel of its own.

A run happens in a folder that is thrown away. Only when it has succeeded do its notebook, its page
and, last, its results replace those of before. So a failure, a dead kernel, an interrupt or a full
disk leaves everything as it was, and the other chapters still run.
"""

import contextlib
import datetime
import fcntl
import importlib.metadata
import json
import math
import os
import pathlib
import platform
import re
import shutil
import tempfile
import time
import unittest.mock

import nbformat

from tools import CHAPTERS, ROOT, fresh, pages, pairing, quotes

FOLDERS = {
    "run": ROOT / "build" / "chapters",
    "quick": ROOT / "build" / "quick",
    "outputs": CHAPTERS,
}
FAILED = ROOT / "build" / "failed"
# The cell behind a chapter's last one, which nobody sees: the values of variables, and the data read.
COLLECT = """\
import json, sys
found = {{name: repr(globals()[name]) for name in {names} if name in globals()}}
for name in found:
    try:
        found[name] = float(globals()[name])
    except Exception:
        pass
data = getattr(sys.modules.get("genkeras.data"), "sources_read", {{}})
print(json.dumps({{"numbers": found, "data": data}}))"""
QUIET_KERNEL = ["--IPKernelApp.log_level=40"]  # errors only: it warns of its own local socket


class ChapterFailed(Exception):
    """A chapter did not run to its end; says why in a line."""


def run(scripts, mode, folder=None):
    """Run chapters one after the other, with a line for each section and each chapter.

    Args:
        scripts: paths of the chapters' scripts.
        mode: "run" (in full, with a page; chapters that are up to date are skipped), "quick" (with
            the small parameters that the chapter names) or "outputs" (in full and in place).
        folder: where notebooks and results go; by default as `FOLDERS` says.

    Returns:
        The exit status: 0, 1 if a chapter failed, 130 after an interrupt.
    """
    folder = folder or FOLDERS[mode]
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"  # the debugger's word on frozen modules
    os.environ.pop("MPLBACKEND", None)  # a notebook's figures need the inline backend
    # The kernels work in another folder; they import the genkeras of this clone all the same.
    others = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), *others])
    print(f"Notebooks and results go to {os.path.relpath(folder)}/", flush=True)
    with only_one_run_in(folder):
        failures = 0
        for number, script in enumerate(scripts, 1):
            label = f"[{number}/{len(scripts)}] {script.stem}"
            start = time.perf_counter()
            try:
                if edit := pairing.edit_in(script):
                    if mode == "outputs":
                        raise pairing.EditedNotebook(edit)
                    print(f"{label}   runs the script, not the edit: {edit}", flush=True)
                if mode == "run" and is_up_to_date(script, folder):
                    print(f"{label}   (up to date)", flush=True)
                    continue
                print(f"{label} ...", flush=True)
                run_chapter(script, mode, folder)
                print(f"{label}   {time.perf_counter() - start:.0f} s", flush=True)
            except KeyboardInterrupt:
                print(f"{label}   interrupted: nothing of this chapter was changed", flush=True)
                return 130
            except Exception as error:  # whatever is wrong with one chapter, the others still run
                failures += 1
                reason = str(error)
                if not isinstance(error, ChapterFailed | pairing.EditedNotebook | OSError):
                    reason = f"{type(error).__name__}: {first_line(reason)}"
                print(f"{label}   FAILED: {reason}", flush=True)
        return int(failures > 0)


@contextlib.contextmanager
def only_one_run_in(folder):
    """Lock a folder against a second run, which would write the same files."""
    with open(folder / ".lock", "w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            where = os.path.relpath(folder)
            raise SystemExit(
                f"another run is writing to {where}/: wait for it or stop it"
            ) from None
        for left_by_a_killed_run in folder.glob(".running-*"):
            shutil.rmtree(left_by_a_killed_run)
        yield


def is_up_to_date(script, folder):
    """Whether notebook and results are those of this code, and the page is whole."""
    try:
        page = (folder / f"{script.stem}.html").read_text("utf-8")
    except OSError:
        return False
    return page.rstrip().endswith("</html>") and not fresh.problems(script, folder)


def run_chapter(script, mode, folder):
    """Run one chapter and, if it succeeds, put what it produced into the folder.

    Raises:
        ChapterFailed: if a cell fails, the kernel dies, a quoted variable is no number, or somebody
            edits the chapter meanwhile.
        OSError: if a file cannot be written.
    """
    notebook = pairing.read_script(script)
    code = fresh.digest(notebook, {}, folder / "results")
    with tempfile.TemporaryDirectory(prefix=".running-", dir=folder) as work:
        work = pathlib.Path(work)
        recorded = execute(notebook, script, mode, folder, work)
        if fresh.digest(pairing.read_script(script), {}, folder / "results") != code:
            raise ChapterFailed("its code or genkeras was edited while it ran: run it again")
        if mode == "outputs" and (edit := pairing.edit_in(script)):
            raise ChapterFailed(edit)
        digest = fresh.digest(notebook, recorded["data"], folder / "results")
        results = {**recorded, "digest": digest, "made_by": made_by()}
        cells = pairing.cells_digest(notebook)
        notebook.metadata["genkeras"] = {"cells": cells, "digest": digest}
        pages.shrink(notebook)
        pages.add_alternative_texts(notebook)
        names = [f"{script.stem}.ipynb", f"results/{script.stem}.json"]
        pairing.write_notebook(notebook, work / names[0])
        pairing.write_whole(work / names[1], json.dumps(results, indent=1) + "\n")
        if mode == "run":
            names.insert(0, f"{script.stem}.html")
            pages.write_html(notebook, work / names[0])
        (folder / "results").mkdir(exist_ok=True)
        for name in names:  # everything is on the disk by now; this only renames
            os.replace(work / name, folder / name)


def execute(notebook, script, mode, folder, work):
    """Let papermill run a notebook in `folder`, with a line for each section; fill in its outputs.

    Args:
        notebook: of the script; its code cells get the outputs.
        script, mode, folder: as for `run_chapter`.
        work: folder for the notebook as papermill writes it.

    Returns:
        {"numbers": {name of a variable that is quoted: value}, "data": {data set: source}}.
    """
    import papermill
    from nbclient.exceptions import DeadKernelError

    start = time.perf_counter()

    def announce(cell, cell_index):
        found = re.match(r"## (.*)", cell.source)
        if cell.cell_type == "markdown" and found:
            print(f"      {time.perf_counter() - start:4.0f} s  {found[1]}", flush=True)

    own, others = quotes.quoted_variables(script)
    path = work / "executed.ipynb"
    last = nbformat.v4.new_code_cell(COLLECT.format(names=sorted(own | others)))
    longer = nbformat.v4.new_notebook(metadata=notebook.metadata, cells=[*notebook.cells, last])
    pairing.write_notebook(longer, work / "input.ipynb")
    environment = {
        "GENKERAS_QUICK": str(int(mode == "quick")),
        "GENKERAS_SILENT": "1",
    }
    try:
        with unittest.mock.patch.dict(os.environ, environment):
            executed = papermill.execute_notebook(
                work / "input.ipynb",
                path,
                kernel_name="python3",
                progress_bar=False,
                cwd=folder,
                on_cell_start=announce,
                extra_arguments=QUIET_KERNEL,
                shutdown_kernel="immediate",  # its files are written; "graceful" is a second slower
            )
    except papermill.PapermillExecutionError as error:
        if error.ename == "KeyboardInterrupt":  # Ctrl-C reaches the kernel, too
            raise KeyboardInterrupt from None
        reason = f"{error.ename}: {first_line(error.evalue)}"
    except DeadKernelError:
        reason = "the kernel died, perhaps because the memory was full"
    else:
        *cells, last = executed.cells
        for cell, done in zip(notebook.cells, cells, strict=True):
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = done.outputs, done.execution_count
        if "widgets" in executed.metadata:
            notebook.metadata["widgets"] = executed.metadata["widgets"]
        # The text may come in several pieces.
        printed = "".join(out.text for out in last.outputs if out.get("name") == "stdout")
        return collected(printed.splitlines()[-1], own, time.perf_counter() - start)
    FAILED.mkdir(parents=True, exist_ok=True)
    kept = FAILED / f"{script.stem}.ipynb"
    os.replace(path, kept)
    raise ChapterFailed(f"{reason} (see {os.path.relpath(kept)})")


def collected(text, quoted, seconds):
    """What COLLECT printed, with the time of the run, in numbers of six digits.

    Args:
        text: the JSON that it printed.
        quoted: names of the variables that the chapter's own text quotes.
        seconds: that the chapter took.

    Raises:
        ChapterFailed: if one of them is missing, or is not a finite number.
    """
    found = json.loads(text)
    numbers = {**found["numbers"], quotes.SECONDS: seconds}
    for name in quoted - set(numbers):
        raise ChapterFailed(f"its text quotes {name}, and the notebook has no such variable")
    for name, value in numbers.items():
        if not isinstance(value, float) or not math.isfinite(value):
            raise ChapterFailed(f"{name} is quoted, and is no finite number but {value}")
        numbers[name] = int(value) if value.is_integer() else float(f"{value:.6g}")
    return {"numbers": numbers, "data": found["data"]}


def first_line(text):
    """The first line of a text, or "" if there is none."""
    return ((text or "").strip().splitlines() or [""])[0]


def made_by():
    """What a run was made with, kept beside its numbers."""
    versions = {name: importlib.metadata.version(name) for name in ("tensorflow", "keras")}
    return {
        "date": str(datetime.date.today()),
        "processor": f"{processor_name()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        **versions,
    }


def processor_name():
    """The name of the processor, as far as the system tells it."""
    with contextlib.suppress(OSError):
        cpuinfo = pathlib.Path("/proc/cpuinfo").read_text("utf-8")
        found = re.search(r"model name\s*: (.*)", cpuinfo)
        if found:
            return found[1]
    return platform.processor() or platform.machine()
