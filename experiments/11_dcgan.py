"""Chapter 11's DCGAN without one of its guidelines at a time."""

import math

import keras
import numpy as np
from keras import layers, ops

from experiments.common import SCORED, scores
from tools import lift

SEEDS = (0, 1)
IMAGES, BATCH_SIZE, EPOCHS = 6400, 64, 3  # 300 steps


def without_norm(network):
    """The same network without batch normalization, and with biases in all of its layers."""
    stack = [keras.Input(network.input_shape[1:])]
    for layer in network.layers:
        if not isinstance(layer, layers.BatchNormalization):
            config = layer.get_config()
            config |= {"use_bias": True} if "use_bias" in config else {}
            stack.append(type(layer).from_config(config))
    return keras.Sequential(stack)


def mixed(dcgan):
    """A subclass of the chapter's DCGAN whose D sees real and generated images in one batch."""

    class MixedDCGAN(dcgan):
        def train_step(self, real):
            n, size = ops.shape(real)[0], self.generator.input_shape[-1]
            fakes = self.generator(self.noise(n, size), training=True)

            def d_loss():
                both = self.discriminator(ops.concatenate([real, fakes]), training=True)
                real_logits, fake_logits = ops.split(both, 2)
                return ops.mean(ops.softplus(-real_logits) + ops.softplus(fake_logits)) / 2

            def g_loss():
                drawn = self.generator(self.noise(n, size), training=True)
                return ops.mean(ops.softplus(-self.discriminator(drawn, training=True)))

            return self.update(d_loss, g_loss)

    return MixedDCGAN


def guidelines(images):
    """What some guidelines are worth at the beginning of a training, and mixed batches.

    The chapter's DCGAN after 300 steps on 6,400 images, with two seeds: as it is, without batch
    normalization in G or in D, and with real and generated images in one batch of D. Fréchet
    distance, precision and recall of what the average draws, beside test images. With so few steps
    the momentum of the average is still that of the ramp.
    """
    code, x = lift.chapter("11"), images.x_train[:IMAGES]
    latent_dim, rows, summary = code["LATENT_DIM"], [], {}
    for name in ("all", "no_norm_in_g", "no_norm_in_d", "mixed"):
        distances = []
        for seed in SEEDS:
            keras.utils.set_random_seed(seed)
            players = [code["build_generator"](latent_dim), code["build_discriminator"]()]
            if name.startswith("no_norm"):
                player = int(name == "no_norm_in_d")
                players[player] = without_norm(players[player])
            model = (mixed(code["DCGAN"]) if name == "mixed" else code["DCGAN"])(*players)
            optimizers = [code["adam"](code["RATE"]) for _ in players]
            model.compile(*optimizers, steps_per_execution=10, jit_compile=False)
            model.fit(x, batch_size=BATCH_SIZE, epochs=EPOCHS, verbose=0)
            values = scores(images.x_test[:SCORED], model.average, latent_dim)
            distances.append(values[0])
            row = {"variant": f"{name}_{seed}"}
            rows.append(row | dict(zip(("distance", "precision", "recall"), values, strict=True)))
            print(rows[-1], flush=True)
        least, most = math.floor(min(distances)), math.ceil(max(distances))
        summary |= {f"{name}_mean": np.mean(distances), f"{name}_least": least}
        summary |= {f"{name}_most": most}
    return {"rows": rows, **summary}


QUESTIONS = {"guidelines": guidelines}
