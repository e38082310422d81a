"""The steps of the demo. Needs .venv; knows nothing of how the result is shown."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shlex
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import botocore.exceptions
from demo import AWS, EXAMPLE_STACK, PROVIDER_STACK, ROOT, VENV, indented
from demo_findings import FOUND, TAG, scan, show_findings, wait
from demo_show import first_repository, show

BUILT = ROOT / ".aws-sam"
STAMP = BUILT / "demo-stamp"
LOGS = ROOT / ".local"
# Whatever decides about the functions' binaries or the built template.
SOURCES = ("Cargo.toml", "Cargo.lock", "rust-toolchain.toml", "CargoLambda.toml", "build.rs", ".cargo", "src",
           "template.yaml", "samconfig.toml", "local/requirements.txt")
WAIT_SECONDS = 900


class Trouble(Exception):
    """Ends the demo: what happened, and what the person at the terminal can do about it."""

    def __init__(self, what: str, advice: str):
        super().__init__(what)
        self.what = what
        self.advice = advice


def up(started: float) -> None:
    """The demo."""
    architecture = host_architecture()
    build(architecture)
    with step("Starting the local AWS"):
        if subprocess.run([*AWS, "up"], stdout=subprocess.DEVNULL).returncode:
            raise Trouble("the local AWS did not start",
                          f"The lines above say why; the servers' logs are in {relative(LOGS)}/. Then run this again.")
    environment = local_environment()
    session = boto3.Session()
    cloudformation = session.client("cloudformation")
    with step(f"Deploying template.yaml as stack {PROVIDER_STACK}"):
        clear_failed(cloudformation, PROVIDER_STACK)
        # Without --template-file, which would also move the place where SAM looks for samconfig.toml.
        quietly("deploy", ["sam", "deploy", "--parameter-overrides", f"Architecture={architecture}"], environment,
                lambda: story(session, PROVIDER_STACK))
    with step(f"Deploying examples/microservices.yaml as stack {EXAMPLE_STACK}"):
        changed = deploy_example(session, cloudformation)
    if not changed:
        note("the stack is as the example declares it already; edit the example to see an update")
    repository = first_repository(session)
    with step(f"Having {repository}:{TAG} scanned, and waiting for what was found"):
        digest = scan(session, repository)
        found = wait(session, repository, digest)
    if found < sum(FOUND.values()):
        raise Trouble(f"Security Hub has {found} of {sum(FOUND.values())} findings\n{story(session, EXAMPLE_STACK)}",
                      "The function's last lines above say why. To start afresh: make demo-down demo")
    show(session, lambda: show_findings(session, repository, digest), time.time() - started)


# ---- building ----


def host_architecture() -> str:
    """This machine's architecture in Lambda's words."""
    machine = platform.machine().lower()
    for name, others in (("x86_64", ("x86_64", "amd64")), ("arm64", ("aarch64", "arm64"))):
        if machine in others:
            return name
    raise Trouble(f"Lambda has no {machine} functions", "Run the demo on an x86_64 or arm64 machine.")


def build(architecture: str) -> None:
    """`sam build`, unless nothing that decides about its result has changed."""
    if architecture not in ("arm64", "x86_64"):
        raise Trouble(f"Lambda has no {architecture} functions", "Architectures are arm64 and x86_64.")
    wanted = fingerprint(architecture)
    complete = (BUILT / "build" / "template.yaml").exists() and all(
        bootstrap.stat().st_size for bootstrap in BUILT.glob("build/*/bootstrap"))
    if complete and STAMP.exists() and STAMP.read_text() == wanted:
        note(f"the functions are built ({architecture}), their sources have not changed")
        return
    environment = {**os.environ, "SAM_CLI_TELEMETRY": "0", "PATH": f"{VENV / 'bin'}{os.pathsep}{os.environ['PATH']}",
                   "CARGO_TARGET_DIR": os.environ.get("CARGO_TARGET_DIR") or str(ROOT / "target")}
    STAMP.unlink(missing_ok=True)
    with step(f"Compiling the functions for {architecture} (several minutes the first time)"):
        # SAM hides cargo's progress and cannot pass --locked on; so this comes first, with the very flags SAM uses, and
        # leaves SAM nothing to compile.
        binaries = [flag for name in functions() for flag in ("--bin", name)]
        compiled = subprocess.run(
            ["cargo", "lambda", "build", "--release", *(["--arm64"] if architecture == "arm64" else []), "--locked",
             *binaries], cwd=ROOT, env=environment)
        if compiled.returncode:
            raise Trouble("the functions do not compile",
                          "The lines above say why. If Cargo.lock is said to need an update: cargo update --workspace")
    with step("Packing them with sam build"):
        quietly("build", ["sam", "build", "--parameter-overrides", f"Architecture={architecture}"], environment)
    STAMP.write_text(wanted)


def functions() -> list[str]:
    """The binaries template.yaml names."""
    return re.findall(r"^\s+Binary:\s*(\S+)\s*$", (ROOT / "template.yaml").read_text(), re.MULTILINE)


def fingerprint(architecture: str) -> str:
    """One line that changes when a source does."""
    digest = hashlib.sha256(architecture.encode())
    for name in SOURCES:
        place = ROOT / name
        for file in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if file.is_file():
                digest.update(b"\0" + str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


# ---- deploying ----


def local_environment() -> dict[str, str]:
    """Points this process, and what it starts, at the local AWS and at nothing else."""
    told = subprocess.run([*AWS, "env"], stdout=subprocess.PIPE, text=True)
    if told.returncode:
        raise Trouble("the local AWS is not running", "Look at: local/aws status")
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    for word in shlex.split(told.stdout):
        name, equals, value = word.partition("=")
        if equals:
            os.environ[name] = value
    endpoint = urlsplit(os.environ.get("AWS_ENDPOINT_URL", ""))
    if endpoint.hostname not in ("127.0.0.1", "localhost", "::1"):
        raise Trouble(f"the endpoint {endpoint.geturl()!r} is not on this machine", "Look at: local/aws env")
    # A profile may hold endpoints of its own, and they would win.
    os.environ.update(AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull, SAM_CLI_TELEMETRY="0",
                      PATH=f"{VENV / 'bin'}{os.pathsep}{os.environ['PATH']}")
    return dict(os.environ)


def deploy_example(session: boto3.Session, cloudformation) -> bool:
    """Creates or updates the example's stack; False when there was nothing to do."""
    clear_failed(cloudformation, EXAMPLE_STACK)
    request = {"StackName": EXAMPLE_STACK, "TemplateBody": (ROOT / "examples" / "microservices.yaml").read_text()}
    try:
        if status(cloudformation, EXAMPLE_STACK) is None:
            cloudformation.create_stack(**request)
        else:
            cloudformation.update_stack(**request)
    except botocore.exceptions.ClientError as error:
        if "No updates are to be performed" in str(error):
            return False
        raise Trouble(f"CloudFormation refuses the example: {error}", "Mend examples/microservices.yaml.") from error
    reached = settle(cloudformation, EXAMPLE_STACK)
    if reached not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        raise Trouble(f"the stack {EXAMPLE_STACK} ended as {reached}\n{story(session, EXAMPLE_STACK)}",
                      "The reasons above are the function's own words where it answered. To start afresh: "
                      "make demo-down demo")
    return True


