"""The command line behind `make chapters`, `quick`, `outputs`, `sync` and others (see ACTIONS)."""

import argparse
import os
import sys

from book import CHAPTERS


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="book", description=__doc__)
    parser.add_argument("mode", choices=list(ACTIONS))
    parser.add_argument("chapter", nargs="?", default="", help="such as 03; all if left out")
    parser.add_argument(
        "--keep", choices=["py", "ipynb"], help="sync: whose cells to keep if both were edited"
    )
    parser.add_argument(
        "--repo", default="", help="badges: owner/name; without it, they are taken out"
    )
    options = parser.parse_args(arguments)
    scripts = sorted(CHAPTERS.glob("[0-9][0-9]_*.py"))
    if options.chapter:
        scripts = [s for s in scripts if s.stem[:2] == options.chapter.zfill(2)]
        if not scripts:
            parser.error(f"there is no chapter {options.chapter!r}; write its number, such as 03")
    try:
        return ACTIONS[options.mode](scripts, options)
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        print(f"{error.filename or 'a file'}: {error.strerror or error}", file=sys.stderr)
        return 1


def run(scripts, options):
    from book import running

    return running.run(scripts, options.mode)


def outputs(scripts, options):
    status = run(scripts, options)
    return max(status, sync(scripts, options))


def sync(scripts, options):
    """Bring numbers, what sections need, notebooks, README and its pictures up to date."""
    from book import needs, numbers, pairing, pictures, rules

    status = 0
    for script in scripts:
        try:
            changed = numbers.update_script(script)
            changed = needs.update_script(script) or changed
            changed = pairing.sync(script, options.keep) or changed
        except pairing.EditedNotebook as error:
            print(error, file=sys.stderr)
            status = 1
            continue
        except ValueError as error:  # nbformat and json: a file that was cut, for example
            print(f"{script.stem}: cannot be read ({error})".splitlines()[0], file=sys.stderr)
            status = 1
            continue
        print(f"{script.stem}: {'synchronized' if changed else 'in step'}")
        for problem in rules.stale(script):
            print(f"{script.stem}: {problem}")
    numbers.update_readme()
    pictures.update()
    return status


def write_badges(scripts, options):
    """Write links to Colab, Kaggle and Binder, or take them out."""
    from book import badges, pairing

    if options.repo:
        try:
            badges.check_repo(options.repo)
        except ValueError as error:
            print(error, file=sys.stderr)
            return 1
    status = 0
    for script in scripts:
        try:
            changed = badges.update_script(script, options.repo)
        except pairing.EditedNotebook as error:
            print(error, file=sys.stderr)
            status = 1
            continue
        print(f"{script.stem}: {'changed' if changed else 'as it was'}")
    badges.update_readme(scripts, options.repo)
    return status


def alt(scripts, options):
    """List the figures without alternative text."""
    from book import pairing, rules

    for script in scripts:
        for cell in rules.figures_without_text(pairing.read_notebook(script.with_suffix(".ipynb"))):
            print(f"{script.stem}: {rules.first_line(cell)}")
    return 0


def web(scripts, options):
    """Build the web book."""
    from book import web

    return web.build()


def write_standalone(scripts, options):
    """Write each chapter as a notebook that needs no clone of this repository."""
    from book import standalone

    for script in scripts:
        path = standalone.write(script)
        print(f"{os.path.relpath(path)}: {path.stat().st_size / 1e6:.1f} MB")
    return 0


ACTIONS = {
    "run": run,
    "quick": run,
    "outputs": outputs,
    "sync": sync,
    "standalone": write_standalone,
    "badges": write_badges,
    "alt": alt,
    "web": web,
}

if __name__ == "__main__":
    sys.exit(main())
