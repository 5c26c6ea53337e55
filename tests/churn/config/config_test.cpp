#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apps/churn/config/config_file.h"
#include "apps/churn/config/setting.h"
#include "kernels/common/error.h"
#include "tests/support/message_of.h"
#include "tests/support/temporary_folder.h"

namespace ebb::churn {
namespace {

using ebb::testing::message_of;
using ebb::testing::TemporaryFolder;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

RunConfig parse(std::string_view toml) { return parse_config(toml, "run.toml"); }

std::string refusal(std::string_view toml) {
  return message_of<DataError>([&] { parse(toml); });
}

std::string invalid(const RunConfig& config) {
  return message_of<DataError>([&] { validate(config); });
}

// A value unlike the default. The structured bindings below fail to compile when a struct gets a
// member that is not perturbed here, and the round trip fails when it is no setting.
void perturb(std::string& text) { text += "数据 \"quoted\"\\\n\t#="; }
void perturb(std::vector<std::string>& texts) { texts = {"编号", "a,b", "", "#\"'"}; }
void perturb(bool& flag) { flag = !flag; }
void perturb(double& value) { value = value / 3.0 + 0.11; }
void perturb(std::int64_t& value) { value += 3; }
void perturb(int& value) { value += 3; }
void perturb(std::size_t& value) { value += 3; }
void perturb(std::optional<char>& delimiter) { delimiter = '\t'; }
void perturb(ThresholdObjective& value) { value = ThresholdObjective::cost; }
void perturb(CalibrationMethod& value) { value = CalibrationMethod::isotonic; }
void perturb(Precision& value) { value = Precision::bf16; }
void perturb(NumberEmbedding& value) { value = NumberEmbedding::linear; }
void perturb(kernels::Activation& value) { value = kernels::Activation::silu; }
void perturb(OptimizerKind& value) { value = OptimizerKind::sgd; }
void perturb(ScheduleKind& value) { value = ScheduleKind::reduce_on_plateau; }
void perturb(SelectionMetric& value) { value = SelectionMetric::roc_auc; }
void perturb(preprocessing::AbsentColumn& value) { value = preprocessing::AbsentColumn::impute; }
void perturb(preprocessing::NumberFill& value) { value = preprocessing::NumberFill::constant; }
void perturb(preprocessing::CategoryFill& value) { value = preprocessing::CategoryFill::mode; }
void perturb(preprocessing::Scaling& value) { value = preprocessing::Scaling::min_max; }
void perturb(preprocessing::MissingIndicator& value) {
  value = preprocessing::MissingIndicator::always;
}
void perturb(std::vector<preprocessing::StepDeclaration>& steps) {
  steps = {{"fill", {{"columns", {"月*", "a \"b\""}}, {"numbers", 1.0 / 3.0}}, "elsewhere:1"},
           {"derive", {{"edges", {1.0, 2.5e300}}, {"bins", 3}, {"flag", true}, {"of", {"x"}}}, ""}};
}
void perturb(std::map<std::string, preprocessing::DeclaredKind>& columns) {
  columns = {{"年龄", preprocessing::DeclaredKind::number},
             {"a.b c", preprocessing::DeclaredKind::ignore},
             {"", preprocessing::DeclaredKind::category}};
}

void perturb(preprocessing::NumberOptions& options);
void perturb(preprocessing::CategoryOptions& options);
template <class Options>
void perturb(std::map<std::string, Options>& columns);

template <class... Members>
void perturb_each(Members&... members) {
  (perturb(members), ...);
}

void perturb(preprocessing::NumberOptions& options) {
  auto& [fill, constant, indicator, scaling] = options;
  perturb_each(fill, constant, indicator, scaling);
}
void perturb(preprocessing::CategoryOptions& options) {
  auto& [fill, min_count] = options;
  perturb_each(fill, min_count);
}
template <class Options>
void perturb(std::map<std::string, Options>& columns) {
  perturb(columns["月 \"费\""]);
  columns["plain"] = {};
}

RunConfig perturbed() {
  RunConfig config;
  auto& [data, split, preprocessing, model, training, decision, runtime] = config;
  {
    auto& [a, b, c, d, e, f, g, h, i] = data;
    perturb_each(a, b, c, d, e, f, g, h, i);
  }
  {
    auto& [a, b, c, d, e, f, g] = split;
    perturb_each(a, b, c, d, e, f, g);
  }
  {
    auto& [a, b, c, d, e, f, g, h, i] = preprocessing;
    perturb_each(a, b, c, d, e, f, g, h, i);
  }
  {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n] = model;
    perturb_each(a, b, c, d, e, f, g, h, i, j, k, l, m, n);
  }
  {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q] = training;
    perturb_each(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q);
  }
  {
    auto& [objective, costs, campaign, share, calibration] = decision;
    perturb_each(objective, share, calibration);
    auto& [hit, false_alarm, correct, miss] = costs;
    perturb_each(hit, false_alarm, correct, miss);
    auto& [value, incentive, contact, acceptance] = campaign;
    perturb_each(value, incentive, contact, acceptance);
  }
  auto& [device, threads, detect_anomaly, cuda_graph] = runtime;
  device = "cuda:1";
  perturb_each(threads, detect_anomaly, cuda_graph);
  return config;
}

