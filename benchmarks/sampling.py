"""Seconds to draw 1,000 images, and parameters, of the chapters' generators: `make bench ONLY=sampling`.

The networks are built by the code of the chapters, with the sizes of their full runs. They are not
trained, since the weights do not change the time. Each is timed several times in turn.
"""

import statistics
import time

import numpy as np
from gans import chapter, settings

IMAGES = 1000
ROUNDS = 5


def decoder_of_the_vae(code, size, z):
    """The decoder, and a function that draws with it."""
    decoder = code["build_decoder"](size["HIDDEN_UNITS"], size["LATENT_DIM"])
    return decoder, lambda: np.asarray(decoder(z(size["LATENT_DIM"])))


def dense_gan(code, size, z):
    """The same for the generator of chapter 10."""
    generator = code["build_generator"](size["LATENT_DIM"])
    return generator, lambda: np.asarray(generator(z(size["LATENT_DIM"])))


def dcgan(code, size, z):
    """The same for chapter 11."""
    generator = code["build_generator"](size["LATENT_DIM"])
    return generator, lambda: code["draw"](generator, z(size["LATENT_DIM"]))


def conditional_dcgan(code, size, z):
    """The same with the ten classes as inputs."""
    generator = code["build_generator"](size["LATENT_DIM"] + 10)
    return generator, lambda: code["draw"](generator, z(size["LATENT_DIM"] + 10))


def grown_gan(code, size, z):
    """The same for the last resolution of chapter 12."""
    generator = code["build_generators"](
        size["RESOLUTIONS"], size["FILTERS"], size["LATENT_DIM"], 1, code["FadeIn"]()
    )[-1]
    return generator, lambda: code["draw"](generator, z(size["LATENT_DIM"]))


def stylegan(code, size, z):
    """The same for mapping and synthesis network of chapter 13."""
    mapping = code["build_mapping"](size["LATENT_DIM"], size["W_DIM"])
    synthesis = code["build_synthesis"](size["RESOLUTIONS"], size["FILTERS"], size["W_DIM"], 1)
    sizes = [4, *size["RESOLUTIONS"]]

    def draw():
        styles = code["same_everywhere"](mapping(z(size["LATENT_DIM"])), len(sizes))
        return code["draw"](synthesis, styles, code["noise_maps"](IMAGES, sizes))

    return [mapping, synthesis], draw


def diffusion(code, size, z):
    """The same for chapter 15: Heun's method with 5 steps and guidance, 18 calls an image."""
    network = code["build_unet"](size["FILTERS"], size["BLOCKS"])
    labels, times = np.arange(IMAGES) % 10, np.linspace(1, 0, 6)
    guidance = size["GUIDANCE"]
    return network, lambda: code["in_parts"](
        code["heun"], network, labels, times, guidance=guidance
    )


GENERATORS = {
    "vae": ("07", decoder_of_the_vae),
    "gan": ("10", dense_gan),
    "dcgan": ("11", dcgan),
    "conditional_dcgan": ("11", conditional_dcgan),
    "progressive_gan": ("12", grown_gan),
    "stylegan": ("13", stylegan),
    "diffusion": ("15", diffusion),
}


def sampling(images):
    """Median seconds for 1,000 images, and the number of parameters, of each generator."""
    rng = np.random.default_rng(0)

    def z(dim):
        return rng.standard_normal((IMAGES, dim)).astype("float32")

    part, draws, seconds = {}, {}, {}
    for name, (number, build) in GENERATORS.items():
        networks, draws[name] = build(chapter(number), settings(number), z)
        networks = networks if isinstance(networks, list) else [networks]
        part[f"{name}_parameters"] = sum(network.count_params() for network in networks)
        draws[name]()  # compiles what has to be
        seconds[name] = []
    for _ in range(ROUNDS):
        for name, draw in draws.items():
            start = time.perf_counter()
            shape = draw().shape
            seconds[name].append(time.perf_counter() - start)
            assert shape[0] == IMAGES, f"{name} drew {shape[0]} images"
    for name, times in seconds.items():
        part[f"{name}_seconds"] = statistics.median(times)
        part[f"{name}_slowest_over_fastest"] = max(times) / min(times)
    return part, None


PARTS = {"sampling": sampling}
