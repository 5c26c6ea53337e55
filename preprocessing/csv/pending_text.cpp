#include "preprocessing/csv/pending_text.h"

#include <utility>

#include "kernels/common/error.h"
#include "preprocessing/csv/fields.h"

namespace ebb::preprocessing {

void PendingText::fill(std::size_t bytes) {
  const std::size_t wanted = pending_.size() + bytes;
  pending_.reserve(wanted);
  std::size_t got = 1;
  while (pending_.size() < wanted && got > 0) {
    got = bytes_->read(pending_.data() + pending_.size(), wanted - pending_.size());
    pending_.extend(got);
  }
  at_end_ = got == 0;
}

void PendingText::take_byte_order_mark() {
  const std::string_view text = view();
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
    fail<DataError>("{}: the file is UTF-16: save it as UTF-8 (iconv -f UTF-16 -t UTF-8)", source_);
  }
  if (text.starts_with("\xEF\xBB\xBF")) pending_.drop_front(3);
}

void PendingText::give(TextBuffer& text, std::size_t bytes) {
  std::swap(text, pending_);
  pending_.assign(text.view().substr(bytes));
  text.shrink(bytes);
}

void PendingText::check_length(std::size_t most, std::uint64_t line,
                               std::string_view advice) const {
  if (size() <= most) return;
  // A file that is no text has no lines. The last character may be there in part.
  std::size_t end = size();
  while (end > 0 && (static_cast<unsigned char>(view()[end - 1]) & 0xC0) == 0x80) --end;
  if (end > 0) --end;
  check_text(view(), 0, end, line, source_);
  fail<DataError>("{}:{}: a record longer than {} bytes begins here: {}", source_, line, most,
                  advice);
}

}  // namespace ebb::preprocessing