TEST(ConfigTest, EverySettingSurvivesTheRoundTrip) {
  const RunConfig config = perturbed();
  const std::string toml = to_toml(config);
  EXPECT_EQ(parse(toml), config) << toml;
  EXPECT_EQ(to_toml(parse(toml)), toml);
  EXPECT_EQ(parse(to_toml(config, TomlComments::none)), config);
  for (const Setting& setting : settings(RunConfig{})) {
    EXPECT_NE(setting.get(config), setting.get(RunConfig{})) << full_name(setting);
    EXPECT_FALSE(setting.comment.empty()) << full_name(setting);
  }
}

TEST(ConfigTest, FloatingPointNumbersKeepTheirBits) {
  RunConfig config;
  for (const double value : {0.1, 1.0, 1e-300, 1.0 / 3.0, -0.0, 123456789012345680.0, 5e-324,
                             std::numeric_limits<double>::max()}) {
    config.preprocessing.numbers.constant = value;
    const double read = parse(to_toml(config)).preprocessing.numbers.constant;
    EXPECT_EQ(std::bit_cast<std::uint64_t>(read), std::bit_cast<std::uint64_t>(value)) << value;
  }
}

TEST(ConfigTest, AnEmptyFileGivesTheDefaults) {
  const TemporaryFolder folder;
  EXPECT_EQ(load_config(folder.write("空.toml", "")), RunConfig{});
  EXPECT_EQ(load_config(folder.write("comment.toml", "# nothing\n")), RunConfig{});
  EXPECT_NO_THROW(validate(RunConfig{}));
}

TEST(ConfigTest, AFileThatCannotBeReadIsNamed) {
  const TemporaryFolder folder;
  EXPECT_THAT(message_of<IoError>([&] { load_config(folder / "none.toml"); }),
              AllOf(HasSubstr("none.toml"), HasSubstr("No such file")));
  EXPECT_THAT(message_of<IoError>([&] { load_config(folder.path()); }), HasSubstr("a folder"));
}

TEST(ConfigTest, KeysSetTheirMembersOnly) {
  RunConfig expected;
  expected.data.target = "流失";
  expected.training.learning_rate = 2.0;
  expected.data.columns = {{"等级", preprocessing::DeclaredKind::category}};
  EXPECT_EQ(parse("[data]\ntarget = \"流失\"\n[data.columns]\n\"等级\" = \"category\"\n"
                  "[training]\nlearning_rate = 2\n"),
            expected);
}

TEST(ConfigTest, AnOverrideStartsFromTheGeneralOptionsWhereverTheyStand) {
  const RunConfig config = parse(
      "[preprocessing.number_columns.\"月 费\"]\nfill = \"mean\"\n"
      "[preprocessing.numbers]\nscaling = \"min_max\"\n");
  const auto& options = config.preprocessing.number_columns.at("月 费");
  EXPECT_EQ(options.fill, preprocessing::NumberFill::mean);
  EXPECT_EQ(options.scaling, preprocessing::Scaling::min_max);
}

TEST(ConfigTest, PresetsComeBeforeOtherKeys) {
  EXPECT_EQ(parse("preset = \"default\""), RunConfig{});
  const RunConfig seed = parse("preset = \"seed\"");
  EXPECT_EQ(seed, preset("seed"));
  EXPECT_EQ(seed.training.batch_size, 32);
  EXPECT_EQ(seed.model.feed_forward, 256);
  EXPECT_EQ(seed.training.weight_decay, 0.0);
  RunConfig expected = seed;
  expected.training.epochs = 3;
  EXPECT_EQ(parse("preset = \"seed\"\n[training]\nepochs = 3"), expected);
  EXPECT_EQ(parse(to_toml(expected)), expected);
  for (const Preset& known : presets()) EXPECT_NO_THROW(validate(preset(known.name)));
  EXPECT_EQ(refusal("\npreset = \"sead\""),
            "run.toml:2:10: unknown preset \"sead\". Did you mean \"seed\"? There are: "
            "\"default\", \"seed\".");
  EXPECT_EQ(refusal("preset = 1"), "run.toml:1:10: preset is the whole number 1, expected a text");
}

