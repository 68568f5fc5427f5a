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
# # 16 Summary
#
# Each of the fifteen chapters has built and measured models for a question of its own. In this last one we put the numbers side by side and ask what they say when they are read together. Which model would you take, for which purpose? What does quality cost? Then we come back to the game with which we began, a quiz with real and generated garments, this time with the best model of the package.
#
# Lists for reference come after the quiz: the lecture's conclusions and where we checked them, the sections that cover each slide and each section of the textbook, and the Spanish and English terms. The chapter ends with the answers of the quiz and a look at what the field does now.
#
# | | |
# |---|---|
# | Slides | *¿Cuál rostro es real?*; *Resumen de las VAEs*; *Modelado Generativo Profundo: Resumen* |
# | Textbook | Hands-On Machine Learning, all of chapter 17 |
# | Result | The models that reconstruct and those that draw, in two tables and two figures. The pretrained diffusion model has the lowest Fréchet distance, 3.3<!-- 15 pretrained_ffd -->, and needs 13 s<!-- experiment speed sampling diffusion_seconds --> to draw 1,000 images; the conditional DCGAN has 5.9<!-- 11 conditional_ffd -->, and needs 0.14 s<!-- experiment speed sampling conditional_dcgan_seconds --> |
# | Time | 20 s<!-- seconds --> on two CPU cores; not measured on a GPU |
# | Data | the results of the other chapters; Fashion-MNIST for the quiz |

# %% [markdown]
# ## Setup
# Everything below needs this cell. Libraries that a single section needs are imported there.

# %%
import json
import pathlib
import time

import genkeras as gk
import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers, ops

START = time.perf_counter()
run = gk.setup(seed=42)

# %% [markdown]
# ## Parameters
# These settings control the quiz and how long the notebook takes.

# %% quick={"N_TRAIN": 400, "QUICK": true} tags=["parameters"]
QUICK = False  # True: a run that shows how it works, too short to prove anything
GUESSES = []  # your answers to the quiz: ten different numbers from 1 to 20
QUIZ = 1  # another number makes another quiz
N_TRAIN = None  # training images; None takes all there are
MODELS = "models"  # folder of the models that you have trained

# %% [markdown]
# ## Reading the results
# Each chapter ends by printing its numbers. If you run it with `make chapters` (or start Jupyter with the environment variable `GENKERAS_RESULTS=results`), they are also written to a small file in the folder `results` beside the notebook. We read these files. Where one is missing, we take the one of the authors' run, which comes with the project. Numbers that are in neither are left out, and named at the end. The time to draw images was measured by a benchmark (`make experiments N=speed`), one generator after the other in the same process.


# %% tags=["summary"]
def read_json(*paths):
    """The content of the first of these files that exists, and which file that is."""
    for path in paths:
        if path.exists():
            return json.loads(path.read_text("utf-8")), path
    return {}, None


def number(chapter, key):
    """A recorded number; if there is none, None, and its name goes to `left_out`."""
    value = results.get(chapter, {}).get(key)
    if value is None:
        left_out.append(f"{chapter} {key}")
    return value


project = pathlib.Path(gk.__file__).resolve().parents[1]
own, authors = pathlib.Path("results"), project / "chapters" / "results"
speed = pathlib.Path("experiments", "results", "speed.json")
names = {path.name for folder in (own, authors) for path in folder.glob("[01]*.json")}
results, left_out, own_chapters, data = {}, [], [], set()
for name in sorted(names - {"16_summary.json"}):
    content, path = read_json(own / name, authors / name)
    results[name[:2]] = content.get("numbers", {})
    data.update(content.get("data", {}).values())
    if path.parent.resolve() != authors:
        own_chapters.append(name[:2])
print(f"read {len(results)} chapters; results of your own: {', '.join(own_chapters) or 'none'}")
rows = read_json(speed, project / speed)[0].get("sampling", {}).get("rows", [])
results["speed"] = {
    f"{row.get('generator')}_{key}": value for row in rows for key, value in row.items()
}

# %% [markdown]
# ## Autoencoders: what a code keeps
# An autoencoder reduces an image to a few numbers, its code, and reconstructs it from them. So the first thing to compare is how well the reconstructions fit, by the mean squared error per pixel on test images (for the denoising one on validation images). A longer code makes this easier, so it is listed, too.


# %% tags=["table"]
from sklearn.decomposition import PCA


def print_table(heads, rows):
    """Print rows of text in columns, the first two left-aligned."""
    widths = [max(len(row[i]) for row in [heads, *rows]) for i in range(len(heads))]
    for row in [heads, *rows]:
        left = [cell.ljust(width) for cell, width in zip(row[:2], widths[:2], strict=True)]
        right = [cell.rjust(width) for cell, width in zip(row[2:], widths[2:], strict=True)]
        print("  ".join(left + right))


def as_text(chapter, key, form):
    """A recorded number as text, or "-" if there is none."""
    value = None if key is None else number(chapter, key)
    return "-" if value is None else format(value, form)


autoencoders = [
    ("PCA", "02", "pca10_test_mse", 10, "a baseline"),
    ("dense", "02", "latent10_test_mse", 10, ""),
    ("variational", "07", "vae_test_mse", 10, "codes drawn with noise"),
    ("PCA", "02", "pca30_test_mse", 30, "a baseline"),
    ("dense", "02", "latent30_test_mse", 30, ""),
    ("stacked", "03", "stacked_test_mse", 30, "for maps, and for pretraining with few labels"),
    ("stacked, tied weights", "03", "tied_test_mse", 30, "half of the weights"),
    ("convolutional", "04", "conv_test_mse", 30, "for images"),
    ("recurrent", "04", "recurrent_test_mse", 30, "for sequences"),
    ("denoising", "05", "gaussian_val_mse", 30, "for removing noise; validation images"),
    ("PCA", "16", "pca300_test_mse", 300, "a baseline"),
    ("without a penalty", "06", "plain_test_mse", 300, ""),
    ("sparse (l1)", "06", "l1_test_mse", 300, "about a third of the units active for each image"),
    ("sparse (KL)", "06", "kl_test_mse", 300, "a given mean activity of each unit"),
]
# PCA with 300 numbers was not measured in any chapter
images = gk.load_images(n_train=N_TRAIN)
flat_test = images.x_test.reshape(len(images.x_test), -1)
pca = PCA(300, random_state=run.seed).fit(images.x_train.reshape(len(images.x_train), -1))
rebuilt = pca.inverse_transform(pca.transform(flat_test))
results["16"] = {"pca300_test_mse": float(np.mean((rebuilt - flat_test) ** 2))}

