#include "engine/operations/losses.h"

#include "engine/operations/allocate.h"
#include "engine/operations/place.h"
#include "kernels/binary_cross_entropy/binary_cross_entropy.h"
#include "kernels/cross_entropy/cross_entropy.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/mean_squared_error/mean_squared_error.h"

namespace ebb {
namespace {

// Records a loss whose gradient the forward direction has found already.
Tensor record_loss(const Pass& pass, const char* name, const Tensor& input, const Tensor& loss,
                   const Tensor& grad_input) {
  const Tensor output = pass.tape->attach(loss);
  pass.tape->record(
      name, [grad_input, input_slot = input.slot(), output_slot = output.slot()](Tape& tape) {
        const Tensor upstream = tape.take(output_slot);
        if (!upstream.defined()) return;
        // The host can look at the factor on the CPU only; elsewhere that would be to wait.
        if (upstream.device().is_cuda() || upstream.item() != 1.0) {
          kernels::binary(tape.context(), {.operation = kernels::BinaryOperation::multiply,
                                           .first = grad_input.view(),
                                           .second = upstream.reshape({}).view(),
                                           .output = grad_input.view()});
        }
        tape.add(input_slot, grad_input);
      });
  return output;
}

}  // namespace

Tensor binary_cross_entropy(const Pass& pass, const Tensor& logits, const Tensor& targets,
                            const BinaryCrossEntropyOptions& options) {
  require_same_device("binary_cross_entropy", pass,
                      {{"logits", logits},
                       {"targets", targets},
                       {"sample_weights", options.sample_weights},
                       {"ignored", options.ignored}});
  const Tensor loss = empty_as(logits, {});
  const bool records = pass.records(logits, targets, options.sample_weights);
  const Tensor gradient = records ? empty_like(logits) : Tensor();
  const auto flat = [](const Tensor& tensor) {
    return tensor.defined() ? tensor.reshape({tensor.elements()}) : tensor;
  };
  kernels::binary_cross_entropy(pass.context, {.logits = flat(logits).view(),
                                               .targets = flat(targets).view(),
                                               .sample_weights = options.sample_weights.view(),
                                               .ignored = options.ignored.view(),
                                               .positive_weight = options.positive_weight,
                                               .label_smoothing = options.label_smoothing,
                                               .focusing = options.focusing,
                                               .normalizer = options.normalizer,
                                               .loss = loss.view(),
                                               .grad_logits = flat(gradient).view()});
  return records ? record_loss(pass, "binary_cross_entropy", logits, loss, gradient) : loss;
}

Tensor cross_entropy(const Pass& pass, const Tensor& logits, const Tensor& targets,
                     const CrossEntropyOptions& options) {
  require_same_device(
      "cross_entropy", pass,
      {{"logits", logits}, {"targets", targets}, {"class_weights", options.class_weights}});
  const Tensor loss = empty_as(logits, {});
  const bool records = pass.records(logits, options.class_weights);
  const Tensor gradient = records ? empty_like(logits) : Tensor();
  kernels::cross_entropy(pass.context, {.logits = logits.view(),
                                        .targets = targets.view(),
                                        .class_weights = options.class_weights.view(),
                                        .label_smoothing = options.label_smoothing,
                                        .ignore_index = options.ignore_index,
                                        .normalizer = options.normalizer,
                                        .loss = loss.view(),
                                        .grad_logits = gradient.view()});
  return records ? record_loss(pass, "cross_entropy", logits, loss, gradient) : loss;
}

Tensor mean_squared_error(const Pass& pass, const Tensor& prediction, const Tensor& target,
                          double normalizer) {
  require_same_device("mean_squared_error", pass, {{"prediction", prediction}, {"target", target}});
  const Tensor loss = empty_as(prediction, {});
  const bool records = pass.records(prediction, target);
  const Tensor gradient = records ? empty_like(prediction) : Tensor();
  kernels::mean_squared_error(pass.context, {.prediction = prediction.view(),
                                             .target = target.view(),
                                             .normalizer = normalizer,
                                             .loss = loss.view(),
                                             .grad_prediction = gradient.view()});
  return records ? record_loss(pass, "mean_squared_error", prediction, loss, gradient) : loss;
}

}  // namespace ebb
