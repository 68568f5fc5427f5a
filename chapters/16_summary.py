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
# In fifteen chapters we have built autoencoders, GANs and a diffusion model, each for a question of its own.
# Now we put them side by side.
# Which one would you take for which purpose, and what does it cost?
# At the end we come back to the question with which the lecture began: which garment is real?
#
# | | |
# |---|---|
# | Slides | *¿Cuál rostro es real?*; *Resumen de las VAEs*; *Modelado Generativo Profundo: Resumen* |
# | Textbook | Hands-On Machine Learning, chapter 17 |
# | Result | Shows one row of garments for each model, compares their scores and times, and says which model suits which purpose |
# | Time | 9 s<!-- seconds --> on two CPU cores |
# | Evidence | [The experiments](../experiments/README.md) |

# %% [markdown]
# ## Setup
# Nothing is trained here.
# The images come with the package.
# The numbers are those of the last runs of the other chapters, of our experiments, and, for the scores of the generators, of the run that drew these images.
# [The maps](../docs/maps.md) say which chapter covers a slide or a section of the textbook.

# %%
import io
import json
import math
import pathlib

import genkeras as gk
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown, display

run = gk.setup(seed=42)

# %% tags=["parameters"]
QUICK = run.quick  # nothing is trained, so this makes no difference here
QUIZ = 1  # another number makes another quiz
GUESSES = []  # your answers: the numbers of ten garments, from 1 to 20

# %% [markdown]
# ## One row for each model
# These are the first ten images of each generator.
# The VAE, the dense GAN and the progressive GAN were trained for minutes, as in their chapters.
# The others have the weights of the package, from trainings with about six to twelve times as many steps as in their chapters.
# The conditional DCGAN and the diffusion model are asked for one garment of each class.
# The CycleGAN of chapter 14 has no row, since it translates images and does not draw new ones.

# %% alt="Seven rows of ten images. Real garments. VAE: a boot, tops, a shoe, trousers and a bag, all blurred; the eighth mixes trousers with a T-shirt. Dense GAN: recognizable shapes, covered with specks. Progressive GAN: a bag, shoes, trousers and tops with clear edges, some with a fine grid, one shoe with a hole. Conditional DCGAN: one garment of each class, with patterns, straps and collars; a loose piece hangs beside the dress. StyleGAN: tops, trousers, shoes, a bag and a dress with clear edges; the first mixes a bag with a top. Diffusion: one of each class, with straps, a collar and laces."
with np.load(io.BytesIO(gk.data.read_asset("16_gallery.npz"))) as file:
    gallery = {name: file[name] for name in file.files}
models = {  # in the order of the scores; side: of the label in the plot below
    "vae": {"name": "VAE", "chapter": "07", "package": False, "side": "right"},
    "gan": {"name": "dense GAN", "chapter": "10", "package": False, "side": "left"},
    "progressive_gan": {
        "name": "progressive GAN",
        "chapter": "12",
        "package": False,
        "side": "left",
    },
    "conditional_dcgan": {
        "name": "conditional DCGAN",
        "chapter": "11",
        "package": True,
        "side": "left",
    },
    "stylegan": {"name": "StyleGAN", "chapter": "13", "package": True, "side": "right"},
    "diffusion": {
        "name": "diffusion",
        "chapter": "15",
        "package": True,
        "side": "left",
    },
}
rows = {"real\nimages": gallery["real"]}
for key, model in models.items():
    training = "longer" if model["package"] else "minutes"
    name = model["name"].replace(" ", "\n")
    rows[f"{name}\n({training})"] = gallery[key]
gk.plot_rows(rows)
plt.show()