rows = []
for name, chapter, key, size, remark in autoencoders:
    rows.append((name, remark, chapter, str(size), as_text(chapter, key, ".4f")))
print_table(("autoencoder", "remark", "chapter", "code", "error"), rows)

# %% alt="Horizontal bars of the error in three groups. With 10 numbers: PCA 0.024, dense 0.013, the VAE 0.020. With 30: PCA 0.016, the others between 0.009 and 0.012, the convolutional one the lowest. With 300: PCA 0.002, the network without a penalty 0.005, the sparse ones 0.007 and 0.008."
shown = [row for row in autoencoders if number(row[1], row[2]) is not None]
figure, axis = plt.subplots(figsize=(8, 4), layout="constrained")
colors = {10: "C2", 30: "C0", 300: "C1"}
labels = [f"{name}, ch. {chapter}" for name, chapter, *_ in shown]
errors = [results[chapter][key] for _, chapter, key, *_ in shown]
axis.barh(np.arange(len(shown)), errors, color=[colors[size] for *_, size, _ in shown])
for bar, (name, *_) in zip(axis.patches, shown, strict=True):
    bar.set_hatch("//" if name == "PCA" else "")
    bar.set_edgecolor("white")
axis.set_yticks(np.arange(len(shown)), labels)
for size, color in colors.items():
    axis.plot([], [], "s", color=color, label=f"{size} numbers")
axis.invert_yaxis()
axis.set(
    xlabel="mean squared error per pixel",
    title="Error of reconstructions, by size of the code (hatched: PCA)",
)
axis.legend()
axis.grid(axis="x", alpha=0.3)
plt.show()

# %% [markdown]
# With 10 and with 30 numbers, all autoencoders are better than PCA. With 10 numbers the dense one has 0.0132<!-- 02 latent10_test_mse --> and PCA 0.0244<!-- 02 pca10_test_mse -->. The variational one has 0.0205<!-- 07 vae_test_mse -->. Its codes are drawn with noise, and its loss also contains a divergence. (When chapter 07 let the network learn the variance, which gives the divergence less weight, the error after equally many epochs fell from 0.0228<!-- 07 short_vae_mse --> to 0.0132<!-- 07 learned_mse --> on validation images.) With 30 numbers the convolutional one has the lowest error, 0.0089<!-- 04 conv_test_mse -->, and PCA has 0.0156<!-- 02 pca30_test_mse -->. But the chapters trained their models for different times and with different numbers of weights. (The recurrent one has 140,346<!-- 04 recurrent_parameters --> weights, the convolutional one 243,455<!-- 04 conv_parameters -->.) So do not read too much into the order. A fairer comparison is the one of chapter 04, where a dense network with as many weights and epochs as the convolutional one had 0.0114<!-- 04 dense_test_mse --> (one seed, and the convolutional network needed several times as long).
#
# With 300 numbers PCA is the best, with 0.0023<!-- pca300_test_mse -->. There the size of the code is hardly a bottleneck (*cuello de botella*). One explanation for the errors of the networks is their short training. We have not tested it. The sparse autoencoders pay for their penalty with a larger error than the same network without it (0.0053<!-- 06 plain_test_mse -->). The denoising autoencoder is measured here on clean images, while it was trained to do something harder. So a low error is not the purpose of most of these models. A network that copies every pixel has no error, but its code tells us nothing. (PCA may leave the range from 0 to 1, and the networks cannot. Clipping would make its error a little smaller.)

# %% [markdown]
# ## Generators: quality, time and size
# For models that draw new images we use three measures. The Fréchet distance compares the features of generated and of real images, and is lower for better images. Precision is the share of generated images that lie among the real ones, and recall the share of real ones that lie among the generated. All three use the classifier that comes with the package, and validation images, so that they can be compared with each other but not with published values. Beside them we list the time that the training took, the time to draw 1,000 images, and the number of parameters that drawing needs.

# %% tags=["table"]
# name: chapter, how its keys there begin, key of the training time, key of the network that draws, remark
generators = {
    "VAE": ("07", "", "training_seconds", "vae", "dense; draws from the prior"),
    "VAE, mixture": ("07", "learned_mixture_", None, "vae", "learned variance, fitted mixture"),
    "autoencoder, mixture": ("07", "plain_mixture_", None, "vae", "no divergence, fitted mixture"),
    "dense GAN": ("10", "", "training_seconds", "gan", "dense; last weights"),
    "DCGAN": ("11", "dcgan_", "dcgan_seconds", "dcgan", ""),
    "conditional DCGAN": (
        "11",
        "conditional_",
        "conditional_seconds",
        "conditional_dcgan",
        "draws a chosen class",
    ),
    "progressive GAN": (
        "12",
        "",
        "training_seconds",
        "progressive_gan",
        "grows to 32 by 32 pixels",
    ),
    "StyleGAN": ("13", "", "training_seconds", "stylegan", "32 by 32 pixels, mixes styles"),
    "diffusion": (
        "15",
        "",
        "training_seconds",
        "diffusion",
        "draws a chosen class, completes images",
    ),
    "diffusion, pretrained": (
        "15",
        "pretrained_",
        None,
        "diffusion",
        "the same, trained for longer",
    ),
}
rows = []
for name, (chapter, prefix, training, network, remark) in generators.items():
    rows.append(
        (
            name,
            remark,
            chapter,
            as_text(chapter, f"{prefix}ffd", ".1f"),
            as_text(chapter, f"{prefix}precision", ".2f"),
            as_text(chapter, f"{prefix}recall", ".2f"),
            as_text(chapter, training, ".0f"),
            as_text("speed", f"{network}_seconds", ".3f"),
            as_text("speed", f"{network}_parameters", ","),
        )
    )
heads = (
    "model",
    "remark",
    "chapter",
    "distance",
    "precision",
    "recall",
    "training (s)",
    "drawing (s)",
    "parameters",
)
print_table(heads, rows)
print(f"\nfor comparison, training images: distance {as_text('11', 'ffd_floor', '.1f')}, ", end="")
print(f"precision {as_text('07', 'real_precision', '.2f')}, ", end="")
print(f"recall {as_text('07', 'real_recall', '.2f')}")

