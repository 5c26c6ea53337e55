"""Tables that cannot be learned from: each is refused with a message that helps, and nothing is
written."""

import unittest

from program import TABLE, ProgramTest

HEADER, *ROWS = TABLE.read_text().splitlines()
COLUMNS = HEADER.split(",")


def table(rows=ROWS, header=HEADER):
    return "\n".join([header, *rows]) + "\n"


def with_cell(line, column, value):
    """The table with another value on one line (the header is line 1)."""
    rows = list(ROWS)
    cells = rows[line - 2].split(",")
    cells[COLUMNS.index(column)] = value
    rows[line - 2] = ",".join(cells)
    return table(rows)


def with_column(column, value):
    position = COLUMNS.index(column)
    rows = [row.split(",") for row in ROWS]
    return table([",".join(row[:position] + [value] + row[position + 1:]) for row in rows])


def wide_table(columns):
    header = ",".join(f"x{i}" for i in range(columns)) + ",churn"
    rows = [",".join(str((row * 7 + column) % 11 + 0.5) for column in range(columns)) +
            f",{row % 2}" for row in range(30)]
    return table(rows, header)


# name, table, what the message must say
CASES = [
    ("empty", "", ["the file is empty"]),
    ("header only", HEADER + "\n", ["a header but no rows"]),
    ("ragged row", with_cell(17, "plan", "basic,north"),
     [":17:", "13 fields, expected 12"]),
    ("missing target", table(header=HEADER.replace("churn", "churned")),
     ['no column "churn"', '"churned"']),
    ("one class", with_column("churn", "yes"), ['"churn"', "rows of both classes"]),
    ("label missing", with_cell(9, "churn", "NaN"), [":9", '"churn"', "missing"]),
    ("three classes", with_cell(9, "churn", "maybe"), ['"churn"', "expected two"]),
    ("number with text", with_cell(30, "mean_basket", "much"),
     [":30", '"mean_basket"', '"much" is not a number']),
    ("control characters", with_cell(30, "mean_basket", "\x1b[31mmuch"), ['" [31mmuch" is not a number']),
    ("long text", with_cell(30, "mean_basket", "much" * 1000), ['muchmuch..." is not a number']),
    ("duplicate header", table(header=HEADER.replace("region", "plan")), ['"plan" twice']),
    ("NUL byte", with_cell(5, "plan", "ba\0sic"), [":5", "NUL"]),
    ("not UTF-8", with_cell(5, "plan", "caf\xe9").encode("latin-1", "replace"), [":5", "UTF-8"]),
    ("open quote", with_cell(5, "plan", '"basic'), ["quote"]),
    ("10 000 columns", wide_table(10000), ["10000", "--drop-columns"]),
    ("no features", "customer_id,churn\n" + "".join(f"S{i},{i % 2}\n" for i in range(50)),
     ["no column is left"]),
    ("decimal commas", "amount;churn\n" + "".join(f"{i},5;{i % 2}\n" for i in range(50)),
     ["no column is left", '"amount"', "decimal comma", "write them with a point"]),
]


class BadInputTest(ProgramTest):
    def test_each_is_refused_with_its_message(self):
        for name, content, expected in CASES:
            with self.subTest(name):
                data = self.write("bad.csv", content)
                result = self.ebb("train", "--data", data, "--target", "churn", "--config",
                                  self.config, "--out", "model", code=3)
                self.assertRegex(result.stderr, r"^ebb: ")
                for text in expected:
                    self.assertIn(text, result.stderr)
                model = self.folder / "model"
                self.assertFalse(model.exists() and list(model.iterdir()))

    def test_a_column_without_values_is_left_out_with_a_note(self):
        data = self.write("empty_column.csv", with_column("mean_basket", ""))
        self.assertIn("mean_basket", self.train(data=data).stdout)

    def test_a_file_that_is_not_there(self):
        result = self.ebb("train", "--data", "no.csv", "--target", "churn", "--out", "model",
                          code=4)
        self.assertIn("no.csv: cannot open", result.stderr)

    def test_every_command_names_the_format_of_another_program(self):
        self.train()
        table = self.write("users.parquet", b"PAR1\x15\x04\x15\x00")
        commands = [
            ["train", "--target", "churn", "--out", "other"],
            ["train", "--data", TABLE, "--target", "churn", "--test-data", table, "--out", "other"],
            ["train", "--target", "churn", "--out", "other", "--dry-run"],
            ["prepare", "--target", "churn", "--out", "prepared.csv"],
            ["prepare", "--model", "model", "--out", "prepared.csv"],
            ["predict", "--model", "model", "--out", "scores.csv"],
            ["evaluate", "--model", "model"],
            ["audit", "--target", "churn"],
            ["audit", "--data", TABLE, "--target", "churn", "--against", table],
            ["events", "--customer", "user", "--time", "at", "--cutoff", "2024-01-01", "--out", "c.csv"],
        ]
        before = sorted(self.folder.iterdir())
        for command in commands:
            with self.subTest(command):
                data = [] if "--data" in command else ["--data", "users.parquet"]
                refused = self.ebb(*command, *data, code=3).stderr
                self.assertRegex(refused, "^ebb: .*users.parquet: is a Parquet file")
                self.assertRegex(refused, r"pandas.read_parquet\('.*'\).to_csv\('.*users.csv', index=False\)")
                self.assertEqual(sorted(self.folder.iterdir()), before)

    def test_bad_data_leaves_an_existing_model_as_it_was(self):
        self.train()
        before = self.model_bytes()
        data = self.write("bad.csv", with_column("churn", "yes"))
        self.train("--overwrite", data=data, code=3)
        self.assertEqual(self.model_bytes(), before)


if __name__ == "__main__":
    unittest.main()
