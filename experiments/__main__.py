"""Answer all questions of the experiments, those of one script, or one of them.

`python -m experiments textbook_autoencoders --only conv`, or `make experiments N=11`.
"""

import argparse

from experiments import tables


def chosen(name=None, only=None):
    """Triples (script, question, function), without a name of all scripts.

    Raises:
        ValueError: if there is no such script, or no such question in it.
    """
    stems = [tables.find(name)] if name else tables.stems()
    every = [(stem, *item) for stem in stems for item in tables.questions(stem).items()]
    found = [entry for entry in every if only in (None, entry[1])]
    if not found:
        known = ", ".join(question for _, question, _ in every)
        raise ValueError(f"there is no question {only!r} in {', '.join(stems)}; there are {known}")
    return found


def main():
    parser = argparse.ArgumentParser(prog="experiments", description=__doc__.split("\n")[0])
    parser.add_argument("script", nargs="?", help="such as 11, speed or textbook_gans")
    parser.add_argument("--only", metavar="QUESTION", help="only this question")
    arguments = parser.parse_args()
    try:
        todo = chosen(arguments.script, arguments.only)
    except ValueError as error:
        raise SystemExit(str(error)) from None
    import genkeras as gk

    from experiments.common import made_by

    gk.setup()
    images = gk.load_images(source="tfds")
    for stem, question, function in todo:
        print(f"{stem}: {question}", flush=True)
        answer = function(images)
        print(answer, flush=True)
        tables.save(stem, question, {**answer, "made_by": made_by(images)})
        tables.write_readme()


if __name__ == "__main__":
    main()