# %% [markdown]
# CycleGAN (chapter 14) is missing, since it translates images and does not draw new ones.
#
# The table should be read with some care. (A dash stands for what the chapters have not recorded. Each chapter has a figure with garments of its model. Look at these, too.)
#
# - *One training for each row.* Only the two rows with a mixture are means of two seeds. Their time to draw is that of the decoder alone.
# - *Different lengths.* The dense GAN has seen the training images 30 times, the VAE twelve times (those with a mixture four times), the DCGAN three times, the conditional one twice, the progressive GAN about once, the StyleGAN 2.3<!-- setting --> times, the diffusion model 3.5<!-- setting --> times and the pretrained one 35 times, which took more than an hour. In about the time of the StyleGAN, six minutes and 6.3<!-- setting --> passes, the DCGAN has a distance of 11.3<!-- experiment 11 dcgan_padded ffd_13 --> and a recall of 0.76<!-- experiment 11 dcgan_padded recall_13 --> (on images padded to 32 by 32 pixels). The trainings were not timed side by side, and the speed of the machine varied: three runs of the DCGAN took between 115<!-- setting --> and 215<!-- setting --> s.
# - *Averaged weights.* All generators but those of chapters 07 and 10 draw with a moving average of their weights. With the last weights the DCGAN has 23<!-- 11 dcgan_last_ffd --> and the progressive GAN 67<!-- 12 last_ffd -->.
# - *Different images in the score.* The models of chapter 07 were scored with 5,000 images and the others with 3,000, which makes their distance a little smaller than it would be otherwise. The progressive GAN and the StyleGAN draw 32 by 32 pixels, of which the middle 28 by 28 are scored.
# - *Settings chosen on the validation images that also give the scores,* such as the guidance of the diffusion model, which has a distance of 11.3<!-- 15 plain_ffd --> without it, and the mixing of styles in chapter 13. The distances to test images differ from these by at most 3 % (the DCGAN has 18.8<!-- 11 dcgan_test_ffd -->, the diffusion models have 6.5<!-- 15 test_ffd --> and 3.2<!-- 15 pretrained_test_ffd -->), except for the StyleGAN, with 8.7<!-- 13 test_ffd --> in place of 8.1<!-- 13 ffd -->. For the conditional DCGAN and the models with a mixture we have not measured it. The classifier that computes the features was trained on the validation images, too.
# - *Labels.* The conditional DCGAN and the diffusion model were told how frequent the classes are, since we ask for each equally often, and the measures come from a classifier of the same classes. This may help both.
#
# Most convolutional models were trained for longer than the dense ones. So let us compare trainings of about equal length, which are not all in the table above:
#
# | Model | Training | Weights | Distance |
# |---|---|---|---|
# | dense GAN (chapter 10) | 73 s<!-- 10 training_seconds --> | the last ones | 71<!-- 10 ffd --> |
# | progressive GAN (chapter 12) | 70 s<!-- 12 training_seconds --> | the last ones | 67<!-- 12 last_ffd --> |
# | the same | 70 s<!-- 12 training_seconds --> | averaged | 35<!-- 12 ffd --> |
# | DCGAN, images padded to 32 by 32 (benchmarks) | 87 s<!-- experiment 11 dcgan_padded seconds_12 --> | averaged | 40<!-- experiment 11 dcgan_padded ffd_12 --> |
# | conditional DCGAN, told the classes (chapter 11) | 109 s<!-- 11 conditional_seconds --> | averaged | 5.9<!-- 11 conditional_ffd --> |
# | diffusion without guidance (benchmarks) | 98 s<!-- experiment 15 diffusion chapter_seconds --> | averaged | 66<!-- experiment 15 diffusion chapter_ffd --> |
#
# (The clocks of the second to fourth row leave out compiling.) The conditional DCGAN is far ahead. But the progressive GAN owes its lead over the dense GAN to the average, which we have not tried in chapter 10. After half a pass over the images, the diffusion network has no clear advantage over the dense GAN. Each row is one training.
#
# What the models of chapter 07 reach depends strongly on the loss and on the distribution from which we draw. With two seeds and equal epochs, the VAE has 108<!-- experiment 07 draws vae_10_prior_ffd --> with draws from the prior and 86<!-- experiment 07 draws vae_10_mixture_ffd --> with draws from a fitted mixture. Without the divergence, which makes it a plain autoencoder, the mixture leads to 59<!-- experiment 07 draws plain_10_mixture_ffd -->, and with a learned variance to 52<!-- experiment 07 draws learned_10_mixture_ffd -->. All of these are dense networks.
#
# The recall of the first VAE is 0.07<!-- 07 recall -->: hardly any real garment lies among its blurred ones. The StyleGAN has a precision of 0.90<!-- 13 precision --> and a recall of only 0.36<!-- 13 recall -->. Most of what it draws looks like a garment, but there are many kinds of images that it does not draw. The Fréchet distance alone does not show this. (That its precision is even above the 0.86<!-- 07 real_precision --> of real images does not mean that it is better than real. Precision rewards typical images, as the truncation in chapter 13 showed.)

