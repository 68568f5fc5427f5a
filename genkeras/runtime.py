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
from genkeras.devices import NO_CAPABILITY, choose_devices, find_gpus, use_devices

# The lowest CUDA compute capability with fast arithmetic for a dtype policy, the best policy first.
MIN_CAPABILITY = {"mixed_bfloat16": (8, 0), "mixed_float16": (7, 0)}
POLICIES = ("auto", "float32", *MIN_CAPABILITY)
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


def choose_policy(capability):
    """Choose the fastest dtype policy for a CUDA compute capability (major, minor)."""
    for policy, least in MIN_CAPABILITY.items():
        if capability >= least:
            return policy
    return "float32"


def asked(variable):
    """Whether an environment variable is set, and neither empty nor "0"."""
    return os.environ.get(variable, "0") not in ("", "0")


def _hide_progress_bars(keras):
    """Make Keras print nothing but what `model.summary()` is asked for."""
    keras.config.disable_interactive_logging()
    original = keras.Model.summary
    if hasattr(original, "prints_in_silence"):
        return

    @functools.wraps(original)
    def summary(*args, **kwargs):
        keras.config.enable_interactive_logging()
        try:
            original(*args, **kwargs)
        finally:
            keras.config.disable_interactive_logging()

    summary.prints_in_silence = True
    keras.Model.summary = summary


def setup(seed=42, mixed_precision="auto", distribute="auto"):
    """Seed everything, set the devices and the dtype policy, and report in one line.

    GPU memory grows as needed. With several devices, each holds a copy of the model and computes
    the gradients of its part of the batch, and all make the same step with the mean gradient. So a
    batch size is that of the whole batch, however many devices there are. Each device draws its
    own random numbers, and batch normalization uses the statistics of its part. In a GAN, a batch
    with fewer images than devices would make the loss NaN. The cell can be run again, also with
    other devices; a model stays on those that it was built for.

    Where the environment variable GENKERAS_SILENT is set (and is not 0), Keras draws no progress
    bars.

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
        _hide_progress_bars(keras)
    keras.utils.set_random_seed(int(seed))
    keras.config.set_dtype_policy(policy)
    version = sys.modules["tensorflow"].__version__
    print(
        f"Keras {keras.__version__} on TensorFlow {version} | {device} | {policy} | seed {seed}",
        flush=True,
    )
    jit_compile = len(devices) == 1 and capability >= MIN_CAPABILITY["mixed_float16"]
    return Runtime(device, policy, jit_compile, int(seed), asked("GENKERAS_QUICK"))