TEST(ConfigTest, UnknownKeysAndTablesAreRefusedWithTheNearestKnownOne) {
  EXPECT_THAT(refusal("[training]\nepochs = 3\n  learning_rat = 0.1\n"),
              StartsWith("run.toml:3:3: unknown key \"learning_rat\" in [training]. Did you mean "
                         "\"learning_rate\"? There are: "));
  EXPECT_THAT(refusal("\n[trainin]\nepochs = 3\n"),
              StartsWith("run.toml:2:2: unknown table \"trainin\" at the top level. Did you mean "
                         "\"training\"? There are: "));
  EXPECT_THAT(refusal("epochs = 3"),
              StartsWith("run.toml:1:1: unknown key \"epochs\" at the top level. There are: "));
  EXPECT_THAT(refusal("[preprocessing.numbers]\nfil = \"mean\""),
              StartsWith("run.toml:2:1: unknown key \"fil\" in [preprocessing.numbers]. Did you "
                         "mean \"fill\"?"));
  EXPECT_THAT(refusal("[preprocessing.number_columns.\"月 费\"]\nmin_count = 1"),
              StartsWith("run.toml:2:1: unknown key \"min_count\" in "
                         "[preprocessing.number_columns.\"月 费\"]."));
  EXPECT_THAT(refusal("[preprocessing.number]\nfill = \"mean\""),
              AllOf(HasSubstr("unknown table \"number\" in [preprocessing]"),
                    HasSubstr("Did you mean \"numbers\"?")));
}

TEST(ConfigTest, WrongTypesAreRefusedWithWhatWasExpected) {
  EXPECT_EQ(refusal("[model]\ndim = \"64\""),
            "run.toml:2:7: model.dim is the text \"64\", expected a whole number from 1 to 8192");
  EXPECT_EQ(refusal("[model]\ndim = 64.5"),
            "run.toml:2:7: model.dim is the number 64.5, expected a whole number from 1 to 8192");
  EXPECT_EQ(refusal("[model]\npre_norm = 1"),
            "run.toml:2:12: model.pre_norm is the whole number 1, expected true or false");
  EXPECT_EQ(refusal("[data]\ndrop_columns = \"id\""),
            "run.toml:2:16: data.drop_columns is the text \"id\", expected a list of texts");
  EXPECT_EQ(refusal("[data]\ndrop_columns = [\"id\", 3]"),
            "run.toml:2:16: data.drop_columns is a list, expected a list of texts");
  EXPECT_EQ(refusal("model = 3"),
            "run.toml:1:9: model is the whole number 3, expected a table: [model]");
  EXPECT_EQ(refusal("[data]\ncolumns = 3"),
            "run.toml:2:11: data.columns is the whole number 3, expected a table: [data.columns]");
  EXPECT_EQ(refusal("[preprocessing.number_columns]\n\"费\" = 3"),
            "run.toml:2:7: preprocessing.number_columns.\"费\" is the whole number 3, expected a "
            "table: [preprocessing.number_columns.\"费\"]");
  EXPECT_EQ(refusal("[training.epochs]\nvalue = 3"),
            "run.toml:1:1: training.epochs is a table, expected a whole number from 1 to 1000000");
}

TEST(ConfigTest, ValuesOutOfRangeAreRefusedWithTheRange) {
  EXPECT_EQ(refusal("[training]\nepochs = 0"),
            "run.toml:2:10: training.epochs is the whole number 0, expected a whole number from 1 "
            "to 1000000");
  EXPECT_EQ(refusal("[split]\nvalidation_fraction = 1.0"),
            "run.toml:2:23: split.validation_fraction is the number 1, expected a number above 0 "
            "and below 1");
  EXPECT_THAT(refusal("[preprocessing.numbers]\nconstant = inf"),
              HasSubstr("constant is the number inf, expected a finite number"));
  EXPECT_THAT(refusal("[model]\nresidual_dropout = nan"),
              HasSubstr("expected a number of at least 0 and below 1"));
  EXPECT_EQ(refusal("[preprocessing.numbers]\nscaling = \"zscore\""),
            "run.toml:2:11: preprocessing.numbers.scaling is the text \"zscore\", expected one of "
            "\"none\", \"min_max\", \"standard\", \"robust\", \"max_abs\", "
            "\"quantile_normal\", \"quantile_uniform\", \"log\", \"yeo_johnson\"");
  EXPECT_EQ(refusal("[data.columns]\n\"年龄\" = \"integer\""),
            "run.toml:2:8: data.columns.\"年龄\" is the text \"integer\", expected one of "
            "\"number\", \"category\", \"identifier\", \"ignore\"");
  EXPECT_THAT(refusal("[data]\ndelimiter = \"::\""), HasSubstr("expected one of \",\""));
  EXPECT_THAT(refusal("[data]\ndelimiter = \":\""), HasSubstr("\" \" for fields between blanks"));
  EXPECT_THAT(refusal("[runtime]\ndevice = \"gpu\""),
              HasSubstr("runtime.device is the text \"gpu\", expected auto, cpu, cuda or cuda:N"));
}

