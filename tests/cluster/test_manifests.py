"""The manifests pass the checks of the tools that read them, and name the same things as each other and the docs."""

from __future__ import annotations

import copy
import json
import re
import shutil
import subprocess
import sysconfig
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import kubernetes_validate
import pytest
import yaml
from jsonschema import Draft202012Validator, ValidationError
from ray.autoscaler._private.util import prepare_config, validate_config

from cluster.packing import check_shared
from search.cli import make_parser
from search.commands.command import INTERRUPTED
from search.config.search_file import load
from spaces.errors import InputError

ROOT = Path(__file__).parents[2]
MANIFESTS = ROOT / "cluster" / "manifests"
SCHEMAS = Path(__file__).parent / "schemas"
KUBERNETES = "1.34"
RAY = re.search(r"^ray\[.*\]==(\S+)$", (ROOT / "requirements.txt").read_text(), re.MULTILINE)[1]  # type: ignore[index]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
IMAGE = f"registry.example.com/taskmix:{VERSION}"
UP = sorted((MANIFESTS / "ray-up").glob("*.yaml"))
KINDS = {"RayCluster": "kuberay-raycluster-v1.json", "RayJob": "kuberay-rayjob-v1.json"}


def documents() -> list[dict[str, Any]]:
    files = sorted((MANIFESTS / "kubernetes").glob("*.yaml"))
    return [document for file in files for document in yaml.safe_load_all(file.read_text())]


def named(kind: str, name: str) -> dict[str, Any]:
    (found,) = [each for each in documents() if (each["kind"], each["metadata"]["name"]) == (kind, name)]
    return found


# --- ray up


def validated(config: dict[str, Any]) -> dict[str, Any]:
    """As `ray up` does before it asks a cloud for anything."""
    prepared: dict[str, Any] = prepare_config(copy.deepcopy(config))
    validate_config(prepared)
    return prepared


@pytest.mark.parametrize("file", UP, ids=lambda file: file.stem)
def test_ray_up_accepts_it(file: Path) -> None:
    config = yaml.safe_load(file.read_text())
    prepared = validated(config)
    assert config["idle_timeout_minutes"] == 10
    workers = [
        each for name, each in prepared["available_node_types"].items() if name != prepared["head_node_type"]
    ] or list(prepared["available_node_types"].values())
    assert [1 <= each["min_workers"] < each["max_workers"] for each in workers] == [True]
    assert f"ray up {file.relative_to(ROOT)}" in file.read_text()


@pytest.mark.parametrize("file", UP, ids=lambda file: file.stem)
def test_ray_up_would_not_accept_a_misspelt_key(file: Path) -> None:
    config = yaml.safe_load(file.read_text())
    config["idle_timeout_minute"] = config.pop("idle_timeout_minutes")
    with pytest.raises(ValidationError, match="idle_timeout_minute"):
        validated(config)


@pytest.mark.parametrize("file", UP, ids=lambda file: file.stem)
def test_nodes_have_the_pinned_versions_the_token_and_no_port_but_ssh(file: Path) -> None:
    config, text = yaml.safe_load(file.read_text()), file.read_text()
    assert set(re.findall(r"rayproject/ray:(\S+?)-py311|ray\[default\]==(\S+?)\"", text)) <= {(RAY, ""), ("", RAY)}
    assert f"ray:{RAY}-py311-gpu" in text or f"ray[default]=={RAY}" in text
    assert any("pip install" in line and "requirements.txt" in line for line in config["setup_commands"])
    mounted = {source: target for target, source in config["file_mounts"].items()}
    assert mounted["~/.ray/auth_token"].endswith("/.ray/auth_token")
    assert (ROOT / mounted["requirements.txt"].rpartition("/")[2]).is_file()
    for role in ("head", "worker"):
        (start,) = [line for line in config[f"{role}_start_ray_commands"] if "ray start" in line]
        assert "RAY_AUTH_MODE=token ray start" in start
        off = {"RAY_enable_metrics_collection=0"}  # metrics want no token
        off |= {"DASHBOARD_METRIC_PORT=-1", "AUTOSCALER_METRIC_PORT=-1"} if role == "head" else set()
        assert off <= set(start.split())
    # The dashboard on loopback, and nobody asks a cloud to let more in than Ray's own ssh.
    assert "--dashboard-host=127.0.0.1" in "".join(config["head_start_ray_commands"])
    assert not re.search(r"IpPermissions|SecurityGroup|firewall|0\.0\.0\.0|--ray-client-server-port", text)


# --- systemd

UNITS = sorted((MANIFESTS / "systemd").glob("*.service"))


