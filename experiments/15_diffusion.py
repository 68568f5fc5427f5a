"""Chapter 15: a network that predicts the noise, as in the textbook, and samplers compared."""

import genkeras as gk
import keras
import numpy as np
import tensorflow as tf

from tools import assets, lift

COMPARED = 1000  # images on each side of a Fréchet Fashion Distance
LABELS = np.arange(COMPARED) % 10
CALLS = (5, 10, 20, 50)  # of the network for an image; Heun's method takes one less


def draw(code, solver, network, times, **options):
    """1,000 images in [0, 1], 100 of each class, from the same noise for all."""
    noise = np.random.default_rng(0).standard_normal((COMPARED, 28, 28, 1))
    velocity = code["network_velocity"](network, LABELS)
    return code["to_pixels"](solver(velocity, noise, times, **options)).astype("float32")


def alpha_bars(steps):
    """The cosine schedule, from almost pure noise to images."""
    return np.cos(np.pi / 2 * np.linspace(0.99, 0, steps + 1)) ** 2


# --- A network that predicts the noise -----------------------------------------------------------


def noise_batches(x, y, batch_size, no_class=10):
    """Endless batches ((noisy images, u, labels), noise) on the cosine schedule, as in DDPM."""
    x, y = tf.constant(x), tf.constant(y, tf.int32)

    def add_noise(chosen):
        x0, label = tf.gather(x, chosen), tf.gather(y, chosen)
        n = tf.shape(chosen)[0]
        label = tf.where(tf.random.uniform((n,)) < 0.1, no_class, label)
        u = tf.random.uniform((n, 1))
        angle = tf.reshape(np.pi / 2 * u, (n, 1, 1, 1))
        noise = tf.random.normal(tf.shape(x0))
        return (tf.cos(angle) * x0 + tf.sin(angle) * noise, u, label), noise

    numbers = tf.data.Dataset.range(len(x)).shuffle(len(x)).repeat()
    return numbers.batch(batch_size).map(add_noise).prefetch(2)


class VelocityOfNoise:
    """A network that predicts the noise, asked for the velocity as the chapter's are.

    The image that follows from the noise is clipped to [-1, 1], as Ho et al. do.
    """

    def __init__(self, network):
        self.network = network

    def predict_on_batch(self, inputs):
        """Velocities at (images on straight paths, times above 0, labels)."""
        x, t, labels = inputs
        angle = np.arctan2(t, 1 - t)
        share = t.reshape(-1, 1, 1, 1)
        length = np.sqrt((1 - share) ** 2 + share**2)  # by which a straight path is too short
        noise = self.network.predict_on_batch((x / length, angle / (np.pi / 2), labels))
        x0 = np.clip((x - share * noise) / (1 - share), -1, 1)
        return (x - x0) / share


def train(code, images, steps):
    """The chapter's U-Net with averaged weights, after some steps on the noise."""
    keras.utils.set_random_seed(0)
    network = code["build_unet"](code["FILTERS"], code["BLOCKS"])
    schedule = gk.warmup_cosine(code["RATE"], steps)
    adam = keras.optimizers.Adam(schedule, use_ema=True, ema_momentum=code["MOMENTUM"])
    network.compile(optimizer=adam, loss="mse", jit_compile=False)
    data = noise_batches(2 * images.x_train - 1, images.y_train, code["BATCH_SIZE"])
    network.fit(data, steps_per_epoch=steps, shuffle=False, verbose=0)
    return network


def noise(images, steps=3000):
    """The textbook's way: a network that predicts the noise, and draws by DDPM.

    The chapter's U-Net after 3,000 steps on the noise, at times of the cosine schedule. It draws
    1,000 images by 50 steps of DDPM, without guidance. Fréchet Fashion Distance, recall, and
    percentage of the requested class, beside test images. The first ten images are kept as
    genkeras/assets/15_noise.npz.
    """
    code = lift.chapter("15")
    network = VelocityOfNoise(train(code, images, steps))
    drawn = draw(code, code["ddpm"], network, alpha_bars(50), rng=np.random.default_rng(1))
    assets.store("15_noise.npz", assets.pack(images=assets.pixels(drawn[:10])))
    real, (features, classes) = gk.classify(images.x_test[:COMPARED])[0], gk.classify(drawn)
    return {
        "distance": gk.frechet_distance(real, features),
        "recall": gk.precision_recall(real, features)[1],
        "class_percent": 100 * np.mean(classes.argmax(axis=1) == LABELS),
    }


# --- Samplers ------------------------------------------------------------------------------------


def samplers(images, calls=CALLS):
    """The pretrained model's Fréchet Fashion Distance by sampler and calls of the network.

    1,000 images from the same noise, without guidance, beside test images. Heun's method takes one
    call less than the row says, but for 5. `ten_call_ratio` is its distance with 9 calls over that with 99,
    and `full_heun_ratio` that with a tenth call, at t = 0, over that with 9.
    """
    code = lift.chapter("15")
    network = gk.load_pretrained("15_diffusion", code["build_unet"]())

    def measure(solver, times, **options):
        drawn = draw(code, solver, network, times, **options)
        return gk.frechet_distance(images.x_test[:COMPARED], drawn)

    rows = []
    for n in calls:
        for name, solver, times, options in (
            ("euler", code["euler"], np.linspace(1, 0, n + 1), {}),
            ("heun", code["heun"], np.linspace(1, 0, (n + 1) // 2 + 1), {}),
            ("ddpm", code["ddpm"], alpha_bars(n), {"rng": np.random.default_rng(1)}),
        ):
            found = measure(solver, times, **options)
            rows.append({"sampler": f"{name}_{n}", "distance": found})
            print(rows[-1], flush=True)
    found = {row["sampler"]: row["distance"] for row in rows}
    hundred = measure(code["heun"], np.linspace(1, 0, 51))
    full = measure(code["heun"], np.linspace(1, 0, 6), at_end=True)
    return {
        "rows": rows,
        "heun_99_distance": hundred,
        "full_heun_distance": full,
        "ten_call_ratio": found["heun_10"] / hundred,
        "full_heun_ratio": full / found["heun_10"],
    }


def real(images):
    """The yardstick of the questions above: 1,000 test images beside the nine other thousands."""
    first, *others = np.split(images.x_test, len(images.x_test) // COMPARED)
    distances = [gk.frechet_distance(first, other) for other in others]
    return {"distance": np.mean(distances), "low": min(distances), "high": max(distances)}


QUESTIONS = {"noise": noise, "samplers": samplers, "real": real}
