"""The maintainer's side of the chapters: chapters/NN_topic.py is what people edit.

pairing      the script and its notebook, kept in step by jupytext
running      chapters run from top to bottom: make chapters, make quick, make outputs
fingerprint  what the outputs of a chapter depend on
figures      pictures in notebooks: stored in few bytes, with alternative text
numbers      the numbers quoted in prose and README, and the README's table
needs        which sections of its chapter a section needs, said at its head
standalone   chapters as notebooks that carry genkeras with them: make standalone
badges       links to Colab, Kaggle and Binder: make badges
rules        what every chapter keeps, for the tests
web          the web book: make book
npm          MathJax and axe-core, which the web book and its test need

`make` calls `python -m book`, which is in __main__.py.
"""

import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHAPTERS = ROOT / "chapters"
