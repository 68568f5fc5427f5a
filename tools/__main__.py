"""The command line behind the targets of the Makefile (see ACTIONS)."""

import argparse
import os
import sys

from tools import CHAPTERS


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m tools", description=__doc__)
    parser.add_argument("action", choices=list(ACTIONS))
    parser.add_argument("numbers", nargs="*", help="such as 03 05; all chapters if left out")
    parser.add_argument("--keep", choices=["py", "ipynb"], help="sync: whose cells to keep")
    options = parser.parse_args(arguments)
    scripts = sorted(CHAPTERS.glob("[0-9][0-9]_*.py"))
    wanted = [number.zfill(2) for number in options.numbers]
    for number in wanted:
        if number not in [script.stem[:2] for script in scripts]:
            sys.exit(f"there is no chapter {number!r}: write N=03, or N='03 05' for several")
    try:
        chosen = [script for script in scripts if not wanted or script.stem[:2] in wanted]
        return ACTIONS[options.action](chosen, options)
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        print(f"{error.filename or 'a file'}: {error.strerror or error}", file=sys.stderr)
        return 1


def run(scripts, options):
    from tools import running

    return running.run(scripts, options.action)


def outputs(scripts, options):
    """Run chapters in place, then the solutions of their exercises."""
    from tools import exercises, running

    status = run(scripts, options)
    if status == 130:
        return status
    for source in exercises.sources_of(scripts):
        try:
            exercises.run(source)
        except running.ChapterFailed as error:
            print(f"exercises/{source.name}: FAILED: {error}", file=sys.stderr)
            status = 1
    return max(status, sync(scripts, options))


def sync(scripts, options):
    """Bring numbers, notebooks and the README up to date."""
    from tools import exercises, fresh, pairing, quotes

    status = 0
    for script in scripts:
        try:
            changed = bool(options.keep) and pairing.sync(script, options.keep)
            changed = quotes.update_script(script) or changed
            changed = pairing.sync(script) or changed
            for source in exercises.sources_of([script]):
                changed = exercises.sync(source) or changed
        except (pairing.EditedNotebook, ValueError) as error:  # ValueError: a file that was cut
            print(f"{script.stem}: {str(error).splitlines()[0]}", file=sys.stderr)
            status = 1
            continue
        print(f"{script.stem}: {'synchronized' if changed else 'in step'}")
        for problem in fresh.problems(script, script.parent):
            print(f"{script.stem}: {problem}: run make outputs N={script.stem[:2]}")
        for source in exercises.sources_of([script]):
            for problem in exercises.problems(source):
                print(f"exercises/{source.name}: {problem} N={script.stem[:2]}")
    quotes.update_readme()
    return status


def lab(scripts, options):
    """Say what to do where JupyterLab would refuse to open a chapter."""
    from tools import pairing

    edits = [edit for script in scripts if (edit := pairing.edit_in(script))]
    for edit in edits:
        print(edit, file=sys.stderr)
    return int(bool(edits))


def standalone(scripts, options):
    """Write chapters and exercises as notebooks that need no clone of this repository."""
    from tools import exercises, standalone

    for script in [*scripts, *exercises.sources_of(scripts)]:
        path = standalone.write(script)
        print(f"{os.path.relpath(path)}: {path.stat().st_size / 1e6:.1f} MB")
    return 0


def course(scripts, options):
    """Write the exercises as a course for nbgrader."""
    from tools import course, exercises

    course.write(exercises.sources_of(scripts))
    return 0


ACTIONS = {
    "run": run,
    "quick": run,
    "outputs": outputs,
    "sync": sync,
    "lab": lab,
    "standalone": standalone,
    "course": course,
}

if __name__ == "__main__":
    sys.exit(main())
