#include "model/kernels/kernels.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>

#include <ATen/core/builtin_function.h>
#include <ATen/core/stack.h>
#include <torch/csrc/jit/api/compilation_unit.h>
#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/frontend/function_schema_parser.h>
#include <torch/csrc/jit/frontend/schema_matching.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/passes/dead_code_elimination.h>

#include "model/kernels/attention.h"
#include "model/kernels/linear.h"

namespace tubelet::model {

namespace {

using torch::jit::BuiltinOpFunction;
using torch::jit::Stack;

/// A function that TorchScript can call, of this name and these arguments in models/programs/kernels.py. It belongs to
/// no registry of the process, where another copy of this addon could have put one of the same name.
template <typename Kernel>
BuiltinOpFunction kernel(const std::string& name, const std::string& arguments, Kernel run) {
  return {c10::QualifiedName("tubelet." + name),
          torch::jit::parseSchema("tubelet::" + name + "(" + arguments + ") -> Tensor"), [run](Stack& stack) {
            // TorchScript's own calling convention: arguments on the stack, the last one on top.
            at::Tensor result = run(stack);
            stack.emplace_back(std::move(result));
          }};
}

at::Tensor popTensor(Stack& stack) {
  return torch::jit::pop(stack).toTensor();
}

std::array<BuiltinOpFunction, 5>& kernels() {
  static std::array<BuiltinOpFunction, 5> all{
      kernel("pack", "Tensor weight, int rows",
             [](Stack& stack) {
               const std::int64_t rows = torch::jit::pop(stack).toInt();
               return packLinear(popTensor(stack), rows);
             }),
      kernel("linear", "Tensor x, Tensor weight, Tensor bias",
             [](Stack& stack) {
               const at::Tensor bias = popTensor(stack);
               const at::Tensor weight = popTensor(stack);
               return linear(popTensor(stack), weight, bias);
             }),
      kernel("linear_gelu", "Tensor x, Tensor weight, Tensor bias, str approximate",
             [](Stack& stack) {
               const std::string approximate = torch::jit::pop(stack).toStringRef();
               const at::Tensor bias = popTensor(stack);
               const at::Tensor weight = popTensor(stack);
               return linearGelu(popTensor(stack), weight, bias, approximate);
             }),
      kernel("linear_add", "Tensor x, Tensor weight, Tensor bias, Tensor residual",
             [](Stack& stack) {
               const at::Tensor residual = popTensor(stack);
               const at::Tensor bias = popTensor(stack);
               const at::Tensor weight = popTensor(stack);
               return linearAdd(popTensor(stack), weight, bias, residual);
             }),
      kernel("attention", "Tensor q, Tensor k, Tensor v",
             [](Stack& stack) {
               at::Tensor v = popTensor(stack);
               at::Tensor k = popTensor(stack);
               return attention(popTensor(stack), std::move(k), std::move(v));
             }),
  };
  return all;
}

/// Whether a function takes and returns what a kernel does. In an export of another version it may not.
bool fits(const torch::jit::Function& function, const BuiltinOpFunction& kernel) {
  const auto sameType = [](const c10::Argument& a, const c10::Argument& b) { return *a.type() == *b.type(); };
  const auto same = [&](const auto& a, const auto& b) { return std::ranges::equal(a, b, sameType); };
  const c10::FunctionSchema& theirs = function.getSchema();
  const c10::FunctionSchema& ours = kernel.getSchema();
  return same(theirs.arguments(), ours.arguments()) && same(theirs.returns(), ours.returns());
}

/// Makes the body of a function one call.
void replaceBody(const std::shared_ptr<torch::jit::Graph>& body, BuiltinOpFunction& kernel) {
  const torch::jit::MatchedSchema arguments{
      body->inputs().vec(), {c10::TensorType::get()}, std::nullopt, kernel.qualname().name()};
  body->return_node()->replaceInput(0, body->insertFunctionCall(&kernel, arguments));
  torch::jit::EliminateDeadCode(body);  // what was there before
}

}  // namespace

void useNativeKernels(const torch::jit::Module& program) {
  const auto unit = program._ivalue()->compilation_unit();
  for (BuiltinOpFunction& kernel : kernels()) {
    auto* const function = unit->find_function(c10::QualifiedName("__torch__.kernels." + kernel.qualname().name()));
    if (function != nullptr && fits(*function, kernel)) {
      replaceBody(torch::jit::toGraphFunction(*function).graph(), kernel);
    }
  }
}

}  // namespace tubelet::model
