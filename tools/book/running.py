"""Chapters, run from top to bottom in a kernel of their own.

A run happens in a folder that is thrown away. Only when it has succeeded do its notebook, its HTML
and, last, its results replace those of before. So a failure, a dead kernel, an interrupt or a full
disk leaves everything as it was, and the other chapters still run.
"""

import asyncio
import atexit
import concurrent.futures
import contextlib
import copy
import datetime
import fcntl
import importlib.metadata
import json
import os
import pathlib
import platform
import re
import shutil
import tempfile
import time

from book import CHAPTERS, ROOT
from book.figures import add_alternative_texts, pictures_as_html, shrink, without_sliders
from book.fingerprint import fingerprint
from book.pairing import (
    EditedNotebook,
    inputs_digest,
    parameters_cell,
    read_notebook,
    read_script,
    refuse_edited,
    tagged_cells,
    write_notebook,
)

FOLDERS = {
    "run": ROOT / "build" / "chapters",
    "quick": ROOT / "build" / "quick",
    "outputs": CHAPTERS,
}
FAILED = ROOT / "build" / "failed"
QUIET_KERNEL = ["--IPKernelApp.log_level=40"]  # errors only: it warns of its own local socket


class ChapterFailed(Exception):
    """A chapter did not run to its end; says why in a line."""


def run(scripts, mode, folder=None):
    """Run chapters one after the other, with a line for each section and each chapter.

    Args:
        scripts: paths of the chapters' scripts.
        mode: "run" (in full, with HTML; chapters that are up to date are skipped), "quick" (with
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
    failures = 0
    with only_one_run_in(folder):
        for number, script in enumerate(scripts, 1):
            label = f"[{number}/{len(scripts)}] {script.stem}"
            start = time.perf_counter()
            try:
                if mode == "run" and is_up_to_date(script, folder):
                    print(f"{label}   (up to date)", flush=True)
                    continue
                print(f"{label} ...", flush=True)
                run_chapter(script, mode, folder)
            except KeyboardInterrupt:
                print(f"{label}   interrupted: nothing of this chapter was changed", flush=True)
                return 130
            except (ChapterFailed, EditedNotebook, OSError) as error:
                failures += 1
                print(f"{label}   FAILED: {error}", flush=True)
                continue
            except Exception as error:  # whatever is wrong with one chapter, the others still run
                failures += 1
                reason = f"{type(error).__name__}: {first_line(str(error))}"
                print(f"{label}   FAILED: {reason}", flush=True)
                continue
            print(f"{label}   {time.perf_counter() - start:.0f} s", flush=True)
        if mode == "run":
            for script in scripts:
                print_tables(folder / f"{script.stem}.ipynb")
    return int(failures > 0)


@contextlib.contextmanager
def only_one_run_in(folder):
    """Lock a folder against a second run, which would write the same files."""
    with open(folder / ".lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SystemExit(
                f"another run is writing to {os.path.relpath(folder)}/: wait for it or stop it"
            ) from None
        for left_by_a_killed_run in folder.glob(".running-*"):
            shutil.rmtree(left_by_a_killed_run)
        yield


def run_chapter(script, mode, folder):
    """Run one chapter and, if it succeeds, put what it produced into the folder.

    Raises:
        ChapterFailed: if a cell fails, the kernel dies, or no results are recorded.
        OSError: if a file cannot be written.
    """
    notebook = read_script(script)
    target = folder / f"{script.stem}.ipynb"
    if mode == "outputs" and target.exists():
        refuse_edited(script, read_notebook(target))
    notebook.metadata.setdefault("genkeras", {})["inputs"] = inputs_digest(notebook)
    fingerprint(notebook, {})  # code that cannot be parsed fails here, not after the training
    if mode == "quick":
        notebook = with_quick_parameters(notebook)
    with tempfile.TemporaryDirectory(prefix=".running-", dir=folder) as work:
        work = pathlib.Path(work)
        with environment(GENKERAS_RESULTS=str(work)):
            execute(notebook, folder, script)
        results = read_json(work / f"{script.stem}.json")
        if results is None:
            raise ChapterFailed("it recorded no results: gk.record was not called with its name")
        # Of the script, since quick parameters are one cell more.
        results["fingerprint"] = fingerprint(read_script(script), results["data"])
        results["made_by"] = made_by()
        notebook.metadata["genkeras"]["fingerprint"] = results["fingerprint"]
        shrink(notebook)
        add_alternative_texts(notebook)
        write_notebook(notebook, work / target.name)
        (work / f"{script.stem}.json").write_text(json.dumps(results, indent=1) + "\n")
        if mode == "run":
            write_html(notebook, work / f"{script.stem}.html")
        (folder / "results").mkdir(exist_ok=True)
        # Everything is on the disk by now; what follows only renames.
        if mode == "run":
            os.replace(work / f"{script.stem}.html", folder / f"{script.stem}.html")
        os.replace(work / target.name, target)
        os.replace(work / f"{script.stem}.json", folder / "results" / f"{script.stem}.json")


def print_tables(path):
    """Print again what a notebook's cells with the tag "table" have printed, if it exists."""
    if path.exists():
        for cell in tagged_cells(read_notebook(path), "table"):
            streams = [output for output in cell.outputs if output.output_type == "stream"]
            print("\n" + "".join(output.text for output in streams), end="", flush=True)