# %% [markdown]
# The four kinds of models differ in more than their scores:
#
# | | Autoencoder | VAE | GAN | Diffusion |
# |---|---|---|---|---|
# | What is trained | to reconstruct the image | to reconstruct it from a noisy code whose distribution stays close to the prior | to be taken for real by a second network | to predict noise, image or velocity from a noisy image |
# | A short code for a given image | yes | yes, a distribution of codes | no, there is no encoder | no |
# | A bound on the probability of an image | no | yes | no | possible, but not computed in this package |
# | Drawing an image | one pass of the decoder, after a distribution was fitted to the codes | one pass of the decoder | one pass of the generator | many passes, in our case 18 |
# | What went wrong in our chapters | draws from the prior are no garments (07) | blur; codes that the decoder ignores (07) | kinds of images that are missing, and settings that do not train (10, 11) | slow drawing (15) |
#
# Which model would you take? That depends on what you need:
#
# - *The smallest error with a short code:* the convolutional autoencoder, which was ahead of a dense one with as many weights and epochs (see above, one seed), but needed 4.7<!-- 04 conv_over_dense_time --> times as long.
# - *An image without noise:* a wide denoising autoencoder (chapter 05), with 19.8<!-- 05 wide_test_psnr_db --> dB on test images, ahead of the best classical filter (19.2<!-- 05 best_rival_test_psnr_db --> dB; one run, at the noise level of its training). On clean images it removes details as well.
# - *Codes that can be drawn from a known distribution, or a bound on the probability of an image:* the VAE. Just to draw garments, the convolutional models of the table are better.
# - *Few labels:* an autoencoder that is trained on all images, and then fine-tuned (chapter 03). With 100 labels it gained 1.8<!-- 03 tuned_gain_points --> points (plus or minus 1.3<!-- 03 tuned_gain_margin_points -->), with 500 nothing that is certain.
# - *A rare group without labels:* draw images with rare codes more often while you train a classifier (chapter 09). The accuracy on the group rises by 17<!-- 09 rare_gain --> points.
# - *Outliers:* chapter 09's score, chosen on other kinds of outliers, has an AUROC of 0.95<!-- 09 auroc -->; together with a detector that is trained with known outliers it is higher still. Test on outliers of the kind that you expect.
# - *Many images of a chosen class, fast:* the conditional DCGAN. The class is recognized in 91 %<!-- 11 conditional_accuracy_percent --> of its images (real images: 95 %<!-- 11 valid_accuracy_percent -->; its shirts: only 64 %<!-- 11 shirt_accuracy_percent -->). For the pretrained diffusion model the share is 0.94<!-- 15 pretrained_accuracy -->, but it needs 90<!-- diffusion_over_gan_seconds --> times as long.
# - *Coarse and fine properties of two drawn garments, mixed:* the StyleGAN. The shade follows the garment that gives the fine styles (correlation 0.75<!-- 13 fine_shade_second -->). The shape is less reliable. If the two are of different classes, 28 %<!-- 13 coarse_second_percent --> of the mixtures get the class of the garment that gives the coarse styles, 16 %<!-- 13 coarse_first_percent --> that of the other one, and the rest some third class.
# - *The other kind of garment, with the same print:* CycleGAN, of whose translations 79 %<!-- 14 test_to_pullover_percent --> and 82 %<!-- 14 test_to_shirt_percent --> are classified as the other kind (real ones: 89 %<!-- 14 test_real_pullovers_percent --> and 88 %<!-- 14 test_real_shirts_percent -->). The translation changes the body by 0.023<!-- 14 body_change_mae --> per pixel. One could also take the most similar real garment of the other kind. It is classified as such even more often, but its body differs by 0.057<!-- 14 nearest_body_mae -->. (Shares on test images, changes on validation images.)
# - *The best images, or the missing half of one:* the pretrained diffusion model.
#
# Progressive growing is not in this list. In chapter 12 it brought no reliable gain over training the same networks at the full size (33.8<!-- 12 ffd_grown_mean --> and 38.9<!-- 12 ffd_from_scratch_equal_time -->, means of two seeds).

# %% [markdown]
# ## What does quality cost?
# A GAN draws an image in one pass through a network, and so does the decoder of a VAE. A diffusion model calls its network many times, in our case 18 times for an image (nine times with the class and nine times without it, for the guidance). The figure shows the distance against the time for 1,000 images. The best place would be at the bottom left.

# %% alt="Points in a plane of drawing time and distance, both on logarithmic axes. Top left: two VAEs, an autoencoder and the dense GAN. In the middle: DCGAN, conditional DCGAN and, three to five times as slow, StyleGAN and progressive GAN. Bottom right: the two diffusion models. The conditional DCGAN is lowest among the fast ones, the pretrained diffusion model lowest of all."
points = {}
for name, (chapter, prefix, _, network, _) in generators.items():
    seconds, distance = number("speed", f"{network}_seconds"), number(chapter, f"{prefix}ffd")
    if seconds is not None and distance is not None:
        points[name] = seconds, distance
with_classes = ["conditional DCGAN", "diffusion", "diffusion, pretrained"]
figure, axis = plt.subplots(figsize=(8, 4), layout="constrained")
kinds = {"07": "C2", "15": "C3"}  # the others are GANs
for name, (seconds, distance) in points.items():
    color = kinds.get(generators[name][0], "C0")
    axis.plot(seconds, distance, "s" if name in with_classes else "o", color=color)
    right = seconds > 5  # there is no room on the right of these
    # these lie close together
    up = {"VAE": 5, "dense GAN": 2, "autoencoder, mixture": 3, "VAE, mixture": -4}.get(name, 0)
    axis.annotate(
        name,
        (seconds, distance),
        (-7 if right else 7, up),
        textcoords="offset points",
        ha="right" if right else "left",
        va="center",
    )
floor = number("11", "ffd_floor")
if floor is not None:
    axis.axhline(floor, color="gray", linestyle="--")
    axis.annotate("training images", (0.01, floor), (0, 4), textcoords="offset points")
axis.set(
    xscale="log",
    yscale="log",
    xlim=(0.008, 60),
    xlabel="seconds for 1,000 images on two CPU cores",
    ylabel="Fréchet distance",
    ylim=(0.7, 150),
    title="Quality of the images and time to draw them",
)
for label, style in (
    ("autoencoders", "oC2"),
    ("GANs", "oC0"),
    ("diffusion", "oC3"),
    ("told the classes", "sw"),
):
    axis.plot([], [], style, markeredgecolor="black" if style == "sw" else None, label=label)
axis.legend()
axis.grid(alpha=0.3)
plt.show()

# %% [markdown]
# The conditional DCGAN draws as fast as the plain one, within the accuracy of the timing, and has a third of its distance after two epochs in place of three. (It is told the classes, and we ask for each equally often. After two epochs the plain one has 29.9<!-- 11 equal_epochs_ffd -->. The conditional one has up to 21 % more parameters.) Only the pretrained diffusion model has a lower distance, about half (3.3<!-- 15 pretrained_ffd --> and 5.9<!-- 11 conditional_ffd -->), at 90<!-- diffusion_over_gan_seconds --> times the time. Half of its 18 calls are due to the guidance. Without it the same model still has 3.8<!-- experiment 15 samplers heun_9_ffd --> with 9 calls, at about half of the time. The dense models at the top left are faster, but much worse. (On a GPU the times, and perhaps their order, would differ.)
#
# The diffusion model that was trained in its chapter has about the same distance as the conditional DCGAN (6.4<!-- 15 ffd --> and 5.9<!-- 11 conditional_ffd -->, one seed each), at a higher cost: it trained for 479 s<!-- 15 training_seconds --> in place of 109 s<!-- 11 conditional_seconds -->, and needs 18 calls for an image in place of one. The pretrained model has the same network. Most of the difference probably comes from the longer training (seed, schedule and average differ as well). We have not trained a GAN for as long, so the figure does not say which of the two would win then. Diffusion has other advantages: its training is a plain regression, and the same network completes images, for which it was not trained.

# %% [markdown]
# ## Which garment is real? (*¿Cuál rostro es real?*)
# In chapter 01 you were asked which garments are photographs. The generated ones came from an autoencoder, and you may have recognized them by their blur. Here is the same quiz with the pretrained diffusion model. Ten of these garments are photographs from the test set, one of each class, and ten were drawn by the model, also one of each class. Note the numbers of those that you take for photographs before you go on. If you write them into `GUESSES` above and run the notebook again, they are counted below. The answers come at the end of the chapter, behind the lists, so that you do not see them by accident.
#
# The network is chapter 15's, and it draws with Heun's method and guidance. Chapter 15 explains all of them.


