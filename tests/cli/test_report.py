"""The HTML report. Where chromium is installed (apt-get install chromium), it is looked at, too."""

import json
import re
import shutil
import subprocess
import unittest
import xml.etree.ElementTree as ElementTree

from program import TABLE, ProgramTest

CHROMIUM = shutil.which("chromium")

SECTIONS = ["metrics", "ranking", "calibration", "decisions", "profit", "learning", "importance",
            "segments", "offers", "search", "audit"]
PLOTS = {"roc", "precision-recall", "gain", "lift", "calibration-plot", "scores", "thresholds",
         "profit-plot", "loss", "validation-auc", "importance-plot", "offers-plot", "search-plot"}


def text_of(element):
    return "".join(element.itertext())


def luminance(colour):
    """Relative luminance of #rrggbb (WCAG 2.2)."""
    channels = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    lighter, darker = sorted([luminance(one), luminance(other)], reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


class ReportTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.train()

    def report(self, *more, data=TABLE, out="report.html"):
        """The parsed document."""
        self.ebb("report", "--model", "model", "--data", data, "--intervals", "50", "--out", out, *more)
        return ElementTree.fromstring((self.folder / out).read_text())

    def offers(self):
        """What ebb offers would write."""
        return self.write("offers.csv", "customer_id,probability,action,cost,expected_gain,reason\n"
                          "a,0.5,call,4.00,10.50,x\nb,0.1,,,,\nc,0.4,NA,30.00,20.25,x\n"
                          "d,0.3,call,4.00,0.50,x\n")

    def found(self):
        """Options for what other commands found: segments, offers and a search."""
        self.ebb("segment", "--model", "model", "--data", TABLE, "--by", "k-means", "--clusters", "3", "--out",
                 "segments.csv", "--summary", "segments.json")
        self.ebb("tune", "--data", TABLE, "--target", "churn", "--id-column", "customer_id", "--config", self.config,
                 "--trials", "3", "--out", "tune")
        return ["--segments", "segments.json", "--offers", self.offers(), "--search", "tune"]

    def sections(self, document):
        return [section.get("id") for section in document.iter("section") if section.get("id")]

    def table(self, document, section):
        """The cells of the section's first table, by the row's name."""
        found = next(part for part in document.iter("section") if part.get("id") == section)
        rows = found.find(".//tbody").iter("tr")
        return {text_of(row[0]): [text_of(cell) for cell in row[1:]] for row in rows}

    def another_table(self):
        """Labelled customers, not quite those of the training."""
        return self.write("labelled.csv", "\n".join(TABLE.read_text().splitlines()[:-1]) + "\n")

    def test_it_holds_all_sections_and_loads_nothing(self):
        document = self.report("--customer-value", "300", *self.found())
        self.assertEqual(self.sections(document), SECTIONS)
        self.assertEqual(document.get("lang"), "en")
        self.assertEqual({plot.get("id") for plot in document.iter("svg")}, PLOTS)
        tags = {element.tag for element in document.iter()}
        self.assertFalse(tags & {"script", "link", "img", "iframe", "object", "embed", "base", "form"})
        for element in document.iter():
            self.assertFalse({"src", "style", "srcset"} & set(element.keys()))
            self.assertFalse([key for key in element.keys() if key.startswith("on")])
            self.assertRegex(element.get("href", "#"), "^#")
        style = document.find(".//style").text
        self.assertNotRegex(style, r"url\(|@import|[<&]")
        policy = document.find(".//meta[@http-equiv='Content-Security-Policy']").get("content")
        self.assertEqual(policy, "default-src 'none'; style-src 'unsafe-inline'")

    def test_who_does_not_see_is_told(self):
        document = self.report("--customer-value", "300", *self.found())
        ids = [element.get("id") for element in document.iter() if element.get("id")]
        self.assertEqual(len(ids), len(set(ids)))
        for plot in document.iter("svg"):
            self.assertEqual(plot.get("role"), "img")
            title, description = (plot.find(name) for name in ("title", "desc"))
            self.assertEqual(plot.get("aria-labelledby"), f"{title.get('id')} {description.get('id')}")
            self.assertGreater(len(title.text), 3)
            self.assertGreater(len(description.text), 40)
        for table in document.iter("table"):
            self.assertTrue(table.find("caption").text)
            for header in table.iter("th"):
                self.assertIn(header.get("scope"), ("row", "col"))
        for link in document.iter("a"):
            self.assertIn(link.get("href")[1:], ids)
        self.assertEqual(len(list(document.iter("h1"))), 1)

    def test_colours_have_contrast_by_day_and_night(self):
        style = self.report().find(".//style").text
        themes = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
        self.assertEqual(len(themes), 2)
        for theme in themes:
            colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", theme))
            for paper in ("paper", "panel"):
                for text in ("ink", "muted", "mark1"):  # mark1 is the colour of links
                    self.assertGreaterEqual(contrast(colours[text], colours[paper]), 4.5, (text, theme))
            for mark in ("mark1", "mark2", "mark3", "neutral"):
                self.assertGreaterEqual(contrast(colours[mark], colours["paper"]), 3, (mark, theme))

    def test_test_rows_of_the_training_are_measured(self):
        document = self.report()
        self.assertIn("80 customers of synthetic_churn.csv: the test rows",
                      text_of(document.find(".//section")))
        metrics = json.loads((self.folder / "model" / "metrics.json").read_text())["network"]["test"]
        table = self.table(document, "metrics")
        for name, key in (("ROC-AUC", "roc_auc"), ("Log-loss", "log_loss"), ("Recall", "recall")):
            value, low, high, _ = table[name]
            self.assertEqual(value, f"{metrics[key]:.4f}")
            self.assertTrue(float(low) <= float(value) <= float(high))

    def test_all_rows_of_another_table_are_measured(self):
        data = self.another_table()
        document = self.report(data=data)
        self.assertIn("all 399 customers of labelled.csv", text_of(document.find(".//section")))
        self.ebb("evaluate", "--model", "model", "--data", data, "--json", "metrics.json")
        metrics = json.loads((self.folder / "metrics.json").read_text())
        self.assertEqual(self.table(document, "metrics")["ROC-AUC"][0], f"{metrics['roc_auc']:.4f}")
        matrix = metrics["confusion_matrix"]
        decisions = self.table(document, "decisions")
        self.assertEqual(decisions['left ("yes")'][:2],
                         [str(matrix["true_positive"]), str(matrix["false_negative"])])
        self.assertEqual(decisions['stayed ("no")'][:2],
                         [str(matrix["false_positive"]), str(matrix["true_negative"])])

    def test_that_rows_were_seen_is_said(self):
        self.config = self.write("no_test.toml", self.config.read_text() + "[split]\ntest_fraction = 0.0\n")
        self.train("--overwrite")
        self.assertIn("the model has seen them", text_of(self.report()))

    def test_what_is_missing_is_named_with_the_option_that_adds_it(self):
        (self.folder / "model" / "checkpoint.safetensors").unlink()
        document = self.report("--importance-rows", "0")
        self.assertEqual(self.sections(document),
                         [name for name in SECTIONS if name not in ("profit", "learning", "importance", "segments", "offers",
                                                                   "search")])
        footer = text_of(document.find(".//footer"))
        for words in ("--customer-value", "checkpoint", "--importance-rows", "--segments", "--offers", "--search"):
            self.assertIn(words, footer)

    def test_the_checkpoint_of_another_run_gives_no_learning_curves(self):
        self.train("--epochs", "2", out="other")
        shutil.copy(self.folder / "other" / "checkpoint.safetensors", self.folder / "model")
        result = self.ebb("report", "--model", "model", "--data", TABLE)
        self.assertIn("of another training than the model: no learning curves", result.stderr)
        document = ElementTree.fromstring((self.folder / "report.html").read_text())
        self.assertNotIn("learning", self.sections(document))

    def test_offers_are_summed_up(self):
        document = self.report("--offers", self.offers())
        self.assertEqual(self.table(document, "offers"), {
            "NA": ["1", "30.00", "20.25"], "call": ["2", "8.00", "11.00"], "none": ["1", "", ""],
            "All": ["4", "38.00", "31.25"]})
        broken = self.write("broken.csv", "action,cost,expected_gain\ncall,,1\n")
        self.assertIn("broken.csv:2:", self.ebb("report", "--model", "model", "--data", TABLE, "--offers", broken,
                                         code=3).stderr)
        self.ebb("report", "--model", "model", "--data", TABLE, "--offers", TABLE, code=3)
        self.ebb("report", "--model", "model", "--data", TABLE, "--offers", "offers.csv", "--out",
                 "offers.csv", code=2)

    def test_segments_and_trials_are_listed(self):
        document = self.report(*self.found())
        summary = json.loads((self.folder / "segments.json").read_text())
        segments = self.table(document, "segments")
        self.assertEqual(list(segments), [segment["name"] for segment in summary["segments"]])
        first = summary["segments"][0]
        self.assertEqual(segments[first["name"]][:3], [
            str(first["customers"]), f"{100 * first['share']:.1f} %", f"{100 * first['mean_probability']:.1f} %"])
        trials = [json.loads(line) for line in (self.folder / "tune/trials.jsonl").read_text().splitlines()[1:]]
        best = min((trial for trial in trials if trial["outcome"] == "finished"), key=lambda trial: trial["value"])
        listed = self.table(document, "search")
        self.assertEqual(next(iter(listed)), str(best["trial"] + 1))
        self.assertEqual(listed[str(best["trial"] + 1)][0], f"{best['value']:.4f}")
        (self.folder / "broken").mkdir()
        self.write("broken/trials.jsonl", "{}\n")
        self.write("segments.json", '{"by": 3}')
        for option, given, place in (("--segments", "segments.json", "segments.json"),
                                     ("--search", "broken", "trials.jsonl:1")):
            refused = self.ebb("report", "--model", "model", "--data", TABLE, option, given, code=3)
            self.assertIn(place, refused.stderr)

    def test_names_of_a_file_are_no_markup(self):
        header, *rows = TABLE.read_text().splitlines()
        hostile = "<img src=x onerror=alert(1)> & \x01'"
        header = header.replace("orders_90_days", f'"{hostile}"')
        data = self.write("<i>.csv", "\n".join([header, *rows]) + "\n")
        self.train("--overwrite", data=data)
        document = self.report("--title", "</title><script>1</script>", data=data)
        self.assertEqual(document.find(".//h1").text, "</title><script>1</script>")
        self.assertEqual(document.find(".//title").text, "</title><script>1</script>")
        tags = {element.tag for element in document.iter()}
        self.assertFalse(tags & {"img", "script", "i"})
        self.assertIn(hostile.replace("\x01", " "), self.table(document, "importance"))
        self.assertIn("<i>.csv", text_of(document.find(".//section")))

    def test_it_speaks_chinese(self):
        document = self.report("--language", "zh", "--customer-value", "300", *self.found())
        self.assertEqual(document.get("lang"), "zh-CN")
        self.assertEqual(self.sections(document), SECTIONS)
        self.assertEqual(document.find(".//h1").text, "客户流失报告")
        for plot in document.iter("svg"):
            self.assertRegex(plot.find("desc").text, "[\u4e00-\u9fff]")

    def test_it_is_the_same_for_any_number_of_threads(self):
        for threads in ("1", "2"):
            self.report("--threads", threads, out=f"{threads}.html")
        one, two = ((self.folder / f"{threads}.html").read_bytes() for threads in "12")
        self.assertEqual(one, two)

    def test_what_cannot_be_done_leaves_the_former_report(self):
        self.write("report.html", "former")
        command = ["report", "--model", "model", "--out", "report.html"]
        self.ebb(*command, "--data", "absent.csv", code=4)
        unlabelled = self.write("unlabelled.csv", re.sub(",churn\n", ",other\n", TABLE.read_text()))
        self.assertIn("churn", self.ebb(*command, "--data", unlabelled, code=3).stderr)
        self.assertIn("once only", self.ebb(*command, "--data", "-", code=2).stderr)
        self.assertIn("2 samples", self.ebb(*command, "--data", TABLE, "--intervals", "1", code=2).stderr)
        self.assertIn("not above", self.ebb(*command, "--data", TABLE, "--customer-value", "5",
                                            code=3).stderr)
        self.assertEqual((self.folder / "report.html").read_text(), "former")

    @unittest.skipIf(CHROMIUM is None, "chromium is not installed")
    def test_a_browser_shows_it_within_its_width(self):
        long_name = "orders_" * 60
        data = self.write("long.csv", TABLE.read_text().replace("orders_90_days", long_name))
        self.train("--overwrite", data=data)
        probe = self.folder / "probe.html"
        for language in ("en", "zh"):
            self.report("--language", language, "--customer-value", "300", data=data)
            for width in (320, 390, 1280):
                # The report itself may run no script, so a page around it looks at it.
                probe.write_text(
                    f'<iframe id="f" style="border:0;width:{width}px;height:800px" src="report.html"></iframe>'
                    "<script>onload = () => { const page = document.getElementById('f').contentDocument;"
                    "const root = page.documentElement; document.body.textContent = JSON.stringify({"
                    "width: root.scrollWidth, plots: [...page.querySelectorAll('svg')].map(plot => {"
                    "const outer = plot.getBoundingClientRect(); return [...plot.querySelectorAll('text')]"
                    ".filter(text => { const inner = text.getBoundingClientRect();"
                    "return inner.left < outer.left - 1 || inner.right > outer.right + 1; })"
                    ".map(text => text.textContent); }).flat(), ink: getComputedStyle(page.body).color,"
                    "loaded: page.defaultView.performance.getEntriesByType('resource').length}) }</script>")
                seen = json.loads(re.search(r"\{.*\}", self.chromium("--dump-dom", probe.as_uri()))[0])
                # What a scroll bar takes is not there.
                self.assertLessEqual(seen["width"], width, (language, width))
                self.assertEqual(seen["plots"], [], (language, width))
                self.assertEqual(seen["loaded"], 0)
                self.assertEqual(seen["ink"], "rgb(27, 31, 36)")

    @unittest.skipIf(CHROMIUM is None, "chromium is not installed")
    def test_a_browser_takes_a_picture_by_day_and_night(self):
        self.report("--customer-value", "300")
        pictures = set()
        for theme in ("0", "1"):
            picture = self.folder / f"{theme}.png"
            self.chromium(f"--blink-settings=preferredColorScheme={theme}", "--window-size=390,844",
                          f"--screenshot={picture}", (self.folder / "report.html").as_uri())
            content = picture.read_bytes()
            self.assertEqual(content[:8], b"\x89PNG\r\n\x1a\n")
            self.assertEqual(int.from_bytes(content[16:20], "big"), 390)
            pictures.add(content)
        self.assertEqual(len(pictures), 2)

    def chromium(self, *arguments):
        result = subprocess.run(
            [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files",
             f"--user-data-dir={self.folder / 'browser'}", *arguments],
            capture_output=True, text=True, timeout=120)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout


if __name__ == "__main__":
    unittest.main()
