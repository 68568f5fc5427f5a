"""What makes training and sampling fast.

All models are those of the chapters, or of the comparison with the textbook's autoencoders.
"""

import keras
import numpy as np
import tensorflow as tf

from experiments import tables
from experiments.common import (
    Clock,
    gan_peak_share,
    later_median,
    machine_peak,
    made_by,
    seconds_of,
    training_multiply_adds,
)
from experiments.textbook_autoencoders import (
    RECIPES,
    classic_autoencoder,
    dense_autoencoder,
    our_autoencoder,
    train,
    warmup_cosine,
)
from experiments.textbook_gans import Classic, classic_dcgan, our_dense_gan
from tools import lift


def compiled(build, jit_compile):
    """One of our autoencoders, ready for training."""
    model = build()
    model.compile(
        loss="mse",
        optimizer=keras.optimizers.Nadam(1e-3),
        jit_compile=jit_compile,
        steps_per_execution=20,
    )
    return model


# --- Training ------------------------------------------------------------------------------------


XLA_BATCH_SIZES = {"stacked": 256, "vae": 256, "dropout": 256, "conv": 128, "recurrent": 128}


def xla(images, rounds=5):
    """Seconds per epoch of our autoencoders with XLA off and on.

    Medians of alternating epochs, and the first epoch, which includes compiling. Measurements of
    other days and machines stay in the table. The rule for all chapters on a CPU: XLA is on for
    dense models, where the measurements lie between half of the time and a few percent more, and
    off for all others. It makes dropout on 784 pixels several times slower. What convolutions and
    recurrence gain on one machine in the few epochs of a chapter, compiling takes away again; on
    the other they gain nothing. Trainings of a few seconds do without it. On a GPU it is on.
    """
    made = {key: made_by(images)[key] for key in ("date", "machine")}
    earlier = tables.load("speed").get("xla", {"rows": []})["rows"]
    rows = [row for row in earlier if not made.items() <= row.items()]
    x = images.x_train
    for name, batch_size in XLA_BATCH_SIZES.items():
        off, on = (compiled(RECIPES[name].ours, jit_compile) for jit_compile in (False, True))
        off_seconds, on_seconds = [], []
        for _ in range(rounds + 1):  # the first one compiles
            off_seconds.append(seconds_of(off.fit, x, x, batch_size=batch_size, verbose=0))
            on_seconds.append(seconds_of(on.fit, x, x, batch_size=batch_size, verbose=0))
        rows.append(
            {
                **made,
                "model": name,
                "off": later_median(off_seconds),
                "on": later_median(on_seconds),
                "off_first": off_seconds[0],
                "on_first": on_seconds[0],
            }
        )
        print(rows[-1], flush=True)
    return {"rows": rows}


def changes(images):
    """Which change of the stacked autoencoder's recipe buys what.

    One seed; each row has one change more than the one before. The first epoch includes building
    the training function, and with XLA compiling it.
    """
    classic = {"epochs": 4, "batch_size": 32, "rate": 1e-3, "jit_compile": False}
    rate = warmup_cosine(images, peak_rate=4e-3, epochs=6, batch_size=256)
    large = {"epochs": 6, "batch_size": 256, "rate": rate, "jit_compile": False}
    grouped = {**large, "steps_per_execution": 20}
    steps = [
        ("the textbook's recipe, XLA off", classic_autoencoder, classic),
        ("... XLA on (Keras 3's default)", classic_autoencoder, {**classic, "jit_compile": True}),
        ("batch 256, warm-up and cosine from 4e-3, XLA off", classic_autoencoder, large),
        ("... 20 steps per execution", classic_autoencoder, grouped),
        ("... a sigmoid output", lambda: classic_autoencoder(output_activation="sigmoid"), grouped),
        ("... a linear code", lambda: dense_autoencoder(hidden=100), grouped),
        ("... 400 hidden units", our_autoencoder, grouped),
        ("... XLA on: ours", our_autoencoder, {**grouped, "jit_compile": True}),
    ]
    rows = []
    for change, build, settings in steps:
        keras.utils.set_random_seed(0)
        seconds, mse = train(build(), images, **settings)
        rows.append(
            {
                "change": change,
                "epochs": settings["epochs"],
                "epoch_seconds": float(np.median(np.diff(seconds))),
                "first_seconds": seconds[0],
                "seconds": seconds[-1],
                "mse": mse[-1],
            }
        )
        print(rows[-1], flush=True)
    return {"rows": rows}


