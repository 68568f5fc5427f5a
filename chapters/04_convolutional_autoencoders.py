# ---
# jupyter:
#   jupytext:
#     cell_metadata_filter: alt,quick,tags,-all
#     notebook_metadata_filter: -jupytext.text_representation.jupytext_version
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 04 Convolutional and recurrent autoencoders
#
# So far we have flattened each image into a list of 784 numbers.
# This throws something away: in a dense layer, it makes no difference which pixels are neighbors.
# A convolutional layer combines the pixels of a small window, with the same few weights at every place, however large the image is.
# The image generators of chapters 11 and 15 are built of such layers.
# In this chapter we build an autoencoder of them, measure what they gain, and look at what they respond to.
# At the end we read an image row by row, like a text, with a recurrent autoencoder.
#
# | | |
# |---|---|
# | Slides | *Autoencoders en redes convolucionales*; *Definición de autoencoders convolucionales* |
# | Textbook | Hands-On Machine Learning, chapter 17, "Convolutional Autoencoders"; its notebook also has a recurrent autoencoder |
# | Result | With equally many parameters, convolutions rebuild garments with a squared error of 0.0085<!-- conv_mse -->, and dense layers with 0.0109<!-- dense_mse --> |
# | Time | 374 s<!-- seconds --> on two CPU cores |
# | Evidence | [The experiments](../experiments/README.md) |

# %% [markdown]
# ## Setup
# Numbers in the text are those of the run that you see here, on all 55,000 training images; yours will differ a little.
# Errors are those of validation images.

# %%
import math

import genkeras as gk
import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers

run = gk.setup(seed=42)

# %% tags=["parameters"]
QUICK = run.quick  # True: everything small, to see it run in less than a minute
LATENT_DIM = 30
EPOCHS = 1 if QUICK else 5  # GPU: 30
RECURRENT_EPOCHS = 1 if QUICK else 4  # GPU: 30
N_SHORT = 500 if QUICK else 6000  # images for the comparison with shuffled pixels
SHORT_EPOCHS = 2 if QUICK else 6

# %%
images = gk.load_images(n_train=2000 if QUICK else None)
x_train, x_valid = images.x_train, images.x_valid
shape = x_train.shape[1:]  # (28, 28, 1); height and width must be multiples of 4

# %% [markdown]
# ## Smaller and more numerous feature maps
# The encoder of a convolutional autoencoder is an ordinary convolutional network.
# From layer to layer its *feature maps* get smaller, and there are more of them.
# A dense layer then computes the code from all of them.


