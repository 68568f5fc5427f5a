"""Plausible wrong answers to the exercises of chapter 04, which their checks must refuse."""

WRONG_ANSWERS = {
    1: [
        # the biases are forgotten
        """\
decoder_parameters, color_parameters = [94_080, 32_768, 512], 864
lstm_parameters = 47_104
""",
        # the encoder's kernels of 3 x 3 in the decoder
        """\
decoder_parameters, color_parameters = [97_216, 18_464, 289], 896
lstm_parameters = 47_616
""",
        # one bias for each output value, as if weights were not shared
        """\
decoder_parameters, color_parameters = [97_216, 39_040, 1_296], 896
lstm_parameters = 47_616
""",
        # a color image has one filter for all channels
        """\
decoder_parameters, color_parameters = [97_216, 32_800, 513], 320
lstm_parameters = 47_616
""",
        # one direction only
        """\
decoder_parameters, color_parameters = [97_216, 32_800, 513], 896
lstm_parameters = 23_808
""",
        # the state is not an input
        """\
decoder_parameters, color_parameters = [97_216, 32_800, 513], 896
lstm_parameters = 14_848
""",
    ],
    2: [
        # the strides of the layers are not multiplied
        "first_shift, second_shift, smallest_shift = 2, 2, 2",
        # the maps move as far as the garment
        "first_shift, second_shift, smallest_shift = 4, 4, 1",
        # the last answer looks at the first layer only
        "first_shift, second_shift, smallest_shift = 2, 1, 2",
    ],
    3: [
        # a transposed convolution that leaves a checkerboard
        '''\
def upsampling(height, width, channels, filters):
    """A model that doubles height and width without a checkerboard."""
    return keras.Sequential(
        [
            keras.Input((height, width, channels)),
            layers.Conv2DTranspose(filters, 3, strides=2, padding="same"),
        ]
    )
''',
        # equal numbers of copies, but unequal weights
        '''\
def upsampling(height, width, channels, filters):
    """A model that doubles height and width without a checkerboard."""
    return keras.Sequential(
        [
            keras.Input((height, width, channels)),
            layers.Conv2DTranspose(filters, 4, strides=2, padding="same"),
        ]
    )
''',
        # the convolution cuts the border off
        '''\
def upsampling(height, width, channels, filters):
    """A model that doubles height and width without a checkerboard."""
    return keras.Sequential(
        [
            keras.Input((height, width, channels)),
            layers.UpSampling2D(),
            layers.Conv2D(filters, 3),
        ]
    )
''',
        # upsampled too much, and made smaller again
        '''\
def upsampling(height, width, channels, filters):
    """A model that doubles height and width without a checkerboard."""
    return keras.Sequential(
        [
            keras.Input((height, width, channels)),
            layers.UpSampling2D(4),
            layers.Conv2D(filters, 3, strides=2, padding="valid"),
        ]
    )
''',
        # the same, with the border
        '''\
def upsampling(height, width, channels, filters):
    """A model that doubles height and width without a checkerboard."""
    return keras.Sequential(
        [
            keras.Input((height, width, channels)),
            layers.UpSampling2D(4),
            layers.Conv2D(filters, 3, strides=2, padding="same"),
        ]
    )
''',
        # the convolution first, the pixels repeated after it
        '''\
def upsampling(height, width, channels, filters):
    """A model that doubles height and width without a checkerboard."""
    return keras.Sequential(
        [
            keras.Input((height, width, channels)),
            layers.Conv2D(filters, 3, padding="same"),
            layers.UpSampling2D(),
        ]
    )
''',
    ],
    4: [
        # as if rows did not matter to a convolution
        '''\
def shuffle_rows(x, order):
    """Images x, of the shape (n, 28, 28, 1), with their rows in a new order."""
    return x[:, order]


ranking = ["rows", "original", "pixels"]
''',
        # columns instead of rows
        '''\
def shuffle_rows(x, order):
    """Images x, of the shape (n, 28, 28, 1), with their rows in a new order."""
    return x[:, :, order]


ranking = ["original", "rows", "pixels"]
''',
        # the inverse order
        '''\
def shuffle_rows(x, order):
    """Images x, of the shape (n, 28, 28, 1), with their rows in a new order."""
    return x[:, np.argsort(order)]


ranking = ["original", "rows", "pixels"]
''',
        # a new order for the images, not for their rows
        '''\
def shuffle_rows(x, order):
    """Images x, of the shape (n, 28, 28, 1), with their rows in a new order."""
    return x[order[order < len(x)]]


ranking = ["original", "rows", "pixels"]
''',
    ],
    5: [
        # the number of pixels, not height and width
        '''\
def area_seen(model, row, column):
    """Height and width, in pixels, of what a unit of the first output map sees."""
    seen = pixel_gradients(model, row, column) != 0
    return seen.sum(), seen.sum()


pooling_size = 10
''',
        # one too small: the difference of the first and the last index
        '''\
def area_seen(model, row, column):
    """Height and width, in pixels, of what a unit of the first output map sees."""
    rows, columns = np.nonzero(pixel_gradients(model, row, column))
    return np.ptp(rows), np.ptp(columns)


pooling_size = 10
''',
        # width and height
        '''\
def area_seen(model, row, column):
    """Height and width, in pixels, of what a unit of the first output map sees."""
    rows, columns = np.nonzero(pixel_gradients(model, row, column))
    return np.ptp(columns) + 1, np.ptp(rows) + 1


pooling_size = 10
''',
        # the constant that the chapter names
        '''\
def area_seen(model, row, column):
    """Height and width, in pixels, of what a unit of the first output map sees."""
    return 7, 7


pooling_size = 10
''',
        # the pooling layers are taken for strides
        '''\
def area_seen(model, row, column):
    """Height and width, in pixels, of what a unit of the first output map sees."""
    rows, columns = np.nonzero(pixel_gradients(model, row, column))
    return np.ptp(rows) + 1, np.ptp(columns) + 1


pooling_size = 7
''',
        # the last pooling is forgotten
        '''\
def area_seen(model, row, column):
    """Height and width, in pixels, of what a unit of the first output map sees."""
    rows, columns = np.nonzero(pixel_gradients(model, row, column))
    return np.ptp(rows) + 1, np.ptp(columns) + 1


pooling_size = 8
''',
    ],
}