def peak(images, epochs=4):
    """Share of the machine's peak that our trainings of autoencoders reach.

    Multiply-adds of the layers per second in the best epoch (output, gradient of the kernel and,
    except in the first layer, gradient of the input), divided by those of the best float32 matrix
    product in the same process. The rest of the time goes into the optimizer's update of every
    weight, activations, random numbers, feeding the batches, and products that are too small to run
    at full speed, which were not measured one by one.
    """
    x, rates, peaks = images.x_train, {}, [machine_peak()]
    for name, recipe in RECIPES.items():
        model = compiled(recipe.ours, recipe.jit_compile)
        batch_size = recipe.batch_size
        seconds = [
            seconds_of(model.fit, x, x, batch_size=batch_size, verbose=0) for _ in range(epochs)
        ]
        rates[name] = training_multiply_adds(model) * len(x) / min(seconds[1:])
        peaks.append(machine_peak())
        print(f"{name}: {rates[name]:.3g} of {peaks[-1]:.3g}", flush=True)
    rows = [{"model": name, "share": rate / max(peaks)} for name, rate in rates.items()]
    return {"rows": rows, "multiply_adds_per_second": max(peaks)}


def bare_epochs(step, x, batch_size, epochs):
    """Seconds of each epoch of a loop that calls `step` on shuffled batches, and does no more."""
    x = tf.constant(x)

    def epoch():
        order = tf.random.shuffle(tf.range(len(x)))
        for start in range(0, len(x), batch_size):
            step(tf.gather(x, order[start : start + batch_size]))

    return [seconds_of(epoch) for _ in range(epochs)]


def apply_gradients(optimizer, tape, loss, model):
    variables = model.trainable_variables
    optimizer.apply(tape.gradient(loss, [v.value for v in variables]), variables)


def floor(images, epochs=5, batch_size=256):
    """Seconds per epoch of the stacked autoencoder's `fit`, and of a bare compiled loop.

    Both do the same arithmetic.
    """
    x = images.x_train[: len(images.x_train) // batch_size * batch_size]
    model, clock = compiled(our_autoencoder, jit_compile=True), Clock()
    model.fit(x, x, batch_size=batch_size, epochs=epochs, verbose=0, callbacks=[clock])
    bare_model, optimizer = our_autoencoder(), keras.optimizers.Nadam(1e-3)
    optimizer.build(bare_model.trainable_variables)

    @tf.function(jit_compile=True)
    def step(batch):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(bare_model(batch, training=True) - batch))
        apply_gradients(optimizer, tape, loss, bare_model)

    fit = later_median(clock.seconds)
    bare = later_median(bare_epochs(step, x, batch_size, epochs))
    return {"fit_seconds": fit, "bare_seconds": bare, "fit_over_bare": fit / bare}


def gan_floor(images, steps=200, batch_size=256):
    """The same for chapter 10's GAN, in its best epoch of 200 steps."""
    ten, x = lift.chapter("10"), images.x_train[: steps * batch_size]
    clock = Clock()
    our_dense_gan(ten).fit(x, batch_size=batch_size, epochs=5, verbose=0, callbacks=[clock])
    g, d = ten["build_generator"](30), ten["build_discriminator"]()
    g_optimizer, d_optimizer = ten["adam"](1e-3), ten["adam"](1e-3)
    g_optimizer.build(g.trainable_variables)
    d_optimizer.build(d.trainable_variables)

    @tf.function(jit_compile=True)
    def step(real):
        fakes = g(tf.random.normal((batch_size, 30)), training=True)
        with tf.GradientTape() as tape:
            loss = ten["discriminator_loss"](d(real, training=True), d(fakes, training=True))
        apply_gradients(d_optimizer, tape, loss, d)
        with tf.GradientTape() as tape:
            fakes = g(tf.random.normal((batch_size, 30)), training=True)
            loss = ten["generator_loss"](d(fakes, training=True))
        apply_gradients(g_optimizer, tape, loss, g)

    fit, bare = min(clock.seconds[1:]), min(bare_epochs(step, x, batch_size, epochs=5)[1:])
    return {"fit_seconds": fit, "bare_seconds": bare, "fit_over_bare": fit / bare}


