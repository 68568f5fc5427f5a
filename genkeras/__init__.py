"""genkeras: the few pieces that the chapters on generative deep learning share.

`import genkeras as gk` is instant: Keras and its backend load when something needs them.
Keras, imported after it, keeps its start-up messages to itself and can load our layers.
"""

import importlib.abc
import importlib.util
import os
import sys

__version__ = "0.1.0"

_NAMES_OF = {
    "runtime": ("setup",),
    "data": ("load_images",),
    "layers": ("TransposedDense", "KLDivergenceActivityRegularization", "Sampling"),
    "training": ("warmup_cosine", "scale_optimizer", "minimize"),
    "metrics": ("classify", "frechet_distance", "precision_recall"),
    "plotting": ("plot_images", "plot_reconstructions", "plot_learning_curves"),
    "results": ("record",),
}
_MODULE_OF = {name: module for module, names in _NAMES_OF.items() for name in names}
__all__ = list(_MODULE_OF)


def __getattr__(name):
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'genkeras' has no attribute {name!r}")
    return getattr(importlib.import_module(f"genkeras.{_MODULE_OF[name]}"), name)


def __dir__():
    return sorted([*globals(), *__all__])


class _OnKerasImport(importlib.abc.MetaPathFinder):
    """Load Keras without the C++ start-up chatter of its backend, then register our layers."""

    def find_spec(self, fullname, path=None, target=None):
        if fullname != "keras":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec("keras")
        if spec is not None:
            load = spec.loader.exec_module

            def exec_module(module):
                runtime = importlib.import_module("genkeras.runtime")
                with runtime.quiet_stderr():
                    load(module)
                importlib.import_module("genkeras.layers")

            spec.loader.exec_module = exec_module
        return spec


if "keras" in sys.modules:
    importlib.import_module("genkeras.layers")
else:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # what matters comes as an exception
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # fast convolutions without AVX-512 too
    sys.meta_path.insert(0, _OnKerasImport())