# %% [markdown]
# The VAE's garments are blurred, and those of the dense GAN have recognizable shapes, covered with specks.
# The progressive GAN, with convolutions, has clear edges; some of its garments have a fine grid, and a shoe has a hole.
# In the three rows below you find straps, collars, patterns and laces.
# They are not perfect: a loose piece hangs beside the dress of the conditional DCGAN, and the first image of the StyleGAN mixes a bag with a top.
#
# ## Which model for what?
#
# | You need | Take | Chapter | Because |
# |---|---|---|---|
# | a short code that rebuilds an image | convolutional autoencoder | 04 | squared error 0.0085<!-- 04 conv_mse --> with 30 numbers; equally many dense weights have 0.0109<!-- 04 dense_mse --> |
# | noise removed | denoising autoencoder | 05 | 19.8<!-- 05 conv_psnr --> dB; the Wiener filter has 19.2<!-- 05 wiener_psnr --> dB |
# | a classifier with few labels | pretrained layers, fine-tuned | 03 | with 100 labels, they gain 1.0<!-- experiment 03 pretraining layer_tuned_100_gain --> point of accuracy over training from scratch |
# | a code of which few units are active | sparse autoencoder | 06 | with the $\ell_1$ penalty, 77<!-- 06 l1_effective --> effective units of 300; without a penalty 249<!-- 06 plain_effective --> |
# | a latent space without gaps | VAE | 07 | after three epochs, samples from the prior have a distance of 108<!-- experiment 07 draws vae_10_prior_ffd -->; those of an ordinary autoencoder 297<!-- experiment 07 draws plain_10_prior_ffd --> |
# | a measure of how likely an image is | VAE | 07 | up to a scale and a constant, its loss bounds $-\log p(x)$ from above |
# | outliers found | VAE, errors that are too large or too small | 09 | AUROC 0.95<!-- 09 auroc -->; with principal components it is 0.88<!-- experiment 09 outliers mean_footwear_principal -->, and the error alone has 0.67<!-- 09 error_auroc --> |
# | a rare group learned | resampling by rare codes | 09 | accuracy on the group 75 %<!-- 09 resampled_accuracy --> in place of 58 %<!-- 09 uniform_accuracy --> |
# | images of a chosen class, fast | conditional DCGAN | 11 | 1,000 images in 0.12<!-- experiment speed sampling conditional_dcgan_seconds --> s |
# | much variety | conditional DCGAN, diffusion | 11, 15 | recall 0.78<!-- experiment 16 generators conditional_dcgan_recall --> and 0.77<!-- experiment 16 generators diffusion_recall --> (real images 0.86<!-- experiment 16 generators real_recall -->) |
# | the shape of another garment | StyleGAN | 13 | with the coarse styles of the other, 81 %<!-- experiment 13 mixed pullover_coarse_second --> of the pullovers become T-shirts, and 50 %<!-- experiment 13 mixed shirt_coarse_second --> of the T-shirts become pullovers |
# | one kind of image turned into another, without pairs | CycleGAN | 14 | 83 %<!-- 14 to_pullover --> of the T-shirts pass as pullovers for the classifier, and their bodies change by only 0.05<!-- 14 body_change --> in a pixel |
# | the missing half of an image | diffusion | 15 | the step at the seam is 0.080<!-- 15 seam -->, in real images 0.067<!-- 15 real_seam --> |
# | one loss to lower | VAE, diffusion | 07, 15 | no opponent is trained; a GAN with a slow discriminator found 0<!-- 10 slow_groups --> of 8 groups, with one more layer 8<!-- 10 cured_groups --> |
#
# ## In numbers
# The next cell reads the results of the other chapters, and the times from an experiment.
# The notebook that `make chapters` writes reads those of your own runs.
# A number that is missing is shown as a dash.


# %% tags=["summary"]
def read_results(pattern):
    """A file of results, yours or the authors'; an empty dictionary without one."""
    project = pathlib.Path(gk.__file__).resolve().parents[1]
    for folder in (pathlib.Path(), project / "chapters", project):
        for path in folder.glob(pattern):
            return json.loads(path.read_text("utf-8"))
    return {}


def number(chapter, name):
    """A number of a chapter's last run; NaN if there is none."""
    numbers = read_results(f"results/{chapter}_*.json").get("numbers", {})
    return float(numbers.get(name, math.nan))


def show_table(rows, digits):
    """Display dictionaries with the same keys as the rows of a table."""
    lines = [list(rows[0]), ["---"] * len(rows[0])]
    for row in rows:
        texts = []
        for value in row.values():
            text = f"{value:{digits}}" if isinstance(value, float) else str(value)
            texts.append(text.replace("nan", "–"))
        lines.append(texts)
    display(Markdown("\n".join(f"| {' | '.join(line)} |" for line in lines)))


sampling = read_results("experiments/results/speed.json").get("sampling", {})
speed = {row["generator"]: row["seconds"] for row in sampling.get("rows", [])}

# %% [markdown]
# First the autoencoders, by their squared error per pixel on validation images.


# %%
def autoencoder(chapter, name, size, key):
    """A row of the table; `key` is the name of the error in the chapter's results."""
    return {
        "chapter": chapter,
        "autoencoder": name,
        "numbers in the code": size,
        "squared error": number(chapter, key),
    }


