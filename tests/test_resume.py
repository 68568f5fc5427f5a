"""Chapter 11's long trainings go on where they stopped, whatever stopped them."""

import signal
import subprocess
import sys

import pytest
from conftest import ROOT

pytestmark = pytest.mark.slow

SCRIPT = """
import os, signal, sys
sys.path.insert(0, "benchmarks")
import keras, numpy as np
from gans import chapter

eleven = chapter("11")


class Tell(keras.callbacks.Callback):
    # Says what each epoch starts from, and kills the process after the second one if asked.

    def on_epoch_begin(self, epoch, logs=None):
        model = self.model
        parts = model.average.weights, model.discriminator.weights, model.d_optimizer.variables
        sums = [sum(float(np.abs(v.numpy()).sum()) for v in part) for part in parts]
        print("begin", epoch, int(model.g_optimizer.iterations), *sums, flush=True)
        if epoch == 2 and sys.argv[2] == "kill":
            os.kill(os.getpid(), signal.SIGKILL)


keras.utils.set_random_seed(0)
x = np.random.default_rng(0).random((48, 28, 28, 1), "float32")
model = eleven["DCGAN"](eleven["build_generator"](4, (8, 8)), eleven["build_discriminator"]((4, 8)))
model.compile(1e-3, 1e-3, jit_compile=False)
resume = eleven["backup"](sys.argv[1], "dcgan", len(x))
model.fit(x, batch_size=16, epochs=4, verbose=0, callbacks=[resume, Tell()])
print("done", flush=True)
"""


def train(folder, end):
    """Train in a process of its own, which is killed on the way or finishes."""
    command = [sys.executable, "-c", SCRIPT, str(folder), end]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT)


def test_a_killed_training_goes_on_from_the_last_epoch(tmp_path):
    killed = train(tmp_path, "kill")
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert any(tmp_path.iterdir())
    again = train(tmp_path, "finish")
    assert again.returncode == 0, again.stderr
    lines = again.stdout.splitlines()
    # The weights, their average and both optimizers are those of the process that was killed.
    assert lines[0] == killed.stdout.splitlines()[-1]
    assert [text.split()[1] for text in lines[:-1]] == ["2", "3"]
    assert not list(tmp_path.rglob("*.h5")), "the backup outlives the training"
