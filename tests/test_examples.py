"""What a user would submit to a cluster says what this version understands."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest
import typer
import yaml

from genbench.cli import app
from genbench.suite import available_suites

EXAMPLES = Path(__file__).parents[1] / "examples"
SCRIPTS = sorted(EXAMPLES.glob("slurm/*.sbatch"))


def options(text: str) -> dict[str, object]:
    """What the command line makes of the `genbench run` in a shell command; fails as the real one would."""
    words = shlex.split(re.sub(r"\\\n", " ", text))
    start = words.index("genbench")
    assert words[start + 1] == "run"
    command = typer.main.get_command(app).commands["run"]
    return command.make_context("run", words[start + 2 :]).params


def test_the_check_can_fail():
    with pytest.raises(Exception, match="No such option"):
        options("genbench run mnist --gpus-per-rum 0.25")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_slurm_scripts_are_shell_and_their_commands_are_understood(script):
    subprocess.run(["bash", "-n", script], check=True)
    text = script.read_text()
    assert text.startswith("#!/bin/bash\n")
    assert re.search(r"^#SBATCH --time=", text, re.MULTILINE)
    (command,) = re.findall(r"^srun (?:[^\\\n]|\\\n)+", text, re.MULTILINE)
    found = options(command)
    assert found["suite"] in {suite.name for suite in available_suites()}
    assert found["out"] == "$RESULTS"


def test_the_ray_job_is_one_and_its_command_is_understood():
    job = yaml.safe_load((EXAMPLES / "kubernetes" / "rayjob.yaml").read_text())
    assert (job["apiVersion"], job["kind"]) == ("ray.io/v1", "RayJob")
    found = options(job["spec"]["entrypoint"])
    assert (found["executor"], found["address"]) == ("ray", "auto")
    assert (found["gpus_per_run"], found["seeds_per_run"]) == (0.25, 4)
    assert str(found["out"]).startswith("s3://")
    cluster = job["spec"]["rayClusterSpec"]
    groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    images = {c["image"] for group in groups for c in group["template"]["spec"]["containers"]}
    assert len(images) == 1
    container = cluster["workerGroupSpecs"][0]["template"]["spec"]["containers"][0]
    assert int(container["resources"]["limits"]["nvidia.com/gpu"]) >= found["gpus_per_run"]
    base = (EXAMPLES / "kubernetes" / "Dockerfile").read_text()
    assert f"rayproject/ray:{cluster['rayVersion']}-" in base
    assert f"ray=={cluster['rayVersion']}\n" in (EXAMPLES.parent / "constraints.txt").read_text()