TEST(ConfigTest, EveryDelimiterThatTheReaderHas) {
  for (const std::string delimiter : {",", ";", "\\t", "|", " "}) {
    const RunConfig config = parse_config("[data]\ndelimiter = \"" + delimiter + "\"", "run.toml");
    ASSERT_TRUE(config.data.delimiter) << delimiter;
    EXPECT_EQ(*config.data.delimiter, delimiter == "\\t" ? '\t' : delimiter[0]);
    EXPECT_EQ(parse_config(to_toml(config), "again.toml").data.delimiter, config.data.delimiter);
  }
}

TEST(ConfigTest, StepsAreReadAsListsAndAsTables) {
  const RunConfig list =
      parse("[preprocessing]\nsteps = [{ step = \"fill\", numbers = 0 }, { step = \"scale\" }]\n");
  const RunConfig tables = parse(
      "[[preprocessing.steps]]\nstep = \"fill\"\nnumbers = 0\n[[preprocessing.steps]]\n"
      "step = \"scale\"\n");
  EXPECT_EQ(list, tables);
  ASSERT_EQ(tables.preprocessing.steps.size(), 2U);
  EXPECT_EQ(tables.preprocessing.steps[1].kind, "scale");
  EXPECT_THAT(tables.preprocessing.steps[1].place, HasSubstr(":4:"));
}

TEST(ConfigTest, WrongStepsAreLocated) {
  const auto message = [](const std::string& steps) {
    return message_of<DataError>([&] { parse("[preprocessing]\nsteps = " + steps + "\n"); });
  };
  EXPECT_THAT(message("3"), HasSubstr("expected a list of tables with a step and its options"));
  EXPECT_THAT(message("[3]"),
              AllOf(HasSubstr(":2:10: "), HasSubstr("a step is the whole number 3")));
  EXPECT_THAT(message("[{ columns = [\"a\"] }]"), HasSubstr("the key step is missing"));
  EXPECT_THAT(message("[{ step = 1 }]"), HasSubstr("step is the whole number 1, expected a text"));
  EXPECT_THAT(message("[{ step = \"fill\", a = [1, nan] }]"),
              HasSubstr("expected a finite number"));
  EXPECT_THAT(message("[{ step = \"fill\", a = { b = 1 } }]"),
              HasSubstr("a is a table, expected a finite number, a text"));
}

TEST(ConfigTest, SyntaxErrorsAreLocated) {
  EXPECT_THAT(refusal("[model]\ndim = \n"), StartsWith("run.toml:2:"));
  EXPECT_THAT(refusal("[model]\n[model]\n"), StartsWith("run.toml:2:"));
}

