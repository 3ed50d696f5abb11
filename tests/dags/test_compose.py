"""What can be known of docker-compose without an engine: shape, names, versions, and that what it runs exists."""

import re
import tomllib
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from packaging.requirements import Requirement

from waybill.cli import app
from waybill.declared import Dataset, DestinationSettings

PROJECT = Path(__file__).parents[2]
DOCKERFILE = (PROJECT / "Dockerfile").read_text()
COMPOSE_TEXT = (PROJECT / "docker-compose.yml").read_text()
EXAMPLE = (PROJECT / ".env.example").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(COMPOSE_TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text())
LOCK = [line for line in (PROJECT / "requirements.lock").read_text().splitlines() if line]

SERVICE_KEYS = {
    "image", "build", "restart", "environment", "command", "volumes", "depends_on", "healthcheck", "ports",
    "network_mode",
}  # fmt: skip
AIRFLOW_KNOWS = """
import json
from airflow.cli.cli_parser import ALL_COMMANDS_DICT
from airflow.configuration import conf
known = conf.configuration_description.items()
options = [f"AIRFLOW__{name.upper()}__{option.upper()}" for name, section in known for option in section["options"]]
print(json.dumps([options, list(ALL_COMMANDS_DICT)]))
"""


def words(service: dict[str, Any]) -> list[str]:
    """The programs and subcommands of a service's command, shell lines split into theirs."""
    command = service["command"]
    if command[0] == "bash":
        return [line.strip() for line in re.split(r"\n|\|\||&&", command[-1]) if line.strip()]
    return [" ".join(command)]


def test_every_service_has_the_shape_that_compose_knows() -> None:
    assert set(COMPOSE) == {"name", "x-airflow", "services", "volumes"}
    for name, service in SERVICES.items():
        assert set(service) <= SERVICE_KEYS, name
        assert isinstance(service["environment"], dict) and all(
            isinstance(value, str) for value in service["environment"].values()
        )
        for other, condition in service.get("depends_on", {}).items():
            wanted = condition["condition"]
            assert other in SERVICES
            assert wanted != "service_healthy" or "healthcheck" in SERVICES[other], (name, other)
            assert wanted != "service_completed_successfully" or SERVICES[other]["restart"] == "no", (name, other)
        for volume in service.get("volumes", []):
            assert volume.partition(":")[0] in COMPOSE["volumes"]
    assert {name for name, service in SERVICES.items() if "healthcheck" not in service} == {"airflow-init", "sample"}


def test_the_services_of_airflow_and_of_the_demo_are_there() -> None:
    assert set(SERVICES) == {
        "postgres", "shop", "airflow-init", "sample", "airflow-apiserver", "airflow-scheduler",
        "airflow-dag-processor", "airflow-triggerer", "emulator",
    }  # fmt: skip
    assert SERVICES["emulator"]["network_mode"] == "service:airflow-scheduler"


def test_nothing_listens_beyond_this_machine() -> None:
    assert all(port.startswith("127.0.0.1:") for service in SERVICES.values() for port in service.get("ports", []))


def test_every_variable_is_explained_and_every_secret_is_required() -> None:
    explained = set(re.findall(r"^(?:# )?([A-Z][A-Z_]+)=", EXAMPLE, re.MULTILINE))
    used = set(re.findall(r"\$\{([A-Z_]+)", COMPOSE_TEXT))
    assert used <= explained
    required = set(re.findall(r"\$\{([A-Z_]+):\?", COMPOSE_TEXT))
    secrets = {name for name in explained if re.search(r"PASSWORD|SECRET|TOKEN|KEY", name)}
    assert secrets <= required
    assert not re.findall(r"^(?:\w*(?:PASSWORD|SECRET|TOKEN|KEY)\w*)=.+", EXAMPLE, re.MULTILINE)
    assert not re.findall(r"\$\{\w*(?:PASSWORD|SECRET|TOKEN|KEY)\w*:-", COMPOSE_TEXT)


