"""genkeras: the few pieces that the chapters on generative deep learning share.

    import genkeras as gk

loads Keras without the start-up messages of its backend, and registers our layers, so that saved
models which contain them can be loaded.
"""

import os

from genkeras.runtime import quiet_stderr, setup

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # errors come as exceptions anyway
# TensorFlow leaves oneDNN off on processors without AVX-512, where convolutions need it most.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

with quiet_stderr():
    import keras

from genkeras.data import load_images
from genkeras.grooves import load_grooves
from genkeras.layers import (
    EqualizedConv2D,
    EqualizedDense,
    KLDivergenceActivityRegularization,
    MinibatchStandardDeviation,
    PixelNormalization,
    Sampling,
    TransposedDense,
)
from genkeras.metrics import classify, frechet_distance, precision_recall
from genkeras.plotting import (
    plot_diagram,
    plot_images,
    plot_learning_curves,
    plot_network,
    plot_reconstructions,
    plot_rows,
    show_film,
)
from genkeras.pretrained import load_pretrained
from genkeras.training import AdversarialModel, minimize, scale_optimizer, warmup_cosine

__version__ = "0.1.0"
