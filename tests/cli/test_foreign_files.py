"""Models and checkpoints that are damaged, of another version, machine or pipeline: read when they
are right, else refused with the reason."""

import json
import os
import shutil
import signal
import struct
import unittest
from pathlib import Path

from program import TABLE, ProgramTest, rows_of
from storage import Safetensors, flipped

FORMER = Path(__file__).parent.parent / "data" / "former_model"


class ForeignModelTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.train()
        self.path = self.folder / "model/model.safetensors"
        self.model = Safetensors(self.path).without_checksums()
        self.scores = self.predict()

    def predict(self, code=0, model="model", data=TABLE):
        result = self.ebb("predict", "--model", model, "--data", data, "--out", "-", code=code)
        if code == 0:
            return result.stdout
        self.assertEqual(result.stdout, "")
        self.assertIn("model", result.stderr)
        return result.stderr

    def test_another_machine(self):
        self.model.metadata.update(ebb_version="9.9.9", instruction_set="neon",
                                   onednn_version="3.5.1")
        self.model.write(self.path)
        self.assertEqual(self.predict(), self.scores)
        self.assertIn("ebb 9.9.9, neon, oneDNN 3.5.1", self.ebb("info", "--model", "model").stdout)

    def test_metrics_of_another_form(self):
        own = json.loads(self.model.metadata["metrics"])
        own["network"]["train"]["accuracy"] = "high"
        for metrics, message in (({}, 'the document: the key "parameters" is missing'),
                                 ([], "the document: expected an object, got array"),
                                 (own, "network.train.accuracy: expected a number, got string")):
            self.model.metadata["metrics"] = json.dumps(metrics)
            self.model.write(self.path)
            shown = self.ebb("info", "--model", "model", code=3)
            self.assertEqual(shown.stdout, "")
            self.assertIn(f'model.safetensors: the metadata "metrics" is wrong: {message}',
                          shown.stderr)

    def test_no_text_of_a_model_moves_the_cursor(self):
        metrics = json.loads(self.model.metadata["metrics"])
        for model in ("network", "logistic_regression", "base_rate"):
            for part in ("train", "validation", "test"):
                metrics[model][part]["\x1b[31mevil"] = 1
        self.model.metadata.update(
            ebb_version="9\x1b[31m", instruction_set="neon\x1b[2J", onednn_version="3\x07",
            threshold_fallback_reason="none\x1b[1m", metrics=json.dumps(metrics))
        self.model.write(self.path)
        shown = self.ebb("info", "--model", "model").stdout
        self.assertNotRegex(shown, "[\x00-\x09\x0b-\x1f\x7f]")
        self.assertIn("ebb 9 [31m, neon [2J, oneDNN 3 ", shown)

    def test_another_version(self):
        for version, advice in (("2", "use the newer ebb that wrote it"),
                                ("0", "train again with this ebb"),
                                ("new", "no number")):
            self.model.metadata["format_version"] = version
            self.model.write(self.path)
            self.assertIn(advice, self.predict(code=3))
        self.model.metadata["format_version"] = "1"
        pipeline = json.loads(self.model.metadata["pipeline"])
        self.model.metadata["pipeline"] = json.dumps({**pipeline, "version": 4})
        self.model.write(self.path)
        self.assertIn("version 4 is not known", self.predict(code=3))

    def test_the_model_of_the_first_version(self):
        """Written by the first release, with the scores that it gave."""
        expected = rows_of((FORMER / "scores.csv").read_text())
        for row, former in zip(rows_of(self.predict(model=FORMER)), expected, strict=True):
            self.assertEqual(row["customer_id"], former["customer_id"])
            self.assertAlmostEqual(float(row["probability"]), float(former["probability"]), 5)

    def test_an_id_column_with_the_name_of_a_score(self):
        """Trained before ebb refused it."""
        config = self.model.metadata["config"]
        self.model.metadata["config"] = config.replace('"customer_id"', '"decision"')
        self.model.write(self.path)
        table = self.write("table.csv", TABLE.read_text().replace("customer_id", "decision", 1))
        refused = self.ebb("predict", "--model", "model", "--data", table, "--out", "-", code=3)
        self.assertEqual(refused.stdout, "")
        message = refused.stderr
        self.assertIn('table.csv: the id column "decision"', message)
        self.assertIn("rename it in the table", message)
        self.assertTrue(self.predict().startswith("row,probability,decision,risk_band\n"))

    def test_two_classes_of_one_name(self):
        pipeline = json.loads(self.model.metadata["pipeline"])
        pipeline["classes"] = ["yes", "yes"]
        self.model.metadata["pipeline"] = json.dumps(pipeline)
        self.model.write(self.path)
        self.assertIn('classes: the class "yes" occurs twice', self.predict(code=3))

    def without_background(self):
        for name in [name for name in self.model.tensors if name.startswith("background/")]:
            del self.model.tensors[name]

    def test_a_background_of_other_columns(self):
        own = self.model.metadata["pipeline"]
        pipeline = json.loads(own)
        pipeline["numbers"].pop()
        self.model.metadata["pipeline"] = json.dumps(pipeline)
        self.model.write(self.path)
        self.assertRegex(self.predict(code=3), r"the background is wrong: background/numbers is \[64, \d+\] of f32, "
                                               r"expected \[64, \d+\] of f32")
        self.model.metadata["pipeline"] = own
        self.model.tensors.pop("background/codes")
        self.model.write(self.path)
        self.assertIn("are not both there", self.predict(code=3))

    def test_a_pipeline_of_other_columns(self):
        own = json.loads(self.model.metadata["pipeline"])
        fewer = json.loads(json.dumps(own))
        dropped = fewer["numbers"].pop()
        more = json.loads(json.dumps(own))
        more["categories"][0]["levels"].append("platinum")
        more["categories"][0]["counts"].append(1)
        for name, pipeline in ((f"without {dropped['name']}", fewer), ("another level", more)):
            with self.subTest(name):
                self.model.metadata["pipeline"] = json.dumps(pipeline)
                self.without_background()
                self.model.write(self.path)
                message = self.predict(code=3)
                self.assertIn("model: the weights cannot be used with the pipeline", message)
                self.assertRegex(message, r"tensor \S+ is f32 \[.*\], expected f32 \[")

    def test_a_pipeline_beside_the_model_is_not_read(self):
        beside = self.folder / "model/pipeline.json"
        for content in ("{}", "", beside.read_text().replace("basic", "other")):
            beside.write_text(content)
            self.assertEqual(self.predict(), self.scores)

    def test_other_tensors(self):
        self.without_background()
        name = next(iter(self.model.tensors))
        tensor = self.model.tensors.pop(name)
        self.model.write(self.path)
        self.assertIn(f"weight {name} is missing", self.predict(code=3))
        self.model.tensors.update({name: tensor, "more": ("F32", [1], bytes(4))})
        self.model.write(self.path)
        self.assertIn("weight more does not belong to this network", self.predict(code=3))
        self.model.tensors.pop("more")
        kind, shape, content = tensor
        self.model.tensors[name] = ("I32", shape, content)
        self.model.write(self.path)
        self.assertIn(f"tensor {name} is i32", self.predict(code=3))
        self.model.tensors[name] = tensor
        self.model.write(self.path)
        self.assertEqual(self.predict(), self.scores)

    def test_finite_weights_that_make_no_number(self):
        name = "encoder.layers.0.attention.in_projection.weight"
        dtype, shape, content = self.model.tensors[name]
        self.model.tensors[name] = (dtype, shape, struct.pack("<f", 3e38) * (len(content) // 4))
        self.model.write(self.path)
        for command in (["predict", "--out", "scores.csv"], ["evaluate"]):
            message = self.ebb(*command, "--model", "model", "--data", TABLE, code=3).stderr
            self.assertIn("model: the score of a customer is not a number", message)
        self.assertFalse((self.folder / "scores.csv").exists())

    def test_a_rewritten_model_needs_its_checksums_removed(self):
        model = Safetensors(self.path)
        model.metadata["threshold"] = "0.5"
        model.write(self.path)
        self.assertIn("remove the metadata ebb.checksum.*", self.predict(code=3))

    def test_a_checkpoint_is_no_model(self):
        shutil.copy(self.folder / "model/checkpoint.safetensors", self.path)
        self.assertIn('is a file of the format "ebb.checkpoint"', self.predict(code=3))

    def test_damage(self):
        content = self.path.read_bytes()
        parts = Safetensors(self.path)
        for size in range(0, len(content), 4096):
            self.path.write_bytes(content[:size])
            self.assertIn("cut", self.predict(code=3))
        for name, (begin, _) in list(parts.offsets.items())[::4]:
            self.path.write_bytes(flipped(content, parts.header_end + begin))
            self.assertIn(f'the data is damaged in "{name}"', self.predict(code=3))
        for byte in range(0, parts.header_end, parts.header_end // 8):
            self.path.write_bytes(flipped(content, byte, byte % 8))
            self.assertRegex(self.predict(code=3), "header|cut")
        for command in ("evaluate", "info"):
            data = ["--data", TABLE] if command == "evaluate" else []
            refused = self.ebb(command, "--model", "model", *data, code=3)
            self.assertIn("model.safetensors: the header is damaged", refused.stderr)


class ForeignCheckpointTest(ProgramTest):
    EPOCHS = ["--epochs", "80"]

    def interrupt(self, **options):
        process, output = self.start_training("epoch  2/80", *self.EPOCHS, **options)
        process.send_signal(signal.SIGINT)
        output.readall()
        self.assertEqual(process.wait(timeout=300), 130)

    def setUp(self):
        super().setUp()
        self.checkpoint = self.folder / "model/checkpoint.safetensors"

    def refused(self):
        before = self.checkpoint.read_bytes()
        message = self.train(*self.EPOCHS, "--resume", code=3).stderr
        self.assertIn("model/checkpoint.safetensors: ", message)
        self.assertIn("start anew with --overwrite", message)
        self.assertEqual(self.checkpoint.read_bytes(), before)
        self.assertFalse((self.folder / "model/model.safetensors").exists())
        return message

    def test_another_machine_goes_on_with_a_warning(self):
        self.interrupt(env={**os.environ, "EBB_ISA": "baseline"})
        resumed = self.train(*self.EPOCHS, "--resume")
        if "baseline" in self.ebb("info").stdout.split("(")[0]:
            self.skipTest("this machine has nothing above the baseline")
        self.assertRegex(resumed.stdout, "the run began with ebb .*, baseline, .* may differ")
        self.ebb("predict", "--model", "model", "--data", TABLE, "--out", "scores.csv")

    def test_damage_versions_and_tensors(self):
        self.interrupt()
        content = self.checkpoint.read_bytes()
        parts = Safetensors(self.checkpoint)
        for size in range(0, len(content), 16384):
            self.checkpoint.write_bytes(content[:size])
            self.assertIn("cut", self.refused())
        for prefix in ("parameter/", "first_moment/", "second_moment/", "average/", "best/", "run/"):
            name = next(name for name in parts.offsets if name.startswith(prefix))
            begin, _ = parts.offsets[name]
            self.checkpoint.write_bytes(flipped(content, parts.header_end + begin))
            self.assertIn(f'the data is damaged in "{name}"', self.refused())

        parts.without_checksums()
        parts.metadata["format_version"] = "2"
        parts.write(self.checkpoint)
        self.assertIn("use the newer ebb", self.refused())
        parts.metadata["format_version"] = "1"
        name = next(name for name in parts.tensors if name.startswith("best/"))
        tensor = parts.tensors.pop(name)
        parts.write(self.checkpoint)
        self.assertIn("tensors, this run has", self.refused())
        parts.tensors["best/other"] = tensor
        parts.write(self.checkpoint)
        self.assertIn(f"lacks tensor {name}", self.refused())

        self.checkpoint.write_bytes(content)
        self.train(*self.EPOCHS, "--resume")
        self.train(*self.EPOCHS, out="whole")
        self.assertEqual(self.model_bytes(), self.model_bytes("whole"))


if __name__ == "__main__":
    unittest.main()
