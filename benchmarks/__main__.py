"""Measure all parts of the benchmarks, or those named: `make bench ONLY="conv dcgan"`."""

import sys

import genkeras as gk
from autoencoders import PARTS as AUTOENCODERS
from common import save_part
from diffusion import PARTS as DIFFUSION
from gans import PARTS as GANS
from sampling import PARTS as SAMPLING

PARTS = AUTOENCODERS | GANS | DIFFUSION | SAMPLING


def main(names):
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        raise SystemExit(f"unknown: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    gk.setup()
    images = gk.load_images()
    for name in names or PARTS:
        part, rerun = PARTS[name](images)
        print(name, part, flush=True)
        save_part(name, part, len(images.x_train), rerun)


if __name__ == "__main__":
    main(sys.argv[1:])
