// Compression, pipes, blocks, chunks and threads: none of them may change what is read.
#include <limits>
#include <lzma.h>
#include <sys/stat.h>
#include <thread>
#include <zlib.h>
#include <zstd.h>

#include "preprocessing/csv/byte_source.h"
#include "tests/preprocessing/support.h"

namespace ebb::preprocessing {
namespace {

using ::testing::HasSubstr;

/// A table with quotes, breaks, missing values and 3000 rows.
std::string sample_text() {
  std::string text = "id,amount,note,城市\n";
  for (int row = 0; row < 3000; ++row) {
    text += fmt::format("u{},{},{},{}\n", row, row % 11 == 0 ? "" : std::to_string(row * 37 % 1009),
                        row % 7 == 0 ? "\"a \"\"b\"\", c\nd\"" : "plain",
                        row % 3 == 0 ? "北京" : "上海");
  }
  return text;
}

std::string gzip(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string xz(const std::string& text) {
  std::string out(text.size() + 4096, '\0');
  std::size_t size = 0;
  EXPECT_EQ(lzma_easy_buffer_encode(6, LZMA_CHECK_CRC64, nullptr,
                                    reinterpret_cast<const std::uint8_t*>(text.data()), text.size(),
                                    reinterpret_cast<std::uint8_t*>(out.data()), &size, out.size()),
            LZMA_OK);
  out.resize(size);
  return out;
}

std::string zstd(const std::string& text, int window_log = 0) {
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log);
  std::string out(ZSTD_compressBound(text.size()), '\0');
  // As a stream, of which the frame does not tell the size, nor so a smaller window.
  ZSTD_inBuffer input{text.data(), text.size(), 0};
  ZSTD_outBuffer output{out.data(), out.size(), 0};
  EXPECT_EQ(ZSTD_isError(ZSTD_compressStream2(context, &output, &input, ZSTD_e_continue)), 0U);
  EXPECT_EQ(ZSTD_compressStream2(context, &output, &input, ZSTD_e_end), 0U);
  ZSTD_freeCCtx(context);
  out.resize(output.pos);
  return out;
}

TEST(CsvStream, CompressedFilesReadLikePlainOnes) {
  const std::string text = sample_text();
  const Table plain = read_text(text);
  EXPECT_EQ(plain.rows(), 3000U);
  EXPECT_EQ(plain.column("id").kind, ColumnKind::identifier);
  // The names do not tell: the first bytes do.
  expect_equal(read_text(gzip(text)), plain);
  expect_equal(read_text(xz(text)), plain);
  expect_equal(read_text(zstd(text)), plain);
}

TEST(CsvStream, ConcatenatedMembersAreOneFile) {
  const std::string text = sample_text();
  const Table plain = read_text(text);
  const std::size_t half = text.size() / 2;
  expect_equal(read_text(gzip(text.substr(0, half)) + gzip(text.substr(half))), plain);
  expect_equal(read_text(xz(text.substr(0, half)) + xz(text.substr(half))), plain);
  expect_equal(read_text(zstd(text.substr(0, half)) + zstd(text.substr(half))), plain);
}

TEST(CsvStream, DamagedCompressionIsAnIoError) {
  const std::string text = sample_text();
  for (std::string packed : {gzip(text), xz(text), zstd(text)}) {
    const ScratchFile cut(packed.substr(0, packed.size() / 2));
    EXPECT_THAT(message_of<IoError>([&] { read_csv(cut.path()); }), HasSubstr("is cut short"));
    packed[packed.size() / 2] = static_cast<char>(packed[packed.size() / 2] ^ 0x55);
    const ScratchFile damaged(packed);
    EXPECT_THAT(message_of<IoError>([&] { read_csv(damaged.path()); }), HasSubstr("is damaged"));
  }
}

TEST(CsvStream, ZstdGivesWhatItHoldsInPiecesOfAnySize) {
  const std::string text = sample_text();
  const ScratchFile file(zstd(text));
  for (const std::size_t piece : {std::size_t{1}, std::size_t{1000}, text.size()}) {
    const std::unique_ptr<ByteSource> source = open_byte_source(file.path());
    std::string read;
    std::string bytes(piece, ' ');
    while (const std::size_t got = source->read(bytes.data(), piece)) read.append(bytes, 0, got);
    EXPECT_EQ(read, text) << "in pieces of " << piece;
  }
}

TEST(CsvStream, ZstdThatAsksForALargeWindowIsRefused) {
  const ScratchFile largest(zstd(sample_text(), 27));
  EXPECT_EQ(read_csv(largest.path()).rows(), 3000U);
  const ScratchFile too_large(zstd(sample_text(), 28));
  EXPECT_THAT(message_of<DataError>([&] { read_csv(too_large.path()); }),
              HasSubstr("more than 128 MiB of memory: compress it with zstd --long=27 or less"));
}

TEST(CsvStream, AFileMadeToExpandIsRefused) {
  // Few rows: under the sanitizers reading many takes longer than packing them.
  std::string row(std::size_t{1} << 20, 'x');
  row += ",1\n";
  std::string rows = "a,b\n";
  while (rows.size() < (std::size_t{70} << 20)) rows += row;
  for (const std::string& packed : {gzip(rows), xz(rows), zstd(rows)}) {
    const ScratchFile file(packed);
    EXPECT_THAT(message_of([&] { read_csv(file.path()); }),
                HasSubstr("more than 200 times as many"));
  }
}

TEST(CsvStream, ReadsAPipe) {
  const std::string text = sample_text();
  const ScratchFile place("", ".fifo");
  std::filesystem::remove(place.path());
  ASSERT_EQ(::mkfifo(place.path().c_str(), 0600), 0);
  std::thread writer([&] { std::ofstream(place.path(), std::ios::binary) << gzip(text); });
  const Table table = read_csv(place.path());
  writer.join();
  EXPECT_EQ(table.rows(), 3000U);
}

TEST(CsvStream, ReadsOnWhereAFileHasGrown) {
  const std::string text = sample_text();
  const ScratchFile file(text);
  const std::unique_ptr<ByteSource> source = open_byte_source(file.path());
  EXPECT_EQ(source->size(), text.size());
  std::string read(3 * text.size(), ' ');
  std::size_t size = 0;
  const auto read_on = [&] {
    while (const auto got = source->read(read.data() + size, read.size() - size)) size += got;
    return read.substr(0, size);
  };
  EXPECT_EQ(read_on(), text);
  std::ofstream(file.path(), std::ios::binary | std::ios::app) << text;
  EXPECT_EQ(read_on(), text + text);
}

TEST(CsvStream, BlockSizeDoesNotMatter) {
  const std::string text = sample_text();
  const Table plain = read_text(text);
  for (const std::size_t block : {64U, 65U, 97U, 1000U, 4096U, 50000U}) {
    CsvOptions options;
    options.block_bytes = block;
    SCOPED_TRACE(block);
    expect_equal(read_text(text, options), plain);
  }
}

TEST(CsvStream, ThreadsDoNotMatter) {
  const std::string text = sample_text();
  CsvOptions options;
  options.block_bytes = 20000;
  const Table plain = read_text(text, options);
  for (int threads = 1; threads <= 5; ++threads) {
    const ThreadCount count(threads);
    SCOPED_TRACE(threads);
    expect_equal(read_text(text, options), plain);
  }
}

/// A sample of a few rows, and many blocks behind it.
CsvOptions small_sample() {
  CsvOptions options;
  options.sample_rows = 30;
  options.block_bytes = 64;
  return options;
}

TEST(CsvStream, AUniqueColumnIsDecidedOverTheWholeFile) {
  const CsvOptions options = small_sample();
  std::string unique = "a,b\n";
  std::string repeated = "a,b\n";
  for (int row = 0; row < 400; ++row) {
    unique += fmt::format("{},x\n", 1000 + row);
    repeated += fmt::format("{},x\n", 1000 + row % 60);
  }
  EXPECT_EQ(read_text(unique, options).column("a").kind, ColumnKind::identifier);
  const Table table = read_text(repeated, options);
  ASSERT_EQ(table.column("a").kind, ColumnKind::number);
  EXPECT_EQ(table.column("a").numbers[399], 1000 + 399 % 60);
}

TEST(CsvStream, AColumnThatIsEmptyAtFirstIsDecidedLater) {
  const CsvOptions options = small_sample();
  std::string text = "a,b\n";
  for (int row = 0; row < 400; ++row) {
    text += row < 200 ? ",\n" : fmt::format("{}.5,x{}\n", row, row % 2);
  }
  const Table table = read_text(text, options);
  EXPECT_EQ(table.column("a").kind, ColumnKind::number);
  EXPECT_EQ(table.column("b").kind, ColumnKind::category);
  EXPECT_THAT(read_error(text + "y,x1\n", options),
              ::testing::StartsWith("FILE:402: column \"a\": \"y\" is not a number, as 200 of the "
                                    "column's 201 values are"));
}

TEST(CsvStream, WholeNumbersBehindTheSampleAreJudgedAsInIt) {
  struct Case {
    const char* what;
    std::int64_t first;
    std::int64_t step;
    int distinct;
    std::int64_t last;
    ColumnKind kind;
  };
  for (const auto& [what, first, step, distinct, last, kind] :
       {Case{"without gaps", 1, 1, 400, 401, ColumnKind::identifier},
        Case{"some close together", 1, 1, 60, 1, ColumnKind::number},
        Case{"some far apart", 1000000, 100003, 60, 1000000, ColumnKind::number},
        Case{"of six digits", 100003, 2003, 400, 999999, ColumnKind::number},
        Case{"of seven digits", 1000003, 20003, 400, 9999999, ColumnKind::identifier},
        Case{"one is shorter", 1000003, 20003, 400, 999999, ColumnKind::number},
        Case{"one is longer", 1000003, 20003, 400, 10000000, ColumnKind::number}}) {
    SCOPED_TRACE(what);
    std::string text = "a,b\n";
    for (int row = 0; row < 200; ++row) text += ",x\n";
    for (int row = 0; row < 400; ++row)
      text += fmt::format("{},x\n", first + row % distinct * step);
    text += fmt::format("{},x\n", last);
    const Table table = read_text(text, small_sample());
    expect_equal(table, read_text(text));
    const Column& column = table.column("a");
    ASSERT_EQ(column.kind, kind);
    EXPECT_TRUE(column.is_missing(0));
    EXPECT_EQ(column.text(200), std::to_string(first));
    EXPECT_EQ(column.text(600), std::to_string(last));
  }
}

TEST(CsvStream, LongWholeNumbersBehindTheSampleAreCodes) {
  // The sign counts, wherever the numbers stand.
  for (const char* number : {"-123456789012345", "1234567890123456", "123456789012345678"}) {
    std::string text = "balance,ref\n";
    for (int row = 0; row < 400; ++row) {
      const char* balances[] = {number, "5", "-7"};
      text += row < 200 ? fmt::format(",{}\n", 1000 + row)
                        : fmt::format("{},{}\n", balances[row % 3], -100000000000000 - 7 * row);
    }
    const Table table = read_text(text, small_sample());
    EXPECT_EQ(table.column("balance").kind, ColumnKind::category) << number;
    EXPECT_EQ(table.column("ref").kind, ColumnKind::identifier);
  }
}

CsvOptions chunk_options() {
  CsvOptions options;
  options.columns = {{"id", DeclaredKind::identifier}, {"amount", DeclaredKind::number}};
  options.undeclared = UndeclaredColumns::ignore;
  return options;
}

TEST(CsvReader, ChunksAddUpToTheFile) {
  const ScratchFile file(sample_text());
  const Table whole = read_csv(file.path(), chunk_options());
  for (const std::size_t rows : {1U, 7U, 1000U, 3000U, 5000U}) {
    CsvOptions options = chunk_options();
    options.block_bytes = 10000;
    CsvReader reader(file.path(), options);
    EXPECT_EQ(reader.header().size(), 4U);
    Table chunk;
    std::size_t row = 0;
    while (reader.next(chunk, rows)) {
      ASSERT_LE(chunk.rows(), rows);
      for (std::size_t i = 0; i < chunk.rows(); ++i, ++row) {
        ASSERT_EQ(chunk.column("id").text(i), whole.column("id").text(row));
        ASSERT_EQ(chunk.column("amount").text(i), whole.column("amount").text(row));
        ASSERT_EQ(chunk.lines()[i], whole.lines()[row]);
      }
    }
    EXPECT_EQ(row, whole.rows());
    EXPECT_FALSE(reader.next(chunk, rows));
    EXPECT_EQ(chunk.rows(), 0U);
  }
}

TEST(CsvReader, AChunkOfLongTextsHasFewerRows) {
  std::string text = "id,amount\n";
  for (int row = 0; row < 10; ++row) text.append(std::size_t{10} << 20, 'x').append(",1\n");
  const ScratchFile file(text);
  CsvReader reader(file.path(), chunk_options());
  Table chunk;
  std::size_t rows = 0;
  std::size_t chunks = 0;
  for (; reader.next(chunk, 1000); ++chunks) rows += chunk.rows();
  EXPECT_EQ(rows, 10U);
  EXPECT_EQ(chunks, 2U);
  CsvReader whole(file.path(), chunk_options());
  EXPECT_TRUE(whole.next(chunk, std::numeric_limits<std::size_t>::max()));
  EXPECT_EQ(chunk.rows(), 10U);
}

TEST(CsvReader, NeedsDeclaredKindsAndRows) {
  const ScratchFile file("id,amount\n");
  CsvOptions options = chunk_options();
  Table chunk;
  EXPECT_THAT(message_of([&] { CsvReader(file.path(), options).next(chunk, 10); }),
              HasSubstr("the file has a header but no rows"));
  options.undeclared = UndeclaredColumns::infer;
  EXPECT_THAT(message_of<Error>([&] { CsvReader(file.path(), options); }),
              HasSubstr("kinds cannot be inferred chunk by chunk"));
}

TEST(ReadCsv, TextsAmongNumbersMayCountAsMissing) {
  std::string text = "x,y\n";
  for (int row = 0; row < 5000; ++row) {
    text += row % 1000 == 700 ? fmt::format("t{},1\n", row) : fmt::format("{},{}\n", row, row % 7);
  }
  CsvOptions options;
  options.columns = {{"x", DeclaredKind::number}, {"y", DeclaredKind::number}};
  options.block_bytes = 4096;
  EXPECT_THAT(read_error(text, options), ::testing::HasSubstr("FILE:702: column \"x\": \"t700\""));
  options.text_among_numbers = TextAmongNumbers::missing;
  for (int threads = 1; threads <= 4; ++threads) {
    const ThreadCount count(threads);
    const Table table = read_text(text, options);
    ASSERT_EQ(table.stray_texts.size(), 1U);
    EXPECT_EQ(table.stray_texts[0].column, "x");
    EXPECT_EQ(table.stray_texts[0].count, 5U);
    EXPECT_EQ(table.stray_texts[0].first, "t700");
    EXPECT_EQ(table.stray_texts[0].line, 702U);
    EXPECT_EQ(count_missing(table.column("x")), 5U);
    EXPECT_EQ(table.column("x").numbers[4999], 4999.0);
  }
}

}  // namespace
}  // namespace ebb::preprocessing
