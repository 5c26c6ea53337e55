"""Where programs, libraries and data are, and what machine this is."""

import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUNDLED = (ROOT / "programs").is_dir()
PROGRAMS = ROOT / "bin" if BUNDLED else ROOT / "build/bin"
VIRTUAL_GPU = ROOT / "vgpu/lib" if BUNDLED else ROOT / "build/vgpu/lib"
SANITIZER_FOLDERS = ["/usr/local/cuda/bin", "/usr/local/cuda/compute-sanitizer", "/opt/nvidia/compute-sanitizer"]


class Machine:
    """The GPU to check, real or virtual, and how programs are started on it."""

    def __init__(self, device):
        self.environment = {}
        libraries = [str(folder) for folder in nvidia_folders()]
        if libraries:
            self.environment["LD_LIBRARY_PATH"] = with_folders(libraries)
        devices = ask_ebb(self.environment)
        self.virtual = device == "vgpu" or (device == "auto" and "cuda:0" not in devices)
        if self.virtual:
            if not (VIRTUAL_GPU / "libcudart.so.13").exists():
                sys.exit(f"error: there is no GPU ({devices.get('CUDA', 'ebb info names none')}) and no virtual "
                         f"one in {VIRTUAL_GPU}" + ("" if BUNDLED else ": run scripts/build"))
            self.environment["LD_LIBRARY_PATH"] = with_folders([str(VIRTUAL_GPU)])
            devices = ask_ebb(self.environment)
        if "cuda:0" not in devices:
            sys.exit(f"error: ebb sees no GPU: {devices.get('CUDA', 'built without CUDA')}")
        self.virtual = self.virtual or "(vgpu)" in devices["cuda:0"]
        self.devices = devices

    def describe(self):
        """What a report says of the machine. Nothing that a person did not ask to publish: no host names."""
        return {
            "virtual": self.virtual,
            "gpu": re.sub(r" \([\d.]+ free\)", "", self.devices["cuda:0"]),
            "CUDA": self.devices.get("CUDA"),
            "driver": None if self.virtual else driver_version(),
            "processor": processor(),
            "processors": len(os.sched_getaffinity(0)),
            "system": f"{system_name()}, Linux {platform.release()}, {' '.join(platform.libc_ver()).strip()}",
            "commit": commit(),
            "from": "the bundle" if BUNDLED else "a checkout",
        }

    def cuda_tests(self, synchronous=True):
        """Variables for test programs on the device."""
        return {**self.environment, "EBB_TEST_DEVICE": "cuda", "EBB_CUDA_SYNC": "1" if synchronous else "0"}


def program(name):
    return PROGRAMS / name


def directly(name, environment):
    """The program itself, for tools that look into it, where it runs without the bundle's launcher."""
    path = ROOT / "programs" / name
    if BUNDLED and output_of([path, "--help"], environment) is not None:
        return path
    return program(name)


def with_folders(folders):
    return ":".join(folders + list(filter(None, [os.environ.get("LD_LIBRARY_PATH")])))


def nvidia_folders():
    """Folders of cuBLAS for CUDA 13 and cuDNN in the Python packages of this interpreter, as PyTorch brings them."""
    for folder in map(pathlib.Path, sys.path):
        for library in ("nvidia/cu13/lib/libcublasLt.so.13", "nvidia/cudnn/lib/libcudnn.so.9"):
            if (folder / library).exists():
                yield (folder / library).parent


def output_of(command, environment=None):
    """What a short command prints; None where it fails or is not there."""
    try:
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60,
                              env={**os.environ, **(environment or {})})
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def ask_ebb(environment):
    """The lines of `ebb info` by their first word or words."""
    text = output_of([program("ebb"), "info"], environment)
    if text is None:
        sys.exit(f"error: {program('ebb')} does not run" + ("" if BUNDLED else ": run scripts/build"))
    return dict(re.split(r"\s{2,}", line, maxsplit=1) for line in text.splitlines() if "  " in line)


def driver_version():
    text = output_of(["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"])
    return text.splitlines()[0].strip() if text else None


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return "unknown"


def system_name():
    path = pathlib.Path("/etc/os-release")
    match = re.search(r'^PRETTY_NAME="?([^"\n]*)', path.read_text() if path.exists() else "", re.MULTILINE)
    return match[1] if match else "unknown system"


def commit():
    if BUNDLED:
        return (ROOT / "COMMIT").read_text().strip()
    text = output_of(["git", "-C", ROOT, "describe", "--always", "--dirty", "--abbrev=12"])
    return text.strip() if text else "unknown"


def find_sanitizer():
    return shutil.which("compute-sanitizer") or shutil.which("compute-sanitizer", path=":".join(SANITIZER_FOLDERS))


def find_torch(candidates):
    """The first of some Pythons that has PyTorch with CUDA."""
    question = "import torch, sys; sys.exit(not torch.cuda.is_available())"
    for python in candidates:
        if python and output_of([python, "-c", question]) is not None:
            return python
    return None


def data_folders(given):
    """Where tables of customers may lie beside the committed one."""
    return [folder for folder in [given, ROOT / "shared/data", ROOT.parent / "shared/data"]
            if folder and pathlib.Path(folder).is_dir()]
