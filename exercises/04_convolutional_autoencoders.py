# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercises for chapter 04: convolutional and recurrent autoencoders
# They belong to [chapter 04](../chapters/04_convolutional_autoencoders.ipynb).
# Replace each `raise NotImplementedError()` by your answer, and run the cell below it, which checks the answer: it ends in an error if the answer is wrong.
# All of this takes less than a minute on two CPU cores.

# %%
import genkeras as gk
import keras
import numpy as np
import tensorflow as tf
from keras import layers

run = gk.setup(seed=42)
images = gk.load_images(n_train=2000)
x_train, x_valid = images.x_train, images.x_valid[:1000]

# %% [markdown]
# ## 1. Parameters by hand (easy)
# The chapter derives the 320 parameters of the encoder's first layer.
# Compute by hand those of the decoder's three layers with weights, for codes of 30 numbers and gray images of 28 x 28 pixels, and put them into the list `decoder_parameters`.
# How many would the encoder's first layer have for color images, with three channels (`color_parameters`)?
# And how many has the recurrent encoder's layer `Bidirectional(LSTM(64))`, which reads rows of 28 pixels (`lstm_parameters`)?
# An LSTM has four sets of weights; each computes 64 values from the row, the last state of 64 values, and a bias.

# %% tags=["solution"]
### BEGIN SOLUTION
# A weight for each input of a unit, or for each pixel of the kernel in each input map; and a bias.
decoder_parameters = [
    30 * 7 * 7 * 64 + 7 * 7 * 64,
    4 * 4 * 64 * 32 + 32,
    4 * 4 * 32 * 1 + 1,
]
color_parameters = 3 * 3 * 3 * 32 + 32
lstm_parameters = 2 * 4 * ((28 + 64) * 64 + 64)  # two directions
### END SOLUTION

# %% tags=["check", "points-3"]
right_layers = [
    layers.Dense(7 * 7 * 64),
    layers.Conv2DTranspose(32, 4, strides=2, padding="same"),
    layers.Conv2DTranspose(1, 4, strides=2, padding="same"),
    layers.Conv2D(32, 3, strides=2, padding="same"),
    layers.Bidirectional(layers.LSTM(64)),
]
shapes = [(None, 30), (None, 7, 7, 64), (None, 14, 14, 32), (None, 28, 28, 3), (None, 28, 28)]
answers = [*decoder_parameters, color_parameters, lstm_parameters]
for layer, shape, answer in zip(right_layers, shapes, answers, strict=True):
    layer.build(shape)
    assert layer.count_params() == answer, f"{answer:,} is wrong for the {layer.name}"

# %% [markdown]
# ## 2. A garment that moves (easy)
# Without strides, the feature maps of a garment move with it, by as many positions as it moves by pixels, because each filter is used at every place.
# Now take the encoder of the chapter, and move the garment by 4 pixels to the right.
# By how many positions do the maps of its first and of its second convolution move (`first_shift`, `second_shift`)?
# And by how many pixels, at least, do you have to move the garment so that the maps of both layers move by whole numbers of positions (`smallest_shift`)?
# (Leave the border aside, where other pixels come in.)

# %% tags=["solution"]
### BEGIN SOLUTION
# Each stride of 2 halves the distance: one position is 2 pixels in the first layer, 4 in the second.
first_shift, second_shift = 2, 1
smallest_shift = 4
### END SOLUTION

# %% tags=["check", "points-2"]
first = layers.Conv2D(32, 3, strides=2, padding="same", activation="relu")
second = layers.Conv2D(64, 3, strides=2, padding="same", activation="relu")


def moved_maps_agree(pixels, first_by, second_by):
    """Whether the maps of a moved garment are the moved maps, inside the image."""
    x = x_valid[:50]
    moved = np.roll(x, pixels, axis=2)
    maps, maps_moved = np.float32(first(x)), np.float32(first(moved))
    high_maps, high_moved = np.float32(second(maps)), np.float32(second(maps_moved))
    difference = np.roll(maps, first_by, axis=2) - maps_moved
    high_difference = np.roll(high_maps, second_by, axis=2) - high_moved
    largest = np.abs(difference[:, :, 6:12]).max(), np.abs(high_difference[:, :, 3:6]).max()
    return max(largest) < 1e-4


assert moved_maps_agree(4, first_shift, second_shift), "a shift by 4 pixels must move the maps, too"
for shift in range(1, 8):
    both = moved_maps_agree(shift, round(shift / 2), round(shift / 4))
    assert both == (shift % smallest_shift == 0), f"look at a shift of {shift} pixels"

# %% [markdown]
# ## 3. Upsampling without a checkerboard (medium)
# Odena et al. upsample the maps first, by repeating pixels, and then apply an ordinary convolution, so that all pixels use the same weights.
# Write a function that returns a model which does this: maps of the shape `(height, width, channels)` become `filters` maps of twice the height and width, with a kernel of size 3.
# A constant image must then stay constant inside, whatever the weights are.


# %% tags=["solution"]
def upsampling(height, width, channels, filters):
    """A model that doubles height and width without a checkerboard."""
    ### BEGIN SOLUTION
    return keras.Sequential(
        [
            keras.Input((height, width, channels)),
            layers.UpSampling2D(),
            layers.Conv2D(filters, 3, padding="same"),
        ]
    )
    ### END SOLUTION


