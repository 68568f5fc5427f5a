"""Chapters run as a reader runs them: make chapters, make outputs, and what goes wrong on the way."""

import errno
import json
import os
import pathlib
import subprocess
import sys
import time

import made_up
import pytest
from book import pairing, running
from conftest import make_in

pytestmark = pytest.mark.slow

FAILING = made_up.CHAPTER.replace("EPOCHS = 3", "EPOCHS = 3\nraise MemoryError('too large')")
DYING = made_up.CHAPTER.replace("EPOCHS = 3", "EPOCHS = 3\nimport os; os._exit(3)")


def write(folder, name, text=made_up.CHAPTER):
    """Write a made-up chapter under another number."""
    script = folder / f"{name}.py"
    script.write_text(text.replace("98_made_up", name))
    return script


@pytest.fixture
def chapters(tmp_path, monkeypatch):
    monkeypatch.setattr(running, "FAILED", tmp_path / "failed")
    (tmp_path / "chapters").mkdir()
    return tmp_path / "chapters"


def test_make_chapters_as_a_reader_types_it(clone):
    write(clone / "chapters", "91_one")
    write(clone / "chapters", "92_two", FAILING)
    write(clone / "chapters", "93_three")
    first = make_in(clone, "chapters")
    built = clone / "build" / "chapters"
    assert first.returncode != 0, first.stdout + first.stderr
    assert "[2/3] 92_two   FAILED: MemoryError: too large (see build/failed/92_two.ipynb)" in (
        first.stdout
    )
    assert (clone / "build" / "failed" / "92_two.ipynb").exists()
    assert "      " in first.stdout and "The loss" in first.stdout  # the section that runs
    for name in ("91_one", "93_three"):
        assert (built / f"{name}.ipynb").exists()
        assert 'alt="A rising line"' in (built / f"{name}.html").read_text()
        results = json.loads((built / "results" / f"{name}.json").read_text())
        assert results["numbers"] == {"val_mse": 0.25, "seconds": 2.5}
        assert {"date", "processor", "tensorflow"} <= set(results["made_by"])
    assert not (built / "92_two.ipynb").exists()
    assert not list((clone / "chapters").glob("*.ipynb")), "a reader's clone stays clean"

    write(clone / "chapters", "92_two")
    (built / "93_three.html").write_text("<html>cut")
    second = make_in(clone, "chapters").stdout
    assert "[1/3] 91_one   (up to date)" in second
    assert "[2/3] 92_two ..." in second and "[3/3] 93_three ..." in second
    assert make_in(clone, "chapters", "N=3").returncode != 0
    only = make_in(clone, "quick", "N=92").stdout
    assert "[1/1] 92_two" in only


def test_make_sync_and_outputs_as_the_maintainer_types_them(clone):
    write(clone / "chapters", "91_one")
    done = make_in(clone, "outputs")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "91_one: in step" in done.stdout
    assert (
        "[A made-up chapter](chapters/91_one.ipynb) | A loss of 0.25"
        in (clone / "README.md").read_text()
    )
    notebook = pairing.read_notebook(clone / "chapters" / "91_one.ipynb")
    notebook.cells[0].source += "\nmy note"
    pairing.write_notebook(notebook, clone / "chapters" / "91_one.ipynb")
    refused = make_in(clone, "sync")
    assert refused.returncode != 0 and "KEEP=ipynb" in refused.stderr
    assert "my note" in (clone / "chapters" / "91_one.ipynb").read_text()


def test_a_failure_leaves_what_was_there(chapters):
    script = write(chapters, "91_one")
    assert running.run([script], "outputs", chapters) == 0
    before = {p: p.read_bytes() for p in chapters.rglob("*") if p.is_file() and p.suffix != ".py"}
    write(chapters, "91_one", FAILING)
    assert running.run([script], "outputs", chapters) == 1
    after = {p: p.read_bytes() for p in chapters.rglob("*") if p.is_file() and p.suffix != ".py"}
    assert after == before


def test_a_dead_kernel_is_reported_and_the_next_chapter_runs(chapters, capsys):
    scripts = [write(chapters, "91_one", DYING), write(chapters, "92_two")]
    assert running.run(scripts, "quick", chapters) == 1
    out = capsys.readouterr().out
    assert "FAILED: the kernel died, perhaps because the memory was full" in out
    assert not (chapters / "91_one.ipynb").exists() and (chapters / "92_two.ipynb").exists()


def test_whatever_is_wrong_with_one_chapter_the_next_one_runs(chapters, capsys):
    edited, broken, good = (write(chapters, name) for name in ("91_one", "92_two", "93_three"))
    assert running.run([edited], "outputs", chapters) == 0
    path = edited.with_suffix(".ipynb")
    notebook = pairing.read_notebook(path)
    notebook.cells[0].source += "\nmy note"
    pairing.write_notebook(notebook, path)
    write(chapters, "92_two", made_up.CHAPTER.replace("EPOCHS = 3", "EPOCHS = ("))
    assert running.run([edited, broken, good], "outputs", chapters) == 1
    out = capsys.readouterr().out
    assert "91_one   FAILED: 91_one.ipynb was saved since the last sync" in out
    assert "92_two   FAILED: SyntaxError" in out
    assert (chapters / "results" / "93_three.json").exists()


