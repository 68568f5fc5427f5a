"""Chapter 16: its lists are complete, and what it quotes from other chapters is still true."""

import ast
import json
import re

import pytest
from book import pairing
from conftest import ROOT

CHAPTERS = ROOT / "chapters"
SUMMARY = CHAPTERS / "16_summary.py"
# Titles of the lecture's slides, in their order; those that only open a part are left out.
TITLES = """
¿Cuál rostro es real?
Aprendizaje supervisado vs. no supervisado
Modelado generativo
¿Por qué modelos generativos?
Debiasing
Detección de outliers
Modelos de variables latentes
¿Qué es una variable latente?
¿Y si sólo queremos tomar una muestra?
Generative Adversarial Networks (GANs)
Intuición detrás de las GANs
Entrenando GANs
¿Por qué GANs?
Generando nuevos datos con GANs
GANs: avances recientes
Progressive growing of GANs (NVIDIA)
Progressive growing of GANs: results
Generador basado en el estilo: resultados
Transferencia basada en el estilo: resultados
CycleGAN: transformación del dominio
Autoencoders: background
Autoencoders
La dimensionalidad del espacio latente
Autocodificadores para el aprendizaje por representación
Representaciones eficientes de datos
Estudios de Chase y Simon
Relación entre memoria, percepción y correspondencia de patrones
Estructura y función de un autoencoder
Stacked autoencoders
Arquitectura simétrica
Entrenamiento no supervisado con autoencoders apilados
Training one autoencoder at a time
Autoencoders en redes convolucionales
Definición de autoencoders convolucionales
Tipos avanzados de autoencoders
Introducción a autoencoders de denoising
Tipos de ruido en autoencoders de denoising
Implementación de autoencoders de denoising
Denoising autoencoders
Autoencoders dispersos
Divergencia Kullback–Leibler
Sparsity loss
Introducción a las Redes Generativas Adversarias (GANs)
Componentes de una GAN
Entrenamiento de GANs
VAEs: diferencia clave
Optimización de la VAE
Los a priors de la distribución latente
Gráfo de cálculo de la VAE
Reparametrizando la capa de muestreo
VAEs: Perturbación latente
Google BeatBlender
Generar nuevos ejemplos
Resumen de las VAEs
Modelado Generativo Profundo: Resumen
""".strip().splitlines()
# In parentheses and italics like Spanish terms, but English.
ENGLISH = {"mixed precision", "warm-up", "Training one autoencoder at a time"}


def script(number):
    """The text of a chapter's script."""
    [path] = CHAPTERS.glob(f"{number}_*.py")
    return path.read_text()


def rows_below(heading):
    """The cells of the table in a section of chapter 16, without italics."""
    section = re.search(rf"^# ## {re.escape(heading)}\n(.*?)^# ## ", script("16"), re.M | re.S)[1]
    lines = [line for line in section.splitlines() if line.startswith("# | ")]
    return [[cell.strip(" *") for cell in line[4:].rstrip(" |").split(" | ")] for line in lines[1:]]


def test_every_slide_is_listed_in_the_order_of_the_lecture():
    assert [slide for slide, _, _ in rows_below("From the slides to the sections")] == TITLES


def test_every_title_in_the_header_of_a_chapter_is_listed():
    listed = {title.lower() for title in TITLES}
    for path in sorted(CHAPTERS.glob("[0-9][0-9]_*.py")):
        line = re.search(r"^# \| Slides \| (.*) \|$", path.read_text(), re.M)[1]
        for title in re.findall(r"\*([^*]+)\*", line):
            assert title.lower() in listed, f"{path.stem}: {title}"


@pytest.mark.parametrize("source", ["slides", "textbook"])
def test_every_section_of_the_map_exists(source):
    for title, number, section in rows_below(f"From the {source} to the sections"):
        headings = re.findall(r"^# ## (.*)$", script(number), re.M)
        assert section in [heading.replace("*", "") for heading in headings], title


def test_every_spanish_term_of_the_chapters_is_in_the_glossary():
    glossary = {spanish for spanish, _, _ in rows_below("Terms in Spanish and English")}
    for path in sorted(CHAPTERS.glob("[0-9][0-9]_*.py")):
        prose = "\n".join(
            cell.source for cell in pairing.read_script(path).cells if cell.cell_type == "markdown"
        )
        for term in re.findall(r"\(\*([^)*]+)\*[),]", prose):
            singular = " ".join(word.removesuffix("s") for word in term.split())
            assert {term, singular} & (glossary | ENGLISH | set(TITLES)), (path.stem, term)


def test_every_check_that_a_conclusion_names_is_in_its_chapter():
    for conclusion, _, number, message in rows_below(
        "What the lecture concludes, and where we checked it"
    ):
        messages = [
            node.msg.value
            for node in ast.walk(ast.parse(script(number)))
            if isinstance(node, ast.Assert) and isinstance(node.msg, ast.Constant)
        ]
        assert message.strip("`") in messages, conclusion


def test_the_numbers_of_other_chapters_are_those_of_their_last_runs():
    numbers = json.loads((CHAPTERS / "results" / "16_summary.json").read_text())["numbers"]
    copied = [key for key in numbers if key.startswith("chapter_")]
    assert len(copied) >= 16
    for key in copied:
        _, number, name = key.split("_", 2)
        [path] = (CHAPTERS / "results").glob(f"{number}_*.json")
        current = json.loads(path.read_text())["numbers"][name]
        assert numbers[key] == pytest.approx(current, rel=1e-5), f"{key}: run make outputs N=16"
    sampling = json.loads((ROOT / "benchmarks" / "results.json").read_text())["sampling"]
    for key, value in sampling.items():
        if key.endswith("_seconds"):
            assert numbers[key] == pytest.approx(value, rel=1e-5), "run make outputs N=16"