# %% tags=["check", "points-2"]
model = upsampling(7, 5, 4, 6)
x = np.random.default_rng(1).uniform(size=(1, 7, 5, 4)).astype("float32")
assert model(x).shape == (1, 14, 10, 6), f"the shape is {tuple(model(x).shape)}"
assert model.count_params() == 3 * 3 * 4 * 6 + 6, "one convolution with kernels of size 3"
kernel, bias = model.get_weights()
model.set_weights([np.ones_like(kernel), np.zeros_like(bias)])
large = x.sum(axis=-1)[0].repeat(2, axis=0).repeat(2, axis=1)
box = sum(large[i : 12 + i, j : 8 + j] for i in range(3) for j in range(3))
inside = np.float32(model(x))[0, 1:-1, 1:-1]
right = np.allclose(inside, box[..., None], rtol=0.02)
assert right, "with weights of 1, each value must be a sum over 3 x 3 repeated pixels"

# %% [markdown]
# ## 4. Shuffled rows (medium)
# In the chapter, all pixels were shuffled.
# Now shuffle only the rows of the images, and leave each row as it is.
# Write `shuffle_rows(x, order)`, where row number `i` of each new image is row number `order[i]` of the old one.
# Then predict how well the convolutional autoencoder does on the three kinds of images, before the check trains it: sort the names `"original"`, `"rows"` and `"pixels"` by the validation error, the smallest first, in the list `ranking`.


# %% tags=["solution"]
def shuffle_rows(x, order):
    """Images x, of the shape (n, 28, 28, 1), with their rows in a new order."""
    ### BEGIN SOLUTION
    return x[:, order]


# In each row, neighbors still belong together, and the same filters are still of use.
ranking = ["original", "rows", "pixels"]
### END SOLUTION

# %% tags=["check", "points-3"]
rng = np.random.default_rng(3)
row_order, pixel_order = rng.permutation(28), rng.permutation(784)
x_rows = np.asarray(shuffle_rows(x_train[:9], row_order))
assert x_rows.shape == (9, 28, 28, 1), f"the shape is {x_rows.shape}"
for i in range(28):
    right = np.array_equal(x_rows[:, i], x_train[:9, row_order[i]])
    assert right, f"row {i} must be row {row_order[i]} of the original"


def shuffle_pixels(x, order):
    """Images x with the pixels of each in a new order."""
    return x.reshape(len(x), -1)[:, order].reshape(x.shape)


def small_error(x, x_check):
    """The validation error of a small convolutional autoencoder."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(16, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2D(32, 3, strides=2, padding="same", activation="relu"),
            layers.Flatten(),
            layers.Dense(30),
            layers.Dense(7 * 7 * 32, activation="relu"),
            layers.Reshape((7, 7, 32)),
            layers.Conv2DTranspose(16, 4, strides=2, padding="same", activation="relu"),
            layers.Conv2DTranspose(1, 4, strides=2, padding="same", activation="sigmoid"),
        ]
    )
    model.compile(loss="mse", optimizer=keras.optimizers.Nadam(4e-3))
    history = model.fit(x, x, batch_size=64, epochs=8, validation_data=(x_check, x_check))
    return history.history["val_loss"][-1]


errors = {
    "original": small_error(x_train, x_valid),
    "rows": small_error(x_train[:, row_order], x_valid[:, row_order]),
    "pixels": small_error(
        shuffle_pixels(x_train, pixel_order), shuffle_pixels(x_valid, pixel_order)
    ),
}
print({name: round(error, 4) for name, error in errors.items()})
assert list(ranking) == sorted(errors, key=errors.get), f"the errors are {errors}"

# %% [markdown]
# ## 5. Receptive fields (hard)
# The chapter says that a unit of the second convolution sees 7 x 7 pixels.
# This can be measured: the derivative of its output with respect to a pixel that it does not see is 0.
# The function below computes these derivatives for the unit at `row`, `column` of the first output map (chapter 07 explains `GradientTape`).


# %%
def pixel_gradients(model, row, column):
    """Derivatives of a unit of the first output map, an array (28, 28) of all pixels."""
    x = tf.zeros((1, 28, 28, 1))
    with tf.GradientTape() as tape:
        tape.watch(x)
        output = model(x)[0, row, column, 0]
    return np.float32(tape.gradient(output, x))[0, :, :, 0]


# %% [markdown]
# Write a function that returns the height and the width of the receptive field of that unit, in pixels.
# (`model` has no activation functions that could hide a pixel.)
# Then take the two convolutions with pooling from the chapter: how many pixels high is the receptive field after the second pooling (`pooling_size`)?
# You may work it out by hand, or measure it; `AveragePooling2D(2)` sees the same pixels as `MaxPooling2D`, and hides none.


# %% tags=["solution"]
def area_seen(model, row, column):
    """Height and width, in pixels, of what a unit of the first output map sees."""
    ### BEGIN SOLUTION
    rows, columns = np.nonzero(pixel_gradients(model, row, column))
    return np.ptp(rows) + 1, np.ptp(columns) + 1
    ### END SOLUTION


### BEGIN SOLUTION
# A convolution sees 3 pixels, two neighbors 4; three of these pairs, two pixels apart, 8; and
# two of those, two pixels apart, 10.
pooling_size = 10
### END SOLUTION

# %% tags=["check", "points-3"]
strides = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Conv2D(4, 3, strides=2, padding="same"),
        layers.Conv2D(4, 3, strides=2, padding="same"),
    ]
)
pooling = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Conv2D(4, 3, padding="same"),
        layers.AveragePooling2D(2),
        layers.Conv2D(4, (5, 3), padding="same"),
        layers.AveragePooling2D(2),
    ]
)
for place in [(2, 3), (4, 2)]:
    assert tuple(area_seen(strides, *place)) == (7, 7), "strides: 7 x 7 inside the image"
    assert tuple(area_seen(pooling, *place)) == (14, 10), "pooling, and a kernel of 5 x 3"
assert tuple(area_seen(strides, 6, 6)) == (4, 4), "the last unit sees less"
assert pooling_size == 10, "count the pixels below two neighbors, then below three pairs"
