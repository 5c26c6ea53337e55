"""What compiled CUDA kernels take of a multiprocessor, as cuobjdump tells."""

import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Per multiprocessor: warps, blocks, KiB of shared memory (CUDA C++ Programming Guide, technical
# specifications per compute capability). All have 65,536 registers.
LIMITS = {
    75: (32, 16, 64), 80: (64, 32, 164), 86: (48, 16, 100), 87: (48, 16, 164), 89: (48, 24, 100),
    90: (64, 32, 228), 100: (64, 32, 228), 103: (64, 32, 228), 120: (48, 24, 100), 121: (48, 24, 100),
}
REGISTERS = 65536
RESERVED_SHARED_BYTES = 1024  # of every block, from 8.0 on


def find_cuobjdump():
    """Finds cuobjdump in .cuda/, in PATH, or in the toolkit's usual place."""
    places = [ROOT / ".cuda/bin/cuobjdump", shutil.which("cuobjdump"), "/usr/local/cuda/bin/cuobjdump"]
    for place in places:
        if place and pathlib.Path(place).exists():
            return str(place)
    sys.exit("error: there is no cuobjdump: run scripts/setup --cuda-tools")


def lines_of(cuobjdump, option, library):
    """What cuobjdump prints of a library; nothing of one without machine code."""
    done = subprocess.run([cuobjdump, option, str(library)], capture_output=True, text=True)
    if done.returncode != 0 and "does not contain device code" not in done.stderr:
        sys.exit(f"error: {cuobjdump} cannot read {library}: {done.stderr.strip()}")
    return done.stdout.splitlines()


def number_of(architecture):
    """90 of "90a"."""
    return int(re.match(r"\d+", architecture)[0])


def read_library(cuobjdump, library):
    """The kernels of a library: a dictionary from (architecture, mangled name) to what it takes."""
    kernels = {}
    architecture = name = file = None
    for line in lines_of(cuobjdump, "--dump-resource-usage", library):
        if match := re.match(r"arch = sm_(\w+)", line):
            architecture = match[1]
        elif match := re.match(r"member .*:(\w+)[.]cu[.]o:", line):
            file = match[1].removesuffix("_cuda")
        elif match := re.match(r" Function (\w+):", line):
            name = match[1]
        elif match := re.match(r"  REG:(\d+) STACK:(\d+) SHARED:(\d+)", line):
            registers, stack, shared = map(int, match.groups())
            if shared and number_of(architecture) >= 90:
                shared -= RESERVED_SHARED_BYTES  # which are counted there from 9.0 on
            kernels[architecture, name] = {
                "file": file, "registers": registers, "shared": shared, "stack": stack, "threads": None}
    if kernels:
        read_launch_bounds(cuobjdump, library, kernels)
    return kernels


def read_launch_bounds(cuobjdump, library, kernels):
    architecture = name = attribute = None
    for line in lines_of(cuobjdump, "--dump-elf", library):
        if match := re.match(r"arch = sm_(\w+)", line):
            architecture = match[1]
        elif match := re.match(r"\.nv\.info\.(\w+)$", line):
            name = match[1]
        elif match := re.match(r"\tAttribute:\t(\w+)", line):
            attribute = match[1]
        elif attribute in ("EIATTR_MAX_THREADS", "EIATTR_REQNTID"):
            if match := re.match(r"\tValue:\t0x(\w+) 0x(\w+) 0x(\w+)", line):
                x, y, z = (int(part, 16) for part in match.groups())
                if (architecture, name) in kernels:
                    kernels[architecture, name]["threads"] = x * y * z


def occupancy(architecture, kernel):
    """Warps that can be resident, as a share of the most; None where the size of blocks is open."""
    number = number_of(architecture)
    if kernel["threads"] is None or number not in LIMITS:
        return None
    most_warps, blocks, shared_kib = LIMITS[number]
    warps = -(-kernel["threads"] // 32)
    registers_per_warp = -(-kernel["registers"] * 32 // 256) * 256  # allocated by 256
    # Warps are dealt to four schedulers, each with a quarter of the registers.
    blocks = min(blocks, most_warps // warps, 4 * (REGISTERS // 4 // registers_per_warp) // warps)
    if kernel["shared"]:
        reserved = RESERVED_SHARED_BYTES if number >= 80 else 0
        blocks = min(blocks, shared_kib * 1024 // (kernel["shared"] + reserved))
    return blocks * warps / most_warps


def readable_names(names):
    """From mangled names to pairs: demangled without parameters; and without ebb's namespaces."""
    text = "\n".join(names)
    demangled = subprocess.run(["c++filt", "--no-params"], input=text, check=True, text=True,
                               stdout=subprocess.PIPE).stdout.splitlines()
    readable = {}
    for name, full in zip(names, demangled):
        full = re.sub(r"^void ", "", full)
        short = re.sub(r"\(anonymous namespace\)::|ebb::(kernels::)?(cuda::)?", "", full)
        readable[name] = (full, short)
    return readable
