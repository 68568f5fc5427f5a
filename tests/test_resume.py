"""Chapter 11's long trainings go on where they stopped, whatever stopped them."""

import pathlib
import signal
import subprocess
import sys

SCRIPT = """
import sys
sys.path.insert(0, "benchmarks")
import keras, numpy as np
from gans import chapter

eleven = chapter("11")


class Tell(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        model = self.model
        parts = model.average.weights, model.discriminator.weights, model.d_optimizer.variables
        sums = [sum(float(np.abs(v.numpy()).sum()) for v in part) for part in parts]
        print("begin", epoch, int(model.g_optimizer.iterations), *sums, flush=True)


keras.utils.set_random_seed(0)
x = np.random.default_rng(0).random((48, 28, 28, 1), "float32")
model = eleven["DCGAN"](eleven["build_generator"](4, (8, 8)), eleven["build_discriminator"]((4, 8)))
model.compile(1e-3, 1e-3, jit_compile=False)
resume = eleven["backup"](sys.argv[1], "dcgan", len(x))
model.fit(x, batch_size=16, epochs=4, verbose=0, callbacks=[resume, Tell()])
print("done", flush=True)
"""


def start(folder):
    command = [sys.executable, "-c", SCRIPT, str(folder)]
    root = pathlib.Path(__file__).parent.parent
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root)


def test_a_killed_training_goes_on_from_the_last_epoch(tmp_path):
    with start(tmp_path) as killed:
        for line in killed.stdout:
            if line.startswith("begin 2"):
                killed.send_signal(signal.SIGKILL)
                break
    assert killed.returncode == -signal.SIGKILL
    assert any(tmp_path.iterdir())
    with start(tmp_path) as again:
        lines = again.stdout.read().splitlines()
    assert again.returncode == 0
    # The weights, their average and both optimizers are those of the process that was killed.
    assert lines[0] == line.strip()
    assert [text.split()[1] for text in lines[:-1]] == ["2", "3"]
    assert not list(tmp_path.rglob("*.h5")), "the backup outlives the training"