def with_quick_parameters(notebook):
    """The notebook with a cell behind the parameters that sets them to small values."""
    from papermill.parameterize import parameterize_notebook

    # papermill expects these, which it adds itself only where it also executes.
    notebook.metadata["papermill"] = {}
    for cell in notebook.cells:
        cell.metadata.setdefault("tags", [])
    return parameterize_notebook(notebook, dict(parameters_cell(notebook).metadata["quick"]))


def execute(notebook, folder, script):
    """Run a notebook in `folder`, with a line for each section that starts."""
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, DeadKernelError

    start, headings = time.perf_counter(), section_headings(notebook)

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
        shutdown_kernel="immediate",  # its files are written; "graceful" takes a second longer
        on_cell_start=announce,
    )
    # In a thread, because in the main one nbclient would handle Ctrl-C itself, and badly.
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        execution = pool.submit(asyncio.run, client.async_execute())
        try:
            execution.result()
            return
        except KeyboardInterrupt:
            kill_kernel(client, execution)
            raise
        except CellExecutionError as error:
            if error.ename == "KeyboardInterrupt":  # Ctrl-C reaches the kernel, too
                raise KeyboardInterrupt from None
            reason = f"{error.ename}: {first_line(error.evalue)}"
        except DeadKernelError:
            reason = "the kernel died, perhaps because the memory was full"
        except RuntimeError as error:
            reason = f"the kernel did not start: {first_line(str(error))}"
        finally:
            # nbclient forgets this where the kernel did not start; Python would end with an error.
            atexit.unregister(client._cleanup_kernel)
    path = FAILED / script.with_suffix(".ipynb").name
    with contextlib.suppress(OSError):
        write_notebook(notebook, path)
    raise ChapterFailed(f"{reason} (see {os.path.relpath(path)})")


def kill_kernel(client, execution):
    """Kill the kernel's process, which may only be starting, until the execution has ended."""
    while not execution.done():
        process = getattr(getattr(client.km, "provisioner", None), "process", None)
        if process is not None:
            process.kill()
        time.sleep(0.1)


def section_headings(notebook):
    """{index of a markdown cell: the section's heading}"""
    headings = {}
    for index, cell in enumerate(notebook.cells):
        found = re.match(r"## (.*)", cell.source)
        if cell.cell_type == "markdown" and found:
            headings[index] = found[1]
    return headings


def first_line(text):
    lines = (text or "").strip().splitlines()
    return lines[0] if lines else ""


@contextlib.contextmanager
def environment(**variables):
    """Set environment variables, which the kernel inherits, and restore them."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def made_by():
    """What a run was made with, kept beside its numbers."""
    from genkeras.runtime import processor_name  # imports TensorFlow, which takes seconds

    versions = {name: importlib.metadata.version(name) for name in ("tensorflow", "keras")}
    return {
        "date": str(datetime.date.today()),
        "processor": f"{processor_name()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "backend": os.environ.get("KERAS_BACKEND", "tensorflow"),
        **versions,
    }


def write_html(notebook, path):
    """Write a page with all pictures and animations, their alternative texts, and no sliders."""
    from nbconvert import HTMLExporter

    page = copy.deepcopy(notebook)
    without_sliders(page)
    pictures_as_html(page)
    body, _ = HTMLExporter().from_notebook_node(page, {"metadata": {"name": path.stem}})
    path.write_text(body)


def read_json(path):
    """The dictionary that a file of results holds, or None if it is missing or damaged."""
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def is_up_to_date(script, folder):
    """Whether a chapter was run in full with this code and the data that it would read now.

    A chapter that has a cell with the tag "summary" reads the results of the others, too.
    """
    results = read_json(folder / "results" / f"{script.stem}.json")
    if results is None or "fingerprint" not in results:
        return False
    try:
        notebook = read_notebook(folder / f"{script.stem}.ipynb")
        html = (folder / f"{script.stem}.html").read_text()
    except Exception:  # missing, or cut: nbformat raises many kinds of errors
        return False
    if not html.rstrip().endswith("</html>"):
        return False
    made = results.get("made_by", {})
    if made.get("backend") != os.environ.get("KERAS_BACKEND", "tensorflow"):
        return False
    expected = fingerprint(read_script(script), results["data"])
    found = {results["fingerprint"], notebook.metadata.get("genkeras", {}).get("fingerprint")}
    if found != {expected}:
        return False
    own = folder / "results" / f"{script.stem}.json"
    newest = max(path.stat().st_mtime for path in own.parent.glob("*.json"))
    if tagged_cells(notebook, "summary") and newest > own.stat().st_mtime:
        return False
    from genkeras.data import find_source  # imports TensorFlow, which takes seconds

    return all(find_source(name) == source for name, source in results["data"].items())
