"""Chapters run as a reader runs them: make chapters, make outputs, and what goes wrong on the way."""

import errno
import json
import os
import subprocess
import sys
import time

import made_up
import pytest
from conftest import ROOT, make_in

from tools import pairing, running

pytestmark = pytest.mark.slow

FAILING = made_up.CHAPTER.replace("EPOCHS = 3", "EPOCHS = 3\nraise MemoryError('too large')")
DYING = made_up.CHAPTER.replace("EPOCHS = 3", "EPOCHS = 3\nimport os; os._exit(3)")
BROKEN = made_up.CHAPTER.replace("EPOCHS = 3", "EPOCHS = (")


def write(folder, name, text=made_up.CHAPTER):
    """Write a made-up chapter under another number."""
    script = folder / f"{name}.py"
    text = text.replace("98_made_up", name).replace("# # 98", f"# # {name[:2]}")
    script.write_text(text, "utf-8")
    return script


def edit_notebook(script):
    path = script.with_suffix(".ipynb")
    notebook = pairing.read_notebook(path)
    notebook.cells[0].source += "\nmy note"
    pairing.write_notebook(notebook, path)


@pytest.fixture
def chapters(tmp_path, monkeypatch):
    monkeypatch.setattr(running, "FAILED", tmp_path / "failed")
    (tmp_path / "chapters").mkdir()
    return tmp_path / "chapters"


def test_make_chapters_as_a_reader_types_it(clone):
    write(clone / "chapters", "91_one")
    write(clone / "chapters", "92_two", FAILING)
    first = make_in(clone, "chapters")
    built = clone / "build" / "chapters"
    assert first.returncode != 0, first.stdout + first.stderr
    assert "[2/2] 92_two   FAILED: MemoryError: too large (see build/failed/92_two.ipynb)" in (
        first.stdout
    )
    assert '"ename": "MemoryError"' in (clone / "build/failed/92_two.ipynb").read_text("utf-8")
    assert "The loss" in first.stdout  # the section that runs
    assert 'alt="A rising line"' in (built / "91_one.html").read_text("utf-8")
    results = json.loads((built / "results" / "91_one.json").read_text("utf-8"))
    assert results["numbers"]["val_mse"] == 0.25 and 0 < results["numbers"]["seconds"] < 60
    assert {"date", "processor", "tensorflow"} <= set(results["made_by"])
    assert sorted(p.name for p in built.iterdir() if p.name[0] == "9") == [
        "91_one.html",
        "91_one.ipynb",
    ]
    assert not list((clone / "chapters").glob("*.ipynb")), "a reader's clone stays clean"

    write(clone / "chapters", "92_two")
    second = make_in(clone, "chapters", n="91 92").stdout
    assert "[1/2] 91_one   (up to date)" in second and "[2/2] 92_two ..." in second


def test_make_outputs_and_sync_as_the_maintainer_types_them(clone):
    script = write(clone / "chapters", "91_one")
    done = make_in(clone, "outputs")
    assert done.returncode == 0, done.stdout + done.stderr
    # its text quotes the seconds of the run, which differ between machines
    assert "91_one: in step" in make_in(clone, "sync").stdout
    row = "[A made-up chapter](chapters/91_one.ipynb) | A loss of 0.25"
    assert row in (clone / "README.md").read_text("utf-8")
    edit_notebook(script)
    for target in ("sync", "lab"):
        refused = make_in(clone, target)
        assert refused.returncode != 0 and "make sync N=91 KEEP=ipynb" in refused.stderr
    assert "my note" in script.with_suffix(".ipynb").read_text("utf-8")
    assert make_in(clone, "sync", "N=91", "KEEP=ipynb").returncode == 0
    assert "# my note" in script.read_text("utf-8")


def files(folder):
    return {p: p.read_bytes() for p in folder.rglob("*") if p.is_file() and p.suffix != ".py"}