# %%
def residual_block(x, condition, filters):
    """Maps (h, w, c) to (h, w, filters); the condition scales and shifts the features inside."""
    skip = x if x.shape[-1] == filters else layers.Conv2D(filters, 1)(x)
    x = layers.GroupNormalization(8)(x)
    x = layers.Activation("silu")(x)
    x = layers.Conv2D(filters, 3, padding="same")(x)
    scale = layers.Dense(filters, kernel_initializer="zeros")(condition)
    shift = layers.Dense(filters, kernel_initializer="zeros")(condition)
    scale = layers.Reshape((1, 1, filters))(scale)
    shift = layers.Reshape((1, 1, filters))(shift)
    x = layers.Activation("silu")(x * (1 + scale) + shift)
    x = layers.Conv2D(filters, 3, padding="same", kernel_initializer="zeros")(x)
    return layers.Add()([skip, x])


def build_unet(filters=(32, 64), blocks=2, n_classes=10):
    """Noisy images (28, 28, 1), times (1,) and classes () to predictions (28, 28, 1)."""
    image = keras.Input((28, 28, 1), name="image")
    t = keras.Input((1,), name="t")
    label = keras.Input((), dtype="int32", name="label")  # n_classes stands for "no class"

    frequencies = np.geomspace(2, 200, 16, dtype="float32")[np.newaxis]
    waves = layers.Concatenate()([ops.sin(t * frequencies), ops.cos(t * frequencies)])
    condition = layers.Dense(128, activation="silu")(waves)
    condition = layers.Add()([condition, layers.Embedding(n_classes + 1, 128)(label)])
    condition = layers.Dense(128, activation="silu")(condition)

    x = layers.Conv2D(filters[0], 2, strides=2)(image)  # 14 x 14
    skips = []
    for _ in range(blocks):
        x = residual_block(x, condition, filters[0])
        skips.append(x)
    x = layers.AveragePooling2D(2)(x)  # 7 x 7
    for _ in range(2 * blocks - 1):
        x = residual_block(x, condition, filters[1])
    x = layers.UpSampling2D()(x)  # 14 x 14
    for _ in range(blocks):
        x = layers.Concatenate()([x, skips.pop()])
        x = residual_block(x, condition, filters[0])
    x = layers.GroupNormalization(8)(x)
    x = layers.Activation("silu")(x)
    x = layers.Conv2DTranspose(1, 2, strides=2, kernel_initializer="zeros", dtype="float32")(x)
    return keras.Model((image, t, label), x, name="unet")


# %%
def heun(network, labels, steps=5, guidance=1.25, seed=0):
    """Draw images (n, 28, 28, 1) in [0, 1] of the given classes with chapter 15's network."""
    x = np.random.default_rng(seed).standard_normal((len(labels), 28, 28, 1), "float32")
    unknown = np.full_like(labels, 10)

    def velocity(x, t):
        times = np.full((len(x), 1), t, "float32")
        with_class = network.predict_on_batch((x, times, labels))
        without = network.predict_on_batch((x, times, unknown))
        return guidance * with_class + (1 - guidance) * without

    times = np.linspace(1, 0, steps + 1)
    for t, later in zip(times[:-1], times[1:], strict=True):
        v = velocity(x, t)
        if later > 0:
            v = (v + velocity(x + (later - t) * v, later)) / 2
        x = x + (later - t) * v
    return np.clip(x / 2 + 0.5, 0, 1)


quiz_rng = np.random.default_rng(QUIZ)
network = gk.load_pretrained("15_diffusion", build_unet())
generated = heun(network, np.arange(10), seed=QUIZ)
chosen = [quiz_rng.choice(np.flatnonzero(images.y_test == label)) for label in range(10)]
order = quiz_rng.permutation(20)
quiz_images = np.concatenate([images.x_test[chosen], generated])[order]
quiz_is_real = order < 10

# %% alt="Twenty small gray pictures of garments, numbered from 1 to 20, without any hint which are real."
numbers = [str(i) for i in range(1, 21)]
gk.plot_images(quiz_images, columns=10, titles=numbers, title="Ten of these garments are real")
plt.show()

# %% [markdown]
# ## What the lecture concludes, and where we checked it
# The slides end with two lists of conclusions, *Resumen de las VAEs* and *Modelado Generativo Profundo: Resumen*. For each conclusion we name an experiment that could have contradicted it. The last column quotes the message of a check in that chapter, which guards the first statement of the row.
#
# | Conclusion of the slides | What we found | Chapter | Message of the check |
# |---|---|---|---|
# | Compress what we see into something that helps to learn | Neighbors in the space of the codes share their class more often than with an untrained encoder, and a little more often than with PCA or in raw pixels (74 %<!-- 03 same_class_autoencoder_percent -->, 65 %<!-- 03 same_class_untrained_encoder_percent -->, 73 %<!-- 03 same_class_pca_percent --> and 72 %<!-- 03 same_class_pixels_percent -->). With 100 labels, pretraining and fine-tuning gained 1.8<!-- 03 tuned_gain_points --> points (plus or minus 1.3<!-- 03 tuned_gain_margin_points -->); with 500 nothing is certain | 03 | `as untrained` |
# | To reconstruct is to learn without labels | From images alone, an autoencoder learns to reconstruct them better than PCA if the code has few numbers (with 30: 0.0102<!-- 03 stacked_test_mse --> and 0.0156<!-- 03 pca_test_mse -->; with 300 PCA is ahead, as we have seen) | 03 | `an autoencoder lost to PCA` |
# | The reparametrization trick makes it possible to train end to end | The gradient that passes through $z = \mu + \sigma \odot \epsilon$ is right on average. So is that of another estimator, but it varies far more | 07 | `the gradient through the mean` |
# | Perturbing latent variables shows what they mean | With a direction that is computed from labels, 80 %<!-- 08 sleeves_after_percent --> of the T-shirts are taken for pullovers, and with random ones 8 %<!-- 08 sleeves_random_percent --> on average. Most single variables change several things at once | 08 | `a random direction` |
# | A VAE generates new examples | Draws from the prior are far better than those of a plain autoencoder from the same distribution (distances of 108<!-- experiment 07 draws vae_10_prior_ffd --> and 297<!-- experiment 07 draws plain_10_prior_ffd -->). But with one normal distribution fitted to its codes, the plain one is about as good (99<!-- experiment 07 draws plain_10_normal_ffd -->; the VAE has 103<!-- experiment 07 draws vae_10_normal_ffd --> with one) | 07 | experiment `draws` |
# | Learn a space of fewer dimensions, and draw from it | A plain autoencoder can do this as well, if a mixture of Gaussians is fitted to its codes. At the textbook's weight of the divergence its garments are even better (a distance of 59<!-- experiment 07 draws plain_10_mixture_ffd -->, the VAE with a mixture 86<!-- experiment 07 draws vae_10_mixture_ffd -->). With a learned variance the VAE has 52<!-- experiment 07 draws learned_10_mixture_ffd --> | 07 | experiment `draws` |
# | In a GAN, generator and discriminator compete | Each phase trains only one of the two networks (a check of the implementation). In the course of the training the distance falls from 221<!-- 10 ffd_first_epoch --> to 71<!-- 10 ffd --> | 10 | `D's phase` |
#
# We also came across a formula that is not right. The slide *Los a priors de la distribución latente* prints the divergence with a negative sign, with which it would be negative, and with $\sigma$ where chapter 07 has $\sigma^2$ (which is right only if $\sigma$ is read as the variance). Chapter 07 compares the formulas with an average over draws, and stops with `sigma in place of sigma² is right, too` if the last two could not be told apart.