def dcgan_speed(images):
    """Images per second of the textbook's DCGAN in the classic loop, and of chapter 11's.

    Batches of 32 and of 64; ours is the best epoch.
    """
    eleven, x = lift.chapter("11"), images.x_train[:6400]
    classic = Classic(*classic_dcgan())
    classic.train(2 * x - 1, 10)
    classic_rate = classic.rate(2 * x - 1, 150)
    players = eleven["build_generator"](32), eleven["build_discriminator"]()
    model, clock = eleven["DCGAN"](*players), Clock()
    adam = eleven["adam"]
    model.compile(adam(2e-3), adam(2e-3), steps_per_execution=10, jit_compile=False)
    model.fit(x, batch_size=64, epochs=3, verbose=0, callbacks=[clock])
    rate = len(x) / min(clock.seconds[1:])
    return {
        "classic_images": classic_rate,
        "images": rate,
        "speedup": rate / classic_rate,
        "peak_share": gan_peak_share(*players, rate),
    }


# --- Sampling ------------------------------------------------------------------------------------

IMAGES = 1000


def z(dim):
    return np.random.default_rng(0).standard_normal((IMAGES, dim)).astype("float32")


def generators():
    """Triples (name, networks, function that draws 1,000 images), by the code of the chapters."""
    numbers = "07", "10", "11", "12", "13", "15"
    seven, ten, eleven, twelve, thirteen, fifteen = map(lift.chapter, numbers)

    vae = seven["build_vae"]((28, 28, 1), seven["LATENT_DIM"], kl_weight=1 / 784)
    decoder = vae.get_layer("decoder")
    yield "vae", [decoder], lambda: np.asarray(decoder(z(seven["LATENT_DIM"])))

    dense = ten["build_generator"](ten["LATENT_DIM"])
    yield "gan", [dense], lambda: np.asarray(dense(z(ten["LATENT_DIM"])))

    dim = eleven["LATENT_DIM"]
    dcgan = eleven["build_generator"](dim)
    yield "dcgan", [dcgan], lambda: np.asarray(dcgan(z(dim)))
    conditional = eleven["build_generator"](dim + 10)  # with the ten classes as inputs
    yield "conditional_dcgan", [conditional], lambda: np.asarray(conditional(z(dim + 10)))

    sizes = twelve["RESOLUTIONS"], twelve["FILTERS"], twelve["LATENT_DIM"], 1
    *_, grown = twelve["build_generators"](*sizes, twelve["FadeIn"]())
    yield "progressive_gan", [grown], lambda: twelve["draw"](grown, z(twelve["LATENT_DIM"]))

    resolutions, w_dim = thirteen["RESOLUTIONS"], thirteen["W_DIM"]
    mapping = thirteen["build_mapping"](thirteen["LATENT_DIM"], w_dim)
    synthesis = thirteen["build_synthesis"](resolutions, thirteen["FILTERS"], w_dim, 1)

    def draw_by_style():
        maps = thirteen["noise_maps"](IMAGES, [4, *resolutions])
        w = mapping(z(thirteen["LATENT_DIM"]))
        return thirteen["draw"](synthesis, thirteen["same_everywhere"](w, len(maps)), maps)

    yield "stylegan", [mapping, synthesis], draw_by_style

    unet = fifteen["build_unet"](fifteen["FILTERS"], fifteen["BLOCKS"])
    inputs = fifteen["heun"], unet, np.arange(IMAGES) % 10, np.linspace(1, 0, 6)
    yield "diffusion", [unet], lambda: fifteen["in_parts"](*inputs, guidance=fifteen["GUIDANCE"])


def sampling(images, rounds=5):
    """Median seconds to draw 1,000 images, and parameters, of the chapters' generators.

    They have the sizes of the full runs. They are not trained, since the weights do not change the
    time, and are timed in turn. Diffusion uses Heun's method with 5 steps and guidance, 18 calls of
    the network for an image.
    """
    rows, draws = [], []
    for name, networks, draw in generators():
        parameters = sum(network.count_params() for network in networks)
        rows.append({"generator": name, "parameters": parameters})
        draws.append(draw)
        assert len(draw()) == IMAGES, name  # compiles what has to be, too
    times = np.array([[seconds_of(draw) for draw in draws] for _ in range(rounds)])
    for row, seconds in zip(rows, times.T, strict=True):
        row["seconds"] = np.median(seconds)
        row["slowest_over_fastest"] = seconds.max() / seconds.min()
    return {"rows": rows}


QUESTIONS = {
    "sampling": sampling,
    "xla": xla,
    "changes": changes,
    "peak": peak,
    "floor": floor,
    "gan_floor": gan_floor,
    "dcgan_speed": dcgan_speed,
}