def test_whatever_is_wrong_with_one_chapter_it_stays_and_the_next_one_runs(chapters, capsys):
    scripts = [write(chapters, name) for name in ("91_edited", "92_failing")]
    assert running.run(scripts, "outputs", chapters) == 0
    before = files(chapters)
    edit_notebook(scripts[0])
    edited = scripts[0].with_suffix(".ipynb")
    before[edited] = edited.read_bytes()
    write(chapters, "92_failing", FAILING)
    others = [write(chapters, "93_dying", DYING), write(chapters, "94_broken", BROKEN)]
    good = write(chapters, "95_good")
    assert running.run([*scripts, *others, good], "outputs", chapters) == 1
    out = capsys.readouterr().out
    assert "91_edited   FAILED: 91_edited.ipynb was saved since the last sync" in out
    assert "92_failing   FAILED: MemoryError" in out
    assert "93_dying   FAILED: the kernel died, perhaps because the memory was full" in out
    assert "94_broken   FAILED: SyntaxError" in out
    after = files(chapters)
    assert (chapters / "results" / "95_good.json") in after
    assert {path: after[path] for path in before} == before
    assert not (chapters / "93_dying.ipynb").exists()


def test_a_quick_run_says_that_it_runs_the_script_and_not_the_edit(chapters, capsys):
    script = write(chapters, "91_one")
    pairing.sync(script)
    edit_notebook(script)
    assert running.run([script], "quick", chapters.parent / "quick") == 0
    assert "runs the script, not the edit: 91_one.ipynb was saved" in capsys.readouterr().out


def test_a_real_chapter_says_what_it_has_read(chapters):
    """With genkeras, whose import takes seconds; the others do without."""
    text = made_up.CHAPTER.replace(
        "print(double(EPOCHS))", "import genkeras as gk\nrun = gk.setup()\ngk.load_images()"
    )
    script = write(chapters, "91_one", text)
    running.run_chapter(script, "quick", chapters)
    results = json.loads((chapters / "results" / "91_one.json").read_text("utf-8"))
    assert results["data"] == {"fashion_mnist": "bundled"}
    assert results["numbers"]["val_mse"] == 0.25


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("loss = 1", "its text quotes val_mse, and the notebook has no such variable"),
        ("val_mse = [1, 2]", "val_mse is quoted, and is no finite number but [1, 2]"),
        ("val_mse = float('nan')", "val_mse is quoted, and is no finite number but nan"),
    ],
)
def test_a_quoted_variable_must_be_a_number(chapters, capsys, code, reason):
    script = write(chapters, "91_one", made_up.CHAPTER.replace("val_mse = 0.25", code))
    assert running.run([script], "quick", chapters) == 1
    assert f"FAILED: {reason}" in capsys.readouterr().out
    assert not (chapters / "results" / "91_one.json").exists()


def test_a_quick_run_is_small_and_the_others_are_not(chapters, monkeypatch):
    monkeypatch.setenv("GENKERAS_QUICK", "1")  # make decides, and not the reader's variables
    script = write(chapters, "91_one")
    for mode, expected in (("quick", "2\n"), ("outputs", "6\n")):
        running.run([script], mode, chapters)
        texts = [
            o.text
            for c in pairing.code_cells(pairing.read_notebook(chapters / "91_one.ipynb"))
            for o in c.outputs
            if o.output_type == "stream"
        ]
        assert expected in texts


def test_a_summary_follows_the_other_chapters(chapters):
    text = made_up.CHAPTER.replace("# %%\nprint(double", '# %% tags=["summary"]\nprint(double')
    scripts = [write(chapters, "91_one"), write(chapters, "92_summary", text)]
    running.run(scripts, "run", chapters)
    assert all(running.is_up_to_date(script, chapters) for script in scripts)
    path = chapters / "results" / "91_one.json"
    path.write_text(path.read_text("utf-8").replace("0.25", "0.26"), "utf-8")
    assert not running.is_up_to_date(scripts[1], chapters)


