"""What the machine offers: seeds, GPUs and their memory, mixed precision, one line of report."""

import collections
import contextlib
import dataclasses
import functools
import os
import sys
import tempfile
import warnings

import numpy as np

# The lowest CUDA compute capability with fast arithmetic for a dtype policy, the best policy first.
MIN_CAPABILITY = {"mixed_bfloat16": (8, 0), "mixed_float16": (7, 0)}
POLICIES = ("auto", "float32", *MIN_CAPABILITY)
NO_CAPABILITY = (0, 0)
OLDEST_KERAS = (3, 14)  # as in pyproject.toml


@dataclasses.dataclass(frozen=True)
class Runtime:
    """What `setup` found and chose.

    Attributes:
        device: name of what Keras will use, such as "CPU (2 cores)", "NVIDIA L4" or
            "2 x NVIDIA L4".
        policy: the global Keras dtype policy, such as "float32".
        jit_compile: what to pass to `Model.compile(jit_compile=...)` for models with convolutions,
            recurrence or dropout. On a CPU, XLA makes dropout several times slower and gains
            little for the others; on a GPU it pays. Models made of dense layers may gain from XLA
            on a CPU, too (experiments/README.md has the measurements). With several devices XLA
            cannot be used, and models are compiled without it even if they ask for it.
        seed: the seed that Python, NumPy and TensorFlow were given.
        quick: whether the environment variable GENKERAS_QUICK asks for a short run.
    """

    device: str
    policy: str
    jit_compile: bool
    seed: int
    quick: bool


@contextlib.contextmanager
def quiet_stderr():
    """Hold back what C++ code writes to stderr, and release it if the block fails."""
    try:
        saved = os.dup(2)
    except OSError:  # stderr is closed: there is nothing to hold back
        yield
        return
    if sys.stderr is not None:
        sys.stderr.flush()
    with tempfile.TemporaryFile() as held_back:
        os.dup2(held_back.fileno(), 2)
        try:
            yield
        except BaseException:
            held_back.seek(0)
            os.write(saved, held_back.read())
            raise
        finally:
            os.dup2(saved, 2)
            os.close(saved)


def find_gpus():
    """Find TensorFlow's GPUs, and let their memory grow as needed.

    Returns:
        {device: (name, compute capability)}, such as {"GPU:0": ("NVIDIA L4", (8, 9))}. The
        capability is (0, 0) for a GPU that has none (Apple, AMD).
    """
    import tensorflow as tf

    found = {}
    for i, gpu in enumerate(tf.config.get_visible_devices("GPU")):
        try:
            tf.config.experimental.set_memory_growth(gpu, True)
        except RuntimeError:  # TensorFlow has started; no harm is done where growth was on before
            if not tf.config.experimental.get_memory_growth(gpu):
                warnings.warn(
                    "TensorFlow has taken the GPU's memory; restart and call setup() first.",
                    stacklevel=3,
                )
        details = tf.config.experimental.get_device_details(gpu)
        capability = details.get("compute_capability", NO_CAPABILITY)
        found[f"GPU:{i}"] = details.get("device_name", "GPU"), capability
    return found


def choose_devices(distribute, gpus):
    """The devices to train on, such as ["GPU:0", "GPU:1"].

    Args:
        distribute: as for `setup`.
        gpus: the names of all GPUs.

    Raises:
        ValueError: if `distribute` is not understood, or names a device that does not exist.
    """
    if distribute is None or distribute == "auto":
        devices = list(gpus) or ["CPU:0"]
        return devices[:1] if distribute is None else devices
    names = isinstance(distribute, list | tuple) and all(isinstance(one, str) for one in distribute)
    if not names or not 1 < len(distribute) == len(set(distribute)):
        raise ValueError(
            'distribute must be "auto", None (one device) or a list of two or more different '
            f'devices, such as ["GPU:0", "GPU:1"], got {distribute!r}'
        )
    import tensorflow as tf

    there = [one.name.removeprefix("/device:") for one in tf.config.list_logical_devices()]
    missing = [name for name in distribute if name not in there]
    if missing:
        raise ValueError(
            f"distribute: there is no device {', '.join(missing)}; there are {', '.join(there)}"
        )
    return list(distribute)


