# %% [markdown]
# # Diffusion and flow matching
#
# The generators of the chapters before draw an image in a single step, and they need an opponent or an encoder to learn it. Diffusion models take another way. They learn to remove a little noise from an image, which is a simple regression task, and draw an image by starting from pure noise and removing it step by step. Since about 2021 this has been the dominant method for images, sound and video. Flow matching is its younger and simpler relative, which we use for most of this chapter.
#
# We build a small U-Net, train it in a few minutes, and look at what matters: what the network should predict, how an image is drawn from it, and how many calls of the network that takes. Then we draw garments of a class that we choose, and complete garments of which we only have one half, which no model of the earlier chapters could do. Because a few minutes on two CPU cores are not enough to show what the method can do, the package also contains weights of the same network that were trained longer. We always say which of the two is shown.
#
# | | |
# |---|---|
# | Slides | not covered |
# | Textbook | Hands-On Machine Learning, chapter 17, "Diffusion Models" |
# | Result | RESULT |
# | Time | SECONDS on two CPU cores; not measured on a GPU |
# | Data | Fashion-MNIST: 55,000 images to train, 5,000 to validate, 10,000 to test; or the bundled sixth of it |

# %% [markdown]
# ## Setup
# Everything below needs this cell. Libraries that a single section needs are imported there.

# %%
import pathlib
import time

# If this import fails, copy the folder genkeras beside this notebook, or see README.md.
import genkeras as gk
import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from keras import layers, ops

START = time.perf_counter()
run = gk.setup(seed=42)

# %% [markdown]
# ## From an image to noise
# Let $x_0$ be an image with values in $[-1, 1]$. The forward process mixes it with Gaussian noise $\varepsilon$, more and more as the time $t$ runs from 0 to 1:
#
# $$x_t = \alpha_t\, x_0 + \sigma_t\, \varepsilon$$
#
# At $t = 0$ there is only the image ($\alpha_0 = 1$, $\sigma_0 = 0$), and at $t = 1$ only noise ($\alpha_1 = 0$, $\sigma_1 = 1$). How fast this happens is the *schedule*. The cosine schedule (Nichol and Dhariwal, 2021) keeps the variance constant, with $\alpha_t = \cos(\pi t / 2)$ and $\sigma_t = \sin(\pi t / 2)$. Flow matching (Lipman et al., 2023; Liu et al., 2023) takes straight lines from the image to the noise, $\alpha_t = 1 - t$ and $\sigma_t = t$.
#
# Diffusion models were introduced as a chain of many small steps (Ho et al., 2020), in each of which a little noise is added to what is there:
#
# $$x_t = \sqrt{1 - \beta_t}\, x_{t-1} + \sqrt{\beta_t}\, \varepsilon_t$$
#
# This is the same process. A sum of independent Gaussian variables is Gaussian again, so that after $t$ steps $x_t$ has the form above, with $\alpha_t^2 = \prod_{s \le t} (1 - \beta_s)$ and $\sigma_t^2 = 1 - \alpha_t^2$. So for training we can jump to any $t$ at once. Let's check this: we add noise to one image in a thousand steps, many times, and compare mean and standard deviation with the formula.


# %%
def cosine(t):
    """(alpha, sigma) of the cosine schedule at times t in [0, 1]."""
    return np.cos(np.pi * t / 2), np.sin(np.pi * t / 2)


def straight(t):
    """(alpha, sigma) of straight paths at times t in [0, 1]."""
    return 1 - t, t

# ... closed form against step by step ...

# %% [markdown]
# ## What the network predicts
# noise: eps; image: x0; velocity: dx_t/dt = alpha' x0 + sigma' eps  (straight: eps - x0). Each gives the others, because x_t is known.

# %%
def residual_block(x, condition, filters):
    """Two convolutions; the condition scales and shifts the features between them."""
    skip = x if x.shape[-1] == filters else layers.Conv2D(filters, 1)(x)
    x = layers.GroupNormalization(8)(x)
    x = layers.Activation("silu")(x)
    x = layers.Conv2D(filters, 3, padding="same")(x)
    x = layers.GroupNormalization(8)(x)
    scale = layers.Dense(filters, kernel_initializer="zeros")(condition)
    shift = layers.Dense(filters, kernel_initializer="zeros")(condition)
    x = x * (1 + layers.Reshape((1, 1, filters))(scale)) + layers.Reshape((1, 1, filters))(shift)
    x = layers.Activation("silu")(x)
    x = layers.Conv2D(filters, 3, padding="same", kernel_initializer="zeros")(x)
    return layers.Add()([skip, x])


def build_unet(filters=(32, 64), blocks=2, classes=10):
    """Noisy images (28, 28, 1), times () and classes () to predictions of the images' shape."""
    x_in = keras.Input((28, 28, 1), name="x")
    t_in = keras.Input((1,), name="t")
    y_in = keras.Input((), dtype="int32", name="y")  # `classes` itself stands for "no class"
    frequencies = np.geomspace(1, 100, 16, dtype="float32")[None]
    waves = layers.Concatenate()([ops.sin(2 * t_in * frequencies), ops.cos(2 * t_in * frequencies)])
    condition = layers.Dense(128, activation="silu")(waves)
    condition = layers.Add()([condition, layers.Embedding(classes + 1, 128)(y_in)])
    condition = layers.Dense(128, activation="silu")(condition)
    x = layers.Conv2D(filters[0], 2, strides=2)(x_in)  # 14 x 14
    skips = [x]
    for _ in range(blocks):
        x = residual_block(x, condition, filters[0])
        skips.append(x)
    x = layers.AveragePooling2D()(x)  # 7 x 7
    for _ in range(2 * blocks - 1):
        x = residual_block(x, condition, filters[1])
    x = layers.UpSampling2D()(x)
    for _ in range(blocks):
        x = residual_block(layers.Concatenate()([x, skips.pop()]), condition, filters[0])
    x = layers.GroupNormalization(8)(x)
    x = layers.Activation("silu")(x)
    x = layers.Conv2DTranspose(1, 2, strides=2, kernel_initializer="zeros", dtype="float32")(x)
    return keras.Model([x_in, t_in, y_in], x)
