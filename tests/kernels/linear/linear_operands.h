// A linear layer for tests: its shape, and operands for both directions.
#pragma once

#include <ostream>

#include "kernels/linear/linear.h"
#include "tests/kernels/support/buffer.h"

namespace ebb::testing {

using kernels::Activation;
using kernels::LinearBackward;
using kernels::LinearForward;

struct LinearCase {
  std::int64_t rows, in, out;
  Activation activation;
  float dropout;
  bool accumulate;
  bool gaps = false;  // whether dropout takes the output for a part of a larger tensor
};

inline void PrintTo(const LinearCase& c, std::ostream* out) {
  *out << c.rows << " x " << c.in << " to " << c.out << " " << name_of(c.activation) << " dropout "
       << c.dropout << " accumulate " << c.accumulate;
}

template <class T>
struct LinearOperands {
  explicit LinearOperands(const LinearCase& c)
      : spec(c),
        input(random_normal<T>({c.rows, c.in}, 1)),
        weight(random_normal<T>({c.out, c.in}, 2, 0.3)),
        bias(random_normal<T>({c.out}, 3)),
        grad_output(random_normal<T>({c.rows, c.out}, 4)),
        given_derivative(random_normal<T>({c.rows, c.out}, 5)),
        derivative({c.rows, c.out}),
        output({c.rows, c.out}),
        grad_pre_activation({c.rows, c.out}),
        grad_input(random_normal<T>({c.rows, c.in}, 6)),
        grad_weight(random_normal<T>({c.out, c.in}, 7)),
        grad_bias(random_normal<T>({c.out}, 8)) {}

  DropoutSpec dropout() const {
    DropoutSpec dropout{.probability = spec.dropout, .key = {.seed = 9, .step = 2, .stream = 1}};
    if (spec.gaps) {
      dropout.run = static_cast<std::uint64_t>(spec.out);
      dropout.stride = 3 * dropout.run + 1;
    }
    return dropout;
  }
  bool curved() const { return spec.activation != Activation::identity || spec.dropout > 0; }
  LinearForward forward() {
    return {.input = input.view(),
            .weight = weight.view(),
            .bias = bias.view(),
            .activation = spec.activation,
            .dropout = dropout(),
            .derivative = derivative.view(),
            .output = output.view()};
  }
  LinearBackward backward() {
    return {.input = input.view(),
            .weight = weight.view(),
            .derivative = curved() ? given_derivative.view() : View(),
            .grad_output = grad_output.view(),
            .grad_pre_activation = grad_pre_activation.view(),
            .grad_input = grad_input.view(),
            .grad_weight = grad_weight.view(),
            .grad_bias = grad_bias.view(),
            .accumulate_input = spec.accumulate,
            .accumulate_weight = spec.accumulate,
            .accumulate_bias = spec.accumulate};
  }

  LinearCase spec;
  // The backward direction has its own derivative: of a pre-activation that was rounded differently
  // it may lie on the other side of the edge of a ReLU.
  Buffer<T> input, weight, bias, grad_output, given_derivative;
  Buffer<T> derivative, output, grad_pre_activation, grad_input, grad_weight, grad_bias;
};

}  // namespace ebb::testing
