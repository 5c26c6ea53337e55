#include "kernels/common/primitive_cache.h"

#include <array>

#include "kernels/common/error.h"
#include "kernels/common/one_thread.h"
#include "kernels/common/onednn.h"
#include "kernels/common/workspace.h"

namespace ebb {

const dnnl::engine& onednn_cpu() {
  static const dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
  return cpu;
}

dnnl::memory::desc packed_matrix_description(std::int64_t k, std::int64_t n) {
  return {{k, n}, dnnl::memory::data_type::bf16, dnnl::memory::format_tag::BA16a64b2a};
}

namespace {

using dnnl::memory;

dnnl::matmul::primitive_desc describe(const PreparedProduct& p) {
  using Tag = memory::format_tag;
  const memory::desc a({p.m, p.k}, memory::data_type::bf16, p.transposed_a ? Tag::ba : Tag::ab);
  const memory::desc b = p.packed_b ? packed_matrix_description(p.k, p.n)
                                    : memory::desc({p.k, p.n}, memory::data_type::bf16, Tag::ab);
  const memory::desc output({p.m, p.n}, memory::data_type::f32, Tag::ab);
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  if (p.accumulate) {
    dnnl::post_ops add;
    add.append_sum(1.0F);
    attributes.set_post_ops(add);
  }
  return {dnnl::matmul::desc(a, b, output), attributes, onednn_cpu()};
}

memory without_data(const memory::desc& description) {
  return {description, onednn_cpu(), nullptr};
}

// Setting the pointer of a padded layout would write its padding, so packed matrices bring memory
// objects of their own.
void point(const memory& object, const void* data) {
  if (object.get_data_handle() != data) object.set_data_handle(const_cast<void*>(data));
}

}  // namespace

struct PrimitiveCache::Entry {
  explicit Entry(const PreparedProduct& wanted)
      : product(wanted),
        description(describe(wanted)),
        primitive(description),
        a(without_data(description.src_desc())),
        b(without_data(description.weights_desc())),
        output(without_data(description.dst_desc())),
        scratchpad(without_data(description.scratchpad_desc())),
        scratchpad_bytes(description.scratchpad_desc().get_size()) {}

  PreparedProduct product;
  dnnl::matmul::primitive_desc description;
  dnnl::matmul primitive;
  memory a, b, output, scratchpad;
  std::size_t scratchpad_bytes;  // asking for it allocates
};

struct PrimitiveCache::State {
  dnnl::stream stream{onednn_cpu()};
  Workspace scratchpad;
  std::vector<std::unique_ptr<Entry>> entries;  // a model has a dozen or two
};

PrimitiveCache::PrimitiveCache() : state_(std::make_unique<State>()) {}

PrimitiveCache::~PrimitiveCache() = default;

PrimitiveCache::Entry& PrimitiveCache::entry(const PreparedProduct& product) {
  for (const auto& known : state_->entries) {
    if (known->product == product) return *known;
  }
  return *state_->entries.emplace_back(std::make_unique<Entry>(product));
}

void PrimitiveCache::multiply(const PreparedProduct& product, const BFloat16* a, const BFloat16* b,
                              dnnl_memory* packed_b, float* output) {
  const OneThread one_thread;
  try {
    Entry& e = entry(product);
    point(e.a, a);
    if (!product.packed_b) point(e.b, b);
    point(e.output, output);
    point(e.scratchpad, state_->scratchpad.acquire(e.scratchpad_bytes));
    // The C interface: dnnl::primitive::execute would allocate.
    const std::array<dnnl_exec_arg_t, 4> arguments{
        {{DNNL_ARG_SRC, e.a.get()},
         {DNNL_ARG_WEIGHTS, product.packed_b ? packed_b : e.b.get()},
         {DNNL_ARG_DST, e.output.get()},
         {DNNL_ARG_SCRATCHPAD, e.scratchpad.get()}}};
    dnnl::error::wrap_c_api(
        dnnl_primitive_execute(e.primitive.get(), state_->stream.get(),
                               static_cast<int>(arguments.size()), arguments.data()),
        "could not execute a primitive");
  } catch (const dnnl::error& error) {
    fail("bf16_product: oneDNN refused {} x {} x {}: {}", product.m, product.n, product.k,
         error.what());
  }
}

}  // namespace ebb