@functools.cache  # a model can be trained only under the very strategy that it was built under
def mirrored_strategy(devices):
    """The strategy that copies a model to these devices (a tuple), and splits its batches."""
    import tensorflow as tf

    strategy = tf.distribute.MirroredStrategy(devices)
    strategy.from_genkeras = True
    return strategy


def use_devices(devices):
    """Build and train all models from now on on these devices; the batch is split among them.

    Args:
        devices: list of device names. With one, TensorFlow places the model itself, as ever.

    Raises:
        RuntimeError: for several devices, inside the scope of a strategy that is not from here.
    """
    import tensorflow as tf

    before = tf.distribute.get_strategy() if tf.distribute.has_strategy() else None
    ours = getattr(before, "from_genkeras", False)
    if len(devices) == 1:
        if ours:
            tf.distribute.experimental_set_strategy(None)
        return
    if before is not None and not ours:
        raise RuntimeError(
            "gk.setup cannot distribute inside the scope of another tf.distribute strategy: call "
            "it before the scope, or with distribute=None"
        )
    strategy = mirrored_strategy(tuple(devices))
    if before is not strategy:
        tf.distribute.experimental_set_strategy(strategy)
    adapt_keras()


@functools.cache  # once
def adapt_keras():
    """Make Keras' `compile` and random numbers fit for several devices.

    Under a strategy of several devices, Keras 3.15 fails in `fit` with `jit_compile=True` (XLA
    cannot read a variable of another device) and with `steps_per_execution` above 1 (it makes each
    step inside a `tf.cond`, with the error of keras-team/keras, issue 19246): such a model is
    compiled without them. And each of the devices draws the same random numbers, so that a GAN of
    two devices would see half as many codes in a batch: all but the first get another seed. With
    one device, both do what they always did.
    """
    import keras
    import tensorflow as tf

    compile_model, next_seed = keras.Model.compile, keras.random.SeedGenerator.next

    @functools.wraps(compile_model)
    def compile(self, *args, **kwargs):
        compile_model(self, *args, **kwargs)
        if self.distribute_strategy.num_replicas_in_sync > 1:
            self.jit_compile = False
            self.steps_per_execution = 1

    @functools.wraps(next_seed)
    def next(self, *args, **kwargs):
        seed = next_seed(self, *args, **kwargs)
        replica = tf.distribute.get_replica_context()
        if replica is None or replica.num_replicas_in_sync == 1:
            return seed
        number = tf.cast(replica.replica_id_in_sync_group, seed.dtype)
        return seed + tf.stack([number * 1_000_003, 0])  # far from the seeds that people choose

    keras.Model.compile, keras.random.SeedGenerator.next = compile, next


def choose_policy(capability):
    """Choose the fastest dtype policy for a CUDA compute capability (major, minor)."""
    for policy, least in MIN_CAPABILITY.items():
        if capability >= least:
            return policy
    return "float32"


def asked(variable):
    """Whether an environment variable is set, and neither empty nor "0"."""
    return os.environ.get(variable, "0") not in ("", "0")