# %% [markdown]
# ## From the slides to the sections
# The slides are listed in their order, by title. Some titles are shortened, and *¿Por qué GSNs* is read as *¿Por qué GANs?*. Slides that consist of a title only are left out, except for the one on recent advances.
#
# | Slide | Chapter | Section |
# |---|---|---|
# | *¿Cuál rostro es real?* | 01 | Which garment is real? |
# | *Aprendizaje supervisado vs. no supervisado* | 01 | Supervised and unsupervised learning |
# | *Modelado generativo* | 01 | Density estimation (estimación de la densidad) |
# | *¿Por qué modelos generativos?* | 01 | Supervised and unsupervised learning |
# | *Debiasing* | 09 | Drawing rare examples more often |
# | *Detección de outliers* | 09 | Outliers |
# | *Modelos de variables latentes* | 01 | Latent variables (variables latentes) |
# | *¿Qué es una variable latente?* | 08 | Do codes recover the factors behind the data? |
# | *¿Y si sólo queremos tomar una muestra?* | 01 | Generating samples (generación de muestras) |
# | *Generative Adversarial Networks (GANs)* | 10 | The game |
# | *Intuición detrás de las GANs* | 10 | The game in one dimension |
# | *Entrenando GANs* | 10 | The best discriminator is a density ratio |
# | *¿Por qué GANs?* | 10 | Why a GAN, and not maximum likelihood? |
# | *Generando nuevos datos con GANs* | 10 | Training on garments |
# | *GANs: avances recientes* | 11 | The guidelines |
# | *Progressive growing of GANs (NVIDIA)* | 12 | Fading in |
# | *Progressive growing of GANs: results* | 12 | Growing |
# | *Generador basado en el estilo: resultados* | 13 | Training |
# | *Transferencia basada en el estilo: resultados* | 13 | Mixing styles |
# | *CycleGAN: transformación del dominio* | 14 | T-shirts and pullovers |
# | *Autoencoders: background* | 02 | Encoder, code, decoder |
# | *Autoencoders* | 02 | Encoder, code, decoder |
# | *La dimensionalidad del espacio latente* | 02 | How many numbers does a garment need? |
# | *Autocodificadores para el aprendizaje por representación* | 02 | How many numbers does a garment need? |
# | *Representaciones eficientes de datos* | 02 | Which sequence is easier to remember? |
# | *Estudios de Chase y Simon* | 02 | Chase and Simon: what experts remember |
# | *Relación entre memoria, percepción y correspondencia de patrones* | 02 | Chase and Simon: what experts remember |
# | *Estructura y función de un autoencoder* | 02 | Encoder, code, decoder |
# | *Stacked autoencoders* | 03 | A symmetric architecture |
# | *Arquitectura simétrica* | 03 | A symmetric architecture |
# | *Entrenamiento no supervisado con autoencoders apilados* | 03 | Unsupervised pretraining |
# | *Training one autoencoder at a time* | 03 | Training one autoencoder at a time |
# | *Autoencoders en redes convolucionales* | 04 | What the layers respond to |
# | *Definición de autoencoders convolucionales* | 04 | Smaller and more numerous feature maps |
# | *Tipos avanzados de autoencoders* | 05 | Noise layers are active during training only |
# | *Introducción a autoencoders de denoising* | 05 | The denoiser |
# | *Tipos de ruido en autoencoders de denoising* | 05 | Noise layers are active during training only |
# | *Implementación de autoencoders de denoising* | 05 | Noise layers are active during training only |
# | *Denoising autoencoders* | 05 | Denoising new images |
# | *Autoencoders dispersos* | 06 | An l1 penalty |
# | *Divergencia Kullback–Leibler* | 06 | The Kullback-Leibler divergence |
# | *Sparsity loss* | 06 | The Kullback-Leibler divergence |
# | *Introducción a las Redes Generativas Adversarias (GANs)* | 10 | The game |
# | *Componentes de una GAN* | 10 | The textbook's GAN |
# | *Entrenamiento de GANs* | 10 | Training on garments |
# | *VAEs: diferencia clave* | 07 | A distribution in place of a code |
# | *Optimización de la VAE* | 07 | The loss |
# | *Los a priors de la distribución latente* | 07 | The loss |
# | *Gráfo de cálculo de la VAE* | 07 | Gradients through a random sample |
# | *Reparametrizando la capa de muestreo* | 07 | The sampling layer |
# | *VAEs: Perturbación latente* | 08 | One latent variable moved, the others fixed |
# | *Google BeatBlender* | 08 | Beat Blender |
# | *Generar nuevos ejemplos* | 07 | New garments |
# | *Resumen de las VAEs* | 16 | What the lecture concludes, and where we checked it |
# | *Modelado Generativo Profundo: Resumen* | 16 | What the lecture concludes, and where we checked it |