def directives(unit: Path) -> dict[str, str]:
    """Key -> value of a unit's lines, continued ones joined."""
    lines = unit.read_text().replace("\\\n", " ").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_accepts_the_units_and_no_misspelt_key(tmp_path: Path) -> None:
    def complaints(folder: Path) -> str:
        checked = [str(file.rename(folder / file.name.replace("@", "@mine"))) for file in folder.glob("*@.service")]
        checked += [str(file) for file in folder.glob("*.service") if str(file) not in checked]
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", *checked], capture_output=True, text=True)
        return "\n".join(line for line in (done.stdout + done.stderr).splitlines() if "taskmix-" in line)

    for number, misspelt in enumerate((False, True)):
        folder = tmp_path / str(number)
        folder.mkdir()
        for unit in UNITS:
            text = re.sub(r"/home/taskmix/taskmix/venv/bin/\S+", "/bin/true", unit.read_text())
            (folder / unit.name).write_text(text.replace("RestartSec", "RestartSecs") if misspelt else text)
        assert ("RestartSecs" in complaints(folder)) == misspelt
        if not misspelt:
            assert complaints(folder) == ""


def test_units_come_back_and_leave_nothing_behind() -> None:
    assert [unit.name for unit in UNITS] == [
        "taskmix-head.service",
        "taskmix-search@.service",
        "taskmix-worker.service",
    ]
    head, search, worker = map(directives, UNITS)
    for unit in (head, worker):
        assert (unit["Restart"], unit["KillMode"], unit["StartLimitIntervalSec"]) == ("always", "control-group", "0")
        assert {"RAY_AUTH_MODE=token", "RAY_enable_metrics_collection=0"} <= set(unit["Environment"].split())
        assert "--block" in unit["ExecStart"]
    assert "--dashboard-host=127.0.0.1" in head["ExecStart"] and "--num-cpus=0" in head["ExecStart"]
    assert (search["Restart"], search["RestartPreventExitStatus"]) == ("on-failure", str(InputError.exit_code))
    assert search["SuccessExitStatus"] == str(INTERRUPTED), "one that was asked to stop is not launched again"
    page = (ROOT / "docs" / "cluster.md").read_text()
    assert all(unit.name in page for unit in UNITS)


# --- Kubernetes


def strict(schema: Any) -> Any:
    """As the API server reads a CRD with strict field validation: what has no place in the schema is a mistake."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: strict(value) for key, value in schema.items()}
    if isinstance(made.get("properties"), dict) and isinstance(made.get("type"), str):
        free = made.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in made
        return made if free else {**made, "additionalProperties": False}
    return made


def problems(document: dict[str, Any]) -> list[str]:
    schema = strict(json.loads((SCHEMAS / KINDS[document["kind"]]).read_text()))
    return [f"{error.json_path}: {error.message}" for error in Draft202012Validator(schema).iter_errors(document)]


def test_kubernetes_accepts_its_own_kinds() -> None:
    mine = [each for each in documents() if each["kind"] not in KINDS]
    assert {each["kind"] for each in mine} == {
        "ConfigMap",
        "Deployment",
        "PersistentVolumeClaim",
        "Service",
        "StatefulSet",
    }
    for document in mine:
        kubernetes_validate.validate(document, KUBERNETES, strict=True)


def test_kubernetes_would_not_accept_a_misspelt_key() -> None:
    document = named("StatefulSet", "taskmix-postgres")
    document["spec"]["template"]["spec"]["containers"][0]["imgae"] = "postgres"
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(document, KUBERNETES, strict=True)


@pytest.mark.parametrize(("kind", "name"), [("RayCluster", "taskmix"), ("RayJob", "taskmix-xtreme")])
def test_kuberay_accepts_it_and_no_misspelt_key(kind: str, name: str) -> None:
    document = named(kind, name)
    assert problems(document) == []
    cluster = document["spec"].get("rayClusterSpec", document["spec"])
    cluster["autoscalerOptions"]["idleTimeoutSecond"] = 60
    cluster["workerGroupSpecs"][0]["template"]["spec"]["containers"][0]["imgae"] = "x"
    cluster["headGroupSpec"]["rayStartParams"]["num-cpus"] = 0  # Ray's parameters are strings
    assert len(problems(document)) == 3


def cluster_specs() -> list[dict[str, Any]]:
    return [named("RayCluster", "taskmix")["spec"], named("RayJob", "taskmix-xtreme")["spec"]["rayClusterSpec"]]


def pods() -> list[dict[str, Any]]:
    """The pods that any manifest makes."""
    groups = [group for spec in cluster_specs() for group in (spec["headGroupSpec"], *spec["workerGroupSpecs"])]
    owners = [each["spec"] for each in documents() if each["kind"] in ("Deployment", "StatefulSet")]
    return [owner["template"]["spec"] for owner in (*groups, *owners)]


def test_a_job_is_tried_again_and_leaves_nothing_that_costs() -> None:
    spec = named("RayJob", "taskmix-xtreme")["spec"]
    assert spec["backoffLimit"] > 0 and spec["shutdownAfterJobFinishes"] and spec["ttlSecondsAfterFinished"] > 0
    for cluster in cluster_specs():
        assert cluster["rayVersion"] == RAY
        assert cluster["authOptions"] == {"mode": "token"}
        assert cluster["enableInTreeAutoscaling"] and cluster["autoscalerOptions"]["idleTimeoutSeconds"] > 0
        (workers,) = cluster["workerGroupSpecs"]
        assert 1 <= workers["minReplicas"] <= workers["replicas"] < workers["maxReplicas"]


def test_what_pods_name_exists() -> None:
    """Images, volumes, claims, config maps; and the secrets, which commands in the docs make, or Ray's operator."""
    made = {(each["kind"], each["metadata"]["name"]) for each in documents()}
    docs = "".join((ROOT / "docs" / page).read_text() for page in ("cluster.md", "service.md"))
    secrets = re.findall(r"create secret generic (\S+) --from-literal=(\w+)=", docs)
    secrets += re.findall(r"get secret (\S+) -o jsonpath='\{\.data\.(auth_token)\}'", docs)
    images = set()
    for pod in pods():
        volumes = {volume["name"] for volume in pod["volumes"]}
        volumes |= {"data"} if pod["containers"][0]["name"] == "postgres" else set()
        assert pod["securityContext"]["runAsNonRoot"]
        for volume in pod["volumes"]:
            if "configMap" in volume:
                assert ("ConfigMap", volume["configMap"]["name"]) in made
            else:
                assert ("PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"]) in made
        for container in pod["containers"]:
            images.add(container["image"])
            assert {mount["name"] for mount in container["volumeMounts"]} <= volumes
            for variable in container.get("env", []):
                if "valueFrom" in variable:
                    reference = variable["valueFrom"]["secretKeyRef"]
                    assert (reference["name"], reference["key"]) in secrets
    assert images == {IMAGE, "postgres:17"}


