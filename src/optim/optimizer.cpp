#include "optim/optimizer.h"

#include <functional>
#include <optional>
#include <variant>

#include <fmt/format.h>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_addcdiv.h>
#include <ATen/ops/_foreach_addcmul.h>
#include <ATen/ops/_foreach_clamp_min.h>
#include <ATen/ops/_foreach_div.h>
#include <ATen/ops/_foreach_lerp.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_sqrt.h>
#include <ATen/ops/_fused_adagrad.h>
#include <ATen/ops/_fused_adam.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/_fused_sgd.h>
#include <ATen/ops/full.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/where.h>

#include "core/error.h"

namespace bernoulli {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kUpdates = "updates";

/// Parameters that share a weight decay, in lists as the fused kernels take them. `slots` holds a list for
/// each Rule::slots entry.
struct Group {
  double weight_decay = 0;
  std::vector<std::string> names;
  std::vector<at::Tensor> parameters;
  std::vector<std::vector<at::Tensor>> slots;
};

/// What an update is told: numbers of the host, or of the device (DeviceUpdate).
struct Told {
  std::variant<double, at::Tensor> lr;
  std::variant<int64_t, at::Tensor> updates;  ///< with this one: 1, 2, ...
  bool is_first;
  std::optional<at::Tensor> refused;
};

/// One update of one group.
struct Update {
  std::vector<at::Tensor>& parameters;
  std::vector<at::Tensor>& gradients;
  std::vector<std::vector<at::Tensor>>& slots;
  double weight_decay;
  const Told& told;

  /// The count as the fused kernels want it: one float32 scalar a parameter, which they only read.
  std::vector<at::Tensor> step_tensors() const {
    const auto* const of_device = std::get_if<at::Tensor>(&told.updates);
    const at::Tensor count =
        of_device != nullptr ? *of_device
                             : at::full({}, static_cast<double>(std::get<int64_t>(told.updates)),
                                        parameters.front().options().dtype(at::kFloat).requires_grad(false));
    return std::vector<at::Tensor>(parameters.size(), count);
  }