# %% [markdown]
# ## From the textbook to the sections
# These are the sections of chapter 17 of *Hands-On Machine Learning*, and where the same is found here. Chapter 14 and most of chapter 09 have no counterpart there.
#
# | Textbook | Chapter | Section |
# |---|---|---|
# | *Efficient Data Representations* | 02 | Which sequence is easier to remember? |
# | *Performing PCA with an Undercomplete Linear Autoencoder* | 02 | The linear autoencoder and PCA |
# | *Stacked Autoencoders* | 03 | A symmetric architecture |
# | *Visualizing the Fashion MNIST Dataset* | 03 | A map of the collection |
# | *Unsupervised Pretraining Using Stacked Autoencoders* | 03 | Unsupervised pretraining |
# | *Tying Weights* | 03 | Tied weights |
# | *Training One Autoencoder at a Time* | 03 | Training one autoencoder at a time |
# | *Convolutional Autoencoders* | 04 | Smaller and more numerous feature maps |
# | *Denoising Autoencoders* | 05 | The denoiser |
# | *Sparse Autoencoders* | 06 | An l1 penalty |
# | *Variational Autoencoders* | 07 | A distribution in place of a code |
# | *Generating Fashion MNIST Images* | 07 | New garments |
# | *Generative Adversarial Networks* | 10 | The game |
# | *The Difficulties of Training GANs* | 10 | The difficulties |
# | *Deep Convolutional GANs* | 11 | The guidelines |
# | *Progressive Growing of GANs* | 12 | Fading in |
# | *StyleGANs* | 13 | A generator that is controlled by styles |
# | *Diffusion Models* | 15 | From an image to noise |

# %% [markdown]
# ## Terms in Spanish and English
# | Spanish | English | Chapter |
# |---|---|---|
# | *a priori* | prior | 07 |
# | *aprendizaje no supervisado* | unsupervised learning | 01 |
# | *aprendizaje supervisado* | supervised learning | 01 |
# | *arquitectura simétrica* | symmetric architecture | 03 |
# | *autoencoder apilado* | stacked autoencoder | 03 |
# | *autoencoder disperso* | sparse autoencoder | 06 |
# | *codificador* | encoder | 02 |
# | *crecimiento progresivo* | progressive growing | 12 |
# | *cuello de botella* | bottleneck | 02 |
# | *decodificador* | decoder | 02 |
# | *desenredo* | disentanglement | 08 |
# | *diferencia clave* | key difference | 07 |
# | *discriminador* | discriminator | 10 |
# | *divergencia de Kullback-Leibler* | Kullback-Leibler divergence | 06 |
# | *espacio latente* | latent space | 02 |
# | *estimación de la densidad* | density estimation | 01 |
# | *generación de muestras* | generating samples | 01 |
# | *generador* | generator | 10 |
# | *generador basado en el estilo* | style-based generator | 13 |
# | *incompleto* | undercomplete | 02 |
# | *modelado generativo* | generative modeling | 01 |
# | *perturbación latente* | latent perturbation | 08 |
# | *preentrenamiento no supervisado* | unsupervised pretraining | 03 |
# | *redes convolucionales* | convolutional networks | 04 |
# | *reparametrización* | reparametrization | 07 |
# | *ruido* | noise | 05 |
# | *sobreajuste* | overfitting | 03 |
# | *transferencia basada en el estilo* | style mixing | 13 |
# | *transformación del dominio* | domain translation | 14 |
# | *valores atípicos* | outliers | 09 |
# | *variable latente* | latent variable | 01 |

# %% [markdown]
# ## The answers
# This section belongs to the quiz. Above each garment you find what it is. If you have trained chapter 15's model yourself, ten garments of your own model are drawn as well, from the same noise.

# %% alt="The twenty garments of the quiz again, each labeled as real or generated. Numbers 1, 2, 4, 5, 6, 7, 14, 18, 19 and 20 are real."
titles = [f"{i} {'real' if is_real else 'gen.'}" for i, is_real in enumerate(quiz_is_real, 1)]
gk.plot_images(quiz_images, columns=10, titles=titles, title="The answers (gen.: generated)")
plt.show()
if GUESSES:
    if len(set(GUESSES)) != 10 or not set(GUESSES) <= set(range(1, 21)):
        raise ValueError(f"GUESSES must be ten different numbers from 1 to 20, got {GUESSES}")
    right = sum(bool(quiz_is_real[guess - 1]) for guess in GUESSES)
    print(f"{right} of your 10 guesses are real; pure guessing finds 5 on average")

# %% alt="Two rows of ten garments, one of each class: those of the pretrained model, and below each one that resembles it, with blotches, lost patterns and, for the trousers, a lost shape."
generated_rows = {"pretrained": generated}
own_model = pathlib.Path(MODELS) / "15_diffusion.keras"
if own_model.exists():
    generated_rows["yours"] = heun(keras.models.load_model(own_model), np.arange(10), seed=QUIZ)
else:
    print(f"no {own_model}: run chapter 15 to see garments of your own model here")
gk.plot_rows(
    generated_rows, title="The generated garments of the quiz, in the order of their classes"
)
plt.show()

# %% [markdown]
# How did you do? Guessing finds five of the ten photographs on average. One quiz does not prove much, and exercise 1 asks you for more. If you look for faults in this quiz (`QUIZ = 1`), begin with the sandal, number 12, which has lost its shape, and then look at the dress, number 13, and the bag, number 11. It also helps the model that the images are small, since many faults need more pixels to be seen.
#
# In our run, the second row of the last figure comes from the model that chapter 15 trains in some minutes. As chapter 15 has shown, it draws similar garments from the same noise. But the trousers are hardly recognizable, the T-shirt has dark blotches, and the patterned pullover in the third column has lost a part of its pattern.

# %% [markdown]
# ## Where to go from here
# The models of this package are small, and their images have 28 by 28 gray pixels. What is different in the models that you know from the news? Mostly the size of networks and data, and four ideas. This package contains some of their parts, but none of these systems.
#
# *Latent diffusion* (Rombach et al., 2022) combines two of our subjects. First an autoencoder is trained that reduces an image to a small grid of codes. Then a diffusion model learns to draw these grids, and the decoder turns them into images. The many calls of the network then work on a grid with far fewer numbers than the image has pixels. This made large images affordable, and Stable Diffusion is built in this way. The autoencoder is trained with a weak divergence as in chapter 07 and a discriminator as in chapter 11.
#
# *Text to image.* In chapter 15 a class number steers the drawing. Large models take a sentence instead, which a language model turns into a sequence of vectors. The network looks at them through attention layers. The classifier-free guidance is the same as ours. Recent models of this kind are trained by flow matching on straight paths, as in chapter 15, with a transformer in place of the U-Net (Peebles and Xie, 2023; Esser et al., 2024).
#
# *Few steps.* You have seen that many calls make diffusion slow. Distillation trains a second network to reach in one or a few calls what the first one reaches in many (Salimans and Ho, 2022), and consistency models (Song et al., 2023) can also be trained for this from the start. Discriminators have returned here as well: some of the fastest models add the loss of a GAN (Sauer et al., 2024). Research on GANs goes on, too. With a better loss and a modern network, a GAN can compete with diffusion models on some data sets (Huang et al., 2024).
#
# *Discrete codes.* An autoencoder can also be made to use codes from a finite list (van den Oord et al., 2017). An image then becomes a sequence of numbers, like a sentence, and a language model can learn to continue it. With a discriminator in the training of the autoencoder, this gives images of high quality (Esser et al., 2021), and text, sound and images can be treated by the same network.
#
# Two questions stay open with all of them. The first is how to tell whether such a model is good. Fréchet distances depend on the network that computes the features and on the number of images, as you have seen, and say little about single images. The second is where the images come from. Large diffusion models can reproduce some of their training images (Carlini et al., 2023). In chapter 15 we found no sign of this among 3,000<!-- setting --> images of a small model. That is no proof that it does not happen: we compared pixels only, so that a shifted or a brighter copy would not have been found.