def test_services_lead_to_their_pods() -> None:
    owners = {each["metadata"]["name"]: each for each in documents() if each["kind"] in ("Deployment", "StatefulSet")}
    services = [each for each in documents() if each["kind"] == "Service"]
    assert len(services) == len(owners) == 3
    for service in services:
        assert "type" not in service["spec"]  # inside of the cluster alone
        template = owners[service["metadata"]["name"]]["spec"]["template"]
        assert template["metadata"]["labels"] == service["spec"]["selector"]
        assert owners[service["metadata"]["name"]]["spec"]["selector"]["matchLabels"] == service["spec"]["selector"]
        (port,) = template["spec"]["containers"][0]["ports"]
        assert port["name"] == service["spec"]["ports"][0]["targetPort"]
        assert port["containerPort"] == service["spec"]["ports"][0]["port"]


def reached(url: str) -> str:
    """The database behind a URL, after its service, port and user were looked up."""
    parts = urlsplit(url)
    assert named("Service", str(parts.hostname))["spec"]["ports"][0]["port"] == parts.port
    if parts.scheme == "http":
        return ""
    (postgres,) = named("StatefulSet", str(parts.hostname))["spec"]["template"]["spec"]["containers"]
    environment = {variable["name"]: variable.get("value") for variable in postgres["env"]}
    assert (parts.username, parts.password) == (environment["POSTGRES_USER"], None)
    database = parts.path.removeprefix("/")
    made = named("ConfigMap", "taskmix-postgres-start")["data"]["databases.sql"]
    assert database == environment["POSTGRES_DB"] or f"CREATE DATABASE {database};" in made
    return database


