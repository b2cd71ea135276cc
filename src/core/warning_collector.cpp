#include "core/warning_collector.h"

#include <utility>

#include "core/printable.h"

namespace bernoulli {
namespace {

thread_local WarningCollector* t_collector = nullptr;

}  // namespace

WarningCollector::WarningCollector() : previous_(std::exchange(t_collector, this)) {}
WarningCollector::~WarningCollector() { t_collector = previous_; }

void WarningCollector::add(std::string_view message) {
  if (!text_.empty()) text_ += '\n';
  text_ += printable(message);
}

WarningCollector* WarningCollector::current() { return t_collector; }

}  // namespace bernoulli
