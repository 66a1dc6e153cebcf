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
  std::vector<const Forward*> passes;
  std::vector<ClipWork*> works;
  for (engine::Batchable* job : jobs) {
    // Throws where a lane mixes classes; each job is then inferred alone.
    passes.push_back(&dynamic_cast<const Forward&>(*job));
    works.push_back(passes.back()->work_.get());
  }
  node::inferTogether(works, *model_, threads_, token);
  for (const Forward* pass : passes) {
    if (pass->done_) pass->done_();
  }
}

}  // namespace tubelet::node
