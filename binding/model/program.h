#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

namespace torch::jit {
struct Module;
}

namespace tubelet::model {

using Config = std::map<std::string, double>;
using Shapes = std::map<std::string, std::vector<std::int64_t>>;
using Weights = std::map<std::string, at::Tensor>;

/// One of the TorchScript programs that come with the package; models/programs/README.md describes the methods. Only
/// this class and ForeignModel know TorchScript, so that another backend can take its place. After load() (and pack())
/// it does not change, and any number of threads may run it.
///
/// Throws whatever LibTorch throws: wrap calls in translatingErrors().
class Program {
 public:
  /// Which functions do the work: native ones, or the program's own, which run anywhere.
  enum class Kernels { Native, Own };

  /// Throws Error(INTERNAL) when the program cannot be read: it is a part of the package.
  explicit Program(const std::string& path, Kernels kernels = Kernels::Native);
  /// One that holds its weights already, from an export; isSame() must have accepted it.
  explicit Program(std::unique_ptr<torch::jit::Module> loaded);
  Program(Program&&) noexcept;
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  /// Whether a module has all methods of this program, with the same arguments and results.
  bool isSame(const torch::jit::Module& module) const;

  /// Sentences saying what in `config` the program cannot run; the other methods need this to be empty.
  std::vector<std::string> unsupported(const Config& config) const;
  /// The published name of a tensor.
  std::string rename(const std::string& name) const;
  /// Whether a tensor may go unused. Takes a published name.
  bool ignored(const std::string& name) const;
  /// The tensors that load() needs.
  Shapes expected(const Config& config) const;

  /// `weights`: exactly the expected ones, of one type. Releases those it does not keep.
  void load(Weights weights, const Config& config);
  /// Makes the linear layers multiply in bfloat16, all but the classifier.
  void toBfloat16();
  /// Takes bytes and returns how many; it must return all, and not throw: LibTorch's writer ends the process when one
  /// of its writes fails (pytorch/pytorch issue 156955).
  using Writer = std::function<std::size_t(const void*, std::size_t)>;
  /// Writes the program with its weights as torch.jit.save does, and texts beside them. Only with Kernels::Own, and not
  /// after pack().
  void save(const Writer& writer, const std::map<std::string, std::string>& extras) const;
  /// Prepares the weights for inference on batches of about `clips`.
  void pack(std::int64_t clips);

  /// The memory taken by the tensors that the program keeps.
  std::int64_t weightBytes() const;
  /// [T, C, H, W]
  std::vector<std::int64_t> inputShape() const;
  std::int64_t depth() const;
  /// How many tokens precede those of the patches: 1, or 0 where the family has no CLS token.
  std::int64_t clsTokens() const;

  /// Pixels [B, T, C, H, W] to tokens [B, N, D].
  at::Tensor embed(const at::Tensor& pixels) const;
  /// One layer; `tokens` stays as it was.
  at::Tensor block(const at::Tensor& tokens, std::int64_t index) const;
  /// What the head makes of the tokens before it pools them [B, N, D]: normed, where the model has a final layernorm.
  at::Tensor final(const at::Tensor& tokens) const;
  /// The patches' tokens in their places [B, T', H', W', D].
  at::Tensor grid(const at::Tensor& tokens) const;
  /// Tokens to logits [B, L] and embedding [B, D].
  std::pair<at::Tensor, at::Tensor> head(const at::Tensor& tokens) const;

 private:
  std::unique_ptr<torch::jit::Module> module_;
};

}  // namespace tubelet::model
