"""Parts and descriptions of an installed third package, found by its entry points."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

import eqspike
from eqspike import library
from eqspike.chips import load_profile
from eqspike.cli import main
from eqspike.core.errors import ConfigError
from eqspike.engines.fast import FastSession
from eqspike.experiment import load_configuration, resolve
from eqspike.memory import MEMORIES
from eqspike.rules import RULES

MEMORY = '''
"""A memory of a third package."""

class Coarse:
    """Weights in steps of one quarter."""

    kind = "coarse"

    @staticmethod
    def read(section, couplings):
        return Coarse()
'''
ENGINE = """
from eqspike.engines.fast import FastSession
from eqspike.experiment import Engine

ENGINE = Engine(lambda system, seed: FastSession(system, seed, threads=1), ("spikes",), "on one core")
"""
Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Writes a package with its entry points into a folder of its own on Python's path."""

    def make(name: str, files: dict[str, str], points: str, version: str = "1.2") -> Path:
        site = tmp_path / f"site-{name}"
        for path, text in files.items():
            (site / path).parent.mkdir(parents=True, exist_ok=True)
            (site / path).write_text(text, encoding="utf-8")
        info = site / f"{name}-{version}.dist-info"
        info.mkdir(parents=True, exist_ok=True)
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        (info / "METADATA").write_text(metadata, encoding="utf-8")
        (info / "entry_points.txt").write_text(points, encoding="utf-8")
        monkeypatch.syspath_prepend(str(site))
        for module in {Path(path).parts[0].removesuffix(".py") for path in files}:
            monkeypatch.delitem(sys.modules, module, raising=False)
        return site

    return make


def test_a_memory_is_found_and_loaded_only_when_it_is_named(install: Install) -> None:
    install("third_a", {"third_a.py": MEMORY}, "[eqspike.memories]\ncoarse = third_a:Coarse\n")
    assert "coarse" in list(MEMORIES)
    eqspike.load_model("eqspike-digits")
    assert "third_a" not in sys.modules
    section = eqspike_section(kind="coarse")
    assert MEMORIES.read(section, 2).kind == "coarse"
    assert "third_a" in sys.modules


def eqspike_section(**data: Any) -> Any:
    from eqspike.core.config import Section

    return Section(data, "mine.yaml", "memory")