autoencoders = [
    autoencoder("02", "PCA", 30, "pca_mse_30"),
    autoencoder("02", "dense", 10, "mse_10"),
    autoencoder("07", "variational", 10, "vae_mse"),
    autoencoder("02", "dense", 30, "mse_30"),
    autoencoder("03", "stacked", 30, "stacked_mse"),
    autoencoder("03", "stacked, tied weights", 30, "tied_mse"),
    autoencoder("04", "convolutional", 30, "conv_mse"),
    autoencoder("04", "recurrent", 30, "recurrent_mse"),
    autoencoder("06", "wide, no penalty", 300, "plain_mse"),
    autoencoder("06", "sparse, l1", 300, "l1_mse"),
    autoencoder("06", "sparse, KL", 300, "kl_mse"),
]
show_table(autoencoders, ".4f")

# %% [markdown]
# With 30 numbers the convolutional autoencoder has the lowest error, and all networks have a lower one than PCA.
# With ten, the dense network of chapter 02 is better than the variational one, whose codes are drawn with noise.
# With 300 numbers, each of the two penalties raises the error.
#
# Now the generators.
# The scores compare 3,000 images of each model above, from the same run, with 3,000 test images, as in chapter 10.
# The times are measured on two CPU cores.

# %%
real_scores, *model_scores = gallery["scores"].tolist()
generators = []
for key, (distance, precision, recall) in zip(models, model_scores, strict=True):
    generators.append(
        {
            "generator": models[key]["name"],
            "chapter": models[key]["chapter"],
            "training": "longer" if models[key]["package"] else "minutes",
            "distance": distance,
            "precision": precision,
            "recall": recall,
            "seconds for 1,000": speed.get(key, math.nan),
        }
    )
show_table(generators, ".3g")
real = "distance {:.1f}, precision {:.2f}, recall {:.2f}".format(*real_scores)
print(f"real images: {real}")

# %% [markdown]
# The VAE and the dense GAN have about the same distance.
# But the VAE's recall is far lower: hardly any real garment lies among its blurred ones.
# The conditional DCGAN has the lowest distance, and its recall and that of diffusion are about equal.
# StyleGAN and diffusion are close: other noise alone moves the distance of StyleGAN between 2.7<!-- experiment 16 spread stylegan_lowest --> and 3.4<!-- experiment 16 spread stylegan_highest -->, just below that of diffusion.
#
# Precision says little here.
# The blurred garments of the VAE and the specked ones of the dense GAN have 0.83<!-- experiment 16 generators vae_precision --> each, about as much as real ones, 0.84<!-- experiment 16 generators real_precision -->.
# It also depends on how one draws: StyleGAN comes to 0.94<!-- 13 psi_precision --> if its styles are truncated.
#
# ## Distance and time
# Does a lower distance cost time?

# %% alt="Points in a plane of drawing time and distance, both on logarithmic axes. At the top left, dense GAN and VAE above 70. Open circles for the progressive GAN and StyleGAN lie next to each other at 12, those for the conditional DCGAN and, far to the right, diffusion between 5 and 7. Lines lead from the last three down to filled circles: the conditional DCGAN lowest, at 2, then StyleGAN and, a little higher, diffusion. A dashed line marks real images at 0.8."
after_minutes = {  # where the table has longer training
    "conditional_dcgan": number("11", "conditional_distance"),
    "stylegan": number("13", "distance"),
    "diffusion": number("15", "distance"),
}
figure, axis = plt.subplots(figsize=(8, 4), layout="constrained")
for key, row in zip(models, generators, strict=True):
    x, low = row["seconds for 1,000"], row["distance"]
    high = after_minutes.get(key, low)
    if models[key]["package"]:
        axis.plot([x, x], [low, high], color="C0", linewidth=1)
        axis.plot(x, low, "oC0")
    axis.plot(x, high, "oC0", fillstyle="none")
    shift, align = (7, "left") if models[key]["side"] == "right" else (-7, "right")
    place = {"xytext": (shift, 0), "textcoords": "offset points"}
    axis.annotate(row["generator"], (x, high), ha=align, va="center", **place)
