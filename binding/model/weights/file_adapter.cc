#include "model/weights/file_adapter.h"

#include <algorithm>
#include <utility>

namespace tubelet::model {

FileAdapter::FileAdapter(std::shared_ptr<const File> file) : file_(std::move(file)) {}

std::size_t FileAdapter::size() const {
  return file_->size();
}

std::size_t FileAdapter::read(std::uint64_t position, void* into, std::size_t bytes, const char*) const {
  if (position >= file_->size()) return 0;
  const std::size_t available = std::min<std::uint64_t>(bytes, file_->size() - position);
  file_->read(position, into, available);
  return available;
}

}  // namespace tubelet::model
