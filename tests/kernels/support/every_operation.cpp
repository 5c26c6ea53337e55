#include "tests/kernels/support/every_operation.h"

#include "kernels/activation/activation.h"
#include "kernels/adamw/adamw.h"
#include "kernels/attention/attention.h"
#include "kernels/binary_cross_entropy/binary_cross_entropy.h"
#include "kernels/copy/copy.h"
#include "kernels/cross_entropy/cross_entropy.h"
#include "kernels/dropout/dropout.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/embedding/embedding.h"
#include "kernels/gradient_norm/gradient_norm.h"
#include "kernels/layer_norm/layer_norm.h"
#include "kernels/linear/linear.h"
#include "kernels/matrix_product/matrix_product.h"
#include "kernels/mean_squared_error/mean_squared_error.h"
#include "kernels/periodic_encoding/periodic_encoding.h"
#include "kernels/piecewise_linear_encoding/piecewise_linear_encoding.h"
#include "kernels/reduce/reduce.h"
#include "kernels/sgd/sgd.h"
#include "kernels/softmax/softmax.h"
#include "kernels/unary/unary.h"

namespace ebb::testing {
namespace {

using namespace ebb::kernels;  // NOLINT(google-build-using-namespace)
using Specs = std::vector<OperandSpec>;
using Operations = std::vector<Operation>;
using Views = std::vector<View>;

/// Makes the specs of one dtype and size.
struct Sizes {
  std::int64_t n;  // rows
  std::int64_t c;  // columns
  DType dtype;
  DropoutSpec dropout;