def test_the_search_of_the_job_is_a_search_and_finds_its_places(tmp_path: Path) -> None:
    (name,) = [volume["configMap"]["name"] for pod in pods() for volume in pod["volumes"] if volume["name"] == "search"]
    mounts = named("RayJob", "taskmix-xtreme")["spec"]["rayClusterSpec"]["headGroupSpec"]["template"]["spec"]
    (where,) = [each["mountPath"] for each in mounts["containers"][0]["volumeMounts"] if each["name"] == "search"]
    entrypoint = named("RayJob", "taskmix-xtreme")["spec"]["entrypoint"]
    (key, text), *rest = named("ConfigMap", name)["data"].items()
    assert rest == [] and entrypoint == f"sh -c 'python -m search launch {where}/{key} || test $? -eq {INTERRUPTED}'"
    file = tmp_path / key
    file.write_text(text)
    config = load(file).config
    assert check_shared(config.model_dump(mode="json"), key) == []
    storage = config.storage
    assert storage.studies and storage.mlflow and storage.store and storage.cache
    for pod in (pod for pod in pods() if pod["containers"][0]["name"].startswith("ray-")):
        assert {"name": "shared", "mountPath": "/shared"} in pod["containers"][0]["volumeMounts"]
    assert storage.store.startswith("/shared/") and storage.cache.startswith("/shared/")
    # MLflow behind its service, on a database that is not the studies'.
    (mlflow,) = named("Deployment", "taskmix-mlflow")["spec"]["template"]["spec"]["containers"]
    options = dict(argument.removeprefix("--").split("=", 1) for argument in mlflow["args"])
    assert reached(storage.mlflow) == ""
    assert urlsplit(storage.mlflow).netloc in options["allowed-hosts"].split(",")
    assert {reached(storage.studies), reached(options["backend-store-uri"])} == {"taskmix", "mlflow"}
    # A work item fits on a worker.
    for spec in cluster_specs():
        limits = spec["workerGroupSpecs"][0]["template"]["spec"]["containers"][0]["resources"]["limits"]
        assert config.resources.cpus <= int(limits["cpu"])
        assert config.resources.gpus <= int(limits["nvidia.com/gpu"])


def test_the_service_keeps_searches_where_the_job_does_and_is_found_by_name() -> None:
    (container,) = named("Deployment", "taskmix-service")["spec"]["template"]["spec"]["containers"]
    options = make_parser().parse_args([*container["command"][1:], *container["args"]])
    assert options.host == "0.0.0.0" and named("Service", "taskmix-service")["metadata"]["name"] in options.allow_host
    assert options.address == f"http://{named('RayCluster', 'taskmix')['metadata']['name']}-head-svc:8265"
    storage = yaml.safe_load(named("ConfigMap", "taskmix-storage")["data"][options.storage.name])
    search = yaml.safe_load(named("ConfigMap", "taskmix-search")["data"]["search.yaml"])
    assert storage == search["storage"]
    assert {mount["mountPath"] for mount in container["volumeMounts"]} >= {str(options.storage.parent)}
    head = named("RayCluster", "taskmix")["spec"]["headGroupSpec"]["template"]["spec"]["containers"][0]
    home = {"name": "TASKMIX_HOME", "value": "/shared/searches"}
    assert home in container["env"] and home in head["env"]
    (port,) = named("Service", "taskmix-service")["spec"]["ports"]
    assert port["port"] == options.port


def test_both_clusters_are_the_same() -> None:
    stays, ends = cluster_specs()
    head = ends["headGroupSpec"]["template"]["spec"]
    head["containers"][0]["volumeMounts"] = [
        each for each in head["containers"][0]["volumeMounts"] if each["name"] != "search"
    ]
    head["volumes"] = [each for each in head["volumes"] if each["name"] != "search"]
    assert stays == ends


# --- the image


def test_hadolint_accepts_the_dockerfile(tmp_path: Path) -> None:
    hadolint = Path(sysconfig.get_path("scripts")) / "hadolint"
    file = MANIFESTS / "Dockerfile"
    done = subprocess.run([hadolint, file], capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("", 0)
    broken = tmp_path / "Dockerfile"
    broken.write_text(file.read_text().replace("RUN pip", "RUNS pip"))
    assert subprocess.run([hadolint, broken], capture_output=True).returncode == 1


def test_the_image_has_the_pinned_ray_no_root_and_what_it_copies_exists() -> None:
    text = (MANIFESTS / "Dockerfile").read_text()
    lines = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    assert [words[1] for words in lines if words[0] == "FROM"] == [f"rayproject/ray:{RAY}-py311-gpu"]
    assert [words[1] for words in lines if words[0] == "USER"] == ["1000"]
    copied = [name for words in lines if words[0] == "COPY" for name in words[2:-1]]
    assert all((ROOT / name).exists() for name in copied)
    # What `pip install .` reads, and all that it installs.
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = {pattern.removesuffix("*") for pattern in project["tool"]["setuptools"]["packages"]["find"]["include"]}
    assert packages | {"requirements.txt", "pyproject.toml", project["project"]["readme"], "LICENSE"} == set(copied)
    assert f"-t {IMAGE} ." in text


def test_machines_of_ones_own_ask_for_the_autoscaler_that_knows_them() -> None:
    """Ray 2.60's `ray up` takes version 2, which never brings a worker of `provider: local`."""
    asked = "RAY_UP_enable_autoscaler_v2=0"
    for file in ("cluster/manifests/ray-up/on-premise.yaml", "docs/cluster.md"):
        assert asked in (ROOT / file).read_text()