def status(cloudformation, stack: str) -> str | None:
    """The stack's status; None without a stack."""
    try:
        found = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
    except botocore.exceptions.ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return None if found in ("DELETE_COMPLETE", "REVIEW_IN_PROGRESS") else found


def settle(cloudformation, stack: str) -> str:
    """Waits for the end of the stack operation; the final status."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        now = status(cloudformation, stack)
        if now is None or not now.endswith("_IN_PROGRESS"):
            return now or "DELETE_COMPLETE"
        time.sleep(0.3)
    return f"{now} after {WAIT_SECONDS} s"


def clear_failed(cloudformation, stack: str) -> None:
    """Removes what an earlier, failed run left behind and CloudFormation would not update."""
    now = status(cloudformation, stack)
    if now and now.endswith("_IN_PROGRESS"):
        now = settle(cloudformation, stack)
    if now in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED", "UPDATE_ROLLBACK_FAILED"):
        cloudformation.delete_stack(StackName=stack)
        after = settle(cloudformation, stack)
        if after != "DELETE_COMPLETE":
            raise Trouble(f"the stack {stack} is {now} and cannot be deleted ({after})",
                          "Start afresh: make demo-down demo")


def story(session: boto3.Session, stack: str) -> str:
    """What CloudFormation and the function say about a failure."""
    lines = []
    try:
        events = session.client("cloudformation").describe_stack_events(StackName=stack)["StackEvents"]
        failed = [event for event in reversed(events) if event["ResourceStatus"].endswith("FAILED")]
        lines += [f"{event['LogicalResourceId']}: {event['ResourceStatus']}: {event.get('ResourceStatusReason', '')}"
                  for event in failed[-8:]]
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
        lines.append(f"(no stack events: {error})")
    try:
        logs = session.client("logs")
        for group in logs.describe_log_groups(logGroupNamePrefix="/aws/")["logGroups"]:
            said = logs.filter_log_events(logGroupName=group["logGroupName"])["events"][-12:]
            if said and PROVIDER_STACK in group["logGroupName"]:
                lines.append(f"The last lines of {group['logGroupName']}:")
                lines += ["  " + line for event in said for line in event["message"].strip().splitlines()]
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
        lines.append(f"(no function logs: {error})")
    return indented("\n".join(lines))


# ---- talking ----


@contextmanager
def step(title: str):
    """A line before, and the time it took after."""
    began = time.monotonic()
    print(f"==> {title}", flush=True)
    yield
    print(f"    done in {time.monotonic() - began:.1f} s", flush=True)


def note(text: str) -> None:
    print(f"--- {text}", flush=True)


def quietly(name: str, command: list[str], environment: dict[str, str], more=lambda: "") -> None:
    """Runs a command whose output matters only when it fails."""
    LOGS.mkdir(exist_ok=True)
    log = LOGS / f"demo-{name}.log"
    dots = sys.stdout.isatty()
    with open(log, "w") as out:
        running = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=out,
                                   stderr=subprocess.STDOUT)
        try:
            while running.poll() is None:
                time.sleep(0.2)
                if dots:
                    spent = int(time.monotonic() * 5) % 4
                    print("\r    " + "." * spent + " " * (3 - spent), end="\r", flush=True)
        finally:
            if running.poll() is None:
                running.terminate()
                running.wait()
    if running.returncode:
        tail = "\n".join(Path(log).read_text(errors="replace").strip().splitlines()[-25:])
        raise Trouble(f"`{' '.join(command[:2])}` failed:\n{indented(tail)}\n{more()}".rstrip(),
                      f"The whole log is {relative(log)}. To start afresh: make demo-down demo")


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))
