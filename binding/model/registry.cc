#include "model/registry.h"

#include <chrono>
#include <utility>

#include "model/precision.h"

namespace tubelet::model {

namespace {

std::string slotKey(const ModelSpec& spec) {
  return spec.key + " " + spec.device + " " + nameOf(spec.precision);
}

}  // namespace

Registry& Registry::shared() {
  static Registry registry(&Model::load);
  return registry;
}

std::shared_ptr<const Model> Registry::acquire(const ModelSpec& spec, const CancelToken& token) {
  {
    std::unique_lock lock(mutex_);
    while (true) {
      token.check();
      Slot& slot = slots_[slotKey(spec)];
      if (auto model = slot.model.lock()) return model;
      if (!slot.loading) {
        slot.loading = true;
        break;
      }
      // A token cannot wake this thread, so poll it.
      finished_.wait_for(lock, std::chrono::milliseconds(20));
    }
  }
  return loadInto(spec, token);
}

std::shared_ptr<const Model> Registry::loadInto(const ModelSpec& spec, const CancelToken& token) {
  try {
    auto model = loader_(spec, token);
    finish(slotKey(spec), model);
    return model;
  } catch (...) {
    finish(slotKey(spec), nullptr);
    throw;
  }
}

void Registry::finish(const std::string& key, const std::shared_ptr<const Model>& model) {
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(slots_, [](const auto& item) { return !item.second.loading && item.second.model.expired(); });
    if (model) {
      slots_[key] = {false, model};
    } else {
      slots_.erase(key);
    }
  }
  finished_.notify_all();
}

}  // namespace tubelet::model
