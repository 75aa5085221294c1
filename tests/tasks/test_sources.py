from collections.abc import Callable
from pathlib import Path
from urllib.error import URLError

import pytest
from task_files import write_mnist
from torchvision.datasets import MNIST

from genbench.tasks import available, data_directory, mnist, prepare
from genbench.types import InputError, NotAvailableError


def test_data_directory_prefers_the_argument_then_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GENBENCH_DATA_DIR", raising=False)
    assert data_directory(None) == Path("data")
    monkeypatch.setenv("GENBENCH_DATA_DIR", "/elsewhere")
    assert data_directory(None) == Path("/elsewhere")
    assert data_directory(Path("/here")) == Path("/here")


def test_data_directory_knows_the_home_directory() -> None:
    assert data_directory(Path("~/sets")) == Path.home() / "sets"


def test_the_environment_leads_to_the_data(mnist_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENBENCH_DATA_DIR", str(mnist_dir))
    assert len(mnist().train) == 30


def test_the_working_directory_leads_to_the_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GENBENCH_DATA_DIR", raising=False)
    monkeypatch.chdir(tmp_path)
    write_mnist(tmp_path / "data" / "MNIST" / "raw")
    assert len(mnist().train) == 30


def test_prepare_counts_what_is_there(mnist_dir: Path) -> None:
    assert prepare("stacked-mnist", mnist_dir) == (
        f"stacked-mnist is ready in {mnist_dir / 'MNIST'}: 30 training and 20 test images"
    )


def test_prepare_downloads_only_when_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MNIST, "download", lambda self: write_mnist(Path(self.raw_folder)))
    with pytest.raises(NotAvailableError, match="prepare mnist --download"):
        prepare("mnist", tmp_path)
    assert not (tmp_path / "MNIST").exists()
    assert "30 training" in prepare("mnist", tmp_path, download=True)
    assert len(mnist(data_dir=tmp_path).train) == 30


def test_prepare_explains_a_failed_download(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(self: MNIST) -> None:
        raise URLError("no route\nto host")

    monkeypatch.setattr(MNIST, "download", offline)
    with pytest.raises(NotAvailableError, match="no route to host") as caught:
        prepare("mnist", tmp_path, download=True)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["ring8", "digits", "folder"])
def test_tasks_without_a_data_set_need_no_download(name: str) -> None:
    assert prepare(name, download=True) == available(name) == f"{name} needs no download"


@pytest.mark.parametrize("ask", [prepare, available])
def test_unknown_tasks_are_answered_with_close_ones(ask: Callable[[str], str]) -> None:
    with pytest.raises(InputError, match="did you mean mnist"):
        ask("mnits")


def test_available_says_where(mnist_dir: Path) -> None:
    assert available("mnist", mnist_dir) == f"mnist is in {mnist_dir / 'MNIST'}"


def test_available_says_how_to_get_what_is_absent(mnist_dir: Path) -> None:
    assert "`genbench prepare cifar10 --download`" in available("cifar10", mnist_dir)


@pytest.mark.parametrize("keep", [0, 3, 10, 5000])
def test_damaged_files_are_named_and_the_way_out_told(keep: int, mnist_dir: Path) -> None:
    file = mnist_dir / "MNIST" / "raw" / "t10k-images-idx3-ubyte"
    file.write_bytes(file.read_bytes()[:keep])
    with pytest.raises(InputError, match=r"mnist in .*MNIST is damaged .* delete that folder"):
        mnist(data_dir=mnist_dir)
    assert "damaged" in available("mnist", mnist_dir)


def test_files_of_different_length_are_damaged(mnist_dir: Path) -> None:
    raw = mnist_dir / "MNIST" / "raw"
    (raw / "train-labels-idx1-ubyte").write_bytes((raw / "t10k-labels-idx1-ubyte").read_bytes())
    with pytest.raises(InputError, match="30 images but 20 labels"):
        mnist(data_dir=mnist_dir)
