#include "model/archive.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>
#include <utility>

#include <c10/util/Exception.h>
#include <caffe2/serialize/inline_container.h>
#include <caffe2/serialize/read_adapter_interface.h>

#include "model/zip_directory.h"

namespace tubelet::model {

namespace {

/// What LibTorch's reader sees of the file.
class Adapter final : public caffe2::serialize::ReadAdapterInterface {
 public:
  explicit Adapter(std::shared_ptr<const File> file) : file_(std::move(file)) {}

  std::size_t size() const override { return file_->size(); }

  /// Returns fewer bytes than asked for at the end of the file, as the reader's own adapters do.
  std::size_t read(std::uint64_t position, void* into, std::size_t bytes, const char*) const override {
    if (position >= file_->size()) return 0;
    const std::size_t available = std::min<std::uint64_t>(bytes, file_->size() - position);
    file_->read(position, into, available);
    return available;
  }

 private:
  std::shared_ptr<const File> file_;
};

/// Tells the usual wrong files from an archive before LibTorch's reader has a chance to say "failed finding central
/// directory".
void requireZip(const File& file) {
  std::array<char, 4> start{};
  if (file.size() < start.size()) {
    throw invalidFile(file.path(), "has " + std::to_string(file.size()) +
                                       " bytes, too few for a PyTorch checkpoint. Copy or download it again.");
  }
  file.read(0, start.data(), start.size());
  const std::string_view magic(start.data(), start.size());
  if (magic.starts_with('\x80')) {
    throw invalidFile(
        file.path(),
        "is in PyTorch's format from before 1.6 (a bare pickle), which is not read. Load it in Python and "
        "save it again: torch.save(torch.load(path, weights_only=True), path).");
  }
  if (magic != std::string_view("PK\x03\x04", 4)) {
    throw invalidFile(file.path(), "is no PyTorch checkpoint: it does not start like the archive torch.save writes.");
  }
}

/// Runs `read`, whose every failure means that the archive is not what it should be: LibTorch reports even a record
/// that claims more than there is as an internal failure.
template <typename Read>
auto reading(const File& file, Read read) {
  try {
    return read();
  } catch (const c10::Error& error) {
    throw invalidFile(file.path(), "is a damaged PyTorch archive. Copy or download it again.",
                      error.what_without_backtrace());
  } catch (const std::logic_error& error) {  // its version record is parsed by std::stoull
    throw invalidFile(file.path(), "is a damaged PyTorch archive. Copy or download it again.", error.what());
  }
}

}  // namespace

Archive::Archive(const std::string& path) : file_(std::make_shared<const File>(path)) {
  requireZip(*file_);
  requireUncompressed(*file_);
  reader_ = reading(*file_, [&] {
    return std::make_unique<caffe2::serialize::PyTorchStreamReader>(std::make_shared<Adapter>(file_));
  });
}

Archive::~Archive() = default;

bool Archive::has(const std::string& record) {
  return reading(*file_, [&] { return reader_->hasRecord(record); });
}

std::uint64_t Archive::size(const std::string& record) {
  if (!has(record)) {
    throw invalidFile(path(), "lacks the record \"" + record + "\". Copy or download it again.");
  }
  const std::uint64_t bytes = reading(*file_, [&] { return reader_->getRecordSize(record); });
  if (bytes > file_->size()) {
    throw invalidFile(path(), "its record \"" + record + "\" claims " + std::to_string(bytes) +
                                  " bytes, but the file has " + std::to_string(file_->size()) + ".");
  }
  return bytes;
}

void Archive::read(const std::string& record, void* into, std::size_t bytes) {
  const std::size_t got = reading(*file_, [&] { return reader_->getRecord(record, into, bytes); });
  if (got != bytes) throw invalidFile(path(), "its record \"" + record + "\" changed while it was read.");
}

}  // namespace tubelet::model