def test_a_summary_follows_the_other_chapters_and_its_table_comes_last(chapters, capsys):
    printing = "# %%\nprint(Double"
    text = made_up.CHAPTER.replace(printing, printing.replace("%%", '%% tags=["summary", "table"]'))
    scripts = [write(chapters, "91_one"), write(chapters, "92_summary", text)]
    running.run(scripts, "run", chapters)
    assert capsys.readouterr().out.endswith(" s\n\n6\n")
    running.run(scripts, "run", chapters)
    assert capsys.readouterr().out.endswith("92_summary   (up to date)\n\n6\n")
    (chapters / "91_one.html").unlink()
    running.run(scripts, "run", chapters)
    assert "[2/2] 92_summary ..." in capsys.readouterr().out


def test_a_failed_quick_run_can_be_looked_at(chapters, capsys):
    running.run([write(chapters, "91_one", FAILING)], "quick", chapters)
    assert '"ename": "MemoryError"' in (running.FAILED / "91_one.ipynb").read_text()


def test_a_full_disk_leaves_what_was_there(chapters, monkeypatch, capsys):
    script = write(chapters, "91_one")
    running.run([script], "quick", chapters)
    before = (chapters / "91_one.ipynb").read_bytes()

    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(running, "write_notebook", full)
    assert running.run([script], "quick", chapters) == 1
    assert "No space left on device" in capsys.readouterr().out
    assert (chapters / "91_one.ipynb").read_bytes() == before
    assert [p.name for p in chapters.iterdir() if p.name.startswith(".running")] == []


@pytest.mark.parametrize("delay", [0.05, 1, 5])  # the kernel is started, starts, runs a cell
def test_an_interrupt_ends_in_a_line(chapters, delay):
    write(
        chapters,
        "91_one",
        made_up.CHAPTER.replace("EPOCHS = 3", "EPOCHS = 3\nimport time; time.sleep(60)"),
    )
    code = (
        "import pathlib; from book import running; "
        f"folder = pathlib.Path({str(chapters)!r}); "
        "raise SystemExit(running.run(sorted(folder.glob('9*.py')), 'run', folder))"
    )
    tools = pathlib.Path(running.__file__).parents[1]
    with subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(tools)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        for line in process.stdout:
            if "..." in line:
                break
        time.sleep(delay)
        os.killpg(process.pid, 2)
        out, errors = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "interrupted: nothing of this chapter was changed" in out
    assert "Traceback" not in errors


def test_two_runs_at_once_are_refused(chapters):
    with running.only_one_run_in(chapters):
        with pytest.raises(SystemExit, match="another run is writing to"):
            running.run([], "quick", chapters)


def test_what_a_killed_run_left_is_removed(chapters):
    (chapters / ".running-abc").mkdir()
    (chapters / ".running-abc" / "91_one.ipynb").write_text("{")
    running.run([], "quick", chapters)
    assert not list(chapters.glob(".running-*"))


def test_a_chapter_that_records_nothing_fails(chapters, capsys):
    text = made_up.CHAPTER.replace('gk.record("98_made_up"', 'print("98_made_up"').replace(
        "val_mse=0.25, seconds=2.5", "0.25"
    )
    assert running.run([write(chapters, "91_one", text)], "quick", chapters) == 1
    assert "it recorded no results" in capsys.readouterr().out


READS_DATA = made_up.CHAPTER.replace(
    "print(Double().call(EPOCHS))", 'gk.load_images(source="auto", n_train=10, n_valid=6)'
)


def test_a_run_on_the_sample_is_repeated_once_the_data_are_there(chapters, monkeypatch):
    script = write(chapters, "91_one", READS_DATA)
    assert running.run([script], "run", chapters) == 0
    assert running.is_up_to_date(script, chapters)
    monkeypatch.setattr("genkeras.data.find_source", lambda name: "tfds")
    assert not running.is_up_to_date(script, chapters)


@pytest.mark.parametrize("damaged", ["91_one.ipynb", "91_one.html", "results/91_one.json"])
def test_a_damaged_file_means_run_again(chapters, damaged):
    script = write(chapters, "91_one")
    running.run([script], "run", chapters)
    path = chapters / damaged
    path.write_text(path.read_text()[:-40])
    assert not running.is_up_to_date(script, chapters)


def test_a_chapter_runs_as_a_script_from_another_folder(clone, tmp_path):
    script = write(clone / "chapters", "91_one")
    done = subprocess.run(
        [str(clone / ".venv" / "bin" / "python"), str(script)],
        cwd=tmp_path,
        env={**os.environ, "MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0 and done.stderr == "", done.stderr
    assert "val_mse  0.25" in done.stdout
