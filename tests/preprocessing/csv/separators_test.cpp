// Finding separators by vectors gives what a loop over bytes gives, at every level of instructions.
#include "preprocessing/csv/separators.h"

#include <random>

#include "kernels/common/instruction_set.h"
#include "tests/preprocessing/support.h"

namespace ebb::preprocessing {
namespace {

struct Found {
  std::vector<std::uint32_t> offsets;
  Separators summary;
};

Found by_vectors(std::string_view text, char delimiter) {
  Found found;
  found.offsets.resize(text.size() + kSeparatorSlack);
  found.summary = find_separators(text, delimiter, found.offsets.data());
  found.offsets.resize(found.summary.count);
  return found;
}

Found by_bytes(std::string_view text, char delimiter) {
  Found found;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == delimiter || text[i] == '\n')
      found.offsets.push_back(static_cast<std::uint32_t>(i));
    if (text[i] == '\n') ++found.summary.line_feeds;
    if (text[i] == '\r' && (i + 1 == text.size() || text[i + 1] != '\n')) {
      found.summary.has_lone_return = true;
    }
    if (text[i] <= 0) found.summary.is_plain = false;
  }
  found.summary.count = found.offsets.size();
  return found;
}

void expect_same(const std::string& text, char delimiter) {
  const Found vectors = by_vectors(text, delimiter);
  const Found bytes = by_bytes(text, delimiter);
  ASSERT_EQ(vectors.offsets, bytes.offsets) << ::testing::PrintToString(text);
  ASSERT_EQ(vectors.summary.line_feeds, bytes.summary.line_feeds);
  ASSERT_EQ(vectors.summary.has_lone_return, bytes.summary.has_lone_return)
      << ::testing::PrintToString(text);
  ASSERT_EQ(vectors.summary.is_plain, bytes.summary.is_plain) << ::testing::PrintToString(text);
}

class SeparatorsTest : public ::testing::Test {
 protected:
  ~SeparatorsTest() override { use_instruction_set(before_); }
  const InstructionSet before_ = active_instruction_set();
};

TEST_F(SeparatorsTest, AreThoseOfALoopOverBytes) {
  constexpr std::string_view kBytes = ",,\n\r;\tab1 ";
  std::mt19937 generator(1);
  for (const InstructionSet level : supported_instruction_sets()) {
    use_instruction_set(level);
    for (std::size_t size = 0; size <= 200; ++size) {
      std::string text(size, ' ');
      for (char& c : text) c = kBytes[generator() % kBytes.size()];
      for (const char delimiter : {',', ';', '\t'}) expect_same(text, delimiter);
    }
  }
}

TEST_F(SeparatorsTest, OneOddByteIsFoundWhereverItStands) {
  for (const InstructionSet level : supported_instruction_sets()) {
    use_instruction_set(level);
    for (std::size_t at = 0; at < 130; ++at) {
      for (const char odd : {'\0', '\xC3', '\xFF', '\r', '\x7F'}) {
        std::string text(130, 'a');
        text[at] = odd;
        expect_same(text, ',');
        if (at + 1 < text.size()) {
          text[at + 1] = '\n';
          expect_same(text, ',');
        }
      }
    }
  }
}

}  // namespace
}  // namespace ebb::preprocessing