axis.plot([], "oC0", fillstyle="none", label="after minutes")
axis.plot([], "oC0", label="weights of the package")
axis.axhline(real_scores[0], color="gray", linestyle="--", label="real images")
axis.set(xscale="log", yscale="log", xlim=(0.003, 40), ylim=(0.6, 150))
axis.set(xlabel="seconds for 1,000 images", ylabel="Fréchet distance")
axis.legend(loc="upper right")
plt.show()

# %% [markdown]
# The dense networks are the fastest, and have the largest distances.
# Among the others, the order by time is not the order by distance.
# Another run of the progressive GAN, that of chapter 12, has 18<!-- 12 distance -->, so its place beside the short StyleGAN is open.
# Diffusion calls its network 18 times for an image, and takes 13<!-- experiment speed sampling diffusion_seconds --> s where the conditional DCGAN takes 0.12<!-- experiment speed sampling conditional_dcgan_seconds --> s.
# For the three models with two circles, longer training lowers the distance at no cost in drawing time.
#
# ## The quiz (*¿Cuál rostro es real?*)
# Ten of these garments are photographs from the test set; the diffusion model drew the other ten.
# Each of the two sets has one garment of each class.
# Write down the ten numbers of those that you take for photographs before you read on.
# If you put them into `GUESSES` above, and run the notebook again, they are counted.

# %% alt="Twenty garments, numbered from 1 to 20: tops, trousers, dresses, sandals, sneakers, bags and ankle boots, without any hint which are real."
rng = np.random.default_rng(QUIZ)
real, drawn = (  # of each class one of four
    gallery[name][10 * rng.integers(0, 4, 10) + np.arange(10)]
    for name in ("quiz_real", "quiz_drawn")
)
order = rng.permutation(20)
quiz, is_real = np.concatenate([real, drawn])[order], order < 10
gk.plot_images(quiz, columns=5, titles=np.arange(1, 21).astype(str))
plt.show()

# %% [markdown]
# ## The answers

# %% alt="The same garments in four rows, two of real and two of drawn ones. Real: numbers 1, 3, 5, 6, 7, 9, 11, 15, 18 and 19. Drawn: 2, 4, 8, 10, 12, 13, 14, 16, 17 and 20."
titles = [f"{i} {'real' if real else 'drawn'}" for i, real in enumerate(is_real, 1)]
by_answer = np.argsort(~is_real, kind="stable")
gk.plot_images(quiz[by_answer], columns=5, titles=np.array(titles)[by_answer])
plt.show()
if GUESSES:
    ten = len(GUESSES) == len(set(GUESSES)) == 10
    assert ten and set(GUESSES) <= set(range(1, 21)), "ten numbers from 1 to 20, please"
    right = sum(is_real[guess - 1] for guess in GUESSES)
    print(f"{right} of your ten guesses are real")