  /// Calls with the learning rate as a double or as a tensor: LibTorch's kernels take both.
  template <class Call>
  void with_lr(const Call& call) const {
    std::visit(call, told.lr);
  }
};

struct Slot {
  std::string name;
  double initial;
};

/// An update rule: its state tensors, each shaped like its parameter, and what it does with them.
struct Rule {
  std::vector<Slot> slots;
  std::function<void(const Update&)> apply;
  bool knows_refused = true;  ///< leaves everything as it is where Told::refused is 1
};

Rule adam_rule(const Json& args, bool decoupled) {
  const double beta1 = args.at("beta1"), beta2 = args.at("beta2"), eps = args.at("eps");
  const bool amsgrad = args.at("amsgrad");
  Rule rule;
  rule.slots = {{"exp_avg", 0}, {"exp_avg_sq", 0}};
  if (amsgrad) rule.slots.push_back({"max_exp_avg_sq", 0});
  rule.apply = [=](const Update& u) {
    const std::vector<at::Tensor> none;
    const std::vector<at::Tensor>& largest = amsgrad ? u.slots[2] : none;
    u.with_lr([&](const auto& lr) {
      if (decoupled) {
        at::_fused_adamw_(u.parameters, u.gradients, u.slots[0], u.slots[1], largest, u.step_tensors(), lr,
                          beta1, beta2, u.weight_decay, eps, amsgrad, false, {}, u.told.refused);
      } else {
        at::_fused_adam_(u.parameters, u.gradients, u.slots[0], u.slots[1], largest, u.step_tensors(), lr,
                         beta1, beta2, u.weight_decay, eps, amsgrad, false, {}, u.told.refused);
      }
    });
  };
  return rule;
}

Rule sgd_rule(const Json& args) {
  const double momentum = args.at("momentum"), dampening = args.at("dampening");
  const bool nesterov = args.at("nesterov");
  Rule rule;
  if (momentum != 0) rule.slots = {{"momentum_buffer", 0}};
  rule.apply = [=](const Update& u) {
    const std::vector<at::Tensor> none;
    u.with_lr([&](const auto& lr) {
      at::_fused_sgd_(u.parameters, u.gradients, momentum != 0 ? u.slots[0] : none, u.weight_decay, momentum,
                      lr, dampening, nesterov, false, u.told.is_first, {}, u.told.refused);
    });
  };
  return rule;
}

Rule adagrad_rule(const Json& args) {
  const double lr_decay = args.at("lr_decay"), eps = args.at("eps");
  return {{{"sum", args.at("initial_accumulator_value")}}, [=](const Update& u) {
            u.with_lr([&](const auto& lr) {
              at::_fused_adagrad_(u.parameters, u.gradients, u.slots[0], u.step_tensors(), lr, lr_decay,
                                  u.weight_decay, eps, false, {}, u.told.refused);
            });
          }};
}

/// parameters -= lr * numerators / denominators (nothing: 1).
void subtract_scaled(const Update& u, const std::vector<at::Tensor>& numerators,
                     const std::vector<at::Tensor>& denominators) {
  if (const double* const lr = std::get_if<double>(&u.told.lr)) {
    if (denominators.empty()) {
      at::_foreach_add_(u.parameters, numerators, -*lr);
    } else {
      at::_foreach_addcdiv_(u.parameters, numerators, denominators, -*lr);
    }
    return;
  }
  std::vector<at::Tensor> change = at::_foreach_mul(numerators, -std::get<at::Tensor>(u.told.lr));
  if (!denominators.empty()) at::_foreach_div_(change, denominators);
  at::_foreach_add_(u.parameters, change);
}

Rule rmsprop_rule(const Json& args) {
  const double alpha = args.at("alpha"), eps = args.at("eps"), momentum = args.at("momentum");
  const bool centered = args.at("centered");
  Rule rule;
  rule.slots = {{"square_avg", 0}};
  if (centered) rule.slots.push_back({"grad_avg", 0});
  if (momentum != 0) rule.slots.push_back({"momentum_buffer", 0});
  rule.apply = [=](const Update& u) {
    if (u.weight_decay != 0) u.gradients = at::_foreach_add(u.gradients, u.parameters, u.weight_decay);
    std::vector<at::Tensor>& square_avg = u.slots[0];
    at::_foreach_mul_(square_avg, alpha);
    at::_foreach_addcmul_(square_avg, u.gradients, u.gradients, 1 - alpha);
    std::vector<at::Tensor> variance = square_avg;
    if (centered) {
      at::_foreach_lerp_(u.slots[1], u.gradients, 1 - alpha);
      variance = at::_foreach_addcmul(square_avg, u.slots[1], u.slots[1], -1);
      at::_foreach_clamp_min_(variance, 0);  // below it by rounding alone, where torch has no number
    }
    std::vector<at::Tensor> deviation = at::_foreach_sqrt(variance);
    at::_foreach_add_(deviation, eps);
    if (momentum == 0) {
      subtract_scaled(u, u.gradients, deviation);
      return;
    }
    std::vector<at::Tensor>& buffer = u.slots.back();
    at::_foreach_mul_(buffer, momentum);
    at::_foreach_addcdiv_(buffer, u.gradients, deviation);
    subtract_scaled(u, buffer, {});
  };
  rule.knows_refused = false;
  return rule;
}

Rule make_rule(const KindConfig& kind) {
  if (kind.kind == "sgd") return sgd_rule(kind.args);
  if (kind.kind == "adam") return adam_rule(kind.args, false);
  if (kind.kind == "adamw") return adam_rule(kind.args, true);
  if (kind.kind == "rmsprop") return rmsprop_rule(kind.args);
  if (kind.kind == "adagrad") return adagrad_rule(kind.args);
  throw InternalError(fmt::format("no optimizer is called '{}'", kind.kind));  // config/ accepts these only
}

class RuleOptimizer : public Optimizer {
 public:
  RuleOptimizer(const OptimizerConfig& config, const NamedTensors& parameters)
      : rule_(make_rule(config.kind)), base_lr_(config.kind.args.at("lr")) {
    groups_.resize(2);
    groups_[0].weight_decay = config.kind.args.at("weight_decay");
    for (const auto& [name, parameter] : parameters) {
      Group& group = groups_[has_no_decay(config.no_decay, name) ? 1 : 0];
      group.names.push_back(name);
      group.parameters.push_back(parameter);
    }
    std::erase_if(groups_, [](const Group& group) { return group.parameters.empty(); });
    const at::NoGradGuard no_grad;
    for (Group& group : groups_) {
      for (const Slot& slot : rule_.slots) {
        std::vector<at::Tensor>& list = group.slots.emplace_back();
        for (const at::Tensor& parameter : group.parameters)
          list.push_back(at::full_like(parameter, slot.initial));
      }
    }
  }

