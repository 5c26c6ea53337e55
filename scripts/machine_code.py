"""Which machine instructions compiled CUDA kernels consist of, as cuobjdump and nvdisasm tell."""

import re
import subprocess
import sys

# The first pattern that an instruction matches names its kind; what matches none computes with integers.
KINDS = (
    ("tensor", r"HMMA|IMMA|.*GMMA"),
    # The last loads a constant with the unit for half precision.
    ("move", r"U?MOV\b|IMAD\.MOV|U?LDC\b|CS2R|S2U?R|R2UR|U?P2R|R2P|HFMA2\S* R\d+, -RZ, RZ,"),
    ("f32", r"FFMA|FMUL|FADD|FMNMX|FSET|FSEL|FCHK"),
    ("f64", r"DFMA|DMUL|DADD|DMNMX|DSET"),
    ("half", r"HFMA|HMUL|HADD|HMNMX|HSET|F2FP"),
    ("special", r"MUFU"),
    ("global", r"LDG|STG|LD\b|ST\b|RED\b|REDG|ATOM\b|ATOMG"),
    ("shared", r"LDS|STS|LDSM|STSM|ATOMS|SHFL"),
    ("local", r"LDL|STL"),
    ("convert", r"F2F|F2I|I2F|FRND"),
    ("control", r"BRA|BSSY|BSYNC|EXIT|BAR|WARPSYNC|ENDCOLLECTIVE|DEPBAR|RET|CALL|NOP|YIELD|MEMBAR|ERRBAR|CCTL|BMOV|"
                r"BREAK"),
)


def read_instructions(cuobjdump, library, architecture):
    """The machine code of a library's kernels: from mangled name to a list of pairs of address and text."""
    listing = subprocess.Popen([cuobjdump, "--dump-sass", "--gpu-architecture", f"sm_{architecture}", str(library)],
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    code = parse_listing(listing.stdout)
    if listing.wait() != 0:
        sys.exit(f"error: {cuobjdump} cannot read {library}")
    return code


def parse_listing(lines):
    code, instructions = {}, None
    for line in lines:
        if match := re.match(r"\s+Function : (\w+)", line):
            instructions = code.setdefault(match[1], [])
        elif match := re.match(r"\s+/\*([0-9a-f]{4,})\*/\s+(.*?)\s*;", line):
            instructions.append((int(match[1], 16), match[2]))
    return code


def kind_of(instruction):
    opcode = re.sub(r"^@!?U?P\w+\s+", "", instruction)
    return next((kind for kind, pattern in KINDS if re.match(pattern, opcode)), "int")


def loops_of(instructions):
    """Of each loop its instructions without those of the loops within it, and whether it is innermost."""
    spans = {}  # from the address of a loop's begin to that of its last jump back
    for address, text in instructions:
        match = re.search(r"\bBRA(?:\.\w+)*\s.*?(0x[0-9a-f]+)", text)
        if match and int(match[1], 16) < address:
            spans[int(match[1], 16)] = address
    loops = []
    for begin, end in spans.items():
        within = [(first, last) for first, last in spans.items() if begin < first and last <= end]
        own = [entry for entry in instructions if begin <= entry[0] <= end and
               not any(first <= entry[0] <= last for first, last in within)]
        loops.append((own, not within))
    return loops


def main_loop(instructions):
    """The loop that computes most, by itself: with the most tensor instructions, else the most fused
    multiplications and additions. Where none has any, the longest of the innermost; the whole kernel where
    none loops."""
    loops = loops_of(instructions)
    for computes in (lambda text: kind_of(text) == "tensor", lambda text: "FFMA" in text):
        def computed(loop):
            return sum(computes(text) for _, text in loop)

        best = max((own for own, _ in loops), key=computed, default=[])
        if computed(best):
            return best
    return max((own for own, innermost in loops if innermost), key=len, default=instructions)


def main_loop_mix(instructions):
    """The five commonest kinds of the main loop's instructions, with their shares in percent."""
    body = [text for _, text in main_loop(instructions)]
    counts = {}
    for text in body:
        counts[kind_of(text)] = counts.get(kind_of(text), 0) + 1
    shares = sorted(counts.items(), key=lambda item: -item[1])
    return ", ".join(f"{kind} {100 * count / len(body):.0f}" for kind, count in shares[:5])