# %% [markdown]
# In quiz 1, look at three drawn garments.
# The sandal, number 2, is a flat sole under a dark lump.
# The dress, number 8, has dark spots, and the flap of the bag, number 14, ends in a ragged line.
# Pure guessing finds five of the ten on average; exercise 1 asks how many right answers would mean more.
#
# ## What the lecture concludes
# These are the conclusions of the slides.
#
# | The slides | What we have seen | Chapter |
# |---|---|---|
# | Compress what we see into something that helps to learn | Of the ten nearest neighbors of a code, 74 %<!-- 03 neighbors_code --> share its class; with PCA it is 73 %<!-- 03 neighbors_pca -->, in the pixels 72 %<!-- 03 neighbors_pixels -->, and before training 65 %<!-- 03 neighbors_untrained --> | 03 |
# | Reconstruction lets us learn without labels | From images alone, a network learns to rebuild them from 30 numbers with an error of 0.0104<!-- 02 mse_30 -->; PCA has 0.0150<!-- 02 pca_mse_30 --> | 02 |
# | The reparametrization trick allows training end to end | The gradient through $z = \mu + \sigma \odot \epsilon$ is right on average; another estimator is so, too, but has 56<!-- experiment 07 score_function variance_ratio --> times the variance | 07 |
# | Perturbing latent variables shows what they mean | A direction of the latent space turns 80 %<!-- 08 sleeves_after_percent --> of the T-shirts into pullovers, random ones 8 %<!-- 08 sleeves_random_percent -->; single latents change several things at once | 08 |
# | New examples can be generated | Decoded samples from the prior have a distance of 108<!-- experiment 07 draws vae_10_prior_ffd --> after three epochs; with an ordinary autoencoder it is 297<!-- experiment 07 draws plain_10_prior_ffd --> | 07 |
# | Learn a space of fewer dimensions, and sample from it | This works with ten numbers, and with an ordinary autoencoder as well, if a mixture is fitted to its codes: 59<!-- experiment 07 draws plain_10_mixture_ffd --> | 07 |
# | In a GAN, a generator and a discriminator compete | Their game lowers the distance from 221<!-- 10 ffd_first_epoch --> after one epoch to 71<!-- 10 ffd --> with dense networks, and to 20<!-- 11 distance --> with convolutions | 10, 11 |
#
# ## Where to go from here
# The systems in the news have larger networks and data than ours, and use four ideas whose parts you have seen.
#
# *Latent diffusion.* An autoencoder reduces an image to a small grid of codes.
# A diffusion model learns to draw such grids, and the decoder turns them into images (Rombach et al., 2022).
# Each call then handles far fewer numbers than the image has pixels.
# This made large images affordable.
# The autoencoder of Stable Diffusion is trained with a weak divergence, as in chapter 07, and a discriminator, as in chapter 11.
#
# *Text to image.* A sentence takes the place of our class number: a language model turns it into vectors, to which the network attends.
# Recent models are trained by flow matching, as ours is, with a transformer in place of the U-Net (Peebles and Xie, 2023; Esser et al., 2024).
#
# *Few steps.* Distillation trains a second network to reach in a few calls what the first one reaches in many (Salimans and Ho, 2022; Song et al., 2023).
# Some add the loss of a GAN (Sauer et al., 2024).
#
# *Discrete codes.* An autoencoder can take its codes from a finite list (van den Oord et al., 2017).
# An image then becomes a sequence of numbers, like a sentence, and a language model can learn to continue it (Esser et al., 2021).
#
# Two questions stay open.
# How do we tell whether such a model is good?
# Fréchet distances say nothing about a single image.
# And where do the images come from?
# Large diffusion models can reproduce some of their training images (Carlini et al., 2023).
# Chapter 11 tests our DCGAN for copies.

# %% [markdown]
# ## Check

# %%
[pca] = [row["squared error"] for row in autoencoders if row["autoencoder"] == "PCA"]
for row in autoencoders:  # a comparison with NaN is false
    worse = row["numbers in the code"] == 30 and row["squared error"] > pca
    assert not worse, f"{row['autoencoder']} is worse than PCA"
distances = [row["distance"] for row in generators]
for distance in [*distances, *after_minutes.values()]:
    copied = distance < real_scores[0] / 2
    assert not copied, f"{distance:.2f}: scored on its own training images?"

# %% [markdown]
# ## What to remember
# - Choose a model by what you need: a code, a likelihood, a class, control, a translation, a completion.
# - In our comparison the conditional GAN is fast and has the lowest distance; diffusion is slow, and completes images.
# - Longer training lowers the distance of all three models that we trained twice, that of StyleGAN from 12<!-- 13 distance --> to 2.9<!-- experiment 16 generators stylegan_distance -->.
# - Compare numbers with a baseline, another seed and real images, and look at the images.
#
# ## Exercises
# In [exercises/16_summary.ipynb](../exercises/16_summary.ipynb), with cells that check your answers:
# the odds of guessing right; a program that solves the quiz; a generator without a network; the distance of fewer images; a model for three tasks.
#
# ## References
# - A. van den Oord et al., [Neural Discrete Representation Learning](https://arxiv.org/abs/1711.00937), 2017.
# - P. Esser et al., [Taming Transformers for High-Resolution Image Synthesis](https://arxiv.org/abs/2012.09841), 2021.
# - R. Rombach et al., [High-Resolution Image Synthesis with Latent Diffusion Models](https://arxiv.org/abs/2112.10752), 2022.
# - T. Salimans and J. Ho, [Progressive Distillation](https://arxiv.org/abs/2202.00512), 2022.
# - W. Peebles and S. Xie, [Scalable Diffusion Models with Transformers](https://arxiv.org/abs/2212.09748), 2023.
# - N. Carlini et al., [Extracting Training Data from Diffusion Models](https://arxiv.org/abs/2301.13188), 2023.
# - Y. Song et al., [Consistency Models](https://arxiv.org/abs/2303.01469), 2023.
# - P. Esser et al., [Scaling Rectified Flow Transformers](https://arxiv.org/abs/2403.03206), 2024.
# - A. Sauer et al., [Adversarial Diffusion Distillation](https://arxiv.org/abs/2311.17042), 2024.
