// What each backend of encode_texts provides; operands are checked already.
#pragma once

#include "preprocessing/csv_device/encode_texts.h"

namespace ebb::preprocessing::cpu {

std::optional<std::size_t> encode_texts(Context& context, const DeviceFields& fields,
                                        std::string_view host_text, std::int64_t position,
                                        const TokenList& missing, Dictionary& dictionary,
                                        const Tensor& codes);

}  // namespace ebb::preprocessing::cpu

namespace ebb::preprocessing::cuda {

std::optional<std::size_t> encode_texts(Context& context, const DeviceFields& fields,
                                        std::string_view host_text, std::int64_t position,
                                        const TokenList& missing, Dictionary& dictionary,
                                        const Tensor& codes);

}  // namespace ebb::preprocessing::cuda
