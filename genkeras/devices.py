"""GPUs, and training on several devices at once."""

import functools
import warnings

NO_CAPABILITY = (0, 0)


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
