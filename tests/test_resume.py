"""The long trainings of chapters 11 to 15 go on where they stopped, whatever stopped them."""

import signal
import subprocess
import sys

import pytest
from conftest import ROOT

pytestmark = pytest.mark.slow

ELEVEN = """
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


TWELVE = """
import os, signal, sys, types
sys.path.insert(0, "benchmarks")
import keras, numpy as np
from gans import chapter

rng = np.random.default_rng(0)
twelve = chapter("12")
twelve.update(
    RESOLUTIONS=[4, 8], EPOCHS=[2, 3], EPOCH_STEPS=2, FADE_STEPS=[0, 3], BATCH_SIZE=8,
    RATE=1e-3, MOMENTUM=0.9, GAMMA=0.1, EVERY=2, STEPS_PER_EXECUTION=1, run=types.SimpleNamespace(jit_compile=False),
    x_fit={r: rng.uniform(-1, 1, (16, r, r, 1)).astype("float32") for r in (4, 8)},
)


class Tell(keras.callbacks.Callback):
    # As above, for the second epoch of the second stage.

    def on_epoch_begin(self, epoch, logs=None):
        model = self.model
        parts = [*model.averages, *model.generators, *model.discriminators]
        sums = [sum(float(np.abs(v.numpy()).sum()) for v in part.weights) for part in parts]
        optimizer = sum(float(np.abs(v.numpy()).sum()) for v in model.d_optimizer.variables)
        size, step = model.average.output_shape[1], int(model.g_optimizer.iterations)
        print("begin", epoch, size, step, *sums, optimizer, flush=True)
        if size == 8 and epoch == 2 and sys.argv[2] == "kill":
            os.kill(os.getpid(), signal.SIGKILL)


keras.utils.set_random_seed(0)
gan = twelve["ProgressiveGAN"]([4, 8], [6, 4], 5, seed=0)
twelve["grow"](gan, Tell(), sys.argv[1])
print("done", flush=True)
"""


THIRTEEN = """
import os, signal, sys
sys.path.insert(0, "benchmarks")
import keras, numpy as np
from gans import chapter

thirteen = chapter("13")


class Tell(keras.callbacks.Callback):
    # As above.

    def on_epoch_begin(self, epoch, logs=None):
        model = self.model
        parts = model.average_mapping, model.average_synthesis, model.mapping, model.discriminator
        sums = [sum(float(np.abs(v.numpy()).sum()) for v in part.weights) for part in parts]
        optimizer = sum(float(np.abs(v.numpy()).sum()) for v in model.d_optimizer.variables)
        print("begin", epoch, int(model.g_optimizer.iterations), *sums, optimizer, flush=True)
        if epoch == 2 and sys.argv[2] == "kill":
            os.kill(os.getpid(), signal.SIGKILL)


keras.utils.set_random_seed(0)
x = np.random.default_rng(0).uniform(-1, 1, (48, 8, 8, 1)).astype("float32")
gan = thirteen["StyleGAN"]([4, 8], [6, 4], 5, 6, seed=0)
gan.compile(1e-3, every=2, jit_compile=False)
resume = keras.callbacks.BackupAndRestore(sys.argv[1])
gan.fit(x, batch_size=16, epochs=4, verbose=0, callbacks=[resume, Tell()])
print("done", flush=True)
"""

FOURTEEN = """
import os, signal, sys
sys.path.insert(0, "benchmarks")
import keras, numpy as np, tensorflow as tf
from gans import chapter
from keras import ops

fourteen = chapter("14")


class Tell(keras.callbacks.Callback):
    # As above.

    def on_epoch_begin(self, epoch, logs=None):
        model = self.model
        parts = model.g.weights, model.f.weights, model.d_a.weights, model.d_b.weights
        parts += model.pool_a.weights, model.g_optimizer.variables, model.d_optimizer.variables
        sums = [sum(float(np.abs(ops.convert_to_numpy(v)).sum()) for v in part) for part in parts]
        print("begin", epoch, int(model.d_optimizer.iterations), *sums, flush=True)
        if epoch == 2 and sys.argv[2] == "kill":
            os.kill(os.getpid(), signal.SIGKILL)