def test_lists_show_its_parts_with_package_and_version(
    install: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    install("third_b", {"third_b.py": MEMORY}, "[eqspike.memories]\ncoarse = third_b:Coarse\n")
    assert main(["list", "memories"]) == 0
    line = capsys.readouterr().out.splitlines()[-1]
    assert line.split(maxsplit=4) == [
        "coarse", "package", "third_b", "1.2", "Weights in steps of one quarter.",
    ]  # fmt: skip


def test_a_run_records_the_package_it_used_and_refuses_another_version(
    install: Install, tmp_path: Path
) -> None:
    site = install("third_c", {"third_c.py": ENGINE}, "[eqspike.engines]\nlone = third_c:ENGINE\n")
    assert "plugins" not in resolve("eqspike-digits", "digits").as_yaml()
    configuration = resolve("eqspike-digits", "digits", engine="lone")
    data = yaml.safe_load(configuration.as_yaml())
    assert data["plugins"] == [{"package": "third_c", "version": "1.2"}]
    path = tmp_path / "config.yaml"
    path.write_text(configuration.as_yaml(), encoding="utf-8")
    assert load_configuration(path) == configuration
    assert isinstance(eqspike.open_session(configuration.model.system, engine="lone"), FastSession)
    path.write_text(path.read_text().replace("1.2", "1.1"), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"needs package third_c 1\.1, found 1\.2; install"):
        load_configuration(path)
    sys.path.remove(str(site))
    with pytest.raises(ConfigError, match=r"needs package third_c 1\.1, found none"):
        load_configuration(path)


@pytest.mark.parametrize(
    ("text", "point", "said"),
    [
        (MEMORY, "ideal = third_d:Coarse", "package third_d 1.2: memory 'ideal' is built in"),
        (MEMORY, "coarse = third_d:Fine", "entry point 'coarse' of eqspike.memories cannot be loaded: Attrib"),
        ("1 / 0", "coarse = third_d:Coarse", "cannot be loaded: ZeroDivisionError"),
        ("Coarse = 3", "coarse = third_d:Coarse", "must have a class with a static method"),
    ],
)  # fmt: skip
def test_a_broken_package_is_named(
    install: Install, capsys: pytest.CaptureFixture[str], text: str, point: str, said: str
) -> None:
    install("third_d", {"third_d.py": text}, f"[eqspike.memories]\n{point}\n")
    assert main(["list", "memories"]) == 2
    printed = capsys.readouterr().err
    assert printed.startswith("eqspike: error: package third_d 1.2: ")
    assert said in printed
    assert eqspike.load_model("eqspike-digits").system.memory.kind == "ideal"


def test_two_packages_cannot_offer_one_name(install: Install) -> None:
    for name in ("third_e", "third_f"):
        install(name, {f"{name}.py": MEMORY}, f"[eqspike.memories]\ncoarse = {name}:Coarse\n")
    with pytest.raises(ConfigError, match=r"'coarse' is offered by package third_. 1\.2 and by"):
        MEMORIES.read(eqspike_section(kind="coarse"), 2)
    assert "ep" in RULES


class TestLibraries:
    """YAML files of a package, by the entry point `eqspike.library`."""

    CHIP = Path("chips/odin.yaml")
    TASK = Path("tasks/digits.yaml")
    POINT = "[eqspike.library]\nmine = {}\n"

    @pytest.fixture
    def files(self) -> dict[str, str]:
        root = library.folder("chips").parent
        return {
            "data/chips/their-chip.yaml": (root / self.CHIP).read_text(encoding="utf-8"),
            "data/models/their-model.yaml": library.find("models", "eqspike-digits").read_text(
                encoding="utf-8"
            ),
        }

    def test_its_names_are_of_the_library(
        self, install: Install, files: dict[str, str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        install(
            "third_g", {f"third_g/{name}": text for name, text in files.items()},
            self.POINT.format("third_g.data"),
        )  # fmt: skip
        assert load_profile("their-chip").title == load_profile("odin").title
        assert eqspike.load_model("their-model").system == eqspike.load_model("eqspike-digits").system  # fmt: skip
        assert main(["list", "chips"]) == 0
        assert "their-chip" in capsys.readouterr().out
        assert "package third_g 1.2" in table_of(capsys, "models")
        with pytest.raises(ConfigError, match="did you mean 'their-chip'"):
            library.find("chips", "their-chips")

    def test_a_path_in_a_module_will_do(self, install: Install, files: dict[str, str]) -> None:
        code = "from pathlib import Path\nFOLDER = Path(__file__).parent / 'data'\n"
        install("third_h", {"third_h.py": code, **files}, self.POINT.format("third_h:FOLDER"))
        assert "their-chip" in library.names("chips")

    def test_a_task_of_a_package_is_recorded(self, install: Install) -> None:
        text = library.find("tasks", "mnist").read_text(encoding="utf-8")
        install("third_i", {"third_i/tasks/theirs.yaml": text}, self.POINT.format("third_i"))
        configuration = resolve("eqspike-100", "theirs")
        assert configuration.task == "theirs"
        assert [str(each) for each in configuration.plugins] == ["package third_i 1.2"]

    def test_a_clash_of_names_is_refused(self, install: Install) -> None:
        text = library.find("chips", "odin").read_text(encoding="utf-8")
        install("third_j", {"third_j/chips/odin.yaml": text}, self.POINT.format("third_j"))
        said = "'odin' of the library of chips is described by eqspike itself and package third_j 1.2"  # fmt: skip
        for ask in (lambda: library.find("chips", "odin"), lambda: library.names("chips")):
            with pytest.raises(ConfigError, match=said):
                ask()
        assert library.find("chips", "loihi1").is_file()

    @pytest.mark.parametrize(
        ("value", "said"),
        [
            ("third_k", "must be a package or folder that holds models/, tasks/, chips/"),
            ("third_none", "must be a package or folder"),
            ("third_k:FOLDER", "entry point 'mine' of eqspike.library cannot be found: Attribute"),
        ],
    )
    def test_a_package_without_folders_is_refused(
        self, install: Install, value: str, said: str
    ) -> None:
        install("third_k", {"third_k/__init__.py": ""}, self.POINT.format(value))
        with pytest.raises(ConfigError) as caught:
            library.names("chips")
        assert said in str(caught.value)
        assert "package third_k 1.2" in str(caught.value)


def table_of(capsys: pytest.CaptureFixture[str], kind: str) -> str:
    assert main(["list", kind]) == 0
    return capsys.readouterr().out