  void step(double lr) override {
    const at::NoGradGuard no_grad;
    ++updates_;
    const Told told{lr, updates_, updates_ == 1, std::nullopt};
    for (Group& group : groups_) apply(group, told);
  }

  void step_on_device(const DeviceUpdate& update) override {
    const at::NoGradGuard no_grad;
    const Told told{update.lr, update.updates, update.is_first, update.refused};
    for (Group& group : groups_) {
      if (rule_.knows_refused) {
        apply(group, told);
      } else {
        apply_unless_refused(group, told);
      }
    }
  }

  int64_t updates() const override { return updates_; }
  void set_updates(int64_t updates) override { updates_ = updates; }

  NamedTensors state() const override {
    NamedTensors state = {{kUpdates, at::full({}, updates_, at::kLong)}};
    for (const Group& group : groups_) {
      for (size_t slot = 0; slot < rule_.slots.size(); ++slot) {
        for (size_t i = 0; i < group.names.size(); ++i)
          state.emplace_back(fmt::format("{}.{}", group.names[i], rule_.slots[slot].name),
                             group.slots[slot][i]);
      }
    }
    return state;
  }

  void load_state(const NamedTensors& saved) override {
    const NamedTensors own = state();
    copy_values(saved, own, "optimizer state");
    updates_ = tensor_of(own, kUpdates).item<int64_t>();
  }

  double base_lr() const override { return base_lr_; }

 private:
  void apply(Group& group, const Told& told) const {
    std::vector<at::Tensor> gradients;
    for (size_t i = 0; i < group.parameters.size(); ++i) {
      const at::Tensor& gradient = group.parameters[i].grad();
      if (!gradient.defined())
        throw InternalError(fmt::format("parameter '{}' has no gradient", group.names[i]));
      gradients.push_back(gradient);
    }
    rule_.apply({group.parameters, gradients, group.slots, group.weight_decay, told});
  }

  /// Moves everything, then takes it back where the update is refused.
  void apply_unless_refused(Group& group, const Told& told) const {
    std::vector<at::Tensor> moved = group.parameters, before;
    for (const std::vector<at::Tensor>& slot : group.slots)
      moved.insert(moved.end(), slot.begin(), slot.end());
    for (const at::Tensor& tensor : moved) before.push_back(tensor.detach().clone());
    apply(group, told);
    const at::Tensor refused = told.refused->to(at::kBool);
    for (size_t i = 0; i < moved.size(); ++i) at::where_out(moved[i], refused, before[i], moved[i]);
  }

  Rule rule_;
  double base_lr_;
  int64_t updates_ = 0;
  std::vector<Group> groups_;
};

}  // namespace

std::unique_ptr<Optimizer> make_optimizer(const OptimizerConfig& config, const NamedTensors& parameters) {
  return std::make_unique<RuleOptimizer>(config, parameters);
}

}  // namespace bernoulli