def test_every_waybill_variable_is_one_that_settings_read() -> None:
    source = (PROJECT / "include/waybill/settings.py").read_text()
    fields = {*DestinationSettings.model_fields, *Dataset.model_fields}
    known = set(re.findall(r'"(WAYBILL_[A-Z_]+)"', source)) | {f"WAYBILL_META_{field.upper()}" for field in fields}
    named = set(re.findall(r"\bWAYBILL_[A-Z_]+\b", COMPOSE_TEXT + EXAMPLE + DOCKERFILE))
    assert named <= known


def test_airflow_knows_every_option_and_command(run_python: Callable[..., Any]) -> None:
    options, commands = run_python(AIRFLOW_KNOWS)
    named = set(re.findall(r"\bAIRFLOW__[A-Z_]+\b", COMPOSE_TEXT + DOCKERFILE))
    assert named and named <= set(options)
    run = [line.split()[1] for service in SERVICES.values() if "command" in service for line in words(service)
           if line.startswith("airflow ")]  # fmt: skip
    assert {"api-server", "scheduler", "dag-processor", "triggerer", "db", "pools"} == set(run)
    assert set(run) <= set(commands)


def test_waybill_knows_every_command_and_its_options() -> None:
    known = typer.main.get_command(app)
    assert hasattr(known, "commands")
    run = [line.split() for service in SERVICES.values() if "command" in service for line in words(service)]
    ours = [line for line in run if line[0] == "waybill"]
    assert {line[1] for line in ours} == {"emulator", "sample"}
    for line in ours:
        options = {option for parameter in known.commands[line[1]].params for option in parameter.opts}
        assert {word for word in line if word.startswith("--")} <= options


def test_the_image_is_built_from_the_lock_and_from_what_exists() -> None:
    version = PYPROJECT["project"]["version"]
    assert {service["image"] for service in SERVICES.values()} == {f"waybill:{version}", "postgres:18"}
    base = re.search(r"^FROM python:(\d\.\d+)-slim$", DOCKERFILE, re.MULTILINE)
    assert base and base[1] in ("3.11", "3.12", "3.13")
    assert "--constraint requirements.lock" in DOCKERFILE
    assert re.search(r"^USER waybill$", DOCKERFILE, re.MULTILINE)
    allowed = (PROJECT / ".dockerignore").read_text().splitlines()
    for copied in re.findall(r"^COPY (.+) \S+$", DOCKERFILE, re.MULTILINE):
        for path in copied.split():
            assert (PROJECT / path).exists() and f"!{path}" in allowed, path


def test_the_lock_pins_all_that_is_asked_for_and_is_what_runs_here() -> None:
    pins: dict[str, set[str]] = {}
    for line in LOCK:
        match = re.fullmatch(r"([a-z0-9][a-z0-9._-]*)==([0-9][a-z0-9.+!]*)( ; .+)?", line)
        assert match, f"{line!r} is more than a name and a version"
        pins.setdefault(match[1], set()).add(match[2])
    extras = PYPROJECT["project"]["optional-dependencies"]["dev"]
    for text in [*PYPROJECT["project"]["dependencies"], *extras]:
        asked = Requirement(text)
        name = asked.name.lower().replace("_", "-")
        assert pins[name] and all(asked.specifier.contains(version) for version in pins[name]), text
        assert metadata.version(name) in pins[name], text


@pytest.mark.parametrize("folder", ["/opt/waybill/dags", "/opt/waybill/data", "/opt/waybill/airflow"])
def test_folders_that_compose_names_are_those_of_the_image(folder: str) -> None:
    assert folder in COMPOSE_TEXT and "WORKDIR /opt/waybill" in DOCKERFILE
    assert folder in DOCKERFILE or f"COPY {Path(folder).name} {Path(folder).name}" in DOCKERFILE
