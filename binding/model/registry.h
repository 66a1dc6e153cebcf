#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "engine/cancellation.h"
#include "model/model.h"

namespace tubelet::model {

/// Keeps one copy of each checkpoint on a device: equal ModelSpec::key, device and precision, same model, for as long
/// as it is in use. Thread-safe.
class Registry {
 public:
  using Loader = std::function<std::shared_ptr<const Model>(const ModelSpec&, const CancelToken&)>;

  /// The process's registry: worker threads share models through it.
  static Registry& shared();

  explicit Registry(Loader loader) : loader_(std::move(loader)) {}

  /// The model for spec.key on spec.device, loaded if necessary. While another caller is loading it, waits for that;
  /// when that fails or is cancelled, loads it itself. Throws like Model::load.
  std::shared_ptr<const Model> acquire(const ModelSpec& spec, const CancelToken& token);

 private:
  struct Slot {
    bool loading = false;
    std::weak_ptr<const Model> model;
  };

  std::shared_ptr<const Model> loadInto(const ModelSpec& spec, const CancelToken& token);
  void finish(const std::string& key, const std::shared_ptr<const Model>& model);

  Loader loader_;
  std::mutex mutex_;
  std::condition_variable finished_;
  std::map<std::string, Slot> slots_;
};

}  // namespace tubelet::model