# %% [markdown]
# ## Check
# These are the main claims of the chapter as assertions.

# %%
distances = {name: distance for name, (_, distance) in points.items()}
times = number("speed", "diffusion_seconds"), number("speed", "conditional_dcgan_seconds")
slowness = {} if None in times else {"diffusion_over_gan_seconds": times[0] / times[1]}
is_photograph = [bool((images.x_test == image).all(axis=(1, 2, 3)).any()) for image in quiz_images]
assert is_photograph == list(quiz_is_real), "an answer of the quiz is wrong"
assert np.ptp(generated, axis=(1, 2, 3)).min() > 0.1, "a generated garment is a blank image"
if not QUICK and data == {"tfds"}:  # with the bundled sample, some of this may not hold
    for size, best in ((10, "dense"), (30, "convolutional"), (300, "PCA")):
        errors_of_size = {row[0]: results[row[1]][row[2]] for row in shown if row[3] == size}
        if best in errors_of_size:
            assert min(errors_of_size, key=errors_of_size.get) == best, f"not {best} with {size}"
        if size < 300 and "PCA" in errors_of_size:
            assert max(errors_of_size, key=errors_of_size.get) == "PCA", "one lost to PCA"
    if "diffusion, pretrained" in distances:
        assert min(distances, key=distances.get) == "diffusion, pretrained", "another one is ahead"
    quick_ones = [name for name, (seconds, _) in points.items() if seconds < 1]
    if "conditional DCGAN" in quick_ones:
        best = min(quick_ones, key=distances.get)
        assert best == "conditional DCGAN", "another fast model is ahead of it"
    for ratio in slowness.values():
        assert ratio > 50, "diffusion draws nearly as fast as a GAN"
    recalls = {
        name: number(chapter, f"{prefix}recall")
        for name, (chapter, prefix, *_) in generators.items()
    }
    known = {name: value for name, value in recalls.items() if value is not None}
    if "VAE" in known:
        assert min(known, key=known.get) == "VAE", "the VAE does not have the lowest recall"
print("left out:", ", ".join(sorted(set(left_out))) or "nothing")

gk.record(
    "16_summary",
    pca300_test_mse=results["16"]["pca300_test_mse"],
    **{
        f"chapter_{chapter}_{key}": results[chapter][key]
        for _, chapter, key, *_ in shown
        if chapter != "16"
    },
    **{
        f"chapter_{generators[name][0]}_{generators[name][1]}ffd": distance
        for name, distance in distances.items()
    },
    **{key: value for key, value in results["speed"].items() if key.endswith("_seconds")},
    **slowness,
    seconds=time.perf_counter() - START,
)

# %% [markdown]
# ## What to remember
# - No model is the best in everything. Which kind of model you take depends on what you need: a code, fast drawing, a chosen class, variety, or control.
# - With one seed each, a conditional GAN after two minutes of training and a diffusion model after eight reached about the same scores, and the GAN draws 90<!-- diffusion_over_gan_seconds --> times as fast (the diffusion model with guidance, 18 calls). Both are told the classes. After more than an hour of training, the diffusion model drew the best images of this package.
# - Compare every number with a baseline: a simple method, an untrained network, real images, or another seed.
# - Look at the images as well as at the scores.
#
# ## Exercises
# 1. *(easy)* Solve quizzes 1 to 5 (`QUIZ`), and count your right answers. How many out of fifty would make pure guessing unlikely? (Each class has one real and one generated garment. Does it help to know this?)
# 2. *(easy)* Let the classifier of `gk.classify` solve the quiz: take the ten garments with the largest probability of their class for the real ones. Is it better than you?
# 3. *(medium)* Add a row to the table of the generators: a mixture of Gaussians, fitted to the first ten principal components of the images. Where does it lie in the figure?
# 4. *(medium)* Draw with 1, 2, 5 and 10 steps of Heun's method, and add the four points to the figure. Which of them would you choose?
# 5. *(hard, GPU)* Latent diffusion: replace the dense code of chapter 04's autoencoder by a convolution of size 1 with two features, so that the code is a grid of 7 by 7 by 2 numbers, and train it again. Then train a network like chapter 15's, without the halving, on these grids.
#
# ## References
# - A. Géron, *Hands-On Machine Learning with Scikit-Learn, Keras and TensorFlow*, 3rd ed., ch. 17.
# - A. van den Oord, O. Vinyals and K. Kavukcuoglu, Neural discrete representation learning, NeurIPS 2017.
# - P. Esser, R. Rombach and B. Ommer, Taming transformers for high-resolution image synthesis, CVPR 2021.
# - R. Rombach et al., High-resolution image synthesis with latent diffusion models, CVPR 2022.
# - T. Salimans and J. Ho, Progressive distillation for fast sampling of diffusion models, ICLR 2022.
# - W. Peebles and S. Xie, Scalable diffusion models with transformers, ICCV 2023.
# - Y. Song, P. Dhariwal, M. Chen and I. Sutskever, Consistency models, ICML 2023.
# - N. Carlini et al., Extracting training data from diffusion models, USENIX Security 2023.
# - P. Esser et al., Scaling rectified flow transformers for high-resolution image synthesis, ICML 2024.
# - A. Sauer, D. Lorenz, A. Blattmann and R. Rombach, Adversarial diffusion distillation, ECCV 2024.
# - N. Huang, A. Gokaslan, V. Kuleshov and J. Tompkin, The GAN is dead; long live the GAN! A modern GAN baseline, NeurIPS 2024.
