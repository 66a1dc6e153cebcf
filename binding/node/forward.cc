#include "node/forward.h"

#include <utility>
#include <vector>

namespace tubelet::node {

Forward::Forward(std::shared_ptr<ClipWork> work, std::shared_ptr<const model::Model> model, int threads,
                 std::function<void()> done)
    : work_(std::move(work)), model_(std::move(model)), threads_(threads), done_(std::move(done)) {}

void Forward::infer(const CancelToken& token) {
  work_->infer(*model_, threads_, token);
  if (done_) done_();
}

void Forward::inferTogether(std::span<engine::Batchable* const> jobs, const CancelToken& token) {
  std::vector<ClipWork*> works;
  for (engine::Batchable* job : jobs) works.push_back(static_cast<Forward*>(job)->work_.get());
  node::inferTogether(works, *model_, threads_, token);
  for (engine::Batchable* job : jobs) {
    if (const auto& done = static_cast<Forward*>(job)->done_) done();
  }
}

}  // namespace tubelet::node
