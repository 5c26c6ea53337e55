"""Every CUDA source says at its head what it does."""
import pathlib
import unittest

KERNELS = pathlib.Path(__file__).resolve().parents[2] / "kernels"


class HeadCommentsTest(unittest.TestCase):
    def test_every_cuda_source_begins_with_one(self):
        sources = sorted(KERNELS.rglob("*.cu"))
        self.assertGreater(len(sources), 40)
        bare = [str(source.relative_to(KERNELS)) for source in sources
                if not source.read_text().startswith("// ")]
        self.assertEqual(bare, [])


if __name__ == "__main__":
    unittest.main()