keras.utils.set_random_seed(0)
a, b = np.random.default_rng(0).uniform(-1, 1, (2, 48, 8, 8, 1)).astype("float32")
players = [fourteen["build_translator"]((8, 8, 1), 4, 1) for _ in range(2)]
players += [fourteen["build_discriminator"]((8, 8, 1), (4, 6)) for _ in range(2)]
gan = fourteen["CycleGAN"](*players, pool_size=20, seed=0)
gan.compile(1e-3, 12, jit_compile=False)
resume = keras.callbacks.BackupAndRestore(sys.argv[1])
batches = tf.data.Dataset.from_tensor_slices((a, b)).batch(16)
gan.fit(batches, epochs=4, shuffle=False, verbose=0, callbacks=[resume, Tell()])
print("done", flush=True)
"""


FIFTEEN = """
import os, signal, sys
sys.path.insert(0, "benchmarks")
import keras, numpy as np
from gans import chapter

fifteen = chapter("15")


class Tell(keras.callbacks.Callback):
    # As above; the averaged weights are among the optimizer's variables.

    def on_epoch_begin(self, epoch, logs=None):
        parts = self.model.weights, self.model.optimizer.variables
        sums = [sum(float(np.abs(v.numpy()).sum()) for v in part) for part in parts]
        print("begin", epoch, int(self.model.optimizer.iterations), *sums, flush=True)
        if epoch == 2 and sys.argv[2] == "kill":
            os.kill(os.getpid(), signal.SIGKILL)


keras.utils.set_random_seed(0)
rng = np.random.default_rng(0)
x, y = rng.uniform(-1, 1, (48, 28, 28, 1)).astype("float32"), rng.integers(0, 10, 48)
network = fifteen["build_unet"]((8, 8), 1)
adam = keras.optimizers.Adam(1e-3, use_ema=True, ema_momentum=0.9)
network.compile(optimizer=adam, loss="mse", jit_compile=False)
resume = keras.callbacks.BackupAndRestore(sys.argv[1])
batches = fifteen["noisy_batches"](x, y, 16)
network.fit(
    batches, epochs=4, steps_per_epoch=3, shuffle=False, verbose=0, callbacks=[resume, Tell()]
)
print("done", flush=True)
"""


def train(script, folder, end):
    """Train in a process of its own, which is killed on the way or finishes."""
    command = [sys.executable, "-c", script, str(folder), end]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT)


@pytest.mark.parametrize(
    "script", [ELEVEN, THIRTEEN, FOURTEEN, FIFTEEN], ids=["11", "13", "14", "15"]
)
def test_a_killed_training_goes_on_from_the_last_epoch(tmp_path, script):
    killed = train(script, tmp_path, "kill")
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert any(tmp_path.iterdir())
    again = train(script, tmp_path, "finish")
    assert again.returncode == 0, again.stderr
    lines = again.stdout.splitlines()
    # The weights, their average and both optimizers are those of the process that was killed.
    assert lines[0] == killed.stdout.splitlines()[-1]
    assert [text.split()[1] for text in lines[:-1]] == ["2", "3"]
    assert not list(tmp_path.rglob("*.h5")), "the backup outlives the training"


def test_a_killed_growing_goes_on_in_the_stage_that_it_had_reached(tmp_path):
    killed = train(TWELVE, tmp_path, "kill")
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    again = train(TWELVE, tmp_path, "finish")
    assert again.returncode == 0, again.stderr
    lines = again.stdout.splitlines()
    # The first stage is not trained again; all networks are those of the process that was killed.
    assert lines == [killed.stdout.splitlines()[-1], "done"]