  OperandSpec in(std::string name, const Shape& shape) const {
    return {.name = std::move(name), .shape = shape, .dtype = dtype};
  }
  OperandSpec out(std::string name, const Shape& shape) const {
    return {
        .name = std::move(name), .shape = shape, .dtype = dtype, .contents = Contents::unwritten};
  }
  /// In the dtype of statistics.
  OperandSpec statistic(std::string name, const Shape& shape, Contents contents) const {
    return {.name = std::move(name),
            .shape = shape,
            .dtype = accumulation_dtype(dtype),
            .contents = contents};
  }
  static OperandSpec small(std::string name, const Shape& shape, DType type) {
    return {.name = std::move(name), .shape = shape, .dtype = type, .contents = Contents::small};
  }
};

Operations pointwise_operations(const Sizes& s) {
  const Shape rows{s.n, s.c};
  OperandSpec copied = s.in("input", rows);
  OperandSpec copy_of = s.out("output", rows);
  copied.any_strides = copy_of.any_strides = true;
  OperandSpec converted = s.in("input", rows);
  OperandSpec filled = s.out("output", rows);
  converted.any_type = filled.any_type = filled.any_shape = true;
  return {
      {"activation",
       {s.in("input", rows), s.in("bias", {s.c}), s.out("derivative", rows), s.out("output", rows)},
       [s](Context& context, const Views& v) {
         activation(context, {.input = v[0],
                              .bias = v[1],
                              .kind = Activation::gelu,
                              .dropout = s.dropout,
                              .derivative = v[2],
                              .output = v[3]});
       },
       true},
      {"activation_backward",
       {s.in("derivative", rows), s.in("grad_output", rows), s.out("grad_input", rows),
        s.out("grad_bias", {s.c})},
       [](Context& context, const Views& v) {
         activation_backward(
             context,
             {.derivative = v[0], .grad_output = v[1], .grad_input = v[2], .grad_bias = v[3]});
       }},
      {"dropout",
       {s.in("input", rows), s.out("output", rows)},
       [s](Context& context, const Views& v) {
         dropout(context, {.input = v[0], .dropout = s.dropout, .output = v[1]});
       },
       true},
      {"multiply",
       {s.in("first", rows), s.in("second", {s.c}), s.out("output", rows)},
       [](Context& context, const Views& v) {
         binary(context, {.operation = BinaryOperation::multiply,
                          .first = v[0],
                          .second = v[1],
                          .output = v[2]});
       }},
      {"scale",
       {s.in("input", rows), s.out("output", rows)},
       [](Context& context, const Views& v) {
         scale(context, {.input = v[0], .factor = 3.0, .output = v[1]});
       }},
      {"accumulate",
       {s.in("input", rows), s.in("output", rows)},
       [](Context& context, const Views& v) {
         accumulate(context, {.input = v[0], .alpha = 3.0, .output = v[1]});
       }},
      {"unary",
       {s.in("input", rows), s.out("output", rows)},
       [](Context& context, const Views& v) { unary(context, {.input = v[0], .output = v[1]}); }},
      {"unary_backward",
       {s.in("input", rows), s.in("output", rows), s.in("grad_output", rows),
        s.out("grad_input", rows)},
       [](Context& context, const Views& v) {
         unary_backward(context,
                        {.input = v[0], .output = v[1], .grad_output = v[2], .grad_input = v[3]});
       }},
      {"copy",
       {copied, copy_of},
       [](Context& context, const Views& v) { copy(context, {.input = v[0], .output = v[1]}); }},
      {"cast",
       {converted,
        {.name = "output", .shape = rows, .contents = Contents::unwritten, .any_type = true}},
       [](Context& context, const Views& v) { cast(context, {.input = v[0], .output = v[1]}); }},
      {"fill",
       {filled},
       [](Context& context, const Views& v) { fill(context, {.value = 2.5, .output = v[0]}); }},
  };
}

Operations row_operations(const Sizes& s) {
  const Shape rows{s.n, s.c};
  const OperandSpec mean = s.statistic("mean", {s.n}, Contents::unwritten);
  const OperandSpec inverse = s.statistic("inverse_deviation", {s.n}, Contents::unwritten);
  return {
      {"layer_norm",
       {s.in("input", rows), s.in("gamma", {s.c}), s.in("beta", {s.c}), s.out("output", rows), mean,
        inverse},
       [](Context& context, const Views& v) {
         layer_norm(context, {.input = v[0],
                              .gamma = v[1],
                              .beta = v[2],
                              .output = v[3],
                              .mean = v[4],
                              .inverse_deviation = v[5]});
       }},
      {"layer_norm",
       {s.in("input", rows), s.in("residual", rows), s.in("gamma", {s.c}), s.in("beta", {s.c}),
        s.out("sum", rows), s.out("output", rows), mean, inverse},
       [s](Context& context, const Views& v) {
         layer_norm(context, {.input = v[0],
                              .residual = v[1],
                              .dropout = s.dropout,
                              .gamma = v[2],
                              .beta = v[3],
                              .sum = v[4],
                              .output = v[5],
                              .mean = v[6],
                              .inverse_deviation = v[7]});
       },
       true},
      {"layer_norm_backward",
       {s.in("sum", rows), s.in("gamma", {s.c}), s.statistic("mean", {s.n}, Contents::normal),
        s.statistic("inverse_deviation", {s.n}, Contents::positive), s.in("grad_output", rows),
        s.in("grad_sum", rows), s.out("grad_residual", rows), s.out("grad_input", rows),
        s.out("grad_gamma", {s.c}), s.out("grad_beta", {s.c})},
       [s](Context& context, const Views& v) {
         layer_norm_backward(context, {.sum = v[0],
                                       .gamma = v[1],
                                       .mean = v[2],
                                       .inverse_deviation = v[3],
                                       .grad_output = v[4],
                                       .grad_sum = v[5],
                                       .dropout = s.dropout,
                                       .grad_residual = v[6],
                                       .grad_input = v[7],
                                       .grad_gamma = v[8],
                                       .grad_beta = v[9]});
       },
       true},
      {"softmax",
       {s.in("input", rows), s.out("output", rows)},
       [](Context& context, const Views& v) { softmax(context, {.input = v[0], .output = v[1]}); }},
      {"softmax_backward",
       {s.in("output", rows), s.in("grad_output", rows), s.out("grad_input", rows)},
       [](Context& context, const Views& v) {
         softmax_backward(context, {.output = v[0], .grad_output = v[1], .grad_input = v[2]});
       }},
  };
}

Operations reductions(const Sizes& s) {
  const Shape rows{s.n, s.c};
  OperandSpec added = s.in("input", rows);
  added.any_rows = true;
  OperandSpec gradient{.name = "gradient", .shape = {s.n * s.c}, .any_rows = true};
  return {
      {"reduce",
       {added, s.out("output", {s.c})},
       [](Context& context, const Views& v) {
         reduce(context, {.input = v[0], .dimension = 0, .output = v[1]});
       }},
      {"reduce",
       {s.in("input", rows), s.out("output", {s.n})},
       [](Context& context, const Views& v) {
         reduce(context, {.input = v[0], .dimension = 1, .output = v[1]});
       }},
      {"sum_buffers",
       {s.in("an input", rows), s.in("an input", rows), s.out("output", rows)},
       [](Context& context, const Views& v) {
         const ConstView inputs[] = {v[0], v[1]};
         sum_buffers(context, {.inputs = inputs, .output = v[2]});
       }},
      {"gradient_norm",
       {gradient,
        {.name = "squares",
         .shape = {gradient_norm_parts(s.n * s.c)},
         .dtype = DType::f64,
         .contents = Contents::unwritten}},
       [](Context& context, const Views& v) {
         gradient_norm(context, {.gradient = v[0], .squares = v[1]});
       }},
  };
}

Operations products(const Sizes& s) {
  const std::int64_t out = 24;
  return {
      {"linear",
       {s.in("input", {s.n, s.c}), s.in("weight", {out, s.c}), s.in("bias", {out}),
        s.out("derivative", {s.n, out}), s.out("output", {s.n, out})},
       [s](Context& context, const Views& v) {
         linear(context, {.input = v[0],
                          .weight = v[1],
                          .bias = v[2],
                          .activation = Activation::gelu,
                          .dropout = s.dropout,
                          .derivative = v[3],
                          .output = v[4]});
       },
       true},
      {"linear_backward",
       {s.in("input", {s.n, s.c}), s.in("weight", {out, s.c}), s.in("derivative", {s.n, out}),
        s.in("grad_output", {s.n, out}), s.out("grad_pre_activation", {s.n, out}),
        s.out("grad_input", {s.n, s.c}), s.out("grad_weight", {out, s.c}),
        s.out("grad_bias", {out})},
       [](Context& context, const Views& v) {
         linear_backward(context, {.input = v[0],
                                   .weight = v[1],
                                   .derivative = v[2],
                                   .grad_output = v[3],
                                   .grad_pre_activation = v[4],
                                   .grad_input = v[5],
                                   .grad_weight = v[6],
                                   .grad_bias = v[7]});
       }},
      {"matrix_product",
       {s.in("a", {s.n, s.c}), s.in("b", {s.c, out}), s.out("output", {s.n, out})},
       [](Context& context, const Views& v) {
         matrix_product(context, {.a = v[0], .b = v[1], .output = v[2]});
       }},
  };
}

Operations attentions(const Sizes& s) {
  const Shape queries{s.n, 2, 8, s.c};
  const Shape keys{s.n, 2, 16, s.c};
  const Specs inputs{s.in("query", queries), s.in("key", keys), s.in("value", keys),
                     Sizes::small("key_padding_mask", {s.n, 16}, DType::u8),
                     s.in("bias", {1, 2, 8, 16})};
  Operation forward{"attention", inputs, [s](Context& context, const Views& v) {
                      attention(context, {{.query = v[0],
                                           .key = v[1],
                                           .value = v[2],
                                           .key_padding_mask = v[3],
                                           .bias = v[4],
                                           .dropout = s.dropout},
                                          v[5],
                                          v[6]});
                    }};
  forward.drops = true;
  forward.operands.push_back(s.out("output", queries));
  forward.operands.push_back(s.statistic("log_sum_exp", {s.n, 2, 8}, Contents::unwritten));
  Operation backward{"attention_backward", inputs, [s](Context& context, const Views& v) {
                       attention_backward(context, {{.query = v[0],
                                                     .key = v[1],
                                                     .value = v[2],
                                                     .key_padding_mask = v[3],
                                                     .bias = v[4],
                                                     .dropout = s.dropout},
                                                    v[5],
                                                    v[6],
                                                    v[7],
                                                    v[8],
                                                    v[9],
                                                    v[10],
                                                    v[11]});
                     }};
  backward.drops = true;
  for (const OperandSpec& operand :
       {s.in("output", queries), s.statistic("log_sum_exp", {s.n, 2, 8}, Contents::positive),
        s.in("grad_output", queries), s.out("grad_query", queries), s.out("grad_key", keys),
        s.out("grad_value", keys), s.out("grad_bias", {1, 2, 8, 16})}) {
    backward.operands.push_back(operand);
  }
  return {forward, backward};
}

Operations losses(const Sizes& s) {
  const Shape all{s.n * s.c};
  const OperandSpec loss = s.statistic("loss", {}, Contents::unwritten);
  return {
      {"binary_cross_entropy",
       {s.in("logits", all), s.in("targets", all), s.in("sample_weights", all),
        Sizes::small("ignored", all, DType::u8), loss, s.out("grad_logits", all)},
       [](Context& context, const Views& v) {
         binary_cross_entropy(context, {.logits = v[0],
                                        .targets = v[1],
                                        .sample_weights = v[2],
                                        .ignored = v[3],
                                        .normalizer = 1.0,
                                        .loss = v[4],
                                        .grad_logits = v[5]});
       }},
      {"cross_entropy",
       {s.in("logits", {s.n, s.c}), Sizes::small("targets", {s.n}, DType::i32),
        s.in("class_weights", {s.c}), loss, s.out("grad_logits", {s.n, s.c})},
       [](Context& context, const Views& v) {
         cross_entropy(context, {.logits = v[0],
                                 .targets = v[1],
                                 .class_weights = v[2],
                                 .normalizer = 1.0,
                                 .loss = v[3],
                                 .grad_logits = v[4]});
       }},
      {"mean_squared_error",
       {s.in("prediction", all), s.in("target", all), loss, s.out("grad_prediction", all)},
       [](Context& context, const Views& v) {
         mean_squared_error(context, {.prediction = v[0],
                                      .target = v[1],
                                      .normalizer = 1.0,
                                      .loss = v[2],
                                      .grad_prediction = v[3]});
       }},
  };
}

Operations encodings(const Sizes& s) {
  const Shape values{s.n, s.c};
  const OperandSpec indices = Sizes::small("indices", {s.n}, DType::i32);
  const OperandSpec counts = Sizes::small("counts", {s.c}, DType::i32);
  OperandSpec table = s.in("table", {3, s.c});
  OperandSpec grad_table = s.out("grad_table", {3, s.c});
  table.any_rows = grad_table.any_rows = true;
  OperandSpec edges = s.in("edges", {s.c, 4});
  edges.contents = Contents::ascending;
  const OperandSpec frequencies = s.in("frequencies", {s.c, 3});
  return {
      {"embedding",
       {table, indices, s.out("output", {s.n, s.c})},
       [](Context& context, const Views& v) {
         embedding(context, {.table = v[0], .indices = v[1], .output = v[2]});
       }},
      {"embedding_backward",
       {indices, s.in("grad_output", {s.n, s.c}), grad_table},
       [](Context& context, const Views& v) {
         embedding_backward(context, {.indices = v[0], .grad_output = v[1], .grad_table = v[2]});
       }},
      {"periodic_encoding",
       {s.in("input", values), frequencies, s.out("output", {s.n, s.c, 7})},
       [](Context& context, const Views& v) {
         periodic_encoding(context, {.input = v[0], .frequencies = v[1], .output = v[2]});
       }},
      {"periodic_encoding_backward",
       {s.in("input", values), frequencies, s.in("output", {s.n, s.c, 7}),
        s.in("grad_output", {s.n, s.c, 7}), s.out("grad_input", values),
        s.out("grad_frequencies", {s.c, 3})},
       [](Context& context, const Views& v) {
         periodic_encoding_backward(context, {.input = v[0],
                                              .frequencies = v[1],
                                              .output = v[2],
                                              .grad_output = v[3],
                                              .grad_input = v[4],
                                              .grad_frequencies = v[5]});
       }},
      {"piecewise_linear_encoding",
       {s.in("input", values), edges, counts, s.out("output", {s.n, s.c, 5})},
       [](Context& context, const Views& v) {
         piecewise_linear_encoding(context,
                                   {.input = v[0], .edges = v[1], .counts = v[2], .output = v[3]});
       }},
      {"piecewise_linear_encoding_backward",
       {s.in("input", values), edges, counts, s.in("grad_output", {s.n, s.c, 5}),
        s.out("grad_input", values)},
       [](Context& context, const Views& v) {
         piecewise_linear_encoding_backward(context, {.input = v[0],
                                                      .edges = v[1],
                                                      .counts = v[2],
                                                      .grad_output = v[3],
                                                      .grad_input = v[4]});
       }},
  };
}

/// Which CUDA has in f32 alone.
Operations optimizers(std::int64_t n) {
  const Shape all{n};
  const OperandSpec parameters{.name = "parameters", .shape = all};
  const OperandSpec gradients{.name = "gradients", .shape = all};
  const OperandSpec average{.name = "average", .shape = all};
  return {
      {"adamw",
       {parameters,
        gradients,
        {.name = "first_moment", .shape = all},
        {.name = "second_moment", .shape = all, .contents = Contents::positive},
        average},
       [](Context& context, const Views& v) {
         const Segment whole[] = {{.count = v[0].elements(), .weight_decay = 0.1F}};
         adamw(context, {.parameters = v[0],
                         .gradients = v[1],
                         .first_moment = v[2],
                         .second_moment = v[3],
                         .average = v[4],
                         .segments = whole});
       }},
      {"sgd",
       {parameters, gradients, {.name = "momentum_buffer", .shape = all}, average},
       [](Context& context, const Views& v) {
         const Segment whole[] = {{.count = v[0].elements(), .weight_decay = 0.1F}};
         sgd(context, {.parameters = v[0],
                       .gradients = v[1],
                       .momentum_buffer = v[2],
                       .average = v[3],
                       .segments = whole,
                       .momentum = 0.9});
       }},
  };
}

}  // namespace

std::vector<Operation> every_operation(std::int64_t rows, std::int64_t columns, DType dtype,
                                       float dropout_probability) {
  const DropoutSpec dropout{.probability = dropout_probability, .key = {.seed = 3, .step = 1}};
  const Sizes sizes{rows, columns, dtype, dropout};
  Operations all;
  for (const Operations& some :
       {pointwise_operations(sizes), row_operations(sizes), reductions(sizes), products(sizes),
        attentions(sizes), losses(sizes), encodings(sizes), optimizers(rows * columns)}) {
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

}  // namespace ebb::testing