TEST(ConfigTest, ValidateNamesSettingsThatAreWrongOrDoNotFit) {
  RunConfig config;
  config.training.learning_rate = -1.0;
  EXPECT_EQ(invalid(config),
            "training.learning_rate is -1.0, expected a number above 0 and at most 100");
  config = {};
  config.model.heads = 5;
  EXPECT_EQ(invalid(config), "model.dim = 64 is not a multiple of model.heads = 5");
  config = {};
  config.model.dim = 2048;
  config.model.heads = 8;
  EXPECT_NO_THROW(validate(config));
  config.model.heads = 4;
  EXPECT_EQ(invalid(config),
            "model.dim = 2048 is more than 256 times model.heads = 4: take more heads");
  config = {};
  config.split = {.validation_fraction = 0.5, .test_fraction = 0.5};
  EXPECT_THAT(invalid(config), HasSubstr("leave no training rows"));
  config.split.test_data = "test.csv";
  EXPECT_NO_THROW(validate(config));
  config.split.column = "part";
  EXPECT_THAT(invalid(config), HasSubstr("split.column and split.test_data are both set"));
  config.split = {.group = "customer", .time = "day"};
  EXPECT_EQ(invalid(config),
            "split.group and split.time are both set: one of them says where a row belongs");
  config.split = {.column = "part", .group = "customer"};
  EXPECT_THAT(invalid(config), HasSubstr("split.column and split.group are both set"));
  config.split = {.time = "churn"};
  config.data.target = "churn";
  EXPECT_THAT(invalid(config), HasSubstr("\"churn\" is both data.target and split.time"));
  config.split = {.group = "customer"};
  EXPECT_NO_THROW(validate(config));
  config.data.columns = {{"customer", preprocessing::DeclaredKind::ignore}};
  EXPECT_THAT(invalid(config),
              HasSubstr("\"customer\" is both split.group and declared to be ignored"));
  config = {};
  config.data.target = "churn";
  config.data.drop_columns = {"churn"};
  EXPECT_EQ(invalid(config),
            "column \"churn\" is both data.target and in data.drop_columns: it can be one of them");
  config = {};
  config.data.path = "caf\xe9.csv";
  EXPECT_THAT(invalid(config), HasSubstr("data.path is not valid UTF-8"));
  config = {};
  config.training.seed = std::numeric_limits<std::uint64_t>::max();
  EXPECT_THAT(invalid(config), HasSubstr("training.seed"));
}

TEST(ConfigTest, ChangedSettingsAreNamedWithBothValues) {
  const RunConfig before;
  RunConfig after;
  after.runtime = {.device = "cpu", .threads = 3, .detect_anomaly = true};
  after.data.path = "elsewhere.csv";
  EXPECT_THAT(changed_settings(before, after), ElementsAre());
  EXPECT_EQ(without_location(after), before);
  after.training.learning_rate = 0.01;
  after.data.columns = {{"年龄", preprocessing::DeclaredKind::number}};
  after.data.drop_columns = {"id"};
  EXPECT_THAT(
      changed_settings(before, after),
      ElementsAre("data.drop_columns: [] -> [\"id\"]", "training.learning_rate: 0.001 -> 0.01",
                  "data.columns.\"年龄\": not set -> \"number\""));
  EXPECT_THAT(changed_settings(after, before),
              ElementsAre("data.drop_columns: [\"id\"] -> []",
                          "data.columns.\"年龄\": \"number\" -> not set",
                          "training.learning_rate: 0.01 -> 0.001"));
}

TEST(ConfigTest, TextsThatTheParserDoesNotSurviveAreRefused) {
  const auto key = [](int parts) {
    std::string text = "a";
    for (int i = 1; i < parts; ++i) text += i % 2 == 0 ? " . a" : ".\"a\"";
    return text;
  };
  EXPECT_THAT(refusal(key(8) + " = 1"), StartsWith("run.toml:1:1: unknown table \"a\""));
  EXPECT_THAT(refusal("[data]\nx = {" + key(9) + " = 1}"),
              HasSubstr(": a key of more than 8 parts"));
  EXPECT_THAT(refusal("[" + key(1'000'000) + "]"), HasSubstr(": a key of more than 8 parts"));
  EXPECT_THAT(refusal(std::string(std::size_t{5} << 20, '#')), HasSubstr("at most 4194304"));
  EXPECT_THAT(refusal("[@"), StartsWith("run.toml: "));
  // Letters beyond ASCII, outside of quotes.
  EXPECT_THAT(refusal("\u03de = 1"), StartsWith("run.toml:1:1: "));
  EXPECT_THAT(refusal("a = 1\u00e9"), StartsWith("run.toml:1:"));
}

TEST(ConfigTest, DotsInTextsAreNoPartsOfKeys) {
  EXPECT_EQ(parse("[data]\npath = \"a.b.c.d.e.f.g.h.i.j\" # 1.2.3.4.5.6.7.8.9.10\n").data.path,
            "a.b.c.d.e.f.g.h.i.j");
  EXPECT_EQ(parse("[data]\npath = 'a\\.b.c.d.e.f.g.h.i'\n").data.path, "a\\.b.c.d.e.f.g.h.i");
  EXPECT_EQ(parse("[data]\npath = \"\"\"\na.\\\"b.c\"\"d.e.f.g.h.i.j\"\"\"\"\"\n").data.path,
            "a.\"b.c\"\"d.e.f.g.h.i.j\"\"");
}

}  // namespace
}  // namespace ebb::churn