@pytest.mark.parametrize("edited", ["script", "notebook"])
def test_an_edit_while_it_runs_is_not_lost(chapters, monkeypatch, capsys, edited):
    script = write(chapters, "91_one")
    pairing.sync(script)
    execute = running.execute

    def execute_and_edit(*arguments):
        recorded = execute(*arguments)
        if edited == "notebook":
            edit_notebook(script)
        else:
            script.write_text(script.read_text("utf-8") + "\n# %%\nprint(1)\n", "utf-8")
        return recorded

    monkeypatch.setattr(running, "execute", execute_and_edit)
    assert running.run([script], "outputs", chapters) == 1
    out = capsys.readouterr().out
    assert ("was edited while it ran" if edited == "script" else "since the last sync") in out
    assert not (chapters / "results" / "91_one.json").exists()


def test_a_full_disk_leaves_what_was_there(chapters, monkeypatch, capsys):
    script = write(chapters, "91_one")
    running.run([script], "quick", chapters)
    before = (chapters / "91_one.ipynb").read_bytes()

    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pairing, "write_notebook", full)
    assert running.run([script], "quick", chapters) == 1
    assert "No space left on device" in capsys.readouterr().out
    assert (chapters / "91_one.ipynb").read_bytes() == before
    assert [p.name for p in chapters.iterdir() if p.name.startswith(".running")] == []


WAITING = "import pathlib, time; pathlib.Path('started').touch(); time.sleep(60)"


@pytest.mark.parametrize("moment", ["the kernel starts", "a cell runs"])
def test_an_interrupt_ends_in_a_line(chapters, moment):
    write(chapters, "91_one", made_up.CHAPTER.replace("EPOCHS = 3", f"EPOCHS = 3\n{WAITING}"))
    code = (
        "import pathlib; from tools import running; "
        f"folder = pathlib.Path({str(chapters)!r}); "
        "raise SystemExit(running.run(sorted(folder.glob('9*.py')), 'run', folder))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        for line in process.stdout:
            if "..." in line:
                break
        while moment == "a cell runs" and not (chapters / "started").exists():
            assert process.poll() is None
            time.sleep(0.1)
        os.killpg(process.pid, 2)
        out, errors = process.communicate(timeout=120)
    assert process.returncode == 130, errors
    assert "interrupted: nothing of this chapter was changed" in out
    assert "Traceback" not in errors, errors


def test_two_runs_at_once_are_refused_and_leftovers_go(chapters):
    (chapters / ".running-abc").mkdir()
    with running.only_one_run_in(chapters):
        with pytest.raises(SystemExit, match="another run is writing to"):
            running.run([], "quick", chapters)
    assert not list(chapters.glob(".running-*"))


def test_a_run_on_the_sample_is_repeated_once_the_data_are_there(chapters, monkeypatch):
    text = made_up.CHAPTER + (
        "import sys, types\n"
        "data = types.SimpleNamespace(sources_read={'fashion_mnist': 'bundled'})\n"
        "sys.modules['genkeras.data'] = data\n"
    )
    script = write(chapters, "91_one", text)
    assert running.run([script], "run", chapters) == 0
    assert running.is_up_to_date(script, chapters)
    monkeypatch.setattr("genkeras.data.is_prepared", lambda name: True)
    assert not running.is_up_to_date(script, chapters)
    monkeypatch.undo()
    for damaged in ("91_one.ipynb", "91_one.html", "results/91_one.json"):
        path = chapters / damaged
        whole = path.read_text("utf-8")
        path.write_text(whole[:-40], "utf-8")
        assert not running.is_up_to_date(script, chapters), damaged
        path.write_text(whole, "utf-8")
    assert running.is_up_to_date(script, chapters)


def test_a_chapter_runs_as_a_script_from_another_folder(clone, tmp_path):
    script = write(clone / "chapters", "91_one")
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=tmp_path,
        env={**os.environ, "MPLBACKEND": "agg", "PYTHONPATH": str(clone)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0 and done.stderr == "", done.stderr
    assert done.stdout == "6\n"
