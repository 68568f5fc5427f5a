"""Chapter 16: its maps lead somewhere, and it runs whatever it finds of the other chapters."""

import re

import genkeras as gk
import pytest

from tools import lift, pairing

SUMMARY = lift.find("16")


def rows_below(heading):
    """The cells of the table in a section of chapter 16, without italics."""
    text = SUMMARY.read_text("utf-8")
    section = re.search(rf"^# ## {re.escape(heading)}\n(.*?)^# ## ", text, re.M | re.S)[1]
    lines = [line for line in section.splitlines() if line.startswith("# | ")]
    return [[cell.strip(" *") for cell in line[4:].rstrip(" |").split(" | ")] for line in lines[1:]]


@pytest.mark.parametrize("source", ["slides", "textbook"])
def test_every_section_of_the_map_exists(source):
    for title, number, section in rows_below(f"From the {source} to the sections"):
        headings = re.findall(r"^# ## (.*)$", lift.find(number).read_text("utf-8"), re.M)
        assert section in [heading.replace("*", "") for heading in headings], title


@pytest.mark.slow
def test_results_that_are_not_found_are_left_out(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(gk, "__file__", str(tmp_path / "genkeras" / "__init__.py"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "02_some.json").write_text('{"numbers": {"pca10_test_mse": 0.02}}')
    code = {}
    for cell in pairing.code_cells(pairing.read_script(SUMMARY)):
        exec(cell.source, code)
        code.update(cell.metadata.get("quick", {}))
    [left_out] = [line for line in capsys.readouterr().out.splitlines() if "left out:" in line]
    assert "11 dcgan_ffd" in left_out and "speed diffusion_seconds" in left_out
    assert "pca10_test_mse" not in left_out
