#pragma once

#include <functional>
#include <memory>
#include <span>

#include "engine/lane.h"
#include "model/model.h"
#include "node/clip_work.h"

namespace tubelet::node {

/// A clip's forward pass, alone or with others of the same model.
class Forward final : public engine::Batchable {
 public:
  /// `done`, which may be empty, is called once the pass has been made, on its thread.
  Forward(std::shared_ptr<ClipWork> work, std::shared_ptr<const model::Model> model, int threads,
          std::function<void()> done = {});

  void infer(const CancelToken& token);
  void inferTogether(std::span<engine::Batchable* const> jobs, const CancelToken& token) override;

 private:
  std::shared_ptr<ClipWork> work_;
  std::shared_ptr<const model::Model> model_;
  int threads_;
  std::function<void()> done_;
};

}  // namespace tubelet::node
