"""Storage that fails: small disks and read-only folders, and files cut or with flipped bits."""

import json
import os
import struct
import subprocess
import unittest
from pathlib import Path


class SmallDisk:
    """A file system of `kibibytes` in memory, mounted where only this test sees it."""

    def __init__(self, test, kibibytes):
        point = test.folder / "disk"
        point.mkdir()
        script = f'mount -t tmpfs -o size={kibibytes}k tmpfs "$1" && echo mounted && read line'
        self.holder = subprocess.Popen(
            ["unshare", "--map-root-user", "--mount", "sh", "-c", script, "sh", str(point)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        test.addCleanup(self.unmount)
        if self.holder.stdout.readline() != "mounted\n":
            raise unittest.SkipTest("a small disk needs the right to mount (unshare)")
        self.path = Path(f"/proc/{self.holder.pid}/root{point}")
        self.filler = self.path / "filler"

    def unmount(self):
        self.holder.stdin.close()
        self.holder.stdout.close()
        self.holder.wait()

    def free(self):
        space = os.statvfs(self.path)
        return space.f_bavail * space.f_frsize

    def leave(self, kibibytes):
        """Fills the disk up to so much."""
        self.filler.unlink(missing_ok=True)
        self.filler.write_bytes(bytes(max(0, self.free() - 1024 * kibibytes)))

    def clear(self):
        self.filler.unlink(missing_ok=True)

    def make_read_only(self):
        subprocess.run(["nsenter", "--target", str(self.holder.pid), "--user", "--mount",
                        "--preserve-credentials", "mount", "-o", "remount,ro",
                        str(self.path).partition("/root")[2]], check=True)


class Safetensors:
    """A file of that format in parts, which tests may change."""

    def __init__(self, path):
        content = Path(path).read_bytes()
        length, = struct.unpack("<Q", content[:8])
        header = json.loads(content[8:8 + length])
        self.metadata = header.pop("__metadata__")
        self.header_end = 8 + length
        data = content[self.header_end:]
        self.offsets = {name: entry["data_offsets"] for name, entry in header.items()}
        self.tensors = {name: (entry["dtype"], entry["shape"], data[slice(*entry["data_offsets"])])
                        for name, entry in header.items()}

    def without_checksums(self):
        """As another program would write it."""
        self.metadata = {name: text for name, text in self.metadata.items()
                         if not name.startswith("ebb.checksum.")}
        return self

    def write(self, path):
        header = {"__metadata__": self.metadata}
        data = b""
        for name, (dtype, shape, content) in self.tensors.items():
            header[name] = {"dtype": dtype, "shape": shape,
                            "data_offsets": [len(data), len(data) + len(content)]}
            data += content
        text = json.dumps(header).encode()
        Path(path).write_bytes(struct.pack("<Q", len(text)) + text + data)


def flipped(content, byte, bit=0):
    changed = bytearray(content)
    changed[byte] ^= 1 << bit
    return bytes(changed)