# %%
def build_encoder(shape, latent_dim):
    """Two strided convolutions, then a linear code."""
    return keras.Sequential(
        [
            keras.Input(shape),
            layers.Conv2D(32, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2D(64, 3, strides=2, padding="same", activation="relu"),
            layers.Flatten(),
            layers.Dense(latent_dim),
        ]
    )


encoder = build_encoder(shape, LATENT_DIM)
encoder.summary()

# %% [markdown]
# The output shapes show it: 28 x 28 x 1 pixels become 14 x 14 x 32 values, and these 7 x 7 x 64.
# (`None` stands for the number of images.)
#
# At each place, a filter computes a weighted sum of a window of 3 x 3 pixels.
# With `strides=2` the window moves on by two pixels at a time, so map $k$ of the first layer is
#
# $$h_{ijk} = \mathrm{ReLU}\Big(b_k + \sum_{u=0}^{2} \sum_{v=0}^{2} w_{uvk}\; x_{2i+u,\,2j+v}\Big).$$
#
# With `padding="same"` there are zeros beyond the lower and the right border, so that height and width are halved exactly.
# The weights do not depend on the place: the layer has only $3 \cdot 3 \cdot 1 \cdot 32$ of them and 32 biases, 320 parameters in all.
# The second layer also sums over the 32 maps of the first.
#
# The first layer turns 784 pixels into 6,272 values, so it does not compress.
# Each of its maps shows how strongly every place matches its filter; the code is the bottleneck.
#
# The slides and the textbook use *pooling* instead of strides.
# A convolution first computes maps of full size, and `MaxPooling2D` keeps the largest of each 2 x 2 values.
# The maps get the same sizes, but take four times as many multiplications, so we use strides.
#
# In the decoder, a dense layer computes 7 x 7 x 64 values, and `Reshape` makes maps of them.
# The counterpart of a strided convolution is the transposed convolution, `Conv2DTranspose`: with `strides=2` it doubles height and width.
# It reverses the sizes, not the values, so the slides' name *deconvolución* is misleading.
# We will see in a moment why its kernels have the size 4.


# %%
def build_decoder(shape, latent_dim):
    """A dense layer, then two transposed convolutions that double height and width."""
    height, width, channels = shape
    h, w = height // 4, width // 4
    return keras.Sequential(
        [
            keras.Input((latent_dim,)),
            layers.Dense(h * w * 64, activation="relu"),
            layers.Reshape((h, w, 64)),
            layers.Conv2DTranspose(32, 4, strides=2, padding="same", activation="relu"),
            layers.Conv2DTranspose(
                channels,
                4,
                strides=2,
                padding="same",
                activation="sigmoid",
            ),
        ]
    )


decoder = build_decoder(shape, LATENT_DIM)
convolutional = keras.Sequential([encoder, decoder])

# %% [markdown]
# ## Why the kernels of the decoder have size 4
# For each input pixel, a transposed convolution adds a copy of its kernel, multiplied by the pixel's value, to the output; with stride 2, neighboring copies are two pixels apart.
# With a kernel of size 3, they overlap in some places and not in others.
# We let a kernel of ones count the copies that reach each pixel.

# %% alt="Two squares with a color scale from 1 to 4 copies. With kernel size 3, a regular checkerboard of pixels with one, two or four copies. With kernel size 4, a uniform area of four copies."
figure, axes = plt.subplots(1, 2, figsize=(8, 2.8), layout="constrained")
for axis, kernel_size in zip(axes, (3, 4), strict=True):
    count = layers.Conv2DTranspose(
        1, kernel_size, strides=2, padding="same", kernel_initializer="ones"
    )
    copies = np.float32(count(np.ones((1, 7, 7, 1))))[0, 1:-1, 1:-1, 0]
    drawn = axis.imshow(copies, cmap="viridis", vmin=1, vmax=4)
    axis.set(xticks=[], yticks=[], title=f"kernel size {kernel_size}, stride 2")
figure.colorbar(drawn, ax=axes, label="copies per pixel", ticks=[1, 2, 3, 4])
plt.show()

# %% [markdown]
# With size 3, some pixels get one copy, some two and some four, in a checkerboard.
# Where the network does not learn to make up for it, generated images show a faint grid (Odena et al.).
# With size 4, which the stride divides, every pixel inside the image gets four copies, so this is what we use.
# Even and odd pixels still use different weights, so a grid remains possible.
# Odena et al. upsample the maps first, by repeating pixels (`UpSampling2D`), and convolve them afterwards, which exercise 3 tries.
#
# ## Training, against dense layers
# For comparison we take a dense autoencoder like that of chapter 03.
# We give it 149 hidden units, so that both models have nearly equally many parameters.


# %%
def build_dense(shape, hidden_units, latent_dim):
    """One hidden layer on each side of the code, as in chapter 03."""
    return keras.Sequential(
        [
            keras.Input(shape),
            layers.Flatten(),
            layers.Dense(hidden_units, activation="relu"),
            layers.Dense(latent_dim),
            layers.Dense(hidden_units, activation="relu"),
            layers.Dense(math.prod(shape), activation="sigmoid"),
            layers.Reshape(shape),
        ]
    )


dense = build_dense(shape, hidden_units=149, latent_dim=LATENT_DIM)
conv_parameters = convolutional.count_params()
print(f"parameters: convolutional {conv_parameters:,}, dense {dense.count_params():,}")

# %% [markdown]
# We train both on all images, equally long, with the schedule of chapter 03.


# %%
def train(model, x, x_valid, epochs, batch_size=128, peak_rate=4e-3):
    """Compile and fit an autoencoder; returns its history, a list for each metric."""
    steps = epochs * math.ceil(len(x) / batch_size)
    model.compile(
        loss="mse",
        optimizer=keras.optimizers.Nadam(gk.warmup_cosine(peak_rate, steps)),
        steps_per_execution=max(1, steps // 100),  # many in one call, to save time
    )
    return model.fit(
        x,
        x,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(x_valid, x_valid),
    ).history


epochs = images.epochs(EPOCHS)
conv_history = train(convolutional, x_train, x_valid, epochs)
dense_history = train(dense, x_train, x_valid, epochs)
conv_mse = conv_history["val_loss"][-1]
dense_mse = dense_history["val_loss"][-1]
print(f"validation MSE: convolutional {conv_mse:.4f}, dense {dense_mse:.4f}")

# %% alt="Training and validation error of both models over five epochs. The convolutional model's validation curve lies below the dense one's from the first epoch on, by about the same distance throughout. Training and validation meet in the last epochs."
gk.plot_learning_curves(
    {"convolutional": conv_history, "dense": dense_history},
    title="Equally many parameters and epochs",
    ylabel="MSE per pixel",
)
plt.show()

# %% alt="Three rows: ten validation garments, their convolutional and their dense reconstructions. Boots and the handle of the bag have clearer edges in the convolutional row, and both sandals are brighter. Neither row has the pattern of the bag or the print of the dress."
shown = x_valid[:10]
reconstructions = {"convolutional": convolutional(shown), "dense": dense(shown)}
gk.plot_reconstructions(shown, reconstructions)
plt.show()

# %% [markdown]
# The convolutional autoencoder reaches 0.0085<!-- conv_mse -->, the dense one 0.0109<!-- dense_mse -->; the gap is there after the first epoch, and hardly changes afterwards.
# With three other seeds it was never smaller than 0.002<!-- experiment 04 against_dense smallest_gap -->.
# Even the network of chapter 03, with more than twice as many parameters, had 0.0100<!-- 03 stacked_mse -->.
# You can see the difference at the boots in the third and sixth columns, whose edges are clearer, and at the two sandals.
# Neither model reproduces the pattern of the bag or the print of the dress.
#
# The price is time: the weights of a convolution are used at many places, so an image takes 12<!-- experiment 04 against_dense work_ratio --> times as many multiplications.
#
# The slides also mention training layer by layer, as Masci et al. did.
# In chapter 03 this hardly made a difference on all images, and in short trainings on 6,000 images it made the error larger.
# In short trainings of this network it makes it smaller, 0.0155<!-- experiment 04 layer_by_layer layer_by_layer --> instead of 0.0178<!-- experiment 04 layer_by_layer at_once --> for as many multiplications.
#
# ## Shuffled pixels
# Why do convolutions do better?
# They make two assumptions about images.
# The first is *locality*: what matters can be seen in a small window.
# The second is *weight sharing*: the same filter is useful everywhere.
# If the assumptions are what helps, the advantage must go away when we break them.
# So we shuffle the pixels, in the same order for all images.


# %% alt="Two rows of ten garments: as they are, and shuffled. The shuffled ones are bright points scattered all over the square, with no shape left."
def shuffle_pixels(x, order):
    """Images x with the pixels of each in a new order."""
    return x.reshape(len(x), -1)[:, order].reshape(x.shape)


order = np.random.default_rng(run.seed).permutation(math.prod(shape))
x_short = x_train[:N_SHORT]
x_short_shuffled = shuffle_pixels(x_short, order)
x_valid_shuffled = shuffle_pixels(x_valid, order)
gk.plot_rows({"original": shown, "shuffled": x_valid_shuffled[:10]})
plt.show()

# %% [markdown]
# To a dense layer, one order of the 784 numbers is as good as another.
# We train new models of both kinds on 6,000 images, with the pixels in place and shuffled.

# %%
conv_errors, dense_errors = [], []
for x, valid in [(x_short, x_valid), (x_short_shuffled, x_valid_shuffled)]:
    for model, errors in [(convolutional, conv_errors), (dense, dense_errors)]:
        new_model = keras.models.clone_model(model)  # with new random weights
        errors.append(train(new_model, x, valid, SHORT_EPOCHS)["val_loss"][-1])
conv_short, conv_shuffled = conv_errors
dense_short, dense_shuffled = dense_errors
print(f"convolutional: original {conv_short:.4f}, shuffled {conv_shuffled:.4f}")
print(f"dense:         original {dense_short:.4f}, shuffled {dense_shuffled:.4f}")

# %% [markdown]
# The dense autoencoder has nearly the same error in both cases (it started from other random weights), 0.0192<!-- dense_short --> and 0.0194<!-- dense_shuffled -->.
# The error of the convolutional one rises from 0.0187<!-- conv_short --> to 0.0321<!-- conv_shuffled -->: now it is far worse than the dense one.
# In trainings as short as these, the two kinds are about equal as long as the pixels are in place; without their layout, the convolutions lose.
# Shuffling breaks both assumptions at once, and this test cannot separate them.
#
# ## What the layers respond to
# The slides say that a convolutional autoencoder can learn to recognize edges and textures in its lower layers.
# To see what ours does, we draw the maps that its first eight filters compute from a boot.
# Random filters respond to edges, too, so the second row has the maps of an encoder that was never trained.
# Each map has its own gray scale.


# %% alt="Two rows of eight maps of a boot. Trained: two whole boots, and six with bright parts of the outline; the background is gray in the first, sixth and eighth, and dark gray in the second and third. Untrained: three whole boots, and five with bright parts of the outline, all on black."
def feature_maps(encoder, number, x):
    """The outputs of an encoder's layer of this number, from 0, for images x."""
    outputs = encoder.layers[number].output
    return np.asarray(keras.Model(encoder.inputs[0], outputs)(x), "float32")


encoders = {"trained": encoder, "untrained": build_encoder(shape, LATENT_DIM)}
map_rows = {}
for name, model in encoders.items():
    maps = feature_maps(model, 0, x_valid[2:3])[0, :, :, :8]
    maps = maps / maps.max(axis=(0, 1)).clip(1e-6)
    map_rows[name] = np.moveaxis(maps, -1, 0)
gk.plot_rows(map_rows)
plt.show()

# %% [markdown]
# In each row, two or three maps show the whole boot, and most of the others parts of its outline.
# A gray background, as in the first, sixth and eighth trained maps, comes from a bias; biases start at zero, so these have been learned.
# But since random filters find outlines, too, these are no evidence that the network has learned to detect edges.
#
# A unit of the second layer combines all 32 maps of the first, and its *receptive field*, the pixels that it can see, is 7 x 7.
# For each of its 64 maps we draw the patch of an image that leads to the largest output; maps that are 0 everywhere are left out.


# %% alt="Grids of patches of 7 by 7 pixels. Trained, 62 of them: nearly all show an edge or a bar between bright and black, most of them upright, level or slanted, some with a corner. Untrained, 64 of them: edges and bars as well, and more patches with spots and mixed grays."
def strongest_patches(encoder, x):
    """For each map of the second layer, the patch of images that excites it most."""
    maps = feature_maps(encoder, 1, x)[:, :-1, :-1]  # the last ones see past the border
    patches = []
    for unit in np.flatnonzero(maps.max(axis=(0, 1, 2))):  # not the dead ones
        place = np.argmax(maps[..., unit])
        image, row, column = np.unravel_index(place, maps.shape[:-1])
        top, left = 4 * row, 4 * column  # where the unit's receptive field begins
        patches.append(x[image, top : top + 7, left : left + 7])
    return np.stack(patches)


for name, model in encoders.items():
    patches = strongest_patches(model, x_valid[:1000])
    gk.plot_images(patches, columns=16, title=f"{name}: strongest patches")
    plt.show()

# %% [markdown]
# Most patches of the trained units have an edge or a bar, and so have most of the untrained ones, with more spots and grays between them.
# Any weights have patches that suit them best, so such pictures do not show what training contributes.
# A measurement does: with both convolutions frozen at their random weights, and the rest trained as before, the error is 0.0095<!-- experiment 04 random_filters random_mse -->.
# That lies between the trained convolutions, 0.0084<!-- experiment 04 against_dense convolutional_mse -->, and the dense layers.
# So the rest of the network, with its learned decoder, accounts for more than half of the gain.
#
# ## An image as a sequence of rows
# A recurrent network is made for sequences, such as sentences: it reads one item after another, and updates a *state* at each step.
# An image is a sequence, too, of 28 rows from top to bottom.
#
# The encoder is an LSTM layer that reads the rows.
# At each step, three *gates* with weights of their own decide what is forgotten, what is added and what is passed on; a fourth set of weights proposes the new values.
# We keep only the output after the last row (as Srivastava et al. do with videos), and a dense layer turns it into the code.
# `Bidirectional` adds a second LSTM layer that reads from bottom to top, so that every row is among the last 14 of one of them.
#
# The decoder must write a sequence from a single code.
# `RepeatVector` repeats the code 28 times, once for each row, and with `return_sequences=True` the LSTM layers return their output at every step.
# Two dense layers, the same for all rows, turn each of these outputs into a row of pixels.
# We train this model in more and larger steps, with batches of half the size and twice the rate, so its error cannot be compared with those above.

# %%
height, width, channels = shape
recurrent = keras.Sequential(
    [
        keras.Input(shape),
        layers.Reshape((height, width * channels)),
        layers.Bidirectional(layers.LSTM(64)),
        layers.Dense(LATENT_DIM),
        layers.RepeatVector(height),
        layers.Bidirectional(layers.LSTM(64, return_sequences=True)),
        layers.Dense(256, activation="relu"),
        layers.Dense(width * channels, activation="sigmoid"),
        layers.Reshape(shape),
    ]
)
epochs = images.epochs(RECURRENT_EPOCHS)
history = train(recurrent, x_train, x_valid, epochs, batch_size=64, peak_rate=8e-3)
recurrent_mse = history["val_loss"][-1]
recurrent_parameters = recurrent.count_params()
print(f"{recurrent_parameters:,} parameters, validation MSE {recurrent_mse:.4f}")

# %% alt="Ten validation garments and their recurrent reconstructions. Simple outlines are right, with faint vertical streaks in place of the bag's pattern; the straps of both sandals run into gray areas."
gk.plot_reconstructions(shown, {"recurrent": recurrent(shown)})
plt.show()

# %% [markdown]
# Garments with simple outlines are well reproduced, including the heels of the boots; the sandals are not.
# The error is 0.0094<!-- recurrent_mse -->, with 140,346<!-- recurrent_parameters --> parameters.
#
# ## Check

# %%
mean_image_mse = np.mean((x_valid - x_train.mean(axis=0)) ** 2)
if not QUICK:
    assert max(conv_mse, recurrent_mse) < mean_image_mse / 5, "hardly trained"
    assert conv_mse < dense_mse, "convolutions did not help"
    assert conv_shuffled > dense_shuffled, "convolutions help on shuffled pixels"
    assert abs(dense_shuffled / dense_short - 1) < 0.1, "the layout matters to dense"

# %% [markdown]
# ## What to remember
# - A convolutional encoder makes the feature maps smaller and more numerous, by strides or pooling; transposed convolutions enlarge them again.
# - Convolutions assume locality and weight sharing. With equally many parameters they beat dense layers, at many times the work; on shuffled pixels they lose.
# - Compare with an untrained network before you interpret feature maps or patches.
# - A recurrent autoencoder reads a sequence into its last output, and writes it from repeated copies of the code.
#
# ## Exercises
# In [exercises/04_convolutional_autoencoders.ipynb](../exercises/04_convolutional_autoencoders.ipynb), with cells that check your answers:
# parameters by hand; shifted garments; upsampling without a checkerboard; shuffled rows; receptive fields.
#
# ## References
# - J. Masci et al., [Stacked Convolutional Auto-Encoders for Hierarchical Feature Extraction](https://doi.org/10.1007/978-3-642-21735-7_7), ICANN 2011.
# - A. Odena, V. Dumoulin, C. Olah, [Deconvolution and Checkerboard Artifacts](https://distill.pub/2016/deconv-checkerboard/), Distill, 2016.
# - N. Srivastava, E. Mansimov, R. Salakhutdinov, [Unsupervised Learning of Video Representations using LSTMs](https://arxiv.org/abs/1502.04681), ICML 2015.