def setup(seed=42, mixed_precision="auto", distribute="auto"):
    """Seed everything, set the devices and the dtype policy, and report in one line.

    GPU memory grows as needed. With several devices, each holds a copy of the model and computes
    the gradients of its part of the batch, and all make the same step with the mean gradient. So a
    batch size is that of the whole batch, however many devices there are. Each device draws its
    own random numbers, and batch normalization uses the statistics of its part. In a GAN, a batch
    with fewer images than devices would make the loss NaN. The cell can be run again, also with
    other devices; a model stays on those that it was built for.

    Where the environment variable GENKERAS_SILENT is set (and is not 0), Keras prints nothing:
    no progress bars, and no `model.summary()` either.

    Args:
        seed: whole number from 0 to 2**32 - 1 for Python, NumPy and TensorFlow.
        mixed_precision: "auto" chooses the fastest policy of this device: float32 on a CPU,
            mixed_bfloat16 on GPUs of compute capability 8.0 and up, mixed_float16 from 7.0,
            float32 below. "float32", "mixed_bfloat16" and "mixed_float16" are obeyed everywhere,
            with a warning where the device has no fast arithmetic for them. Of several devices
            the slowest decides.
        distribute: "auto" trains on all GPUs that TensorFlow sees, None on the first one (or on
            the CPU). A list of two or more TensorFlow device names, such as ["GPU:0", "GPU:1"],
            trains on these.

    Returns:
        A `Runtime`.

    Raises:
        ValueError: if `mixed_precision` is none of the four, `seed` is out of range, or
            `distribute` is not understood or names a device that does not exist.
        RuntimeError: on another backend than TensorFlow, with an older Keras than 3.14, if Keras
            is configured for images with the channels first, or if several devices are to be used
            inside the scope of another `tf.distribute` strategy.

    Source: Micikevicius et al., Mixed Precision Training, 2018.
    """
    if mixed_precision not in POLICIES:
        raise ValueError(
            f"mixed_precision must be one of {', '.join(POLICIES)}, got {mixed_precision!r}"
        )
    if not isinstance(seed, int | np.integer) or not 0 <= seed < 2**32:
        raise ValueError(f"seed must be a whole number from 0 to 2**32 - 1, got {seed!r}")
    import keras

    backend = keras.backend.backend()
    if backend != "tensorflow":
        raise RuntimeError(
            f"genkeras supports the backend tensorflow, got {backend}: set KERAS_BACKEND=tensorflow "
            "before Keras is imported, or change ~/.keras/keras.json."
        )
    if tuple(int(part) for part in keras.__version__.split(".")[:2]) < OLDEST_KERAS:
        raise RuntimeError(
            f"genkeras needs Keras 3.14 or newer, got {keras.__version__}: older ones weigh activity "
            "penalties otherwise. Upgrade with `pip install -U keras`."
        )
    if keras.config.image_data_format() != "channels_last":
        raise RuntimeError(
            "Keras is configured for channels_first, but the images here have their channels last: "
            'set "image_data_format" to "channels_last" in ~/.keras/keras.json.'
        )
    gpus = find_gpus()
    devices = choose_devices(distribute, gpus)
    cpu = f"CPU ({os.cpu_count()} cores)", NO_CAPABILITY
    names, capabilities = zip(*(gpus.get(device, cpu) for device in devices), strict=True)
    counts = collections.Counter(names).items()
    device = " + ".join(f"{n} x {name}" if n > 1 else name for name, n in counts)
    capability = min(capabilities)
    policy = choose_policy(capability) if mixed_precision == "auto" else mixed_precision
    if capability < MIN_CAPABILITY.get(policy, NO_CAPABILITY):
        warnings.warn(
            f"{policy}: {device} has no fast arithmetic for it; training is several times slower.",
            stacklevel=2,
        )
    use_devices(devices)
    if asked("GENKERAS_SILENT"):
        keras.config.disable_interactive_logging()
    keras.utils.set_random_seed(int(seed))
    keras.config.set_dtype_policy(policy)
    version = sys.modules["tensorflow"].__version__
    print(
        f"Keras {keras.__version__} on TensorFlow {version} | {device} | {policy} | seed {seed}",
        flush=True,
    )
    jit_compile = len(devices) == 1 and capability >= MIN_CAPABILITY["mixed_float16"]
    return Runtime(device, policy, jit_compile, int(seed), asked("GENKERAS_QUICK"))
