"""What makes training and sampling fast.

All models are those of the chapters, or of the comparison with the textbook's autoencoders.
"""

import keras
import numpy as np

from experiments import tables
from experiments.common import later_median, made_by, seconds_of
from experiments.textbook_autoencoders import RECIPES
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


# --- Sampling ------------------------------------------------------------------------------------

IMAGES = 1000


def z(shape):
    return (
        np.random.default_rng(0).standard_normal((IMAGES, *np.atleast_1d(shape))).astype("float32")
    )


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

    sizes = [thirteen[name] for name in ("LATENT_DIM", "W_DIM", "RESOLUTIONS", "FILTERS")]
    styled = thirteen["build_generator"](*sizes)
    maps = [single.shape[1] for single in styled.inputs[1:]]

    def draw_by_style():
        return thirteen["draw"](styled, [z(sizes[0]), *thirteen["noise_maps"](IMAGES, maps, 0)])

    yield "stylegan", [styled], draw_by_style

    unet = fifteen["build_unet"](fifteen["FILTERS"], fifteen["BLOCKS"])
    noise, times = z((28, 28, 1)), np.linspace(1, 0, 6)
    velocity = fifteen["guided_velocity"](unet, np.arange(IMAGES) % 10, 1.25)
    yield "diffusion", [unet], lambda: fifteen["heun"](velocity, noise, times)


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


QUESTIONS = {"sampling": sampling, "xla": xla}
